/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls. core/hypercall.c has THE table: number, handler, argument count, who may call.
 *
 * Continuations: a handler whose work is long asks hypercall_preempt_check() now and then. If it
 * says true, the handler stores its progress where the arguments can find it and returns
 * hypercall_continue(op, nargs, ...): the exit path then lets interrupts and other vCPUs in, and
 * the guest executes the same hypercall instruction again with the new arguments. Inside a
 * multicall the entry is rewritten instead.
 */
#ifndef CORE_HYPERCALL_H
#define CORE_HYPERCALL_H

#include <public/callback.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xen.h>

#include "lib/errno.h"
#include "lib/types.h"

struct xen_domctl;
struct xen_sysctl;
struct xen_platform_op;

struct domain;

#define HYPERCALL_COUNT 64 /* numbers; cpu/entry.S knows it too */

/* A handler, from outside: the arguments as the guest gave them, more than it may want. */
typedef long (*hypercall_fn)(unsigned long, unsigned long, unsigned long, unsigned long,
			     unsigned long, unsigned long);

/* HYPERCALL_COUNT handlers for vCPUs of d, NULL where there is none. */
const hypercall_fn *hypercall_table(const struct domain *d);
/* cpu/entry.S calls this for a number without a handler. */
long hypercall_unknown(unsigned long nr);
/* True when an interrupt's work or another vCPU is waiting. */
bool hypercall_preempt_check(void);
/*
 * Arranges for the hypercall to be made again with these arguments (unsigned long each). -ERESTART,
 * which the handler must return: then, and only then, rax keeps the number.
 */
long hypercall_continue(unsigned int op, unsigned int nargs, ...);

/* Every handler gets guest values; pointers are guest addresses. */
long do_set_trap_table(const struct trap_info *traps);
long do_mmu_update(const struct mmu_update *reqs, unsigned int count, unsigned int *done,
		   unsigned int foreign);
long do_set_gdt(const unsigned long *frames, unsigned int entries);
long do_stack_switch(unsigned long ss, unsigned long esp);
long do_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall);
long do_fpu_taskswitch(int set);
long do_platform_op(struct xen_platform_op *op);
long do_set_debugreg(int reg, unsigned long value);
long do_get_debugreg(int reg);
long do_update_descriptor(uint64_t maddr, uint64_t desc);
long do_memory_op(unsigned long cmd, void *arg);
long do_multicall(struct multicall_entry *calls, unsigned int count);
long do_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags);
long do_set_timer_op(s_time_t deadline);
long do_xen_version(int cmd, void *arg);
long do_console_io(unsigned int cmd, unsigned int count, char *buffer);
long do_grant_table_op(unsigned int cmd, void *arg, unsigned int count);
long do_vm_assist(unsigned int cmd, unsigned int type);
long do_update_va_mapping_otherdomain(unsigned long va, uint64_t pte, unsigned long flags,
				      domid_t domid);
long do_iret(void);
long do_vcpu_op(int cmd, unsigned int vcpu_id, void *arg);
long do_set_segment_base(unsigned int which, unsigned long base);
long do_mmuext_op(const struct mmuext_op *ops, unsigned int count, unsigned int *done,
		  unsigned int foreign);
long do_sched_op(int cmd, void *arg);
long do_callback_op(int cmd, const void *arg);
long do_event_channel_op(int cmd, void *arg);
long do_physdev_op(int cmd, void *arg);
long do_sysctl(struct xen_sysctl *op);
long do_domctl(struct xen_domctl *op);
/* The ABI of before 3.0.2, still made by some kernels' early code. */
long do_sched_op_compat(int cmd, unsigned long arg);

#endif
