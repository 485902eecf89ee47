/* SPDX-License-Identifier: MIT */
/* What the MADT says about processors and interrupt controllers, read once at boot. */
#ifndef IRQ_MADT_H
#define IRQ_MADT_H

#include "lib/types.h"
#include "mm/layout.h"

#define IOAPICS_MAX  16u
#define ISA_IRQS     16u
#define INVALID_APIC (~0u)

struct madt_cpu {
	uint32_t apic_id, acpi_id;
};

struct madt_ioapic {
	paddr_t address;
	uint32_t gsi_base;
};

/* Where an ISA interrupt goes, and how it is signalled. */
struct madt_isa {
	uint32_t gsi;
	bool level, active_low;
};

struct madt {
	unsigned int cpus; /* enabled ones, at least 1 */
	struct madt_cpu cpu[NR_CPUS];
	unsigned int ioapics;
	struct madt_ioapic ioapic[IOAPICS_MAX];
	struct madt_isa isa[ISA_IRQS];
};

extern struct madt madt;

/* Fills madt; needs acpi_init() and the boot CPU's local APIC. */
void madt_init(uint32_t boot_apic_id);
/* The ISA interrupt that the MADT routes to this GSI, or NULL. */
const struct madt_isa *madt_isa_of_gsi(uint32_t gsi);

#endif
