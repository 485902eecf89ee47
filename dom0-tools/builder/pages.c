/* SPDX-License-Identifier: MIT */
/*
 * Blocks of pages by mmap(2).
 */
#include "dom0-tools/builder/pages.h"

#include <sys/mman.h>

#define PAGE_BYTES 4096u

static size_t whole_pages(size_t bytes)
{
	return bytes ? (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1) : PAGE_BYTES;
}

void *pages_alloc(size_t bytes)
{
	void *block = mmap(NULL, whole_pages(bytes), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return block == MAP_FAILED ? NULL : block;
}

void *pages_resize(void *block, size_t old_bytes, size_t bytes)
{
	if (whole_pages(old_bytes) == whole_pages(bytes))
		return block;
	block = mremap(block, whole_pages(old_bytes), whole_pages(bytes), MREMAP_MAYMOVE);
	return block == MAP_FAILED ? NULL : block;
}

void pages_free(void *block, size_t bytes)
{
	if (block)
		munmap(block, whole_pages(bytes));
}
