/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts, after the entry stubs: those of the hypervisor itself go through the
 * exception table or end in panic; those of a guest are solved, emulated or bounced to its kernel.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/entry.h"
#include "cpu/extable.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "cpu/nmi_watchdog.h"
#include "cpu/percpu.h"
#include "cpu/smp.h"
#include "irq/irq.h"
#include "lib/string.h"
#include "pv/mmu.h"
#include "pv/pv.h"
#include "pv/traps.h"
#include "sched/sched.h"

#define INT80_INSN_LEN 2

/*
 * A system call clears EFLAGS.AC by its mask, a trap does not: a guest that has set it would take
 * our SMAP away. A copy that was interrupted gets its own back from the frame.
 */
static inline void close_user_access(void)
{
	if (cpu_features.smap)
		__asm__ __volatile__("clac" ::: "memory");
}

static bool from_guest(const struct cpu_user_regs *regs)
{
	return (regs->cs & 3) == 3;
}

struct cpu_user_regs *debug_to_main_stack(const struct cpu_user_regs *regs)
{
	memcpy(guest_regs(), regs, offsetof(struct cpu_user_regs, es));
	return guest_regs();
}

static void hypervisor_trap(struct cpu_user_regs *regs, uint64_t cr2)
{
	uint64_t fixup = extable_fixup(regs->rip);

	/* A guest's single step over a way in, or its watchpoint on what we touch for it. */
	if (regs->entry_vector == X86_TRAP_DB) {
		regs->rflags &= ~(uint64_t)EFLAGS_TF;
		return;
	}

	/* Loading a guest's selector or descriptor from the LDT window is our access, its page. */
	if (regs->entry_vector == X86_TRAP_PF && current && !is_idle_vcpu(current) &&
	    pv_fixup_page_fault(cr2, regs))
		return;
	if (fixup) {
		regs->rip = fixup;
		return;
	}
	if (regs->entry_vector == X86_TRAP_PF)
		panic_regs(regs, "page fault at %#lx, error %#x\n", cr2, regs->error_code);
	panic_regs(regs, "trap %u, error %#x\n", regs->entry_vector, regs->error_code);
}

/* int n from the guest: the gate in the IDT is not open to ring 3, the guest's own may be. */
static bool guest_software_interrupt(struct cpu_user_regs *regs)
{
	unsigned int vector = (regs->error_code >> 3) & 0xff;
	const struct trap_info *ti = &current->pv.traps[vector];
	unsigned int ring = current->pv.kernel_mode ? 1 : 3;

	if ((regs->error_code & 7) != 2 || !ti->address || TI_GET_DPL(ti) < ring)
		return false;
	regs->rip += INT80_INSN_LEN;
	pv_inject_trap(vector, 0);
	current->pv.bounce.flags &= (uint8_t)~TBF_EXCEPTION_ERRCODE;
	return true;
}

static void guest_trap(struct cpu_user_regs *regs)
{
	unsigned int vector = regs->entry_vector;

	switch (vector) {
	case X86_TRAP_NM:
		if (fpu_handle_nm(current))
			return;
		break;
	case X86_TRAP_GP:
		if ((regs->error_code & 2) ? guest_software_interrupt(regs)
					   : pv_emulate_privileged(regs))
			return;
		break;
	case X86_TRAP_UD:
		if (pv_emulate_forced_prefix(regs) || pv_emulate_privileged(regs))
			return;
		break;
	case X86_TRAP_DB: {
		uint64_t dr6;

		__asm__ __volatile__("mov %%db6, %0" : "=r"(dr6));
		current->pv.debugreg[6] = dr6;
		break;
	}
	default:
		break;
	}
	pv_inject_trap(vector, regs->error_code);
}

bool handle_page_fault(struct cpu_user_regs *regs)
{
	uint64_t cr2 = read_cr2();
	uint32_t error = regs->error_code;
	struct vcpu *v = current;

	close_user_access();
	/* In user mode, or of a page that is not there: nothing that we could solve. */
	if (likely((error & PF_USER) && (!v->pv.kernel_mode || !(error & PF_PRESENT)))) {
		pv_bounce_page_fault(v, regs, cr2, error);
		return true;
	}
	irq_enable();
	if (pv_fixup_page_fault(cr2, regs))
		return false;
	irq_disable();
	pv_bounce_page_fault(v, regs, cr2, error);
	return false;
}

/* Not a guest's page fault. */
void handle_trap(struct cpu_user_regs *regs)
{
	unsigned int vector = regs->entry_vector;
	uint64_t cr2 = vector == X86_TRAP_PF ? read_cr2() : 0;

	close_user_access();

	if (vector == X86_TRAP_NMI) {
		smp_stop_if_asked();
		if (nmi_watchdog_tick(regs))
			return;
		pr_once(LOG_WARN, "NMI, ignored\n");
		return;
	}
	if (vector == X86_TRAP_MC || vector == X86_TRAP_DF)
		panic_regs(regs, "%s\n", vector == X86_TRAP_MC ? "machine check" : "double fault");
	if (!from_guest(regs)) {
		if (regs->rflags & EFLAGS_IF)
			irq_enable();
		hypervisor_trap(regs, cr2);
		irq_disable();
		return;
	}
	irq_enable();
	guest_trap(regs);
}

void handle_irq(struct cpu_user_regs *regs)
{
	close_user_access();
	cpu_info()->irq_depth++;
	irq_dispatch(regs->entry_vector);
	cpu_info()->irq_depth--;
}

/*
 * iret to the guest faulted in its frame: what is left of it is at the top of the stack. The guest
 * gets the failsafe callback, in kernel mode.
 */
void handle_iret_fault(struct cpu_user_regs *regs)
{
	struct vcpu *v = current;

	irq_enable();
	if (!v->pv.failsafe_callback) {
		domain_crash(v->domain, "bad return frame and no failsafe callback");
		return;
	}
	regs->entry_vector = 0;
	v->pv.bounce = (struct trap_bounce){
		.eip = v->pv.failsafe_callback,
		.cs = FLAT_KERNEL_CS,
		.flags = TBF_FAILSAFE | (v->pv.failsafe_disables_events ? TBF_INTERRUPT : 0),
	};
}

void prepare_exit(void)
{
	struct vcpu *v = current;

	do {
		while (unlikely(softirq_pending(smp_processor_id()))) {
			irq_enable();
			softirq_run();
			irq_disable();
		}
	} while (pv_deliver_pending(v));
}

#define CHECK_OFFSET(name, type, member) \
	_Static_assert(name == offsetof(struct type, member), #name)
CHECK_OFFSET(REGS_R11, cpu_user_regs, r11);
CHECK_OFFSET(REGS_R10, cpu_user_regs, r10);
CHECK_OFFSET(REGS_R9, cpu_user_regs, r9);
CHECK_OFFSET(REGS_R8, cpu_user_regs, r8);
CHECK_OFFSET(REGS_RAX, cpu_user_regs, rax);
CHECK_OFFSET(REGS_RCX, cpu_user_regs, rcx);
CHECK_OFFSET(REGS_RDX, cpu_user_regs, rdx);
CHECK_OFFSET(REGS_RSI, cpu_user_regs, rsi);
CHECK_OFFSET(REGS_RDI, cpu_user_regs, rdi);
CHECK_OFFSET(REGS_VECTOR, cpu_user_regs, entry_vector);
CHECK_OFFSET(REGS_RIP, cpu_user_regs, rip);
CHECK_OFFSET(REGS_CS, cpu_user_regs, cs);
CHECK_OFFSET(REGS_RFLAGS, cpu_user_regs, rflags);
CHECK_OFFSET(REGS_RSP, cpu_user_regs, rsp);
CHECK_OFFSET(REGS_SS, cpu_user_regs, ss);
CHECK_OFFSET(0, cpu_info, guest_regs);
_Static_assert(CPU_CURRENT == sizeof(struct cpu_user_regs), "current is next to the registers");
CHECK_OFFSET(CPU_PERCPU_OFFSET, cpu_info, percpu_offset);
CHECK_OFFSET(VCPU_INFO, vcpu, vcpu_info);
CHECK_OFFSET(VCPU_HYPERCALLS, vcpu, hypercalls);
CHECK_OFFSET(VCPU_BOUNCE_FLAGS, vcpu, pv.bounce.flags);
CHECK_OFFSET(VCPU_KERNEL_MODE, vcpu, pv.kernel_mode);
CHECK_OFFSET(VCPU_INFO_PENDING, vcpu_info, evtchn_upcall_pending);
_Static_assert(HYPERCALL_COUNT == 64, "HYPERCALLS in cpu/entry.h");
