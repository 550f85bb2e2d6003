/* cfg/cfg_struct.h: what a process of a module does between two jobs. */

#include "core/cfg/cfg_struct.h"
#include "shim.h"

void ks_cfg_update(void)
{
	cfg_update();
}
