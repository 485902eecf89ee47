/* SPDX-License-Identifier: MIT */
/*
 * THE hypercall table, dispatch, multicall and continuations. Numbers and arguments are
 * public/xen.h's.
 */
#include <stdarg.h>

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/guest_access.h"
#include "sched/sched.h"

#define SYSCALL_INSN_LEN 2
#define HYPERCALL_COUNT  64u
#define MULTICALL_BATCH  8 /* entries between two looks at whether to let others in */

typedef long (*hypercall_fn)(unsigned long, unsigned long, unsigned long, unsigned long,
			     unsigned long, unsigned long);

struct hypercall {
	hypercall_fn fn;
	uint8_t args;
	uint8_t flags;
};

#define ANY          0x0
#define PRIVILEGED   0x1 /* only a privileged domain; the others get -EPERM */
#define NO_MULTICALL 0x2

#define CALL(nr, handler, nargs, who) \
	[__HYPERVISOR_##nr] = { (hypercall_fn)(void *)(handler), nargs, who }

static const struct hypercall table[HYPERCALL_COUNT] = {
	CALL(set_trap_table, do_set_trap_table, 1, ANY),
	CALL(mmu_update, do_mmu_update, 4, ANY),
	CALL(set_gdt, do_set_gdt, 2, ANY),
	CALL(stack_switch, do_stack_switch, 2, ANY),
	CALL(set_callbacks, do_set_callbacks, 3, ANY),
	CALL(fpu_taskswitch, do_fpu_taskswitch, 1, ANY),
	CALL(sched_op_compat, do_sched_op_compat, 2, ANY),
	CALL(platform_op, do_platform_op, 1, PRIVILEGED),
	CALL(set_debugreg, do_set_debugreg, 2, ANY),
	CALL(get_debugreg, do_get_debugreg, 1, ANY),
	CALL(update_descriptor, do_update_descriptor, 2, ANY),
	CALL(memory_op, do_memory_op, 2, ANY),
	CALL(multicall, do_multicall, 2, NO_MULTICALL),
	CALL(update_va_mapping, do_update_va_mapping, 3, ANY),
	CALL(set_timer_op, do_set_timer_op, 1, ANY),
	CALL(xen_version, do_xen_version, 2, ANY),
	CALL(console_io, do_console_io, 3, ANY),
	CALL(grant_table_op, do_grant_table_op, 3, ANY),
	CALL(vm_assist, do_vm_assist, 2, ANY),
	CALL(update_va_mapping_otherdomain, do_update_va_mapping_otherdomain, 4, ANY),
	CALL(iret, do_iret, 0, NO_MULTICALL),
	CALL(vcpu_op, do_vcpu_op, 3, ANY),
	CALL(set_segment_base, do_set_segment_base, 2, ANY),
	CALL(mmuext_op, do_mmuext_op, 4, ANY),
	CALL(sched_op, do_sched_op, 2, ANY),
	CALL(callback_op, do_callback_op, 2, ANY),
	CALL(event_channel_op, do_event_channel_op, 2, ANY),
	CALL(physdev_op, do_physdev_op, 2, ANY),
	CALL(sysctl, do_sysctl, 1, PRIVILEGED),
	CALL(domctl, do_domctl, 1, PRIVILEGED),
};

static unsigned long reported[BITS_TO_LONGS(HYPERCALL_COUNT)];

static long not_implemented(unsigned int nr)
{
	if (nr < HYPERCALL_COUNT && !test_and_set_bit(nr, reported))
		pr_info("d%u: hypercall %u is not implemented\n", current->domain->domain_id, nr);
	return -ENOSYS;
}

static long call(unsigned int nr, const unsigned long a[6])
{
	const struct hypercall *h = &table[nr];

	if ((h->flags & PRIVILEGED) && !current->domain->is_privileged)
		return -EPERM;
	return h->fn(a[0], a[1], a[2], a[3], a[4], a[5]);
}

void hypercall_dispatch(struct cpu_user_regs *regs)
{
	unsigned long nr = regs->rax;
	unsigned long args[6] = { regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9 };
	struct vcpu *v = current;
	long rc;

	if (nr >= HYPERCALL_COUNT || !table[nr].fn) {
		regs->rax = (unsigned long)not_implemented((unsigned int)min(nr, 0xfffffffful));
		return;
	}
	v->hypercall_preempted = false;
	rc = call((unsigned int)nr, args);
	if (!v->hypercall_preempted)
		regs->rax = (unsigned long)rc;
}

bool hypercall_preempt_check(void)
{
	return softirq_pending(smp_processor_id());
}

/*
 * Outside a multicall, the registers become those of the new call and rip goes back to the system
 * call instruction; inside, the entry is rewritten and do_multicall() goes on from there.
 */
long hypercall_continue(unsigned int op, unsigned int nargs, ...)
{
	struct cpu_user_regs *regs = guest_regs();
	struct vcpu *v = current;
	uint64_t *const regs_args[6] = { &regs->rdi, &regs->rsi, &regs->rdx,
					 &regs->r10, &regs->r8,  &regs->r9 };
	va_list args;

	va_start(args, nargs);
	if (v->mc.active) {
		v->mc.call.op = op;
		for (unsigned int i = 0; i < nargs; i++)
			v->mc.call.args[i] = va_arg(args, unsigned long);
		v->mc.preempted = true;
	} else {
		regs->rax = op;
		for (unsigned int i = 0; i < nargs; i++)
			*regs_args[i] = va_arg(args, unsigned long);
		regs->rip -= SYSCALL_INSN_LEN;
		v->hypercall_preempted = true;
	}
	va_end(args);
	return -ERESTART;
}

static long multicall_one(const struct multicall_entry *e)
{
	const struct hypercall *h;

	if (e->op >= HYPERCALL_COUNT || !table[e->op].fn)
		return not_implemented((unsigned int)min(e->op, 0xfffffffful));
	h = &table[e->op];
	if (h->flags & NO_MULTICALL)
		return -EINVAL;
	return call((unsigned int)e->op, e->args);
}

long do_multicall(struct multicall_entry *calls, unsigned int count)
{
	struct multicall_state *mc = &current->mc;
	long rc = 0;
	unsigned int i;

	mc->active = true;
	for (i = 0; i < count; i++) {
		if (i % MULTICALL_BATCH == MULTICALL_BATCH - 1 && hypercall_preempt_check())
			break;
		if (copy_from_guest_offset(&mc->call, calls, i, 1)) {
			rc = -EFAULT;
			break;
		}
		mc->preempted = false;
		rc = multicall_one(&mc->call);
		if (mc->preempted) {
			/* The rest of this entry first, then the entries after it. */
			rc = copy_to_guest_offset(calls, i, &mc->call, 1);
			break;
		}
		mc->call.result = (unsigned long)rc;
		rc = copy_to_guest_offset(calls, i, &mc->call, 1);
		if (rc)
			break;
	}
	mc->active = false;
	if (rc)
		return rc;
	if (i < count)
		return hypercall_continue(__HYPERVISOR_multicall, 2, (unsigned long)(calls + i),
					  (unsigned long)(count - i));
	return 0;
}
