/* SPDX-License-Identifier: MIT */
/*
 * The virtual address space, once. PML4 slots 256-271 are the hypervisor's in every page table;
 * everything else belongs to the guest.
 *
 *	slot 256	machine-to-physical table, 8 bytes a frame, read-only for guests
 *	slot 257	frame table, 16 bytes a frame (mm/page.h), and the first table again,
 *writable slot 258	per-CPU windows, then device mappings (ioremap) slot 259	the
 *hypervisor image: text, read-only data, data
 *	slots 260-271	direct map of all memory, read-write, not executable
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096
#define PAGE_MASK  (~(PAGE_SIZE - 1l))
#define PADDR_BITS 52

#define HV_L4_FIRST 256
#define HV_L4_LAST  271

#define HV_VIRT_START 0xffff800000000000
#define HV_VIRT_END   0xffff880000000000 /* first address that is the guest's again */

#define M2P_VIRT_START        0xffff800000000000
#define FRAMETABLE_VIRT_START 0xffff808000000000
#define M2P_RW_VIRT_START     0xffff80c000000000
#define PERCPU_VIRT_START     0xffff810000000000
#define IOREMAP_VIRT_START    0xffff814000000000
#define IOREMAP_VIRT_END      0xffff818000000000
#define IMAGE_VIRT_START      0xffff818000000000
#define DIRECTMAP_VIRT_START  0xffff820000000000
#define DIRECTMAP_VIRT_END    0xffff880000000000
#define DIRECTMAP_L4_FIRST    260

/* The image is linked at IMAGE_VIRT_START + its load address. */
#define IMAGE_LOAD_ADDR 0x200000

/*
 * A CPU's window, PERCPU_WINDOW_SIZE bytes at PERCPU_VIRT_START + cpu * PERCPU_WINDOW_SIZE:
 *
 *	+0x00000	syscall entry trampolines, the same text page for every CPU, executable
 *	+0x01000	what the trampolines need (cpu/percpu.h), read-write
 *	+0x02000	TSS
 *	+0x10000	GDT: 14 pages of the running guest's descriptors, then our own page
 *	+0x20000	LDT of the running guest, 16 pages
 *	+0x38000	the stack, STACK_SIZE bytes aligned to it, from below: a page each for NMI,
 *double fault, machine check and debug, an unmapped guard page, the main stack
 */
#define PERCPU_WINDOW_SIZE 0x80000
#define PERCPU_TRAMPOLINE  0x00000
#define PERCPU_ENTRY_DATA  0x01000
#define PERCPU_TSS         0x02000
#define PERCPU_GDT         0x10000
#define PERCPU_LDT         0x20000
#define PERCPU_STACKS      0x38000

#define NR_CPUS 256

#endif
