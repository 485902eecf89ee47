/* SPDX-License-Identifier: MIT */
/* Small allocations for the hypervisor. Sizes over a page come from whole frames. */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "lib/types.h"

/* At least 16-byte aligned (64-byte from 64 bytes up); NULL when there is no memory. */
void *xmalloc_bytes(size_t size);
void *xzalloc_bytes(size_t size);
void xfree(void *p); /* NULL is allowed */

#define xzalloc(type) ((type *)xzalloc_bytes(sizeof(type)))
#define xzalloc_array(type, n) \
	((size_t)(n) > SIZE_MAX / sizeof(type) ? NULL : (type *)xzalloc_bytes(sizeof(type) * (n)))

#endif
