/* cfg/cfg_struct.h: what a process of a module does between two jobs; and the clock. */

#include <time.h>

#include "core/cfg/cfg_struct.h"
#include "shim.h"

void ks_cfg_update(void)
{
	cfg_update();
}

long long ks_now(void)
{
	return (long long)time(NULL);
}
