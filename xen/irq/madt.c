/* SPDX-License-Identifier: MIT */
/*
 * The Multiple APIC Description Table (ACPI specification 6.4, 5.2.12). The boot CPU is always
 * entry 0 of madt.cpu, whatever its place in the table.
 */
#include "irq/madt.h"

#include "console/console.h"
#include "irq/acpi.h"
#include "lib/string.h"

#define MADT_HEADER_SIZE 44u /* ACPI header, local APIC address, flags */

#define MADT_LOCAL_APIC   0
#define MADT_IOAPIC       1
#define MADT_OVERRIDE     2
#define MADT_LOCAL_X2APIC 9

#define CPU_ENABLED 1u

#define POLARITY(flags) ((flags)&3)          /* 0: as the bus, 1: high, 3: low */
#define TRIGGER(flags)  (((flags) >> 2) & 3) /* 0: as the bus, 1: edge, 3: level */

struct madt madt;

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void add_cpu(uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
	struct madt_cpu *boot = &madt.cpu[0];

	if (!(flags & CPU_ENABLED))
		return;
	if (apic_id == boot->apic_id) {
		boot->acpi_id = acpi_id;
		return;
	}
	if (madt.cpus == NR_CPUS) {
		pr_once(LOG_WARN, "MADT: more than %d CPUs, the rest is left out\n", NR_CPUS);
		return;
	}
	madt.cpu[madt.cpus++] = (struct madt_cpu){ .apic_id = apic_id, .acpi_id = acpi_id };
}

static void add_ioapic(paddr_t address, uint32_t gsi_base)
{
	if (madt.ioapics == IOAPICS_MAX) {
		pr_warn("MADT: more than %u IOAPICs, the rest is left out\n", IOAPICS_MAX);
		return;
	}
	madt.ioapic[madt.ioapics++] = (struct madt_ioapic){ address, gsi_base };
}

static void add_override(uint8_t irq, uint32_t gsi, uint16_t flags)
{
	if (irq >= ISA_IRQS)
		return;
	madt.isa[irq] = (struct madt_isa){
		.gsi = gsi,
		.level = TRIGGER(flags) == 3,
		.active_low = POLARITY(flags) == 3,
	};
}

static void add_entry(const uint8_t *p, uint8_t len)
{
	switch (p[0]) {
	case MADT_LOCAL_APIC:
		if (len >= 8)
			add_cpu(p[3], p[2], get32(p + 4));
		break;
	case MADT_LOCAL_X2APIC:
		if (len >= 16)
			add_cpu(get32(p + 4), get32(p + 12), get32(p + 8));
		break;
	case MADT_IOAPIC:
		if (len >= 12)
			add_ioapic(get32(p + 4), get32(p + 8));
		break;
	case MADT_OVERRIDE:
		if (len >= 10)
			add_override(p[3], get32(p + 4), (uint16_t)(p[8] | p[9] << 8));
		break;
	default:
		break;
	}
}

void madt_init(uint32_t boot_apic_id)
{
	const uint8_t *table = acpi_find_table("APIC"), *p, *end;
	unsigned int irq;

	madt.cpus = 1;
	madt.cpu[0].apic_id = boot_apic_id;
	for (irq = 0; irq < ISA_IRQS; irq++)
		madt.isa[irq].gsi = irq;
	if (!table) {
		pr_warn("ACPI has no MADT: no device interrupts\n");
		return;
	}
	end = table + get32(table + 4);
	for (p = table + MADT_HEADER_SIZE; end - p >= 2 && p[1] >= 2 && p[1] <= end - p; p += p[1])
		add_entry(p, p[1]);
}

const struct madt_isa *madt_isa_of_gsi(uint32_t gsi)
{
	unsigned int irq;

	for (irq = 0; irq < ISA_IRQS; irq++) {
		if (madt.isa[irq].gsi == gsi)
			return &madt.isa[irq];
	}
	return NULL;
}
