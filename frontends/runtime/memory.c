/* SPDX-License-Identifier: MIT */
/*
 * Pages and tables. The builder maps the image, the boot structures and the tables; what lies
 * beyond is mapped here, with new L1 tables that are made read-only before the hypervisor checks
 * them.
 */
#include <public/memory.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"

#define VIRT_BASE  0xffffffff80000000ul
#define MAPPED_MAX (1ul << 30) /* one L2 table */
#define PTE_PAGE   (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define PTE_TABLE  (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

struct shared_info *shared_info;

static char shared_info_window[PAGE_SIZE] __aligned(PAGE_SIZE);
static const uint64_t *p2m;

struct free_page {
	struct free_page *next;
};
static struct free_page *free_list;
static uint64_t free_count;

mfn_t pfn_to_mfn(uint64_t pfn)
{
	return p2m[pfn];
}

uint64_t virt_to_pfn(const void *va)
{
	return ((uint64_t)va - VIRT_BASE) >> PAGE_SHIFT;
}

mfn_t virt_to_mfn_guest(const void *va)
{
	return pfn_to_mfn(virt_to_pfn(va));
}

void *pfn_to_virt(uint64_t pfn)
{
	return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

static uint64_t mfn_to_pfn(mfn_t mfn)
{
	return ((const uint64_t *)MACH2PHYS_VIRT_START)[mfn];
}

static pte_t *table_of(pte_t entry)
{
	return pfn_to_virt(mfn_to_pfn(pte_mfn(entry)));
}

/* The entry of the wanted level for va, NULL if a table on the way is missing. */
static pte_t *find_entry(uint64_t va, unsigned int level)
{
	pte_t *table = (pte_t *)start_info.pt_base;

	for (unsigned int l = 4; l > level; l--) {
		pte_t entry = table[PT_INDEX(va, l)];

		if (!(entry & PTE_PRESENT))
			return NULL;
		table = table_of(entry);
	}
	return &table[PT_INDEX(va, level)];
}

static uint64_t virt_to_maddr_guest(const void *va)
{
	return virt_to_mfn_guest(va) << PAGE_SHIFT | ((uint64_t)va & (PAGE_SIZE - 1));
}

static int set_entry(pte_t *entry, pte_t value)
{
	struct mmu_update req = { .ptr = virt_to_maddr_guest(entry) | MMU_NORMAL_PT_UPDATE,
				  .val = value };

	return (int)hypercall(mmu_update, &req, 1, 0, DOMID_SELF);
}

int page_remap(void *va, pte_t pte)
{
	return (int)hypercall(update_va_mapping, va, pte, UVMF_INVLPG | UVMF_LOCAL, 0);
}

pte_t page_own_pte(const void *va)
{
	return pte_make(virt_to_mfn_guest(va), PTE_PAGE);
}

uint64_t page_l1_maddr(const void *va, pte_t *pte)
{
	pte_t *entry = find_entry((uint64_t)va, 1);

	if (!entry)
		return 0;
	*pte = *entry;
	return virt_to_maddr_guest(entry);
}

/* A new L1 table for va: emptied, made read-only, then put into its L2. */
static bool add_l1_table(uint64_t va)
{
	pte_t *l2e = find_entry(va, 2);
	void *table = page_alloc();

	if (!l2e || !table)
		return false;
	return page_remap(table, page_own_pte(table) & ~PTE_RW) == 0 &&
	       set_entry(l2e, pte_make(virt_to_mfn_guest(table), PTE_TABLE)) == 0;
}

static void add_free(uint64_t pfn)
{
	struct free_page *page = pfn_to_virt(pfn);

	page->next = free_list;
	free_list = page;
	free_count++;
}

/* Maps and frees the pages from first up that the builder has left. */
static void add_pages(uint64_t first)
{
	uint64_t end = min(start_info.nr_pages, MAPPED_MAX >> PAGE_SHIFT);

	for (uint64_t pfn = first; pfn < end; pfn++) {
		uint64_t va = (uint64_t)pfn_to_virt(pfn);
		pte_t *entry = find_entry(va, 1);

		if (!entry) {
			if (!add_l1_table(va))
				return;
			entry = find_entry(va, 1);
		}
		if (!(*entry & PTE_PRESENT) &&
		    page_remap((void *)va, pte_make(pfn_to_mfn(pfn), PTE_PAGE)))
			return;
		add_free(pfn);
	}
}

void memory_init(void)
{
	uint64_t tables_end = virt_to_pfn((void *)start_info.pt_base) + start_info.nr_pt_frames;

	p2m = (const uint64_t *)start_info.mfn_list;
	if (page_remap(shared_info_window,
		       pte_make(start_info.shared_info >> PAGE_SHIFT, PTE_PAGE)))
		guest_shutdown(3);
	shared_info = (struct shared_info *)shared_info_window;
	/* One page after the tables is the builder's boot stack, which is no longer used. */
	add_pages(tables_end);
}

void *page_alloc(void)
{
	struct free_page *page = free_list;

	if (!page)
		return NULL;
	free_list = page->next;
	free_count--;
	memset(page, 0, PAGE_SIZE);
	return page;
}

void page_free(void *page)
{
	add_free(virt_to_pfn(page));
}

uint64_t pages_free(void)
{
	return free_count;
}
