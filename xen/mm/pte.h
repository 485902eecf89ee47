/* SPDX-License-Identifier: MIT */
/* x86-64 page table entries (AMD64 manual volume 2, 5.3; Intel SDM volume 3, 4.5). */
#ifndef MM_PTE_H
#define MM_PTE_H

#include "lib/types.h"
#include "mm/layout.h"

typedef uint64_t pte_t; /* an entry of any level */

#define PTE_PRESENT    0x001ul
#define PTE_RW         0x002ul
#define PTE_USER       0x004ul
#define PTE_PWT        0x008ul
#define PTE_PCD        0x010ul
#define PTE_ACCESSED   0x020ul
#define PTE_DIRTY      0x040ul
#define PTE_PAT        0x080ul /* in a 4 KiB entry */
#define PTE_PSE        0x080ul /* in a directory entry */
#define PTE_GLOBAL     0x100ul
#define PTE_AVAIL      0xe00ul /* free for the guest */
#define PTE_AVAIL_HIGH 0x7ff0000000000000ul
#define PTE_NX         0x8000000000000000ul
#define PTE_ADDR_MASK  0x000ffffffffff000ul
#define PTE_CACHE_MASK (PTE_PAT | PTE_PCD | PTE_PWT)

#define PT_ENTRIES          512u
#define PT_SHIFT(level)     (PAGE_SHIFT + 9 * ((level)-1)) /* of what an entry of level 1..4 maps */
#define PT_INDEX(va, level) (((va) >> PT_SHIFT(level)) & (PT_ENTRIES - 1))

static inline mfn_t pte_mfn(pte_t pte)
{
	return (pte & PTE_ADDR_MASK) >> PAGE_SHIFT;
}

static inline pte_t pte_make(mfn_t mfn, uint64_t flags)
{
	return (mfn << PAGE_SHIFT) | flags;
}

static inline uint64_t pte_flags(pte_t pte)
{
	return pte & ~PTE_ADDR_MASK;
}

#endif
