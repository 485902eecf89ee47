/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes and the flush clock. The clock counts full flushes of any CPU; a CPU remembers the
 * clock of its last one.
 */
#include "cpu/asm.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "cpu/tlb.h"

static uint32_t clock = 1;
static DEFINE_PER_CPU(uint32_t, last_flush);

static void note_flush(void)
{
	WRITE_ONCE(this_cpu(last_flush), __atomic_add_fetch(&clock, 1, __ATOMIC_ACQ_REL));
}

void tlb_load_cr3(uint64_t cr3)
{
	note_flush();
	write_cr3(cr3);
}

void tlb_flush_local(void)
{
	unsigned long flags = irq_save();

	note_flush();
	write_cr3(read_cr3());
	irq_restore(flags);
}

void tlb_flush_local_all(void)
{
	unsigned long flags = irq_save();
	uint64_t cr4 = read_cr4();

	note_flush();
	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr4(cr4);
	irq_restore(flags);
}

void tlb_flush_page_local(uint64_t va)
{
	invlpg(va);
}

/*
 * The fence orders the change of a page table before the look at who may have the old entry: who
 * starts using the table later says so in the mask first, and then finds the new one.
 */
void tlb_flush_mask(const cpumask_t *mask)
{
	if (nr_cpu_ids > 1) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		remote_flush(mask, TLB_ALL);
	}
	if (cpumask_test(smp_processor_id(), mask))
		tlb_flush_local();
}

void tlb_flush_page_mask(const cpumask_t *mask, uint64_t va)
{
	if (nr_cpu_ids > 1) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		remote_flush(mask, va & PAGE_MASK);
	}
	if (cpumask_test(smp_processor_id(), mask))
		invlpg(va);
}

uint32_t tlb_clock(void)
{
	return __atomic_load_n(&clock, __ATOMIC_ACQUIRE);
}

/* The clock wraps: a stamp that seems newer than the flush only costs a flush. */
bool tlb_needs_flush(const cpumask_t *mask, uint32_t stamp)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpumask_test(cpu, mask) && (int32_t)(per_cpu(last_flush, cpu) - stamp) <= 0)
			return true;
	return false;
}
