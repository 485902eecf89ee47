/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. All L3 tables of the slots in use exist after map_init(), so
 * that every L4 can copy the slots; below them, tables are added and never removed.
 *
 * Lock: map_lock (RANK_MAP).
 */
#include <public/xen.h>

#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/boot_alloc.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/map.h"
#include "mm/page.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_ACCESSED)
#define FRAMES_2M   512ul
#define FRAMES_1G   (512ul * 512)

extern char image_start[], text_end[], rodata_end[], image_end[];

mfn_t max_mfn;
pte_t *idle_l4;

static spinlock_t map_lock = SPINLOCK_INIT(RANK_MAP);
static bool buddy_ready;
static uint64_t ioremap_next = IOREMAP_VIRT_START;

static pte_t *new_table(void)
{
	if (!buddy_ready)
		return mfn_to_virt(boot_alloc(1, 1));
	return alloc_pages_virt(0, ALLOC_ZERO);
}

/* The table of the level below that entry leads to, made if there is none. NULL without memory. */
static pte_t *descend(pte_t *entry, uint64_t table_flags)
{
	pte_t *table;

	if (*entry & PTE_PRESENT) {
		BUG_ON(*entry & PTE_PSE);
		return mfn_to_virt(pte_mfn(*entry));
	}
	table = new_table();
	if (table)
		*entry = pte_make(virt_to_mfn(table), TABLE_FLAGS | table_flags);
	return table;
}

/* The entry of the wanted level for va. Caller holds map_lock. */
static pte_t *entry_for(uint64_t va, unsigned int level, uint64_t table_flags)
{
	pte_t *table = idle_l4;

	for (unsigned int l = 4; l > level; l--) {
		table = descend(&table[PT_INDEX(va, l)], table_flags);
		if (!table)
			return NULL;
	}
	return &table[PT_INDEX(va, level)];
}

int map_frames(uint64_t va, mfn_t mfn, size_t count, uint64_t flags)
{
	unsigned long irq = spin_lock_irqsave(&map_lock);
	int rc = 0;

	BUG_ON((flags & PTE_RW) && !(flags & PTE_NX));
	for (; count > 0; count--, mfn++, va += PAGE_SIZE) {
		pte_t *l1e = entry_for(va, 1, 0), old;

		if (!l1e) {
			rc = -ENOMEM;
			break;
		}
		old = *l1e;
		WRITE_ONCE(*l1e, pte_make(mfn, flags));
		if (old & PTE_PRESENT)
			tlb_flush_page_mask(&cpu_online_map, va);
	}
	spin_unlock_irqrestore(&map_lock, irq);
	return rc;
}

void unmap_frames(uint64_t va, size_t count)
{
	unsigned long irq = spin_lock_irqsave(&map_lock);

	for (; count > 0; count--, va += PAGE_SIZE) {
		WRITE_ONCE(*entry_for(va, 1, 0), 0);
		tlb_flush_page_mask(&cpu_online_map, va);
	}
	spin_unlock_irqrestore(&map_lock, irq);
}

pte_t *map_l1_entry(uint64_t va)
{
	unsigned long irq = spin_lock_irqsave(&map_lock);
	pte_t *l1e = entry_for(va, 1, 0);

	spin_unlock_irqrestore(&map_lock, irq);
	return l1e;
}

void *ioremap(paddr_t ma, size_t len)
{
	mfn_t first = ma >> PAGE_SHIFT;
	size_t count = DIV_ROUND_UP((ma & (PAGE_SIZE - 1)) + len, PAGE_SIZE);
	unsigned long irq = spin_lock_irqsave(&map_lock);
	uint64_t va = ioremap_next;

	if (count > (IOREMAP_VIRT_END - va) >> PAGE_SHIFT) {
		spin_unlock_irqrestore(&map_lock, irq);
		return NULL;
	}
	ioremap_next += count << PAGE_SHIFT;
	spin_unlock_irqrestore(&map_lock, irq);
	if (map_frames(va, first, count, MAP_UC))
		return NULL;
	return (void *)(va + (ma & (PAGE_SIZE - 1)));
}

void map_init_guest_l4(pte_t *l4)
{
	memcpy(&l4[HV_L4_FIRST], &idle_l4[HV_L4_FIRST],
	       (HV_L4_LAST - HV_L4_FIRST + 1) * sizeof(pte_t));
}

/* Boot: maps [va, va + frames) with 2 MiB entries, or 1 GiB ones where the CPU has them. */
static void map_large(uint64_t va, mfn_t mfn, mfn_t frames, uint64_t flags, uint64_t table_flags)
{
	mfn_t end = mfn + frames;

	while (mfn < end) {
		bool giant = cpu_features.page1gb && mfn % FRAMES_1G == 0 &&
			     end - mfn >= FRAMES_1G && va % (FRAMES_1G << PAGE_SHIFT) == 0;
		mfn_t step = giant ? FRAMES_1G : FRAMES_2M;

		*entry_for(va, giant ? 3 : 2, table_flags) = pte_make(mfn, flags | PTE_PSE);
		mfn += step;
		va += step << PAGE_SHIFT;
	}
}

/*
 * RAM and the ACPI regions, by 2 MiB: the ends of a region may reach into what is not RAM, which
 * the memory type registers keep uncached; nothing dereferences it.
 */
static void map_directmap(void)
{
	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];
		mfn_t start = ROUND_DOWN(e->addr >> PAGE_SHIFT, FRAMES_2M);
		mfn_t end =
			ROUND_UP(DIV_ROUND_UP(e->addr + e->size, (uint64_t)PAGE_SIZE), FRAMES_2M);

		if (e->type == E820_RAM || e->type == E820_ACPI || e->type == E820_NVS)
			map_large(DIRECTMAP_VIRT_START + (start << PAGE_SHIFT), start, end - start,
				  MAP_RW, 0);
	}
}

/* The last slot that the direct map needs. */
static unsigned int last_slot(void)
{
	uint64_t end = 1;

	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];

		if (e->type == E820_RAM || e->type == E820_ACPI || e->type == E820_NVS)
			end = max(end, e->addr + e->size);
	}
	return min(DIRECTMAP_L4_FIRST + (unsigned int)((end - 1) >> PT_SHIFT(4)),
		   (unsigned int)HV_L4_LAST);
}

static void map_image_part(const char *start, const char *end, uint64_t flags)
{
	mfn_t mfn = ((uint64_t)start - IMAGE_VIRT_START) >> PAGE_SHIFT;

	for (uint64_t va = (uint64_t)start; va < (uint64_t)end; va += PAGE_SIZE, mfn++)
		*entry_for(va, 1, 0) = pte_make(mfn, flags);
}

/* ---- the tables of frames ---- */

/*
 * They are made by 2 MiB. A part for frames among which there is no RAM is not memory of its own:
 * it consists of one read-only page over and over.
 */
#define FRAMES_PER_FT_PART  ((2ul << 20) / sizeof(struct page_info))
#define FRAMES_PER_M2P_PART ((2ul << 20) / sizeof(uint64_t))

static bool ram_between(mfn_t start, mfn_t end)
{
	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];

		if (e->type == E820_RAM && e->addr >> PAGE_SHIFT < end &&
		    DIV_ROUND_UP(e->addr + e->size, (uint64_t)PAGE_SIZE) > start)
			return true;
	}
	return false;
}

/* An L1 table all of whose entries map page, read-only. */
static mfn_t table_of_one(mfn_t page, uint64_t flags)
{
	mfn_t mfn = boot_alloc(1, 1);
	pte_t *table = mfn_to_virt(mfn);

	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		table[i] = pte_make(page, flags);
	return mfn;
}

static void map_frame_table(void)
{
	mfn_t absent = 0, first;
	uint64_t va = FRAMETABLE_VIRT_START;

	for (first = 0; first < max_mfn; first += FRAMES_PER_FT_PART, va += 2ul << 20) {
		if (ram_between(first, first + FRAMES_PER_FT_PART)) {
			map_large(va, boot_alloc(FRAMES_2M, FRAMES_2M), FRAMES_2M, MAP_RW, 0);
			continue;
		}
		if (!absent) {
			mfn_t mfn = boot_alloc(1, 1);
			struct page_info *page = mfn_to_virt(mfn);

			for (size_t i = 0; i < PAGE_SIZE / sizeof(*page); i++)
				page[i].owner = DOMID_IO;
			absent = table_of_one(mfn, MAP_RO);
		}
		*entry_for(va, 2, 0) = pte_make(absent, TABLE_FLAGS);
	}
}

static void map_m2p(void)
{
	mfn_t absent = 0, first;
	uint64_t offset = 0;

	for (first = 0; first < max_mfn; first += FRAMES_PER_M2P_PART, offset += 2ul << 20) {
		mfn_t mfn;

		if (ram_between(first, first + FRAMES_PER_M2P_PART)) {
			mfn = boot_alloc(FRAMES_2M, FRAMES_2M);
			memset(mfn_to_virt(mfn), 0xff, FRAMES_2M << PAGE_SHIFT);
			map_large(M2P_VIRT_START + offset, mfn, FRAMES_2M, MAP_RO | PTE_USER,
				  PTE_USER);
			map_large(M2P_RW_VIRT_START + offset, mfn, FRAMES_2M, MAP_RW, 0);
			continue;
		}
		if (!absent) {
			mfn = boot_alloc(1, 1);
			memset(mfn_to_virt(mfn), 0xff, PAGE_SIZE);
			absent = table_of_one(mfn, MAP_RO | PTE_USER);
		}
		*entry_for(M2P_VIRT_START + offset, 2, PTE_USER) =
			pte_make(absent, TABLE_FLAGS | PTE_USER);
	}
}

mfn_t map_m2p_part(unsigned int part)
{
	unsigned long irq = spin_lock_irqsave(&map_lock);
	pte_t l2e = *entry_for(M2P_VIRT_START + part * (2ul << 20), 2, PTE_USER);

	spin_unlock_irqrestore(&map_lock, irq);
	return l2e & PTE_PSE ? pte_mfn(l2e) : INVALID_MFN;
}

static void find_max_mfn(void)
{
	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];

		if (e->type == E820_RAM)
			max_mfn = max(max_mfn, (mfn_t)((e->addr + e->size) >> PAGE_SHIFT));
	}
	max_mfn = min(max_mfn, (mfn_t)((DIRECTMAP_VIRT_END - DIRECTMAP_VIRT_START) >> PAGE_SHIFT));
}

void map_init(void)
{
	find_max_mfn();
	idle_l4 = new_table();
	/* Every slot that is ever used gets its L3 now. */
	for (unsigned int slot = HV_L4_FIRST; slot <= last_slot(); slot++)
		BUG_ON(!descend(&idle_l4[slot], slot == HV_L4_FIRST ? PTE_USER : 0));

	map_image_part(image_start, text_end, MAP_RX);
	map_image_part(text_end, rodata_end, MAP_RO);
	map_image_part(rodata_end, image_end, MAP_RW);
	map_directmap();
	map_frame_table();
	map_m2p();
	/* Windows of all CPUs lie in L1 tables made here, so map_l1_entry() cannot fail for CPU 0.
	 */
	BUG_ON(!entry_for(PERCPU_VIRT_START, 1, 0));

	write_cr4(read_cr4() | CR4_PGE);
	write_cr3(virt_to_maddr(idle_l4));
	boot_alloc_finish();
	buddy_ready = true;
}
