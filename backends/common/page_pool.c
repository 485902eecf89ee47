/* SPDX-License-Identifier: MIT */
/* Page-sized buffers: see page_pool.h. */
#include "backends/common/page_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u

int page_pool_init(struct page_pool *pool, size_t pages)
{
	void *base = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*pool = (struct page_pool){ 0 };
	if (base == MAP_FAILED)
		return -errno;
	pool->free = calloc(pages, sizeof(*pool->free));
	if (!pool->free) {
		munmap(base, pages * PAGE_BYTES);
		return -ENOMEM;
	}
	pool->base = base;
	pool->pages = pages;
	while (pool->count < pages) {
		pool->free[pool->count] = (uint32_t)(pages - 1 - pool->count);
		pool->count++;
	}
	return 0;
}

void page_pool_close(struct page_pool *pool)
{
	if (pool->base)
		munmap(pool->base, pool->pages * PAGE_BYTES);
	free(pool->free);
	*pool = (struct page_pool){ 0 };
}

void *page_pool_take(struct page_pool *pool)
{
	if (!pool->count)
		return NULL;
	pool->count--;
	return pool->base + (size_t)pool->free[pool->count] * PAGE_BYTES;
}

void page_pool_give(struct page_pool *pool, void *page)
{
	pool->free[pool->count++] = (uint32_t)(((uint8_t *)page - pool->base) / PAGE_BYTES);
}
