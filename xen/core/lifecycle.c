/* SPDX-License-Identifier: MIT */
/*
 * Pausing, shutting down, crashing and destroying domains.
 *
 * Lock: d->lock for the life-cycle fields; pause counts are atomic.
 */
#include <stdarg.h>

#include "console/console.h"
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/percpu.h"
#include "grant/grant.h"
#include "irq/pirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "pv/traps.h"

void vcpu_pause(struct vcpu *v)
{
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
		vcpu_wake(v);
}

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	ASSERT(d != current->domain);
	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		vcpu_sleep_sync(v);
}

static void domain_pause_nosync(struct domain *d)
{
	struct vcpu *v;

	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		vcpu_sleep_nosync(v);
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
		for_each_vcpu(d, v)
			vcpu_wake(v);
}

int domain_pause_by_controller(struct domain *d)
{
	spin_lock(&d->lock);
	if (d->controller_pause_count >= 255) {
		spin_unlock(&d->lock);
		return -EOVERFLOW;
	}
	d->controller_pause_count++;
	spin_unlock(&d->lock);
	domain_pause(d);
	return 0;
}

int domain_unpause_by_controller(struct domain *d)
{
	spin_lock(&d->lock);
	if (d->controller_pause_count == 0) {
		spin_unlock(&d->lock);
		return -EINVAL;
	}
	d->controller_pause_count--;
	d->creation_finished = true;
	spin_unlock(&d->lock);
	domain_unpause(d);
	return 0;
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	if (d->is_hardware && reason != SHUTDOWN_suspend)
		hardware_domain_shutdown(reason);

	spin_lock(&d->lock);
	if (d->is_shutting_down) {
		spin_unlock(&d->lock);
		return;
	}
	d->is_shutting_down = true;
	d->shutdown_code = reason;
	spin_unlock(&d->lock);

	/* One pause, taken back by domain_resume(). */
	domain_pause_nosync(d);
	spin_lock(&d->lock);
	d->is_shut_down = true;
	spin_unlock(&d->lock);
	send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
	bool was_down;

	domain_pause(d);
	spin_lock(&d->lock);
	was_down = d->is_shut_down;
	d->is_shutting_down = d->is_shut_down = false;
	d->shutdown_code = ~0u;
	spin_unlock(&d->lock);
	if (was_down)
		domain_unpause(d);
	domain_unpause(d);
}

static void dump_guest(struct domain *d, const struct cpu_user_regs *r)
{
	uint64_t stack[4] = { 0 };

	guest_log(d, LOG_ERR, "rip %#lx rsp %#lx rflags %#lx cs %#x ss %#x", r->rip, r->rsp,
		  r->rflags, r->cs, r->ss);
	guest_log(d, LOG_ERR, "rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx",
		  r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp);
	guest_log(d, LOG_ERR,
		  "r8 %#lx r9 %#lx r10 %#lx r11 %#lx r12 %#lx r13 %#lx r14 %#lx r15 %#lx", r->r8,
		  r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15);
	if (d == current->domain && !copy_from_guest(stack, (void *)r->rsp, sizeof(stack)))
		guest_log(d, LOG_ERR, "stack %#lx %#lx %#lx %#lx", stack[0], stack[1], stack[2],
			  stack[3]);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char why[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (READ_ONCE(d->is_shutting_down))
		return;
	guest_log(d, LOG_ERR, "crashed: %s", why);
	if (d == current->domain)
		dump_guest(d, guest_regs());
	current->pv.bounce.flags = 0;
	domain_shutdown(d, SHUTDOWN_crash);
}

/* The steps of taking everything back; each may say -ERESTART and is then called again. */
static int stop_vcpus(struct domain *d)
{
	domain_pause(d);
	return 0;
}

static int release_pirqs(struct domain *d)
{
	if (d->pirqs)
		pirq_domain_destroy(d);
	return 0;
}

static int drop_bases(struct domain *d)
{
	struct vcpu *v;
	int rc;

	for_each_vcpu(d, v) {
		rc = pv_drop_bases(v);
		if (rc)
			return rc;
		pv_destroy_gdt(v);
		pv_destroy_ldt(v);
	}
	return 0;
}

static int detach_shared_memory(struct domain *d)
{
	domain_detach_shared_memory(d);
	return 0;
}

static int destroy_grant_table(struct domain *d)
{
	grant_table_destroy(d);
	return 0;
}

static int (*const relinquish_steps[])(struct domain *d) = {
	stop_vcpus, evtchn_domain_close_all, release_pirqs,        grant_release_mappings,
	drop_bases, detach_shared_memory,    pv_relinquish_memory, destroy_grant_table,
};

static int domain_relinquish(struct domain *d)
{
	while (d->relinquish_step < ARRAY_SIZE(relinquish_steps)) {
		int rc = relinquish_steps[d->relinquish_step](d);

		if (rc)
			return rc;
		d->relinquish_step++;
	}
	return 0;
}

int domain_kill(struct domain *d)
{
	int rc;

	if (d == current->domain || d->is_hardware)
		return -EINVAL;
	spin_lock(&d->lock);
	if (d->dying == DOMDYING_DEAD) {
		spin_unlock(&d->lock);
		return 0;
	}
	d->dying = DOMDYING_DYING;
	spin_unlock(&d->lock);

	rc = domain_relinquish(d);
	if (rc)
		return rc;
	spin_lock(&d->lock);
	d->dying = DOMDYING_DEAD;
	spin_unlock(&d->lock);
	send_global_virq(VIRQ_DOM_EXC);
	domain_put(d); /* the reference of its existence */
	return 0;
}
