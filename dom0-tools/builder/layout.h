/* SPDX-License-Identifier: MIT */
/*
 * Where everything goes in a new guest: the start-of-day layout of public/xen.h. Pure arithmetic,
 * no domain needed.
 *
 * From pfn 0 (virt_base) on, contiguous and mapped up to virt_end: kernel, ramdisk (if mapped), p2m
 * list (unless it has an address of its own), start_info, xenstore page, console page, page tables,
 * boot stack, at least 512 KiB of padding up to a multiple of 4 MiB. Behind it, in pfns but not in
 * that mapping: a p2m list that has its own address together with the tables that map it, then a
 * ramdisk given by pfn.
 */
#ifndef BUILDER_LAYOUT_H
#define BUILDER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/builder/pv_kernel.h"

struct pv_region {
	uint64_t pfn;
	uint64_t pages; /* 0: there is none */
};

struct pv_layout {
	uint64_t virt_base;
	uint64_t virt_end;    /* end of the boot mapping, exclusive */
	uint64_t total_pages; /* of the guest */
	struct pv_region kernel;
	struct pv_region ramdisk;
	struct pv_region p2m;
	struct pv_region start_info;
	struct pv_region store;
	struct pv_region console;
	struct pv_region tables; /* the first is the L4 */
	struct pv_region stack;
	uint64_t p2m_vaddr;
	struct pv_region p2m_tables; /* when the p2m list has its own address */
	bool ramdisk_unmapped;
	uint64_t ramdisk_bytes;
};

/*
 * Lays out kernel and ramdisk_bytes of ramdisk in a guest of total_pages pages. name is the
 * kernel's, for messages. 0; -ENOMEM when total_pages is too small for it, -ENOEXEC for impossible
 * addresses.
 */
int pv_layout_plan(const char *name, const struct pv_kernel *kernel, uint64_t ramdisk_bytes,
		   uint64_t total_pages, struct pv_layout *layout, struct build_message *msg);

/* Virtual address of a pfn in the boot mapping. */
static inline uint64_t pv_layout_vaddr(const struct pv_layout *layout, uint64_t pfn)
{
	return layout->virt_base + (pfn << PV_PAGE_SHIFT);
}

#endif
