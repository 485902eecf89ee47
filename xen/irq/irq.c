/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors and who handles them: fixed ones of the hypervisor from 0xf0 up, device vectors
 * that are handed out one by one, and the 8259s' spurious ones, which need no answer.
 *
 * Lock: vector_lock (RANK_IRQ) for handing out. Dispatch takes no lock: a vector's entry is written
 * whole before its interrupt is unmasked, and cleared only after it has been masked.
 */
#include "irq/irq.h"

#include "console/console.h"
#include "irq/ioapic.h"
#include "irq/lapic.h"
#include "irq/madt.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "time/timer.h"

static struct vector_entry {
	void (*handler)(unsigned int vector, void *data);
	void *data;
} vectors[256];

static spinlock_t vector_lock = SPINLOCK_INIT(RANK_IRQ);

static void handle_timer(unsigned int vector, void *data)
{
	(void)vector;
	(void)data;
	timer_interrupt();
}

/* The sender has raised a softirq or wants the CPU out of hlt: the exit path does the rest. */
static void handle_reschedule(unsigned int vector, void *data)
{
	(void)vector;
	(void)data;
}

static void handle_error(unsigned int vector, void *data)
{
	(void)vector;
	(void)data;
	lapic_error_interrupt();
}

void irq_register_fixed(unsigned int vector, void (*handler)(unsigned int vector, void *data))
{
	WRITE_ONCE(vectors[vector].handler, handler);
}

void irq_init(void)
{
	irq_register_fixed(VECTOR_LAPIC_TIMER, handle_timer);
	if (!vectors[VECTOR_RESCHEDULE].handler)
		irq_register_fixed(VECTOR_RESCHEDULE, handle_reschedule);
	irq_register_fixed(VECTOR_ERROR, handle_error);
	lapic_init();
	madt_init(lapic_id());
	ioapic_init();
}

void irq_dispatch(unsigned int vector)
{
	const struct vector_entry *entry = &vectors[vector & 0xff];
	void (*handler)(unsigned int, void *) = READ_ONCE(entry->handler);

	/* Spurious interrupts of the 8259s and of the local APIC are not in service. */
	if (vector == VECTOR_SPURIOUS || vector < VECTOR_FIRST_DYNAMIC)
		return;
	if (handler)
		handler(vector, entry->data);
	else
		pr_once(LOG_WARN, "Interrupt on vector %#x, which nobody handles\n", vector);
	/* Last: the handler of a level-triggered interrupt has masked it by now. */
	lapic_eoi();
}

int irq_alloc_vector(void (*handler)(unsigned int vector, void *data), void *data)
{
	unsigned long flags = spin_lock_irqsave(&vector_lock);
	int vector;

	for (vector = VECTOR_FIRST_DYNAMIC; vector <= VECTOR_LAST_DYNAMIC; vector++) {
		if (vectors[vector].handler)
			continue;
		vectors[vector].data = data;
		WRITE_ONCE(vectors[vector].handler, handler);
		break;
	}
	spin_unlock_irqrestore(&vector_lock, flags);
	return vector <= VECTOR_LAST_DYNAMIC ? vector : -ENOSPC;
}

void irq_free_vector(unsigned int vector)
{
	unsigned long flags = spin_lock_irqsave(&vector_lock);

	WRITE_ONCE(vectors[vector].handler, NULL);
	spin_unlock_irqrestore(&vector_lock, flags);
}
