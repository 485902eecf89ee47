/* SPDX-License-Identifier: MIT */
/* What an interrupt vector does. cpu/traps.c calls irq_dispatch() with interrupts off. */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include "lib/types.h"

struct cpu_user_regs;

/* Boot: ACPI tables, LAPIC, IOAPICs masked, MSI. */
void irq_init(void);
/* Handles vector 0x20..0xff: LAPIC timer, IPIs, device interrupts; sends the EOI itself. */
void irq_dispatch(unsigned int vector);
/* Claims a free device vector on the boot CPU for handler(data); negative errno without one. */
int irq_alloc_vector(void (*handler)(unsigned int vector, void *data), void *data);
void irq_free_vector(unsigned int vector);

/* A fixed vector of the hypervisor (0xf0 up), on every CPU; data is NULL. */
void irq_register_fixed(unsigned int vector, void (*handler)(unsigned int vector, void *data));

#endif
