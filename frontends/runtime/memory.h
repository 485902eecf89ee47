/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory: pseudo-physical frames (pfn) and machine frames (mfn), pages to allocate, and
 * its page tables. Everything is mapped at VIRT_BASE + pfn * PAGE_SIZE.
 */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include "lib/types.h"
#include "mm/layout.h"
#include "mm/pte.h"

extern struct shared_info *shared_info;

void memory_init(void);

mfn_t pfn_to_mfn(uint64_t pfn);
uint64_t virt_to_pfn(const void *va); /* of memory that is the guest's own */
mfn_t virt_to_mfn_guest(const void *va);
void *pfn_to_virt(uint64_t pfn);

/* A zeroed page, NULL when there are no more; gives it back. */
void *page_alloc(void);
void page_free(void *page);
uint64_t pages_free(void);

/* Replaces the mapping of the page at va (which stays mapped somewhere in the tables). 0 or -errno.
 */
int page_remap(void *va, pte_t pte);
/* An own page, mapped nowhere else, as the window for someone else's frame; undo with page_remap().
 */
pte_t page_own_pte(const void *va);
/* The L1 entry that maps va: its machine address, and its value in *pte. 0: not mapped. */
uint64_t page_l1_maddr(const void *va, pte_t *pte);

#endif
