/* SPDX-License-Identifier: MIT */
/* Persistent grants: see grant_cache.h. */
#include "backends/common/grant_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"

#define PAGE_BYTES 4096u

int grant_cache_init(struct grant_cache *cache, int gntdev, uint32_t domid, size_t max_pages)
{
	size_t entries = 1;

	*cache = (struct grant_cache){ .gntdev = gntdev, .domid = domid, .max_pages = max_pages };
	if (!max_pages)
		return 0;
	while (entries < 2 * max_pages)
		entries *= 2;
	cache->entries = calloc(entries, sizeof(*cache->entries));
	cache->mask = entries - 1;
	return cache->entries ? 0 : -ENOMEM;
}

/* References are small consecutive numbers: spread by their low bits, they hardly ever collide. */
static struct grant_cache_entry *slot_of(const struct grant_cache *cache, uint32_t ref)
{
	size_t i = ref & cache->mask;

	while (cache->entries[i].page && cache->entries[i].ref != ref)
		i = (i + 1) & cache->mask;
	return &cache->entries[i];
}

void *grant_cache_find(const struct grant_cache *cache, uint32_t ref)
{
	return cache->pages ? slot_of(cache, ref)->page : NULL;
}

int grant_cache_map(struct grant_cache *cache, const uint32_t *refs, size_t count)
{
	struct grant_range *range;

	if (count > cache->max_pages - cache->pages)
		return -ENOSPC;
	range = calloc(1, sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->addr = gntdev_map(cache->gntdev, cache->domid, refs, count, PROT_READ | PROT_WRITE);
	if (!range->addr) {
		int err = errno;

		free(range);
		return -err;
	}
	range->pages = count;
	range->next = cache->ranges;
	cache->ranges = range;
	cache->pages += count;
	for (size_t i = 0; i < count; i++) {
		struct grant_cache_entry *entry = slot_of(cache, refs[i]);

		entry->ref = refs[i];
		entry->page = (uint8_t *)range->addr + i * PAGE_BYTES;
	}
	return 0;
}

void grant_cache_clear(struct grant_cache *cache)
{
	while (cache->ranges) {
		struct grant_range *range = cache->ranges;
		int ret = gntdev_unmap(cache->gntdev, range->addr, range->pages);

		if (ret < 0)
			log_error("cannot unmap %zu pages of domain %u: %s", range->pages,
				  cache->domid, error_text(ret));
		cache->ranges = range->next;
		free(range);
	}
	free(cache->entries);
	*cache = (struct grant_cache){ 0 };
}
