/* SPDX-License-Identifier: MIT */
/* The paravirtual side of a vCPU: its virtual privileged registers, tables and callbacks. */
#ifndef PV_PV_H
#define PV_PV_H

#include <public/xen.h>

#include "lib/types.h"

#define GDT_GUEST_FRAMES 14u /* FIRST_RESERVED_GDT_PAGE */
#define LDT_MAX_FRAMES   16u

/* What a bounce to the guest kernel looks like; built from trap_info or a callback. */
struct trap_bounce {
	uint64_t eip;
	uint32_t error_code;
	uint16_t cs;
	uint8_t flags; /* TBF_* */
};
#define TBF_EXCEPTION         0x01 /* there is something to deliver */
#define TBF_EXCEPTION_ERRCODE 0x02 /* with an error code */
#define TBF_INTERRUPT         0x08 /* mask events on the way in */
#define TBF_FAILSAFE          0x10 /* with the failsafe frame (ds es fs gs) */

struct pv_vcpu {
	/* First, as cpu/entry.S looks at both: cpu/entry.h. */
	struct trap_bounce bounce; /* to be delivered on the way out */
	bool kernel_mode; /* guest kernel runs (with guest_table and the kernel's gs base) */

	bool iret_pending_nmi;
	bool syscall_disables_events, failsafe_disables_events, syscall32_disables_events,
		sysenter_disables_events;

	/* Tables: each holds a type and a general reference on its frame. */
	mfn_t guest_table;      /* L4 of kernel mode; 0: none */
	mfn_t guest_table_user; /* L4 of user mode; 0: none */
	uint64_t cr3;           /* what the CPU's CR3 is while this vCPU runs in its present mode */
	mfn_t partial_table;    /* left partly (in)validated by its last operation; 0: none */

	struct trap_info *traps; /* 256 entries, checked when set */
	uint64_t event_callback, failsafe_callback, syscall_callback;
	uint64_t syscall32_callback, sysenter_callback;
	uint16_t syscall32_callback_cs, sysenter_callback_cs; /* 0: not registered */
	uint64_t nmi_callback;
	uint64_t kernel_sp; /* stack for traps from user mode */
	uint16_t kernel_ss;

	/* Descriptor tables: frames hold a PGT_SEG_DESC type reference each. */
	mfn_t gdt_frames[GDT_GUEST_FRAMES];
	unsigned int gdt_entries;
	uint64_t ldt_base; /* guest linear address */
	unsigned int ldt_entries;
	mfn_t ldt_frames[LDT_MAX_FRAMES]; /* mapped on demand; 0: not */

	/* Segment bases that are not in a descriptor. gs_base_user is in MSR_SHADOW_GS_BASE while
	 * the kernel runs and swapped in otherwise; current only when the vCPU does not run. */
	uint64_t fs_base, gs_base_kernel, gs_base_user;
	uint16_t ds, es, fs, gs; /* current only when the vCPU does not run */

	uint64_t ctrlreg[8]; /* CR0, CR2 and CR4 as the guest sees them; CR2 in arch vcpu_info */
	uint64_t debugreg[8];
	unsigned int iopl; /* virtual IOPL, 0-3 */
	uint8_t *iobmp;    /* guest address of the user I/O bitmap; 0: none */
	unsigned int iobmp_limit;
};

#endif
