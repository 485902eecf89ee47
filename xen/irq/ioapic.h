/* SPDX-License-Identifier: MIT */
/*
 * The IOAPICs: routing of global system interrupts (GSIs) to vectors.
 *
 * Lock: ioapic_lock (RANK_IRQ); every function may be called from interrupt handlers.
 */
#ifndef IRQ_IOAPIC_H
#define IRQ_IOAPIC_H

#include "lib/types.h"

void ioapic_init(void); /* boot: maps them and masks every input */
/* GSIs are below this; there may be gaps. */
unsigned int ioapic_gsi_count(void);
/* There is such an input, and it is free for domains. */
bool ioapic_has_gsi(unsigned int gsi);
/* Boot: the hypervisor handles this input itself; no domain may route or mask it. */
void ioapic_claim(unsigned int gsi);
/* Routes gsi to vector on the CPU with this APIC id, masked. -EINVAL for no such input. */
int ioapic_route(unsigned int gsi, uint8_t vector, uint32_t apic_id, bool level, bool active_low);
/* Routes gsi as a non-maskable interrupt to every CPU, unmasked. -EINVAL for no such input. */
int ioapic_route_nmi(unsigned int gsi);
void ioapic_mask(unsigned int gsi);
void ioapic_unmask(unsigned int gsi);
/* PHYSDEVOP_apic_read: a register of the IOAPIC at this address. -EINVAL: there is none. */
int ioapic_read_register(paddr_t address, uint32_t reg, uint32_t *value);

#endif
