/* SPDX-License-Identifier: MIT */
/*
 * dom0's memory while it is built. Single-threaded, at boot only; failures are panics, since
 * without dom0 there is no host.
 */
#include "boot/dom0_memory.h"

#include "boot/boot.h"
#include "console/console.h"
#include "core/domain.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/page.h"

/* Kept for the hypervisor and for small guests when dom0's share is not given: 1/16, at most. */
#define RESERVE_MAX_PAGES (128ul << (20 - PAGE_SHIFT))
/* What is always kept. */
#define RESERVE_MIN_PAGES (4ul << (20 - PAGE_SHIFT))
/* Blocks below the largest order that fragmented memory may add to the list. */
#define SPARE_EXTENTS     1024ul
#define P2M_PER_PAGE      (PAGE_SIZE / sizeof(uint64_t))

struct extent {
	uint64_t pfn, count;
	mfn_t mfn;
};

static struct extent *extents;
static unsigned int extent_count, extent_last;
static uint64_t total_pages;

uint64_t dom0_memory_pages(void)
{
	uint64_t avail = free_frame_count(), pages = boot_options.dom0_mem >> PAGE_SHIFT;
	uint64_t limit = avail > RESERVE_MIN_PAGES ? avail - RESERVE_MIN_PAGES : 0;

	if (!pages)
		pages = avail - min(avail / 16, RESERVE_MAX_PAGES);
	pages = max(pages, boot_options.dom0_mem_min >> PAGE_SHIFT);
	if (boot_options.dom0_mem_max)
		pages = min(pages, boot_options.dom0_mem_max >> PAGE_SHIFT);
	if (pages > limit) {
		pr_warn("dom0_mem: %lu MiB wanted, %lu MiB are free\n", pages >> 8, limit >> 8);
		pages = limit;
	}
	return pages;
}

static void add_extent(uint64_t pfn, mfn_t mfn, uint64_t count, uint64_t list_size)
{
	struct extent *last = extent_count ? &extents[extent_count - 1] : NULL;
	uint64_t i;

	for (i = 0; i < count; i++)
		m2p_set(mfn + i, pfn + i);
	if (last && last->mfn + last->count == mfn) {
		last->count += count;
		return;
	}
	if (extent_count == list_size)
		panic("memory is too fragmented for dom0\n");
	extents[extent_count++] = (struct extent){ .pfn = pfn, .mfn = mfn, .count = count };
}

void dom0_memory_alloc(struct domain *d, uint64_t pages)
{
	uint64_t list_size = (pages >> MAX_ORDER) + SPARE_EXTENTS, pfn = 0;
	unsigned int order = MAX_ORDER;

	extents = xzalloc_array(struct extent, list_size);
	if (!extents)
		panic("no memory to build dom0\n");
	total_pages = pages;
	while (pfn < pages) {
		struct page_info *page;

		while ((1ul << order) > pages - pfn)
			order--;
		page = alloc_domain_frames(d, order, 0);
		if (page) {
			add_extent(pfn, page_to_mfn(page), 1ul << order, list_size);
			pfn += 1ul << order;
		} else if (order-- == 0) {
			panic("only %lu of dom0's %lu MiB of memory are free\n", pfn >> 8,
			      pages >> 8);
		}
	}
}

void dom0_memory_free_list(void)
{
	xfree(extents);
	extents = NULL;
	extent_count = extent_last = 0;
}

static const struct extent *find_extent(uint64_t pfn)
{
	unsigned int i;

	BUG_ON(pfn >= total_pages);
	/* Successive questions are mostly about the same one. */
	if (pfn - extents[extent_last].pfn < extents[extent_last].count)
		return &extents[extent_last];
	for (i = 0; pfn - extents[i].pfn >= extents[i].count; i++)
		;
	extent_last = i;
	return &extents[i];
}

mfn_t dom0_pfn_to_mfn(uint64_t pfn)
{
	const struct extent *e = find_extent(pfn);

	return e->mfn + (pfn - e->pfn);
}

void *dom0_pfn_ptr(uint64_t pfn)
{
	return mfn_to_virt(dom0_pfn_to_mfn(pfn));
}

void dom0_write(uint64_t gpa, const void *data, uint64_t len)
{
	while (len > 0) {
		uint64_t pfn = gpa >> PAGE_SHIFT;
		const struct extent *e = find_extent(pfn);
		uint64_t run = ((e->pfn + e->count) << PAGE_SHIFT) - gpa;
		char *dst = maddr_to_virt(((e->mfn - e->pfn) << PAGE_SHIFT) + gpa);

		run = min(run, len);
		if (data) {
			memcpy(dst, data, run);
			data = (const char *)data + run;
		} else {
			memset(dst, 0, run);
		}
		gpa += run;
		len -= run;
	}
}

void dom0_write_p2m(uint64_t first_pfn)
{
	uint64_t pages = ROUND_UP(total_pages, P2M_PER_PAGE);
	uint64_t *p2m = dom0_pfn_ptr(first_pfn), n = 0, i;
	unsigned int x;

	for (x = 0; x < extent_count; x++) {
		for (i = 0; i < extents[x].count; i++, n++) {
			if (n % P2M_PER_PAGE == 0)
				p2m = dom0_pfn_ptr(first_pfn + n / P2M_PER_PAGE);
			p2m[n % P2M_PER_PAGE] = extents[x].mfn + i;
		}
	}
	for (; n < pages; n++)
		p2m[n % P2M_PER_PAGE] = M2P_INVALID;
}
