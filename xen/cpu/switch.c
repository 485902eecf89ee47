/* SPDX-License-Identifier: MIT */
/*
 * Context switch: the guest registers at the top of the stack, segments, descriptor tables, page
 * tables, FPU.
 *
 * A CPU without work keeps the state of the vCPU that it ran last, page tables included: if that is
 * the next one to run, nothing has to be saved or loaded. Until it is saved, the vCPU counts as
 * running (sched.running): so it does not run elsewhere, and its domain's memory is not taken back.
 * Who needs it has the scheduler ask for it, and the CPU goes to the hypervisor's own tables.
 */
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/entry.h"
#include "cpu/fpu.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "mm/addr.h"
#include "mm/map.h"
#include "pv/traps.h"
#include "sched/sched.h"
#include "time/time.h"

/* Whose state is in the CPU: current, or while that is the idle vCPU perhaps the one before it. */
static DEFINE_PER_CPU(struct vcpu *, loaded);

static void save_guest(struct vcpu *prev)
{
	prev->regs = *guest_regs();
	pv_save_segments(prev);
	fpu_save(prev);
}

static void load_guest(struct vcpu *next)
{
	cpumask_set(smp_processor_id(), &next->domain->dirty_cpus);
	*guest_regs() = next->regs;
	pv_load_descriptor_tables(next);
	tlb_load_cr3(next->pv.cr3);
	pv_load_segments(next);
	fpu_load(next);
}

/* The CPU holds next's state instead of v's, or nobody's if next is NULL. Interrupts are off. */
static void replace_loaded(struct vcpu *v, struct vcpu *next)
{
	if (v)
		save_guest(v);
	this_cpu(loaded) = next;
	if (next)
		load_guest(next);
	else
		tlb_load_cr3(virt_to_maddr(idle_l4));
	/* On other tables the CPU holds no mapping of the domain that ran before. */
	if (v && (!next || v->domain != next->domain))
		cpumask_clear(smp_processor_id(), &v->domain->dirty_cpus);
	if (v)
		sched_context_saved(v);
}

void context_unload_wanted(void)
{
	struct vcpu *v = this_cpu(loaded);

	if (v && READ_ONCE(v->sched.running) == RUN_WANTED)
		replace_loaded(v, NULL);
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
	irq_disable();
	if (!is_idle_vcpu(prev))
		vcpu_time_save(prev);
	current = next;
	if (is_idle_vcpu(next)) {
		context_unload_wanted();
		switch_stack((uint64_t)guest_regs(), idle_loop);
	}
	if (this_cpu(loaded) != next)
		replace_loaded(this_cpu(loaded), next);
	vcpu_time_restore(next);
	resume_guest(guest_regs());
}
