/* SPDX-License-Identifier: MIT */
/*
 * Bounces: an exception, a system call or an event becomes a frame on the guest kernel's stack and
 * a jump to its handler. From low to high addresses the frame is [ds es fs gs, failsafe only], rcx,
 * r11, [error code], rip, cs with the event mask in its upper half, rflags, rsp, ss.
 */
#include "console/console.h"
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/entry.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/guest_words.h"
#include "pv/switch_mode.h"
#include "pv/traps.h"

#define CS_MASK_SHIFT 32

void pv_inject_trap(unsigned int vector, uint32_t error_code)
{
	struct vcpu *v = current;
	const struct trap_info *ti = &v->pv.traps[vector];
	const uint32_t with_code = 1u << X86_TRAP_DF | 1u << X86_TRAP_TS | 1u << X86_TRAP_NP |
				   1u << X86_TRAP_SS | 1u << X86_TRAP_GP | 1u << X86_TRAP_PF |
				   1u << X86_TRAP_AC;
	bool has_code = vector < 32 && (with_code & (1u << vector));

	v->pv.bounce = (struct trap_bounce){
		.eip = ti->address,
		.cs = ti->cs,
		.error_code = error_code,
		.flags = (uint8_t)(TBF_EXCEPTION | (has_code ? TBF_EXCEPTION_ERRCODE : 0) |
				   (TI_GET_IF(ti) ? TBF_INTERRUPT : 0)),
	};
	if (!ti->address)
		guest_log(v->domain, LOG_DEBUG, "v%u: no handler for trap %u at %#lx", v->vcpu_id,
			  vector, guest_regs()->rip);
}

void pv_inject_page_fault(uint64_t addr, uint32_t error_code)
{
	struct vcpu *v = current;

	v->pv.ctrlreg[2] = addr;
	v->vcpu_info->arch.cr2 = addr;
	pv_inject_trap(X86_TRAP_PF, error_code);
}

/* ds es fs gs below the frame at sp; the new sp, NULL if there is no stack. */
static uint64_t *push_segments(uint64_t *sp)
{
	uint16_t ds, es, fs, gs;

	__asm__ __volatile__("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
			     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	sp -= 4;
	if (!guest_words_begin(sp, 4 * sizeof(*sp)))
		return NULL;
	guest_put_word(ds, &sp[0], fault);
	guest_put_word(es, &sp[1], fault);
	guest_put_word(fs, &sp[2], fault);
	guest_put_word(gs, &sp[3], fault);
	guest_words_end();
	return sp;
fault:
	guest_words_end();
	return NULL;
}

static __attribute__((__noinline__)) void no_delivery(struct vcpu *v, uint64_t eip, uint64_t sp)
{
	irq_enable();
	if (!eip)
		domain_crash(v->domain, "no handler for a trap (vector %u, error %#x)",
			     guest_regs()->entry_vector, guest_regs()->error_code);
	else
		domain_crash(v->domain, "no stack at %#lx for a trap frame", sp);
	irq_disable();
}

/* The running guest goes on at cs:eip of its kernel; flags are TBF_*. Inlined where they are known.
 */
static inline __attribute__((__always_inline__)) void deliver(struct vcpu *v,
							      struct cpu_user_regs *regs,
							      uint64_t eip, uint16_t kernel_cs,
							      uint8_t flags, uint32_t error_code)
{
	struct vcpu_info *info = v->vcpu_info;
	uint64_t mask = READ_ONCE(info->evtchn_upcall_mask) ? 1 : 0;
	uint64_t cs = regs->cs, rflags, *sp;

	if (unlikely(!eip)) {
		no_delivery(v, 0, 0);
		return;
	}
	if (v->pv.kernel_mode) {
		cs &= 0xfffc;
		sp = (uint64_t *)(regs->rsp & ~15ul);
	} else {
		pv_switch_mode(v, true);
		sp = (uint64_t *)(v->pv.kernel_sp & ~15ul);
	}
	/* IF shows whether events are open; the real one is always set. */
	rflags = (regs->rflags & ~(uint64_t)(EFLAGS_IF | EFLAGS_IOPL)) | (mask ? 0 : EFLAGS_IF) |
		 (uint64_t)v->pv.iopl << 12;

	sp -= 5;
	if (unlikely(!guest_words_begin(sp - 3, 8 * sizeof(*sp))))
		goto no_stack;
	guest_put_word(regs->ss, &sp[4], fault);
	guest_put_word(regs->rsp, &sp[3], fault);
	guest_put_word(rflags, &sp[2], fault);
	guest_put_word(cs | mask << CS_MASK_SHIFT, &sp[1], fault);
	guest_put_word(regs->rip, &sp[0], fault);
	if (flags & TBF_EXCEPTION_ERRCODE) {
		sp--;
		guest_put_word(error_code, sp, fault);
	}
	if (unlikely(flags & TBF_FAILSAFE)) {
		guest_words_end();
		sp = push_segments(sp);
		if (!sp || !guest_words_begin(sp - 2, 2 * sizeof(*sp)))
			goto no_stack;
	}
	sp -= 2;
	guest_put_word(regs->r11, &sp[1], fault);
	guest_put_word(regs->rcx, &sp[0], fault);
	guest_words_end();

	if (flags & TBF_INTERRUPT)
		WRITE_ONCE(info->evtchn_upcall_mask, 1);
	regs->entry_vector = ENTRY_SYSCALL; /* rcx and r11 are in the frame */
	regs->rflags &= ~(uint64_t)(EFLAGS_AC | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT | EFLAGS_TF |
				    EFLAGS_IOPL);
	regs->rsp = (uint64_t)sp;
	regs->ss = FLAT_KERNEL_SS;
	regs->cs = kernel_cs | 3;
	regs->rip = eip;
	return;
fault:
	guest_words_end();
no_stack:
	no_delivery(v, eip, (uint64_t)sp);
}

void pv_bounce_page_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t addr,
			  uint32_t error_code)
{
	const struct trap_info *ti = &v->pv.traps[X86_TRAP_PF];

	/* To its own eyes the guest kernel runs in ring 0. */
	if (v->pv.kernel_mode)
		error_code &= ~(uint32_t)PF_USER;
	v->pv.ctrlreg[2] = addr;
	v->vcpu_info->arch.cr2 = addr;
	deliver(v, regs, ti->address, ti->cs,
		TBF_EXCEPTION | TBF_EXCEPTION_ERRCODE | (TI_GET_IF(ti) ? TBF_INTERRUPT : 0),
		error_code);
}

/* A system call instruction in user mode becomes a call of the kernel's entry point. */
void bounce_syscall(struct cpu_user_regs *regs, struct vcpu *v)
{
	if (unlikely(!v->pv.syscall_callback)) {
		regs->entry_vector = 0;
		regs->rip -= SYSCALL_INSN_LEN;
		pv_inject_trap(X86_TRAP_UD, 0);
		return;
	}
	deliver(v, regs, v->pv.syscall_callback, FLAT_KERNEL_CS,
		TBF_EXCEPTION | (v->pv.syscall_disables_events ? TBF_INTERRUPT : 0), 0);
}

static __attribute__((__noinline__)) void deliver_trap(struct vcpu *v)
{
	struct trap_bounce b = v->pv.bounce;

	v->pv.bounce.flags = 0;
	deliver(v, guest_regs(), b.eip, b.cs, b.flags, b.error_code);
}

static __attribute__((__noinline__)) void deliver_event(struct vcpu *v)
{
	/* Not yet interested: look again when it unmasks. */
	if (unlikely(!v->pv.event_callback))
		WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, 1);
	else
		deliver(v, guest_regs(), v->pv.event_callback, FLAT_KERNEL_CS,
			TBF_EXCEPTION | TBF_INTERRUPT, 0);
}

bool pv_deliver_pending(struct vcpu *v)
{
	if (v->pv.bounce.flags)
		deliver_trap(v);
	else if (vcpu_event_pending(v))
		deliver_event(v);
	else
		return false;
	return true;
}
