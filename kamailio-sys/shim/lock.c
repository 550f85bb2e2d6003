/* locking.h: whichever lock the flags of the host select. */

#include "shim.h"

/* In these two builds a lock of zeroes is a free lock: kamailio::sync relies on it. */
#if !defined(USE_FUTEX) && !defined(FAST_LOCK)
#error "this build of Kamailio uses a lock that needs more than zeroes: build it with USE_FUTEX"
#endif

int ks_lock_init(gen_lock_t *lock)
{
	return lock_init(lock) != 0;
}

void ks_lock_get(gen_lock_t *lock)
{
	lock_get(lock);
}

int ks_lock_try(gen_lock_t *lock)
{
	return lock_try(lock);
}

void ks_lock_release(gen_lock_t *lock)
{
	lock_release(lock);
}
