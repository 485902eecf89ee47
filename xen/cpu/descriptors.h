/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own descriptors. Their selectors are ABI (public/arch-x86.h): page 14 of every
 * GDT is ours.
 */
#ifndef CPU_DESCRIPTORS_H
#define CPU_DESCRIPTORS_H

#include "lib/types.h"

#define SEL_HYPERVISOR_CS 0xe008
#define SEL_HYPERVISOR_DS 0xe010
#define SEL_USER_CS32     0xe023
#define SEL_USER_DS       0xe02b
#define SEL_USER_CS64     0xe033
#define SEL_TSS           0xe040
#define SEL_LDT           0xe050

#define IST_NMI 1
#define IST_DF  2
#define IST_MC  3
#define IST_DB  4

struct tss {
	uint32_t reserved0;
	uint64_t rsp0, rsp1, rsp2, reserved1, ist[7], reserved2;
	uint16_t reserved3, iomap_base;
} __packed;

/* Loads IDT, GDT window, TSS and system call entry points of this CPU. */
void descriptors_load(void);
/* Sets the LDT of this CPU's window; entries 0 for none. */
void descriptors_set_ldt(unsigned int entries);

#endif
