/* SPDX-License-Identifier: MIT */
/*
 * pages.h on the heap, where the address sanitizer sees every byte beyond a block.
 */
#include "dom0-tools/builder/pages.h"

#include <stdlib.h>

void *pages_alloc(size_t bytes)
{
	return calloc(1, bytes ? bytes : 1);
}

void *pages_resize(void *block, size_t old_bytes, size_t bytes)
{
	(void)old_bytes;
	return realloc(block, bytes ? bytes : 1);
}

void pages_free(void *block, size_t bytes)
{
	(void)bytes;
	free(block);
}
