/* SPDX-License-Identifier: MIT */
/* CPUs: identification, features, control registers, per-CPU set-up. */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "lib/types.h"

struct cpu_features {
	char vendor[13];
	char brand[49];
	uint8_t family, model, stepping;
	uint8_t phys_addr_bits;
	uint32_t max_leaf, max_ext_leaf;
	bool xsave, xsaveopt, smep, smap, umip, fsgsbase, pcid, invariant_tsc, page1gb, rdtscp, nx;
	bool meltdown; /* leaks kernel mappings to user mode */
};
extern struct cpu_features cpu_features;

void cpu_identify(void);
/* Loads GDT, IDT, TSS, syscall MSRs and CR4 of the CPU that runs this. */
void cpu_setup(void);
/* Makes a CPU's window, stacks and variables; needs the allocator. 0 or -ENOMEM. */
int percpu_init_cpu(unsigned int cpu);

#endif
