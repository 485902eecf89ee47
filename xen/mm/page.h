/* SPDX-License-Identifier: MIT */
/*
 * The frame table: 16 bytes for each machine frame.
 *
 * An allocated frame has an owner (a domid, or one of the system's), a reference count that keeps
 * it from being freed, and one type with a count of the uses as that type. Both counts are changed
 * only with atomic operations; the type rules live in pv/page_type.h. The first reference belongs
 * to the allocation itself (PGC_ALLOCATED) and is dropped by the owner giving the frame up.
 *
 * A free frame belongs to the buddy allocator, which then uses the same bytes.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "lib/types.h"
#include "mm/addr.h"

struct page_info {
	uint32_t count; /* PGC_*, and the reference count below */
	union {
		uint32_t type; /* PGT_*, and the type count below */
		uint32_t next; /* free: next frame of the same order */
	};
	union {
		uint32_t tlbflush_time; /* when the last writable or table use ended: cpu/tlb.h */
		uint32_t prev;          /* free: previous frame of the same order */
	};
	uint16_t owner; /* domid; DOMID_XEN: the hypervisor's own; DOMID_IO: not memory */
	uint16_t extra; /* type rules: entries validated so far of a partial table. free: order */
};
_Static_assert(sizeof(struct page_info) == 16, "the frame table costs 16 bytes a frame");

#define PGC_ALLOCATED 0x80000000u /* the allocation's own reference is still held */
#define PGC_XEN_HEAP                                                                               \
	0x40000000u                /* hypervisor memory shared with its owner; not the guest's RAM \
				    */
#define PGC_FREE       0x20000000u /* in the buddy allocator, head of its block */
#define PGC_DIRTY      0x10000000u /* free: holds an old owner's data; zeroed before reuse */
#define PGC_COUNT_MASK 0x07ffffffu

#define PGT_NONE       0x00000000u
#define PGT_L1         0x20000000u /* in use as a page table of this level */
#define PGT_L2         0x40000000u
#define PGT_L3         0x60000000u
#define PGT_L4         0x80000000u
#define PGT_SEG_DESC   0xa0000000u /* in a GDT or LDT */
#define PGT_SHARED     0xc0000000u /* reserved */
#define PGT_WRITABLE   0xe0000000u /* has writable mappings in guests */
#define PGT_TYPE_MASK  0xe0000000u
#define PGT_PINNED     0x10000000u /* the guest pinned it: holds one type reference */
#define PGT_VALIDATED  0x08000000u /* its contents have been checked for the type */
#define PGT_PARTIAL    0x04000000u /* (in)validation was preempted; page.extra says where */
#define PGT_COUNT_MASK 0x01ffffffu

#ifdef SHOJI_HOST_TEST
extern struct page_info *frame_table;
extern uint64_t *machine_to_phys, *m2p_rw; /* the same */
#else
#define frame_table     ((struct page_info *)FRAMETABLE_VIRT_START)
#define machine_to_phys ((uint64_t *)M2P_VIRT_START)
#define m2p_rw          ((uint64_t *)M2P_RW_VIRT_START) /* the same memory, writable */
#endif

/* Frames below this exist in the frame table; set at boot. */
extern mfn_t max_mfn;

/*
 * True if the frame has an entry in the frame table, that is, is memory or among it. Where there is
 * no memory far and wide, the entry is read-only (mm/map.c): it has no references and is
 * DOMID_IO's.
 */
static inline bool mfn_valid(mfn_t mfn)
{
	return mfn < max_mfn;
}

static inline struct page_info *mfn_to_page(mfn_t mfn)
{
	return &frame_table[mfn];
}

static inline mfn_t page_to_mfn(const struct page_info *page)
{
	return (mfn_t)(page - frame_table);
}

static inline void *page_to_virt(const struct page_info *page)
{
	return mfn_to_virt(page_to_mfn(page));
}

static inline struct page_info *virt_to_page(const void *va)
{
	return mfn_to_page(virt_to_mfn(va));
}

static inline uint16_t page_owner(const struct page_info *page)
{
	return READ_ONCE(page->owner);
}

/* mfn is memory. */
static inline void m2p_set(mfn_t mfn, uint64_t pfn)
{
	m2p_rw[mfn] = pfn;
}
#define M2P_INVALID (~0ul)

struct domain;

/*
 * Takes a reference to a frame that domid owns. False if it is not allocated, belongs to another,
 * or has too many references.
 */
bool __must_check get_page(struct page_info *page, uint16_t domid);
/* As get_page() by frame number, which comes from a guest; NULL on failure. */
struct page_info *get_page_from_mfn(mfn_t mfn, uint16_t domid);
/* Drops a reference; the last one frees the frame. */
void put_page(struct page_info *page);
/* Drops the allocation's own reference, once: true if this call did it (then put_page is done). */
bool put_page_alloc_ref(struct page_info *page);

#endif
