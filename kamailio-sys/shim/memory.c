/* mem/shm.h, mem/pkg.h: both pools, each block under the name of the module. */

#include "core/mem/pkg.h"
#include "core/mem/shm.h"
#include "module_name.h"
#include "shim.h"

void *ks_shm_malloc(unsigned long size)
{
	return shm_malloc(size);
}

void ks_shm_free(void *block)
{
	shm_free(block);
}

unsigned long ks_shm_available(void)
{
	return shm_available();
}

void *ks_pkg_malloc(unsigned long size)
{
	return pkg_malloc(size);
}

void ks_pkg_free(void *block)
{
	pkg_free(block);
}

unsigned long ks_pkg_available(void)
{
	return pkg_available();
}
