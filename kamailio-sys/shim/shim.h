/* What the core offers only as a macro, or as an inline function that needs its caller's name. */
#ifndef KAMAILIO_SHIM_H
#define KAMAILIO_SHIM_H

#include "core/locking.h"
#include "core/str.h"

/* log.c: the text is never a format */
void ks_set_module_name(const char *name, int len);
int ks_log_printable(int level);
void ks_log(int level, const char *text, int len);

/* lock.c */
int ks_lock_init(gen_lock_t *lock);
void ks_lock_get(gen_lock_t *lock);
int ks_lock_try(gen_lock_t *lock);
void ks_lock_release(gen_lock_t *lock);

/* memory.c: the manager keeps the pointer to the name of the module */
void *ks_shm_malloc(unsigned long size);
void ks_shm_free(void *block);
unsigned long ks_shm_available(void);
void *ks_pkg_malloc(unsigned long size);
void ks_pkg_free(void *block);

#endif
