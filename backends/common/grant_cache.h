/* SPDX-License-Identifier: MIT */
/*
 * Persistent grants: pages of one guest that stay mapped for the life of a connection, found by
 * their grant reference. Bounded; nothing is evicted, what does not fit is left to grant copy.
 * A frontend that uses ever new references only loses the benefit.
 */
#ifndef BACKENDS_COMMON_GRANT_CACHE_H
#define BACKENDS_COMMON_GRANT_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* References mapped by one call of grant_cache_map(). */
#define GRANT_CACHE_BATCH 256u

struct grant_range {
	void *addr;
	size_t pages;
	struct grant_range *next;
};

struct grant_cache_entry {
	void *page; /* NULL: free */
	uint32_t ref;
};

struct grant_cache {
	int gntdev;
	uint32_t domid;
	size_t max_pages;
	size_t pages;                      /* mapped, in all ranges */
	size_t mask;                       /* entries - 1; entries >= 2 * max_pages, a power of 2 */
	struct grant_cache_entry *entries; /* open addressing, linear probing */
	struct grant_range *ranges;
};

/* 0 or -ENOMEM. max_pages 0 makes a cache that never holds anything. */
int grant_cache_init(struct grant_cache *cache, int gntdev, uint32_t domid, size_t max_pages);
/* Unmaps everything; no page may be in use. */
void grant_cache_clear(struct grant_cache *cache);

/* The page mapped for ref, or NULL. */
void *grant_cache_find(const struct grant_cache *cache, uint32_t ref);
/*
 * Maps refs[0..count), read and write, all or none. 0, -ENOSPC when they do not fit any more, or
 * the negative errno of mapping them.
 */
int grant_cache_map(struct grant_cache *cache, const uint32_t *refs, size_t count);

#endif
