/* SPDX-License-Identifier: MIT */
/* dom0's first page tables. Single-threaded, at boot only. */
#include "boot/dom0_tables.h"

#include "boot/dom0_memory.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/addr.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define L1_SPAN     (1ul << PT_SHIFT(2))

uint64_t dom0_tables_needed(uint64_t start, uint64_t end)
{
	uint64_t n = 0;
	unsigned int level;

	/* A table of this level spans what one entry of the next level maps. */
	for (level = 1; level <= 3; level++)
		n += ((end - 1) >> PT_SHIFT(level + 1)) - (start >> PT_SHIFT(level + 1)) + 1;
	return n;
}

static uint64_t new_table(struct dom0_tables *t)
{
	BUG_ON(t->next == t->end);
	memset(dom0_pfn_ptr(t->next), 0, PAGE_SIZE);
	return t->next++;
}

void dom0_tables_more(struct dom0_tables *t, uint64_t pfn, uint64_t count)
{
	t->next = pfn;
	t->end = pfn + count;
}

void dom0_tables_init(struct dom0_tables *t, uint64_t pfn, uint64_t count)
{
	uint64_t i;

	dom0_tables_more(t, pfn, count);
	/* What is left over is mapped read-only, too, and given to the kernel as table. */
	for (i = 0; i < count; i++)
		memset(dom0_pfn_ptr(pfn + i), 0, PAGE_SIZE);
	t->l4 = dom0_pfn_ptr(new_table(t));
	t->l1 = NULL;
}

static pte_t *find_l1(struct dom0_tables *t, uint64_t va)
{
	pte_t *table = t->l4;
	unsigned int level;

	for (level = 4; level > 1; level--) {
		pte_t *entry = &table[PT_INDEX(va, level)];

		if (!(*entry & PTE_PRESENT))
			*entry = pte_make(dom0_pfn_to_mfn(new_table(t)), TABLE_FLAGS);
		table = mfn_to_virt(pte_mfn(*entry));
	}
	return table;
}

void dom0_tables_map(struct dom0_tables *t, uint64_t va, uint64_t pfn, bool writable)
{
	if (!t->l1 || ROUND_DOWN(va, L1_SPAN) != t->l1_va) {
		t->l1 = find_l1(t, va);
		t->l1_va = ROUND_DOWN(va, L1_SPAN);
	}
	t->l1[PT_INDEX(va, 1)] =
		pte_make(dom0_pfn_to_mfn(pfn), writable ? TABLE_FLAGS : TABLE_FLAGS & ~PTE_RW);
}
