/* SPDX-License-Identifier: MIT */
/* The page tables on which dom0's kernel starts, made in frames set aside for them. */
#ifndef BOOT_DOM0_TABLES_H
#define BOOT_DOM0_TABLES_H

#include "lib/types.h"
#include "mm/pte.h"

struct dom0_tables {
	pte_t *l4;
	uint64_t next, end; /* pfns of the frames for tables not used yet */
	pte_t *l1;          /* the one used last, for the 2 MiB from l1_va */
	uint64_t l1_va;
};

/* Tables of level 1 to 3 that [start, end) needs. */
uint64_t dom0_tables_needed(uint64_t start, uint64_t end);
/* The first of count frames from pfn becomes the L4. */
void dom0_tables_init(struct dom0_tables *t, uint64_t pfn, uint64_t count);
/* From now on new tables come from here. */
void dom0_tables_more(struct dom0_tables *t, uint64_t pfn, uint64_t count);
void dom0_tables_map(struct dom0_tables *t, uint64_t va, uint64_t pfn, bool writable);

#endif
