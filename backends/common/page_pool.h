/* SPDX-License-Identifier: MIT */
/*
 * A fixed set of page-sized, page-aligned buffers: what data is copied into when the guest's own
 * pages are not mapped. Memory is taken when a page is first used. The bound is the point: a guest
 * cannot make its backend use more.
 */
#ifndef BACKENDS_COMMON_PAGE_POOL_H
#define BACKENDS_COMMON_PAGE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct page_pool {
	uint8_t *base;
	size_t pages;   /* in all */
	size_t count;   /* free now */
	uint32_t *free; /* numbers of the free pages, the last one used first */
};

/* 0 or a negative errno. */
int page_pool_init(struct page_pool *pool, size_t pages);
void page_pool_close(struct page_pool *pool);

/* NULL when all are in use. */
void *page_pool_take(struct page_pool *pool);
void page_pool_give(struct page_pool *pool, void *page);

#endif
