/* SPDX-License-Identifier: MIT */
/* The shared entries (a frame of 512, made by GNTTABOP_setup_table), and mapping. */
#include "frontends/runtime/grants.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "lib/bitops.h"

#define ENTRIES    (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define FIRST_FREE GNTTAB_NR_RESERVED_ENTRIES

static char window[PAGE_SIZE] __aligned(PAGE_SIZE);
static struct grant_entry_v1 *const table = (struct grant_entry_v1 *)window;
static unsigned long used[BITS_TO_LONGS(ENTRIES)];

void grants_init(void)
{
	xen_pfn_t frame = 0;
	struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 };

	op.frame_list = &frame;
	if (hypercall(grant_table_op, GNTTABOP_setup_table, &op, 1, 0) || op.status != GNTST_okay ||
	    page_remap(window,
		       pte_make(frame, PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)))
		guest_panic("no grant table");
}

int grant_access(domid_t domid, const void *va, bool read_only)
{
	unsigned long ref = find_next_zero_bit(used, ENTRIES, FIRST_FREE);

	if (ref >= ENTRIES)
		return -ENOSPC;
	__set_bit(ref, used);
	table[ref].domid = domid;
	table[ref].frame = (uint32_t)virt_to_mfn_guest(va);
	__atomic_store_n(&table[ref].flags, GTF_permit_access | (read_only ? GTF_readonly : 0),
			 __ATOMIC_SEQ_CST);
	return (int)ref;
}

int grant_end(grant_ref_t ref)
{
	uint16_t flags = READ_ONCE(table[ref].flags);

	do {
		if (flags & (GTF_reading | GTF_writing))
			return -EBUSY;
	} while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, (uint16_t)0, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	__clear_bit(ref, used);
	return 0;
}

int grant_map(domid_t domid, grant_ref_t ref, void *va, bool read_only, grant_handle_t *handle)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = (uint64_t)va,
		.flags = GNTMAP_host_map | (read_only ? GNTMAP_readonly : 0),
		.ref = ref,
		.dom = domid,
	};

	if (hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1, 0))
		return GNTST_general_error;
	*handle = op.handle;
	return op.status;
}

int grant_unmap(void *va, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)va, .handle = handle };

	if (hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1, 0))
		return GNTST_general_error;
	if (op.status == GNTST_okay && page_remap(va, page_own_pte(va)))
		return GNTST_general_error;
	return op.status;
}
