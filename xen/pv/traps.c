/* SPDX-License-Identifier: MIT */
/*
 * Bounces: an exception, a system call or an event becomes a frame on the guest kernel's stack and
 * a jump to its handler. From low to high addresses the frame is [ds es fs gs, failsafe only], rcx,
 * r11, [error code], rip, cs with the event mask in its upper half, rflags, rsp, ss.
 */
#include "console/console.h"
#include "core/domain.h"
#include "cpu/entry.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "pv/traps.h"

#define FRAME_WORDS_MAX 12
#define CS_MASK_SHIFT   32

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

/* Fills frame from its end; returns how many words it has. */
static unsigned int build_frame(uint64_t frame[FRAME_WORDS_MAX], const struct cpu_user_regs *regs,
				const struct trap_bounce *b, bool from_kernel, uint8_t mask)
{
	unsigned int n = FRAME_WORDS_MAX;
	uint64_t cs = from_kernel ? regs->cs & 0xfffcu : regs->cs;

	frame[--n] = regs->ss;
	frame[--n] = regs->rsp;
	/* IF shows whether events are open; the real one is always set. */
	frame[--n] = (regs->rflags & ~(uint64_t)(EFLAGS_IF | EFLAGS_IOPL)) |
		     (mask ? 0 : EFLAGS_IF) | (uint64_t)current->pv.iopl << 12;
	frame[--n] = cs | (uint64_t)mask << CS_MASK_SHIFT;
	frame[--n] = regs->rip;
	if (b->flags & TBF_EXCEPTION_ERRCODE)
		frame[--n] = b->error_code;
	if (b->flags & TBF_FAILSAFE) {
		uint16_t ds, es, fs, gs;

		__asm__ __volatile__("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
				     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
		frame[--n] = gs;
		frame[--n] = fs;
		frame[--n] = es;
		frame[--n] = ds;
	}
	frame[--n] = regs->r11;
	frame[--n] = regs->rcx;
	return FRAME_WORDS_MAX - n;
}

/* Puts bounce b into effect on the running guest. */
static void deliver(struct vcpu *v, const struct trap_bounce *b)
{
	struct cpu_user_regs *regs = guest_regs();
	uint8_t mask = READ_ONCE(v->vcpu_info->evtchn_upcall_mask) ? 1 : 0;
	bool from_kernel = v->pv.kernel_mode;
	uint64_t frame[FRAME_WORDS_MAX], sp;
	unsigned int words;

	if (!b->eip) {
		domain_crash(v->domain, "no handler for a trap (vector %u, error %#x)",
			     regs->entry_vector, b->error_code);
		return;
	}
	words = build_frame(frame, regs, b, from_kernel, mask);
	pv_enter_kernel_mode(v);
	sp = (from_kernel ? regs->rsp : v->pv.kernel_sp) & ~15ul;
	sp -= words * sizeof(uint64_t);
	if (copy_to_guest((void *)sp, &frame[FRAME_WORDS_MAX - words], words * sizeof(uint64_t))) {
		domain_crash(v->domain, "no stack at %#lx for a trap frame", sp);
		return;
	}
	if (b->flags & TBF_INTERRUPT)
		WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, 1);
	regs->entry_vector = ENTRY_SYSCALL; /* rcx and r11 are in the frame */
	regs->rflags &= ~(uint64_t)(EFLAGS_AC | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT | EFLAGS_TF |
				    EFLAGS_IOPL);
	regs->rsp = sp;
	regs->ss = FLAT_KERNEL_SS;
	regs->cs = b->cs | 3;
	regs->rip = b->eip;
}

void pv_deliver_pending(void)
{
	struct vcpu *v = current;
	struct trap_bounce b = v->pv.bounce;

	if (b.flags) {
		v->pv.bounce.flags = 0;
		deliver(v, &b);
		return;
	}
	if (!vcpu_event_pending(v))
		return;
	if (!v->pv.event_callback) {
		/* Not yet interested: look again when it unmasks. */
		WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, 1);
		return;
	}
	deliver(v, &(struct trap_bounce){ .eip = v->pv.event_callback,
					  .cs = FLAT_KERNEL_CS,
					  .flags = TBF_EXCEPTION | TBF_INTERRUPT });
}
