/* SPDX-License-Identifier: MIT */
/*
 * Context switch: the guest registers at the top of the stack, segments, descriptor tables, page
 * tables, FPU. A CPU without work runs on the hypervisor's own tables, so that no guest's are in
 * use by a CPU that does not run it.
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

static void save_guest(struct vcpu *prev)
{
	prev->regs = *guest_regs();
	pv_save_segments(prev);
	fpu_save(prev);
	vcpu_time_save(prev);
}

static void load_guest(struct vcpu *next)
{
	cpumask_set(smp_processor_id(), &next->domain->dirty_cpus);
	*guest_regs() = next->regs;
	pv_load_descriptor_tables(next);
	tlb_load_cr3(next->pv.cr3);
	pv_load_segments(next);
	vcpu_time_restore(next);
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
	if (prev == next)
		return;
	irq_disable();
	if (!is_idle_vcpu(prev))
		save_guest(prev);
	current = next;
	if (is_idle_vcpu(next))
		tlb_load_cr3(virt_to_maddr(idle_l4));
	else
		load_guest(next);
	/* On other tables the CPU holds no mapping of the domain that ran before. */
	if (!is_idle_vcpu(prev) && prev->domain != next->domain)
		cpumask_clear(smp_processor_id(), &prev->domain->dirty_cpus);
	sched_context_saved(prev);
	if (is_idle_vcpu(next))
		switch_stack((uint64_t)guest_regs(), idle_loop);
	resume_guest(guest_regs());
}
