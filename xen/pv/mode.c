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
#include "mm/guest_words.h"
#include "pv/mmu.h"
#include "pv/switch_mode.h"
#include "pv/traps.h"
#include "sched/sched.h"

long do_iret(void)
{
	struct cpu_user_regs *regs = guest_regs();
	const struct iret_context *frame = (const struct iret_context *)regs->rsp;
	uint64_t rip, cs, rflags, rsp, ss, flags, rcx, r11, rax;
	struct vcpu *v = current;

	if (unlikely(!guest_words_begin(frame, sizeof(*frame))))
		goto no_frame;
	guest_get_word(rax, guest_field(frame, rax), fault);
	guest_get_word(r11, guest_field(frame, r11), fault);
	guest_get_word(rcx, guest_field(frame, rcx), fault);
	guest_get_word(flags, guest_field(frame, flags), fault);
	guest_get_word(rip, guest_field(frame, rip), fault);
	guest_get_word(cs, guest_field(frame, cs), fault);
	guest_get_word(rflags, guest_field(frame, rflags), fault);
	guest_get_word(rsp, guest_field(frame, rsp), fault);
	guest_get_word(ss, guest_field(frame, ss), fault);
	guest_words_end();

	if ((cs & 3) == 3) {
		if (unlikely(!v->pv.guest_table_user)) {
			domain_crash(v->domain, "iret to user mode without user page tables");
			return 0;
		}
		pv_switch_mode(v, false);
	}
	regs->rip = rip;
	regs->cs = (uint16_t)cs | 3;
	regs->rflags = rflags;
	regs->rsp = rsp;
	regs->ss = (uint16_t)ss | 3;
	if (flags & VGCF_in_syscall) {
		regs->entry_vector = ENTRY_SYSCALL;
	} else {
		regs->entry_vector = 0;
		regs->rcx = rcx;
		regs->r11 = r11;
	}
	WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, !(rflags & EFLAGS_IF));
	regs->rax = rax; /* here, because it may look like a continuation's result */
	return (long)rax;
fault:
	guest_words_end();
no_frame:
	domain_crash(v->domain, "iret: no frame at %#lx", regs->rsp);
	return 0;
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

/* The less common ways in; that of 64-bit code is bounce_syscall() in pv/traps.c. */
static void bounce_to(uint64_t callback, bool mask)
{
	struct vcpu *v = current;

	v->pv.bounce = (struct trap_bounce){
		.eip = callback,
		.cs = FLAT_KERNEL_CS,
		.flags = TBF_EXCEPTION | (mask ? TBF_INTERRUPT : 0),
	};
}

void handle_syscall32(struct cpu_user_regs *regs)
{
	struct pv_vcpu *pv = &current->pv;

	irq_enable();
	if (!pv->syscall32_callback) {
		regs->entry_vector = 0;
		regs->rip -= SYSCALL_INSN_LEN;
		pv_inject_trap(X86_TRAP_UD, 0);
		return;
	}
	bounce_to(pv->syscall32_callback, pv->syscall32_disables_events);
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
	bounce_to(v->pv.sysenter_callback, v->pv.sysenter_disables_events);
}
