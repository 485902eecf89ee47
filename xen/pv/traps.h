/* SPDX-License-Identifier: MIT */
/*
 * Events and exceptions on their way to the guest kernel: choosing what to deliver and building the
 * frame on the guest's stack.
 */
#ifndef PV_TRAPS_H
#define PV_TRAPS_H

#include "lib/types.h"

struct cpu_user_regs;
struct vcpu;

/* Queue an exception for delivery on the way out to the running guest. */
void pv_inject_trap(unsigned int vector, uint32_t error_code);
void pv_inject_page_fault(uint64_t addr, uint32_t error_code);
/* Delivers the running guest's page fault at once; error_code is the processor's. */
void pv_bounce_page_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t addr,
			  uint32_t error_code);

/* Privileged instruction or I/O at regs->rip after #GP or #UD: true if emulated (pv/emulate.c). */
bool pv_emulate_privileged(struct cpu_user_regs *regs);
/* The forced-emulation prefix before CPUID (ud2a; .ascii "xen"): true if it was one. */
bool pv_emulate_forced_prefix(struct cpu_user_regs *regs);

/* SEGBASE_GS_USER_SEL: the user's gs selector; false if it cannot be loaded (then it is null). */
bool pv_load_user_gs(uint16_t selector);

/* Exit path: puts the running guest where its pending trap or event is handled. False: none. */
bool pv_deliver_pending(struct vcpu *v);

/* Registers of v into its hardware context and back (cpu/switch.c calls these). */
void pv_load_segments(struct vcpu *v);
void pv_save_segments(struct vcpu *v);
void pv_load_descriptor_tables(struct vcpu *v);

/* Descriptor tables' references go (domain death, new tables). */
void pv_destroy_gdt(struct vcpu *v);
void pv_destroy_ldt(struct vcpu *v);
int pv_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned int entries);
/* Maps the LDT page that holds the descriptor at offset bytes, on a fault in the LDT window. */
bool pv_map_ldt_page(unsigned int offset);

/* New LDT: base is page aligned, entries at most 8192; takes effect at once for the running vCPU.
 */
void pv_set_ldt(struct vcpu *v, uint64_t base, unsigned int entries);

/* Register 0-7; -EPERM for a value that a guest must not have. */
int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value);
void pv_load_debug_registers(const struct vcpu *v);

int pv_vcpu_init(struct vcpu *v);
void pv_vcpu_destroy(struct vcpu *v);

/* Fixes a selector so that it can only be one of ring 3 or null. */
#define fixup_selector(sel) \
	((uint16_t)((((sel)&0xfffc) == 0 || ((sel)&3) == 3) ? (sel) : ((sel) | 3)))

#endif
