/* Memory that a caller of another module says is there. */

#define _GNU_SOURCE
#include <sys/uio.h>
#include <unistd.h>

#include "shim.h"

int ks_read(void *to, const void *from, unsigned long size)
{
	struct iovec here = {to, size};
	struct iovec there = {(void *)from, size};
	ssize_t got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);

	return got >= 0 && (unsigned long)got == size;
}
