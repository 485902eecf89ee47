/* SPDX-License-Identifier: MIT */
/* Softirqs: a word of pending bits per CPU. The scheduler's comes last, as it may not return. */
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "irq/lapic.h"
#include "lib/bitops.h"
#include "sched/sched.h"

static void (*handlers[SOFTIRQ_COUNT])(void);
DEFINE_PER_CPU(unsigned long, softirq_bits);

void softirq_register(enum softirq nr, void (*handler)(void))
{
	handlers[nr] = handler;
}

void softirq_raise(enum softirq nr)
{
	set_bit(nr, &this_cpu(softirq_bits));
}

void softirq_raise_cpu(unsigned int cpu, enum softirq nr)
{
	if (!test_and_set_bit(nr, &per_cpu(softirq_bits, cpu)) && cpu != smp_processor_id())
		cpu_send_ipi(cpu, VECTOR_RESCHEDULE);
}

bool softirq_pending(unsigned int cpu)
{
	return READ_ONCE(per_cpu(softirq_bits, cpu)) != 0;
}

void softirq_run(void)
{
	unsigned long flags = irq_save(), pending;

	while ((pending = READ_ONCE(this_cpu(softirq_bits))) != 0) {
		unsigned int nr = (unsigned int)__builtin_ctzl(pending);

		clear_bit(nr, &this_cpu(softirq_bits));
		if (!handlers[nr])
			continue;
		irq_enable();
		handlers[nr]();
		irq_disable();
	}
	irq_restore(flags);
}
