/* SPDX-License-Identifier: MIT */
/*
 * Large blocks of memory, whole pages, present from the start: touching them one page fault at a
 * time costs a PV dom0 several times as much as asking for all of them in one call.
 */
#ifndef BUILDER_PAGES_H
#define BUILDER_PAGES_H

#include <stddef.h>

/* Zeroed; NULL when out of memory. bytes 0 counts as 1. */
void *pages_alloc(size_t bytes);
/* Grows (or shrinks) a block, which may move; NULL, with the old block as it was, when out of
 * memory. */
void *pages_resize(void *block, size_t old_bytes, size_t bytes);
/* bytes as allocated or resized last. NULL is fine. */
void pages_free(void *block, size_t bytes);

#endif
