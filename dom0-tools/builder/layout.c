/* SPDX-License-Identifier: MIT */
/*
 * Computes the start-of-day layout. All sums stay far below 2^64: total_pages is at most
 * GUEST_PAGES_MAX, addresses are checked against the guest's ranges.
 */
#include "dom0-tools/builder/layout.h"

#include <errno.h>
#include <string.h>

#define GUEST_PAGES_MAX    (UINT64_C(1) << 36) /* 256 TiB */
#define BOOT_ALIGN         (UINT64_C(4) << 20)
#define BOOT_PADDING       (UINT64_C(512) << 10)
#define GUEST_LOW_END      UINT64_C(0x0000800000000000)
#define GUEST_HIGH_START   UINT64_C(0xffff880000000000)
#define TABLE_SHIFT(level) (PV_PAGE_SHIFT + 9 * (level)) /* bytes that one table of level maps */

static uint64_t to_pages(uint64_t bytes)
{
	return (bytes + PV_PAGE_BYTES - 1) >> PV_PAGE_SHIFT;
}

/* How many tables of levels 1 to 3 a mapping of [start, last] needs. */
static uint64_t count_tables(uint64_t start, uint64_t last)
{
	uint64_t tables = 0;

	for (int level = 1; level <= 3; level++)
		tables += (last >> TABLE_SHIFT(level)) - (start >> TABLE_SHIFT(level)) + 1;
	return tables;
}

static void place(struct pv_region *region, uint64_t pages, uint64_t *next)
{
	region->pfn = *next;
	region->pages = pages;
	*next += pages;
}

/*
 * Page tables, stack and padding from *next on. The tables map themselves too, so their number
 * depends on where the mapping ends and the other way round: grow until it fits.
 */
static int place_tables(struct pv_layout *layout, uint64_t *next)
{
	uint64_t tables = 1;

	for (;;) {
		uint64_t end = layout->virt_base + ((*next + tables + 1) << PV_PAGE_SHIFT);
		uint64_t needed;

		end = (end + BOOT_PADDING + BOOT_ALIGN - 1) & ~(BOOT_ALIGN - 1);
		if (end <= layout->virt_base ||
		    (layout->virt_base < GUEST_LOW_END && end > GUEST_LOW_END))
			return -ENOEXEC;
		needed = 1 + count_tables(layout->virt_base, end - 1);
		if (needed <= tables) {
			layout->virt_end = end;
			break;
		}
		tables = needed;
	}
	place(&layout->tables, tables, next);
	place(&layout->stack, 1, next);
	*next = (layout->virt_end - layout->virt_base) >> PV_PAGE_SHIFT;
	return 0;
}

/* The p2m list at an address of its own: it must not touch the boot mapping's top-level entries. */
static int place_own_p2m(struct pv_layout *layout, uint64_t pages, uint64_t *next)
{
	uint64_t last = layout->p2m_vaddr + (pages << PV_PAGE_SHIFT) - 1;
	uint64_t first_slot = layout->p2m_vaddr >> TABLE_SHIFT(3);
	uint64_t last_slot = last >> TABLE_SHIFT(3);

	if (last < layout->p2m_vaddr ||
	    (last >= GUEST_LOW_END && layout->p2m_vaddr < GUEST_HIGH_START))
		return -ENOEXEC;
	if (first_slot <= (layout->virt_end - 1) >> TABLE_SHIFT(3) &&
	    last_slot >= layout->virt_base >> TABLE_SHIFT(3))
		return -ENOEXEC;
	place(&layout->p2m, pages, next);
	place(&layout->p2m_tables, count_tables(layout->p2m_vaddr, last), next);
	return 0;
}

static int does_not_fit(const char *name, const struct pv_layout *layout, uint64_t pages,
			struct build_message *msg)
{
	unsigned long long need = (pages * PV_PAGE_BYTES + (1 << 20) - 1) >> 20;
	unsigned long long have = layout->total_pages * PV_PAGE_BYTES >> 20;

	if (layout->ramdisk_bytes)
		return build_fail(
			msg, -ENOMEM,
			"the guest's memory of %llu MiB is too small: kernel '%s' with a ramdisk "
			"of %llu MiB needs %llu MiB to start; raise memory or use a smaller "
			"ramdisk",
			have, name, (unsigned long long)layout->ramdisk_bytes >> 20, need);
	return build_fail(
		msg, -ENOMEM,
		"the guest's memory of %llu MiB is too small: kernel '%s' needs %llu MiB to "
		"start; raise memory",
		have, name, need);
}

int pv_layout_plan(const char *name, const struct pv_kernel *kernel, uint64_t ramdisk_bytes,
		   uint64_t total_pages, struct pv_layout *layout, struct build_message *msg)
{
	uint64_t p2m_pages = to_pages(total_pages * sizeof(uint64_t));
	uint64_t next;
	int ret;

	memset(layout, 0, sizeof(*layout));
	layout->virt_base = kernel->virt_base;
	layout->total_pages = total_pages;
	layout->ramdisk_bytes = ramdisk_bytes;
	if (!total_pages || total_pages > GUEST_PAGES_MAX || ramdisk_bytes > GUEST_LOW_END)
		return build_fail(
			msg, -EINVAL,
			"the guest's memory of %llu pages is out of range; choose another memory",
			(unsigned long long)total_pages);

	next = (kernel->virt_start - kernel->virt_base) >> PV_PAGE_SHIFT;
	place(&layout->kernel, to_pages(kernel->virt_end - kernel->virt_base) - next, &next);
	layout->ramdisk_unmapped = ramdisk_bytes && kernel->unmapped_ramdisk;
	if (ramdisk_bytes && !layout->ramdisk_unmapped)
		place(&layout->ramdisk, to_pages(ramdisk_bytes), &next);
	if (kernel->init_p2m == PV_ADDR_NONE) {
		layout->p2m_vaddr = pv_layout_vaddr(layout, next);
		place(&layout->p2m, p2m_pages, &next);
	} else {
		layout->p2m_vaddr = kernel->init_p2m;
	}
	place(&layout->start_info, 1, &next);
	place(&layout->store, 1, &next);
	place(&layout->console, 1, &next);
	ret = place_tables(layout, &next);
	if (!ret && !layout->p2m.pages)
		ret = place_own_p2m(layout, p2m_pages, &next);
	if (ret)
		return build_fail(
			msg, ret,
			"kernel '%s' is corrupt: the addresses it asks for cannot be mapped; copy "
			"it again",
			name);
	if (layout->ramdisk_unmapped)
		place(&layout->ramdisk, to_pages(ramdisk_bytes), &next);
	if (next > total_pages)
		return does_not_fit(name, layout, next, msg);
	return 0;
}
