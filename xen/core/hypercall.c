/* SPDX-License-Identifier: MIT */
/*
 * THE hypercall table, dispatch, multicall and continuations. Numbers and arguments are
 * public/xen.h's.
 */
#include <stdarg.h>

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/entry.h"
#include "cpu/percpu.h"
#include "mm/guest_access.h"
#include "mm/guest_words.h"
#include "sched/sched.h"

#define MULTICALL_BATCH 8 /* entries between two looks at whether to let others in */

/* clang-format off */
/* any(name): do_name() for every domain. privileged(name): the others get -EPERM. */
#define HYPERCALLS(any, privileged)                                                              \
	any(set_trap_table) any(mmu_update) any(set_gdt) any(stack_switch) any(set_callbacks)    \
	any(fpu_taskswitch) any(sched_op_compat) privileged(platform_op) any(set_debugreg)       \
	any(get_debugreg) any(update_descriptor) any(memory_op) any(multicall)                   \
	any(update_va_mapping) any(set_timer_op) any(xen_version) any(console_io)                \
	any(grant_table_op) any(vm_assist) any(update_va_mapping_otherdomain) any(iret)          \
	any(vcpu_op) any(set_segment_base) any(mmuext_op) any(sched_op) any(callback_op)         \
	any(event_channel_op) any(physdev_op) privileged(sysctl) privileged(domctl)
/* clang-format on */

#define HANDLER(name) [__HYPERVISOR_##name] = (hypercall_fn)(void *)do_##name,
#define REFUSED(name) [__HYPERVISOR_##name] = not_permitted,

static long not_permitted(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
			  unsigned long a5, unsigned long a6)
{
	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6;
	return -EPERM;
}

static const hypercall_fn privileged_table[HYPERCALL_COUNT] = { HYPERCALLS(HANDLER, HANDLER) };
static const hypercall_fn table[HYPERCALL_COUNT] = { HYPERCALLS(HANDLER, REFUSED) };

const hypercall_fn *hypercall_table(const struct domain *d)
{
	return d->is_privileged ? privileged_table : table;
}

static unsigned long reported[BITS_TO_LONGS(HYPERCALL_COUNT)];

long hypercall_unknown(unsigned long nr)
{
	if (nr < HYPERCALL_COUNT && !test_and_set_bit((unsigned int)nr, reported))
		pr_info("d%u: hypercall %lu is not implemented\n", current->domain->domain_id, nr);
	return -ENOSYS;
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
	} else {
		regs->rax = op;
		for (unsigned int i = 0; i < nargs; i++)
			*regs_args[i] = va_arg(args, unsigned long);
		regs->rip -= SYSCALL_INSN_LEN;
	}
	va_end(args);
	return -ERESTART;
}

/* The entry's number and arguments; the result is not read. */
static bool get_entry(struct multicall_entry *to, const struct multicall_entry *from)
{
	if (!guest_words_begin(from, sizeof(*from)))
		return false;
	guest_get_word(to->op, guest_field(from, op), fault);
	guest_get_word(to->args[0], guest_field(from, args[0]), fault);
	guest_get_word(to->args[1], guest_field(from, args[1]), fault);
	guest_get_word(to->args[2], guest_field(from, args[2]), fault);
	guest_get_word(to->args[3], guest_field(from, args[3]), fault);
	guest_get_word(to->args[4], guest_field(from, args[4]), fault);
	guest_get_word(to->args[5], guest_field(from, args[5]), fault);
	guest_words_end();
	return true;
fault:
	guest_words_end();
	return false;
}

static bool put_result(struct multicall_entry *to, long result)
{
	if (!guest_words_begin(to, sizeof(*to)))
		return false;
	guest_put_word(result, guest_field(to, result), fault);
	guest_words_end();
	return true;
fault:
	guest_words_end();
	return false;
}

static long multicall_one(const struct vcpu *v, const struct multicall_entry *e)
{
	unsigned long nr = e->op;
	hypercall_fn fn;

	if (unlikely(nr >= HYPERCALL_COUNT))
		return -ENOSYS;
	if (unlikely(nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_iret))
		return -EINVAL;
	fn = v->hypercalls[nr];
	if (unlikely(!fn))
		return hypercall_unknown(nr);
	return fn(e->args[0], e->args[1], e->args[2], e->args[3], e->args[4], e->args[5]);
}

/* Makes calls until one cannot be read or others are waiting; *calls and *count go on with it. */
static long run_calls(struct vcpu *v, struct multicall_entry **calls, unsigned int *count)
{
	struct multicall_state *mc = &v->mc;

	for (unsigned int i = 1; *count; i++, ++*calls, --*count) {
		long rc;

		if (i % MULTICALL_BATCH == 0 && hypercall_preempt_check())
			return -ERESTART;
		if (!get_entry(&mc->call, *calls))
			return -EFAULT;
		rc = multicall_one(v, &mc->call);
		if (unlikely(rc == -ERESTART))
			/* The rest of this entry first, then the entries after it. */
			return copy_to_guest(*calls, &mc->call, sizeof(mc->call)) ? -EFAULT : rc;
		if (!put_result(*calls, rc))
			return -EFAULT;
	}
	return 0;
}

long do_multicall(struct multicall_entry *calls, unsigned int count)
{
	struct vcpu *v = current;
	long rc;

	v->mc.active = true;
	rc = run_calls(v, &calls, &count);
	v->mc.active = false;
	if (unlikely(rc == -ERESTART))
		return hypercall_continue(__HYPERVISOR_multicall, 2, (unsigned long)calls,
					  (unsigned long)count);
	return rc;
}
