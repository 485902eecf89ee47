/* SPDX-License-Identifier: MIT */
/*
 * Device memory: frames that are not RAM may be mapped by the hardware domain, but for those that
 * the hypervisor drives itself.
 *
 * The list of the latter grows only at boot, on one CPU; after that it is read-only.
 */
#include "pv/iomem.h"

#include "core/domain.h"
#include "core/panic.h"
#include "cpu/cpu.h"
#include "mm/boot_alloc.h"
#include "mm/e820.h"
#include "mm/layout.h"
#include "mm/page.h"

#define IOMEM_DENIED_MAX 32

struct frame_range {
	mfn_t first, last;
};

/* From the start: the interrupt window, local APIC and MSI addresses. */
static struct frame_range denied[IOMEM_DENIED_MAX] = { { 0xfee00, 0xfeeff } };
static unsigned int denied_count = 1;

static void mark(mfn_t start, mfn_t end)
{
	/* Where there is no RAM far and wide, the table says so already and is read-only. */
	for (end = min(end, max_mfn); start < end; start++)
		if (page_owner(mfn_to_page(start)) != DOMID_IO)
			mfn_to_page(start)->owner = DOMID_IO;
}

void iomem_init(void)
{
	mfn_t next = LOW_RESERVED_FRAMES;
	unsigned int i;

	mark(0, next); /* also if it is RAM: real-mode data */
	for (i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];
		mfn_t start = DIV_ROUND_UP(e->addr, (uint64_t)PAGE_SIZE);
		mfn_t end = (e->addr + e->size) >> PAGE_SHIFT;

		if (e->type != E820_RAM || end <= next)
			continue;
		mark(next, start);
		next = end;
	}
	mark(next, max_mfn);
}

void iomem_deny(mfn_t first, mfn_t last)
{
	BUG_ON(denied_count == IOMEM_DENIED_MAX);
	denied[denied_count].first = first;
	denied[denied_count].last = last;
	denied_count++;
}

bool iomem_permitted(const struct domain *d, mfn_t mfn)
{
	unsigned int i;

	if (!d->is_hardware || mfn >> (cpu_features.phys_addr_bits - PAGE_SHIFT))
		return false;
	for (i = 0; i < denied_count; i++)
		if (mfn >= denied[i].first && mfn <= denied[i].last)
			return false;
	return true;
}
