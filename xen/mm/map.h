/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables (slots 256-271). They are built at boot: every L4 slot that is
 * ever used has its L3 by then, so guests' L4 tables copy the slots once and stay right.
 *
 * Lock: map_lock (RANK_MAP).
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include "lib/types.h"
#include "mm/pte.h"

/* Flags for map_frames(): W^X holds, nothing is both writable and executable. */
#define MAP_RO (PTE_PRESENT | PTE_NX | PTE_ACCESSED | PTE_GLOBAL)
#define MAP_RW (MAP_RO | PTE_RW | PTE_DIRTY)
#define MAP_RX (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define MAP_UC (MAP_RW | PTE_PCD | PTE_PWT)

/* The hypervisor's L4, on which the idle vCPUs run. */
extern pte_t *idle_l4;

/* Builds the final tables and switches to them (boot only). */
void map_init(void);
/*
 * The first frame of 2 MiB of the machine-to-physical table, counted from its start; INVALID_MFN:
 * there is no RAM in that part. part is below what max_mfn makes.
 */
mfn_t map_m2p_part(unsigned int part);
/* Maps count frames from mfn at va, which must be in our slots; replaces what was there. */
int map_frames(uint64_t va, mfn_t mfn, size_t count, uint64_t flags);
void unmap_frames(uint64_t va, size_t count);
/* A device's registers, uncached; any alignment. Never unmapped. NULL without space. */
void *ioremap(paddr_t ma, size_t len);
/* Copies our slots into a guest's L4; the other entries stay. */
void map_init_guest_l4(pte_t *l4);
/* The address of our L1 entry for va, which must be mapped with 4 KiB pages; for per-CPU windows.
 */
pte_t *map_l1_entry(uint64_t va);

#endif
