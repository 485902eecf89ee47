/* SPDX-License-Identifier: MIT */
/* State files, the side of the guest's process: see state_file.h. Stateless. */
#include "backends/common/state_file.h"

#include <sys/mman.h>

void *state_file_map(int fd, size_t bytes)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

void state_file_unmap(void *addr, size_t bytes)
{
	if (addr)
		munmap(addr, bytes);
}
