/* SPDX-License-Identifier: MIT */
/*
 * From guest kernel mode to guest user mode and back: both run in ring 3, each on its own tables
 * and gs base. The way into the kernel is a bounce (pv/traps.c); the way out is the iret hypercall
 * (pv/mode.c).
 *
 * While the guest kernel runs, its gs base is active and the user's is in MSR_SHADOW_GS_BASE; in
 * user mode the other way round: swapgs does the whole exchange.
 */
#ifndef PV_SWITCH_MODE_H
#define PV_SWITCH_MODE_H

#include "core/domain.h"
#include "cpu/asm.h"
#include "mm/layout.h"

/* v runs here, and not in that mode. User mode needs a user table. */
static inline void pv_switch_mode(struct vcpu *v, bool kernel)
{
	mfn_t table = kernel ? v->pv.guest_table : v->pv.guest_table_user;

	v->pv.kernel_mode = kernel;
	v->pv.cr3 = table << PAGE_SHIFT;
	__asm__ __volatile__("swapgs");
	write_cr3(v->pv.cr3);
}

#endif
