/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables. A guest's GDT and LDT frames have the type PGT_SEG_DESC while they are in use,
 * every descriptor in them is one that ring 3 may load, and they are mapped in the window of the
 * CPU that runs the vCPU: the GDT's pages on the switch, the LDT's when first touched.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/descriptors.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "mm/map.h"
#include "mm/page.h"
#include "pv/mmu.h"
#include "pv/page_type.h"
#include "pv/traps.h"

#define DESC_P         (1ul << 47)
#define DESC_S         (1ul << 44)
#define DESC_TYPE_MASK (0xful << 40)
#define DESC_DPL_MASK  (3ul << 45)
#define DESC_PER_PAGE  (PAGE_SIZE / 8)
/* Not global: gone with the next CR3 load. */
#define WINDOW_PTE     (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_NX)

static uint64_t window(void)
{
	return PERCPU_VIRT_START + (uint64_t)smp_processor_id() * PERCPU_WINDOW_SIZE;
}

/*
 * Code and data segments are the guest's business once they are ring 3's; of system descriptors
 * only the null type is harmless (a call gate's upper half). Not present ones fault anyway.
 */
bool check_descriptor(struct domain *d, uint64_t *desc)
{
	(void)d;
	if (!(*desc & DESC_P))
		return true;
	if (!(*desc & DESC_S))
		return !(*desc & DESC_TYPE_MASK);
	*desc |= DESC_DPL_MASK;
	return true;
}

int validate_descriptors(struct page_info *page)
{
	struct domain *d = domain_peek(page_owner(page));
	uint64_t *table = page_to_virt(page);

	for (unsigned int i = 0; i < DESC_PER_PAGE; i++) {
		uint64_t desc = table[i];

		if (!check_descriptor(d, &desc))
			return -EINVAL;
		if (desc != table[i])
			table[i] = desc;
	}
	return 0;
}

static void put_frames(mfn_t *frames, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (frames[i])
			put_page_and_type(mfn_to_page(frames[i]));
		frames[i] = 0;
	}
}

void pv_destroy_gdt(struct vcpu *v)
{
	v->pv.gdt_entries = 0;
	put_frames(v->pv.gdt_frames, GDT_GUEST_FRAMES);
}

void pv_destroy_ldt(struct vcpu *v)
{
	put_frames(v->pv.ldt_frames, LDT_MAX_FRAMES);
}

/* Where the guest has no descriptors, there are null ones: using them is #GP, not a fault of ours.
 */
static const uint64_t null_descriptors[DESC_PER_PAGE] __aligned(PAGE_SIZE);

/*
 * How many slots at the end of this CPU's windows are known to be empty: most are all the time. 0:
 * not known yet.
 */
static DEFINE_PER_CPU(unsigned int, gdt_empty);
static DEFINE_PER_CPU(unsigned int, ldt_empty);

static void map_gdt(const struct vcpu *v)
{
	unsigned int used = DIV_ROUND_UP(v->pv.gdt_entries, (unsigned int)DESC_PER_PAGE);
	unsigned int end = max(used, GDT_GUEST_FRAMES - this_cpu(gdt_empty));
	pte_t none = pte_make(((uint64_t)null_descriptors - IMAGE_VIRT_START) >> PAGE_SHIFT,
			      WINDOW_PTE & ~PTE_RW);
	pte_t *pte = map_l1_entry(window() + PERCPU_GDT);

	for (unsigned int i = 0; i < end; i++) {
		pte_t new = v->pv.gdt_frames[i] ? pte_make(v->pv.gdt_frames[i], WINDOW_PTE) : none;

		if (pte[i] == new)
			continue;
		WRITE_ONCE(pte[i], new);
		invlpg(window() + PERCPU_GDT + (uint64_t)i * PAGE_SIZE);
	}
	this_cpu(gdt_empty) = GDT_GUEST_FRAMES - used;
}

int pv_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned int entries)
{
	unsigned int count = DIV_ROUND_UP(entries, (unsigned int)DESC_PER_PAGE), i;
	mfn_t fresh[GDT_GUEST_FRAMES] = { 0 }, old[GDT_GUEST_FRAMES];

	if (entries > GDT_GUEST_FRAMES * DESC_PER_PAGE)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (!mfn_valid(frames[i]) ||
		    get_page_and_type(mfn_to_page(frames[i]), v->domain->domain_id, PGT_SEG_DESC)) {
			put_frames(fresh, i);
			return -EINVAL;
		}
		fresh[i] = frames[i];
	}
	/* The old frames are let go when no CPU has them in its window any more. */
	memcpy(old, v->pv.gdt_frames, sizeof(old));
	memcpy(v->pv.gdt_frames, fresh, sizeof(fresh));
	v->pv.gdt_entries = entries;
	if (v == current)
		map_gdt(v);
	put_frames(old, GDT_GUEST_FRAMES);
	return 0;
}

static void map_ldt(const struct vcpu *v)
{
	unsigned int used = DIV_ROUND_UP(v->pv.ldt_entries, (unsigned int)DESC_PER_PAGE);
	unsigned int end = max(used, LDT_MAX_FRAMES - this_cpu(ldt_empty));
	pte_t *pte;

	/* None, and none before. */
	if (end == 0)
		return;
	pte = map_l1_entry(window() + PERCPU_LDT);
	for (unsigned int i = 0; i < end; i++) {
		pte_t new = v->pv.ldt_frames[i] ? pte_make(v->pv.ldt_frames[i], WINDOW_PTE) : 0;

		if (pte[i] == new)
			continue;
		WRITE_ONCE(pte[i], new);
		invlpg(window() + PERCPU_LDT + (uint64_t)i * PAGE_SIZE);
	}
	this_cpu(ldt_empty) = LDT_MAX_FRAMES - used;
	descriptors_set_ldt(v->pv.ldt_entries);
}

void pv_load_descriptor_tables(struct vcpu *v)
{
	map_gdt(v);
	map_ldt(v);
}

void pv_set_ldt(struct vcpu *v, uint64_t base, unsigned int entries)
{
	mfn_t old[LDT_MAX_FRAMES];

	memcpy(old, v->pv.ldt_frames, sizeof(old));
	memset(v->pv.ldt_frames, 0, sizeof(v->pv.ldt_frames));
	v->pv.ldt_base = base;
	v->pv.ldt_entries = entries;
	if (v == current)
		map_ldt(v);
	put_frames(old, LDT_MAX_FRAMES);
}

/* The guest's page at base + offset becomes a descriptor page, if its contents allow it. */
bool pv_map_ldt_page(unsigned int offset)
{
	struct vcpu *v = current;
	unsigned int index = offset >> PAGE_SHIFT;
	struct page_info *page;
	mfn_t l1_mfn;
	pte_t *l1e, entry;

	if (offset / 8 >= v->pv.ldt_entries || index >= LDT_MAX_FRAMES || v->pv.ldt_frames[index])
		return false;
	l1e = pv_get_l1e(v, v->pv.ldt_base + ((uint64_t)index << PAGE_SHIFT), &l1_mfn);
	if (!l1e)
		return false;
	entry = READ_ONCE(*l1e);
	pv_put_l1e(l1_mfn);
	if (!(entry & PTE_PRESENT) || !mfn_valid(pte_mfn(entry)))
		return false;
	page = mfn_to_page(pte_mfn(entry));
	if (get_page_and_type(page, v->domain->domain_id, PGT_SEG_DESC))
		return false;
	v->pv.ldt_frames[index] = pte_mfn(entry);
	map_ldt(v);
	return true;
}

long do_set_gdt(const unsigned long *frames, unsigned int entries)
{
	struct vcpu *v = current;
	mfn_t mfns[GDT_GUEST_FRAMES];
	unsigned int count = DIV_ROUND_UP(entries, (unsigned int)DESC_PER_PAGE);

	if (entries > GDT_GUEST_FRAMES * DESC_PER_PAGE)
		return -EINVAL;
	if (copy_from_guest(mfns, frames, count * sizeof(mfns[0])))
		return -EFAULT;
	return pv_set_gdt(v, mfns, entries);
}

long do_update_descriptor(uint64_t maddr, uint64_t desc)
{
	struct domain *d = current->domain;
	struct page_info *page;
	uint32_t type;
	int rc;

	if ((maddr & 7) || !check_descriptor(d, &desc))
		return -EINVAL;
	page = get_page_from_mfn(maddr >> PAGE_SHIFT, d->domain_id);
	if (!page)
		return -EINVAL;
	type = (READ_ONCE(page->type) & PGT_TYPE_MASK) == PGT_SEG_DESC ? PGT_SEG_DESC
								       : PGT_WRITABLE;
	rc = get_page_type(page, type);
	if (!rc) {
		WRITE_ONCE(*(uint64_t *)maddr_to_virt(maddr), desc);
		put_page_type(page);
	}
	put_page(page);
	return rc;
}
