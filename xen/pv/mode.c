/* SPDX-License-Identifier: MIT */
/*
 * Guest kernel mode and guest user mode: both run in ring 3, each on its own tables and gs base.
 * The way into the kernel is a bounce (pv/traps.c); the way out is the iret hypercall.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/entry.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "mm/addr.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "pv/traps.h"
#include "sched/sched.h"

/*
 * While the guest kernel runs, its gs base is active and the user's is in MSR_SHADOW_GS_BASE; in
 * user mode the other way round: swapgs does the whole exchange.
 */
void pv_toggle_mode(struct vcpu *v)
{
	v->pv.kernel_mode = !v->pv.kernel_mode;
	__asm__ __volatile__("swapgs");
	pv_update_cr3(v);
	write_cr3(v->pv.cr3);
}

long do_iret(void)
{
	struct cpu_user_regs *regs = guest_regs();
	struct vcpu *v = current;
	struct iret_context frame;

	if (copy_from_guest(&frame, (void *)regs->rsp, sizeof(frame))) {
		domain_crash(v->domain, "iret: no frame at %#lx", regs->rsp);
		return 0;
	}
	if ((frame.cs & 3) == 3) {
		if (!v->pv.guest_table_user) {
			domain_crash(v->domain, "iret to user mode without user page tables");
			return 0;
		}
		pv_toggle_mode(v);
	}
	regs->rip = frame.rip;
	regs->cs = (uint16_t)frame.cs | 3;
	regs->rflags = frame.rflags;
	regs->rsp = frame.rsp;
	regs->ss = (uint16_t)frame.ss | 3;
	if (frame.flags & VGCF_in_syscall) {
		regs->entry_vector = ENTRY_SYSCALL;
	} else {
		regs->entry_vector = 0;
		regs->rcx = frame.rcx;
		regs->r11 = frame.r11;
	}
	WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, !(frame.rflags & EFLAGS_IF));
	return (long)frame.rax;
}

long do_set_segment_base(unsigned int which, unsigned long base)
{
	struct pv_vcpu *pv = &current->pv;

	if (which != SEGBASE_GS_USER_SEL && !is_canonical(base))
		return -EINVAL;
	switch (which) {
	case SEGBASE_FS:
		pv->fs_base = base;
		wrmsr(MSR_FS_BASE, base);
		return 0;
	case SEGBASE_GS_USER:
		pv->gs_base_user = base;
		wrmsr(MSR_SHADOW_GS_BASE, base);
		return 0;
	case SEGBASE_GS_KERNEL:
		pv->gs_base_kernel = base;
		wrmsr(MSR_GS_BASE, base);
		return 0;
	case SEGBASE_GS_USER_SEL:
		return pv_load_user_gs((uint16_t)base) ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

void pv_enter_kernel_mode(struct vcpu *v)
{
	if (!v->pv.kernel_mode)
		pv_toggle_mode(v);
}

/* A system call instruction in user mode becomes a call of the kernel's entry point. */
static void bounce_syscall(struct cpu_user_regs *regs, uint64_t callback, bool mask)
{
	struct vcpu *v = current;

	if (!callback) {
		regs->entry_vector = 0;
		regs->rip -= 2;
		pv_inject_trap(X86_TRAP_UD, 0);
		return;
	}
	v->pv.bounce = (struct trap_bounce){
		.eip = callback,
		.cs = FLAT_KERNEL_CS,
		.flags = TBF_EXCEPTION | (mask ? TBF_INTERRUPT : 0),
	};
}

void handle_syscall(struct cpu_user_regs *regs)
{
	struct vcpu *v = current;

	irq_enable();
	if (v->pv.kernel_mode)
		hypercall_dispatch(regs);
	else
		bounce_syscall(regs, v->pv.syscall_callback, v->pv.syscall_disables_events);
}

void handle_syscall32(struct cpu_user_regs *regs)
{
	struct pv_vcpu *pv = &current->pv;

	irq_enable();
	bounce_syscall(regs, pv->syscall32_callback, pv->syscall32_disables_events);
}

/* sysenter does not say where it came from; the kernel's entry point knows where to go back to. */
void handle_sysenter(struct cpu_user_regs *regs)
{
	struct vcpu *v = current;

	irq_enable();
	regs->rflags |= EFLAGS_IF;
	if (v->pv.kernel_mode || !v->pv.sysenter_callback) {
		pv_inject_trap(X86_TRAP_GP, 0);
		return;
	}
	regs->cs = FLAT_USER_CS32;
	v->pv.bounce = (struct trap_bounce){
		.eip = v->pv.sysenter_callback,
		.cs = FLAT_KERNEL_CS,
		.flags = TBF_EXCEPTION | (v->pv.sysenter_disables_events ? TBF_INTERRUPT : 0),
	};
}
