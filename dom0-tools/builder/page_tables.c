/* SPDX-License-Identifier: MIT */
/*
 * Builds the four-level tables. Tables come out of two pools, the boot mapping's and the p2m
 * list's, in the order of their first use; an entry is turned back into the table it points to by
 * remembering for each level the table in use, which works because addresses are mapped in
 * ascending order.
 */
#include "dom0-tools/builder/page_tables.h"

#include <assert.h>
#include <stddef.h>

#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_RW       UINT64_C(0x002)
#define PTE_USER     UINT64_C(0x004)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY    UINT64_C(0x040)

#define TABLE_FLAGS    (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)
#define DATA_FLAGS     (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define READONLY_FLAGS (PTE_PRESENT | PTE_USER | PTE_ACCESSED)

#define TOP_LEVEL 4

struct pool {
	uint64_t (*tables)[PV_TABLE_ENTRIES];
	const uint64_t *mfns;
	uint64_t used;
	uint64_t count;
};

struct mapper {
	struct pool pool;
	/* at[level]: the table of that level for the address mapped last */
	uint64_t *at[TOP_LEVEL + 1];
	uint64_t last_vaddr;
	int any;
};

static unsigned int table_index(uint64_t vaddr, int level)
{
	return (unsigned int)(vaddr >> (PV_PAGE_SHIFT + 9 * (level - 1))) % PV_TABLE_ENTRIES;
}

/* The part of an address that selects a table of this level. */
static uint64_t table_of(uint64_t vaddr, int level)
{
	return vaddr >> (PV_PAGE_SHIFT + 9 * level);
}

static uint64_t make_entry(uint64_t mfn, uint64_t flags)
{
	return mfn << PV_PAGE_SHIFT | flags;
}

/* Maps one page; vaddr is above all that this mapper has mapped before. */
static void map_page(struct mapper *m, uint64_t vaddr, uint64_t mfn, uint64_t flags)
{
	for (int level = TOP_LEVEL - 1; level >= 1; level--) {
		struct pool *pool = &m->pool;

		if (m->any && table_of(vaddr, level) == table_of(m->last_vaddr, level))
			continue;
		assert(pool->used < pool->count);
		m->at[level] = pool->tables[pool->used];
		m->at[level + 1][table_index(vaddr, level + 1)] =
			make_entry(pool->mfns[pool->used], TABLE_FLAGS);
		pool->used++;
	}
	m->at[1][table_index(vaddr, 1)] = make_entry(mfn, flags);
	m->last_vaddr = vaddr;
	m->any = 1;
}

static int in_region(const struct pv_region *region, uint64_t pfn)
{
	return pfn >= region->pfn && pfn - region->pfn < region->pages;
}

void page_tables_fill(const struct pv_layout *layout, const uint64_t *p2m,
		      uint64_t (*tables)[PV_TABLE_ENTRIES],
		      uint64_t (*p2m_tables)[PV_TABLE_ENTRIES])
{
	struct mapper boot = {
		.pool = { tables + 1, p2m + layout->tables.pfn + 1, 0, layout->tables.pages - 1 },
		.at[TOP_LEVEL] = tables[0],
	};
	struct mapper list = {
		.pool = { p2m_tables, p2m + layout->p2m_tables.pfn, 0, layout->p2m_tables.pages },
		.at[TOP_LEVEL] = tables[0],
	};
	uint64_t mapped = (layout->virt_end - layout->virt_base) >> PV_PAGE_SHIFT;

	for (uint64_t pfn = 0; pfn < mapped; pfn++)
		map_page(&boot, pv_layout_vaddr(layout, pfn), p2m[pfn],
			 in_region(&layout->tables, pfn) ? READONLY_FLAGS : DATA_FLAGS);
	if (!layout->p2m_tables.pages)
		return;
	for (uint64_t i = 0; i < layout->p2m.pages; i++)
		map_page(&list, layout->p2m_vaddr + (i << PV_PAGE_SHIFT), p2m[layout->p2m.pfn + i],
			 DATA_FLAGS);
}
