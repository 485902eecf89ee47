/* SPDX-License-Identifier: MIT */
/* Reading a 64-bit ELF kernel image and its Xen notes (public/elfnote.h), wholly bounds-checked. */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include "lib/types.h"

struct elf_segment {
	uint64_t vaddr, paddr, memsz, filesz;
	const void *data;
	uint32_t flags;
};

struct elf_image {
	const uint8_t *image;
	size_t size;
	uint64_t entry;
	uint64_t vstart, vend; /* kernel's virtual extent, by paddr + virt_base */
	uint64_t pstart, pend; /* extent of p_paddr */
};

struct elf_xen_notes {
	uint64_t virt_base, entry, hypercall_page, init_p2m, paddr_offset;
	bool has_entry, has_virt_base, has_hypercall_page, has_init_p2m;
	bool mod_start_pfn, is_pv; /* PV: not "PVH only" */
	char guest_os[16], loader[16], xen_version[16];
	char features[256];
	uint32_t supported_features[1]; /* XENFEAT_* bits from XEN_ELFNOTE_SUPPORTED_FEATURES */
};

/* NULL on success, or what is wrong with it, in words. */
const char *elf_parse(const void *image, size_t size, struct elf_image *out);
unsigned int elf_segment_count(const struct elf_image *elf);
/* PT_LOAD number n; false if it is not one or is out of bounds. */
bool elf_segment_get(const struct elf_image *elf, unsigned int n, struct elf_segment *out);
const char *elf_xen_notes(const struct elf_image *elf, struct elf_xen_notes *out);

#endif
