/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel's ELF image: where its segments go and what its Xen notes (public/elfnote.h), or the
 * __xen_guest section of old kernels, ask for. The image is untrusted: after pv_kernel_parse()
 * every segment lies in the file, every address in the kernel's range, and nothing overflows.
 */
#ifndef BUILDER_PV_KERNEL_H
#define BUILDER_PV_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/builder/message.h"

#define PV_PAGE_BYTES 4096u
#define PV_PAGE_SHIFT 12
#define PV_ADDR_NONE  UINT64_MAX

#define PV_SEGMENTS_MAX 64

struct pv_segment {
	uint64_t vaddr;       /* where it is in the guest's boot mapping */
	uint64_t file_offset; /* into the ELF image */
	uint64_t file_bytes;
	uint64_t mem_bytes; /* file_bytes and then zeroes */
};

struct pv_kernel {
	uint64_t virt_base;  /* virtual address of pfn 0 */
	uint64_t virt_start; /* of the kernel itself, not aligned */
	uint64_t virt_end;
	uint64_t entry;
	uint64_t hypercall_page; /* page to fill with stubs, or PV_ADDR_NONE */
	uint64_t init_p2m;       /* where it wants the p2m list, or PV_ADDR_NONE */
	bool unmapped_ramdisk;   /* takes its ramdisk by pfn, outside the boot mapping */
	char guest_os[32];       /* printable, "" when not told */
	char guest_version[32];
	unsigned int nr_segments;
	struct pv_segment segments[PV_SEGMENTS_MAX]; /* ascending, without overlap */
};

/* name stands for the kernel in messages. 0, or a negative errno with msg set. */
int pv_kernel_parse(const char *name, const uint8_t *elf, size_t bytes, struct pv_kernel *kernel,
		    struct build_message *msg);

#endif
