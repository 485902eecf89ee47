/* SPDX-License-Identifier: MIT */
/* Page tables and memory: what a guest may change and what it may not. */
#include <public/memory.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/traps.h"
#include "tests/guests/verdict.h"

#define PTE_DATA (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define HUGE_MFN 0xffffffffful /* 2^48 bytes: no machine has that frame */

static long mmuext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hypercall(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long mmu_update_one(uint64_t ptr, uint64_t val)
{
	struct mmu_update req = { .ptr = ptr, .val = val };

	return hypercall(mmu_update, &req, 1, 0, DOMID_SELF);
}

static pte_t *kernel_l4(void)
{
	return (pte_t *)start_info.pt_base;
}

static mfn_t kernel_l4_mfn(void)
{
	return virt_to_mfn_guest(kernel_l4());
}

static void tables_stay_read_only(void)
{
	void *page = page_alloc();
	pte_t pte;

	VERDICT("map a page table writable", page_remap(page, pte_make(kernel_l4_mfn(), PTE_DATA)));
	VERDICT("map a page table read-only",
		page_remap(page, pte_make(kernel_l4_mfn(), PTE_DATA & ~PTE_RW)));
	VERDICT("restore", page_remap(page, page_own_pte(page)));
	VERDICT("write to the L4 directly", probe_write(&kernel_l4()[300], 0));
	(void)page_l1_maddr(page, &pte);
	VERDICT("still the same frame", pte_mfn(pte) == virt_to_mfn_guest(page));
	page_free(page);
}

static void foreign_frames(void)
{
	void *page = page_alloc();

	VERDICT("map frame 0", page_remap(page, pte_make(0, PTE_DATA)));
	VERDICT("map a frame that does not exist", page_remap(page, pte_make(HUGE_MFN, PTE_DATA)));
	VERDICT("map the local APIC", page_remap(page, pte_make(0xfee00, PTE_DATA)));
	VERDICT("map with reserved bits", page_remap(page, page_own_pte(page) | 1ul << 51));
	VERDICT("map at a hypervisor address",
		hypercall(update_va_mapping, HYPERVISOR_VIRT_START, page_own_pte(page), 0, 0));
	VERDICT("map at an unmapped address",
		hypercall(update_va_mapping, 0x400000000000ul, page_own_pte(page), 0, 0));
	VERDICT("page is intact", page_remap(page, page_own_pte(page)));
	page_free(page);
}

static void l4_slots(void)
{
	uint64_t l4 = kernel_l4_mfn() << PAGE_SHIFT;

	VERDICT("write a hypervisor slot", mmu_update_one(l4 + 8 * 256, 0));
	VERDICT("write the last hypervisor slot", mmu_update_one(l4 + 8 * 271, PTE_DATA));
	VERDICT("write a free slot", mmu_update_one(l4 + 8 * 300, 0));
	VERDICT("unaligned entry", mmu_update_one(l4 + 8 * 300 + 4, 0));
	VERDICT("L4 entry to a data page",
		mmu_update_one(l4 + 8 * 300, pte_make(virt_to_mfn_guest(page_alloc()), PTE_DATA)));
	VERDICT("entry of a frame that is not ours", mmu_update_one(0x1000, 0));
	VERDICT("unknown command", mmu_update_one(l4 | 3, 0));
}

static void pinning(void)
{
	uint64_t *page = page_alloc();
	mfn_t mfn = virt_to_mfn_guest(page);

	VERDICT("pin a writable page as L1", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
	VERDICT("make it read-only", page_remap(page, page_own_pte(page) & ~PTE_RW));
	VERDICT("pin it as L1", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
	VERDICT("pin it as L2", mmuext(MMUEXT_PIN_L2_TABLE, mfn));
	VERDICT("make it writable while pinned", page_remap(page, page_own_pte(page)));
	VERDICT("an entry of a pinned L1",
		mmu_update_one(mfn << PAGE_SHIFT, page_own_pte(page) & ~PTE_RW));
	VERDICT("a writable entry of a table in itself",
		mmu_update_one(mfn << PAGE_SHIFT, page_own_pte(page)));
	VERDICT("unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn));
	VERDICT("unpin again", mmuext(MMUEXT_UNPIN_TABLE, mfn));
	VERDICT("writable again", page_remap(page, page_own_pte(page)));
	page[0] = pte_make(HUGE_MFN, PTE_DATA);
	VERDICT("read-only with a bad entry", page_remap(page, page_own_pte(page) & ~PTE_RW));
	VERDICT("pin a table with a bad entry", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
	VERDICT("pin a frame that does not exist", mmuext(MMUEXT_PIN_L1_TABLE, HUGE_MFN));
	VERDICT("new base that is no L4", mmuext(MMUEXT_NEW_BASEPTR, mfn));
	(void)page_remap(page, page_own_pte(page));
	page_free(page);
}

static void other_operations(void)
{
	struct mmuext_op op = { .cmd = 99 };
	void *page = page_alloc();

	VERDICT("unknown mmuext", hypercall(mmuext_op, &op, 1, 0, DOMID_SELF));
	VERDICT("flush the TLB", mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0));
	VERDICT("flush all", mmuext(MMUEXT_TLB_FLUSH_ALL, 0));
	op = (struct mmuext_op){ .cmd = MMUEXT_SET_LDT,
				 .arg1.linear_addr = 0x123,
				 .arg2.nr_ents = 1 };
	VERDICT("LDT at an odd address", hypercall(mmuext_op, &op, 1, 0, DOMID_SELF));
	op.arg2.nr_ents = 0;
	op.arg1.linear_addr = 0;
	VERDICT("no LDT", hypercall(mmuext_op, &op, 1, 0, DOMID_SELF));
	VERDICT("clear a page", mmuext(MMUEXT_CLEAR_PAGE, virt_to_mfn_guest(page)));
	VERDICT("clear a page table", mmuext(MMUEXT_CLEAR_PAGE, kernel_l4_mfn()));
	op = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL };
	VERDICT("another domain's tables", hypercall(mmuext_op, &op, 1, 0, 0));
	VERDICT("a domain that does not exist", hypercall(mmuext_op, &op, 1, 0, 0x7abc));
	page_free(page);
}

static void reservation(void)
{
	xen_pfn_t pfn = virt_to_pfn(page_alloc());
	xen_pfn_t mfn = pfn_to_mfn(pfn);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	domid_t self = DOMID_SELF;

	r.extent_start = &mfn;
	VERDICT("give up a page that is mapped",
		hypercall(memory_op, XENMEM_decrease_reservation, &r, 0, 0));
	VERDICT("unmap it", page_remap(pfn_to_virt(pfn), 0));
	VERDICT("it is gone", probe_write(pfn_to_virt(pfn), 1));
	r.extent_order = 30;
	VERDICT("an extent too large", hypercall(memory_op, XENMEM_populate_physmap, &r, 0, 0));
	r.extent_order = 0;
	r.nr_extents = ~0ul;
	VERDICT("too many extents", hypercall(memory_op, XENMEM_populate_physmap, &r, 0, 0));
	r.nr_extents = 1;
	r.domid = 0;
	VERDICT("another domain's memory", hypercall(memory_op, XENMEM_populate_physmap, &r, 0, 0));
	r.domid = DOMID_SELF;
	VERDICT("a page too many", hypercall(memory_op, XENMEM_populate_physmap, &r, 0, 0) <= 1);
	VERDICT("current reservation", hypercall(memory_op, XENMEM_current_reservation, &self, 0,
						 0) <= (long)start_info.nr_pages);
	VERDICT("unknown memory_op", hypercall(memory_op, 62, &r, 0, 0));
	VERDICT("bad pointer",
		hypercall(memory_op, XENMEM_populate_physmap, HYPERVISOR_VIRT_START, 0, 0));
}

int guest_main(void)
{
	tables_stay_read_only();
	foreign_frames();
	l4_slots();
	pinning();
	other_operations();
	reservation();
	VERDICTS_DONE();
	return 0;
}
