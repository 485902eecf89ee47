/* SPDX-License-Identifier: MIT */
/*
 * Finding ACPI tables, and the little of FADT and DSDT that power-off, restart and the PM timer
 * need (ACPI specification 6.4, chapters 4.8 and 5.2). All tables come from firmware: their lengths
 * are checked, their contents are believed.
 *
 * The list of tables is built once at boot and constant afterwards; no lock.
 */
#include "irq/acpi.h"

#include "console/console.h"
#include "cpu/asm.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/map.h"
#include "time/time.h"

#define TABLES_MAX     64u
#define TABLE_SIZE_MAX (4u << 20)

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __packed;
#define RSDP_V1_SIZE 20u

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} __packed;

struct acpi_gas {
	uint8_t space_id; /* 0: memory, 1: I/O port */
	uint8_t bit_width, bit_offset, access_size;
	uint64_t address;
} __packed;

struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t reserved0, pm_profile;
	uint16_t sci_irq;
	uint32_t smi_port;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	uint32_t gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved1;
	uint32_t flags;
	struct acpi_gas reset_register;
	uint8_t reset_value;
	uint16_t arm_flags;
	uint8_t minor_revision;
	uint64_t x_facs, x_dsdt;
} __packed;
#define FADT_V1_SIZE      116u
#define FADT_FLAG_TMR32   (1u << 8)
#define FADT_FLAG_RESET   (1u << 10)
#define PM1_SCI_ENABLE    (1u << 0)
#define PM1_SLEEP_TYPE(t) ((uint16_t)(((t)&7) << 10))
#define PM1_SLEEP_ENABLE  (1u << 13)

static struct {
	paddr_t address;
	const struct acpi_header *table; /* mapped and checked, or NULL */
	bool bad;
	char signature[4];
} tables[TABLES_MAX];
static unsigned int table_count;

static const struct acpi_fadt *fadt;

static bool checksum_ok(const void *start, size_t len)
{
	const uint8_t *p = start;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return sum == 0;
}

static const struct acpi_header *map_table(paddr_t address)
{
	const struct acpi_header *header = ioremap(address, sizeof(*header));
	uint32_t length;

	if (!header)
		return NULL;
	length = header->length;
	if (length < sizeof(*header) || length > TABLE_SIZE_MAX)
		return NULL;
	header = ioremap(address, length);
	return header && checksum_ok(header, length) ? header : NULL;
}

static bool rsdp_valid(const struct acpi_rsdp *rsdp)
{
	return !memcmp(rsdp->signature, "RSD PTR ", 8) && checksum_ok(rsdp, RSDP_V1_SIZE);
}

static const struct acpi_rsdp *rsdp_search_range(paddr_t start, size_t len)
{
	const char *area = ioremap(start, len);
	size_t off;

	for (off = 0; area && off + sizeof(struct acpi_rsdp) <= len; off += 16) {
		const struct acpi_rsdp *rsdp = (const void *)(area + off);

		if (rsdp_valid(rsdp))
			return rsdp;
	}
	return NULL;
}

/* The first KiB of the extended BIOS data area, then the BIOS area below 1 MiB. */
static const struct acpi_rsdp *rsdp_search(void)
{
	const uint16_t *ebda_segment = ioremap(0x40e, sizeof(*ebda_segment));
	const struct acpi_rsdp *rsdp = NULL;
	paddr_t ebda = ebda_segment ? (paddr_t)*ebda_segment << 4 : 0;

	if (ebda >= 0x400 && ebda < 0xa0000)
		rsdp = rsdp_search_range(ebda, 1024);
	return rsdp ? rsdp : rsdp_search_range(0xe0000, 0x20000);
}

static void add_table(paddr_t address)
{
	const struct acpi_header *header;

	if (!address || table_count == TABLES_MAX)
		return;
	header = ioremap(address, sizeof(*header));
	if (!header)
		return;
	tables[table_count].address = address;
	memcpy(tables[table_count].signature, header->signature, 4);
	table_count++;
}

static void read_root_table(const struct acpi_header *root, size_t entry_size)
{
	size_t n = (root->length - sizeof(*root)) / entry_size, i;
	const uint8_t *entry = (const uint8_t *)(root + 1);

	for (i = 0; i < n; i++, entry += entry_size) {
		uint64_t address = 0;

		memcpy(&address, entry, entry_size);
		add_table(address);
	}
}

void acpi_init(paddr_t rsdp_address)
{
	const struct acpi_rsdp *rsdp = NULL;
	const struct acpi_header *root = NULL;

	if (table_count)
		return;
	if (rsdp_address) {
		rsdp = ioremap(rsdp_address, sizeof(*rsdp));
		if (rsdp && !rsdp_valid(rsdp))
			rsdp = NULL;
	}
	if (!rsdp)
		rsdp = rsdp_search();
	if (!rsdp) {
		pr_warn("ACPI: no RSDP found\n");
		return;
	}
	if (rsdp->revision >= 2 && rsdp->xsdt)
		root = map_table(rsdp->xsdt);
	if (root)
		read_root_table(root, sizeof(uint64_t));
	else if ((root = map_table(rsdp->rsdt)) != NULL)
		read_root_table(root, sizeof(uint32_t));
	if (!table_count)
		pr_warn("ACPI: no usable RSDT or XSDT\n");

	fadt = acpi_find_table("FACP");
	if (fadt && fadt->header.length < FADT_V1_SIZE) {
		pr_warn("ACPI: FADT is too short\n");
		fadt = NULL;
	}
}

const void *acpi_find_table(const char *signature)
{
	unsigned int i;

	for (i = 0; i < table_count; i++) {
		if (memcmp(tables[i].signature, signature, 4) || tables[i].bad)
			continue;
		if (!tables[i].table)
			tables[i].table = map_table(tables[i].address);
		if (tables[i].table)
			return tables[i].table;
		tables[i].bad = true;
		pr_warn("ACPI: table %.4s has a bad length or checksum\n", signature);
	}
	return NULL;
}

uint16_t acpi_pm_timer_port(bool *is_32bit)
{
	if (!fadt || fadt->pm_timer_length != 4)
		return 0;
	*is_32bit = fadt->flags & FADT_FLAG_TMR32;
	return (uint16_t)fadt->pm_timer;
}

/* ---- sleep and restart ---- */

/* An integer in AML at p, not beyond end: (value, next byte), or NULL. */
static const uint8_t *aml_integer(const uint8_t *p, const uint8_t *end, unsigned int *value)
{
	static const struct {
		uint8_t prefix, bytes;
	} sizes[] = { { 0x0a, 1 }, { 0x0b, 2 }, { 0x0c, 4 } };
	unsigned int i;

	if (p >= end)
		return NULL;
	if (*p == 0x00 || *p == 0x01) {
		*value = *p;
		return p + 1;
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (*p != sizes[i].prefix)
			continue;
		if (end - p <= sizes[i].bytes)
			return NULL;
		*value = p[1];
		return p + 1 + sizes[i].bytes;
	}
	return NULL;
}

/*
 * Sleep types for S5 from the DSDT's Name(_S5, Package {a, b, ...}), found by its bytes: NameOp
 * (0x08), optionally a root prefix, "_S5_", PackageOp (0x12), package length, element count.
 */
static bool find_s5(unsigned int *type_a, unsigned int *type_b)
{
	const struct acpi_header *dsdt;
	const uint8_t *p, *end;

	dsdt = map_table(fadt->header.length >= sizeof(*fadt) && fadt->x_dsdt ? fadt->x_dsdt
									      : fadt->dsdt);
	if (!dsdt)
		return false;
	p = (const uint8_t *)(dsdt + 1);
	end = (const uint8_t *)dsdt + dsdt->length;
	for (; end - p > 8; p++) {
		const uint8_t *q;

		if (memcmp(p, "_S5_", 4) || p[4] != 0x12)
			continue;
		if (p[-1] != 0x08 && !(p[-1] == '\\' && p[-2] == 0x08))
			continue;
		q = p + 5;
		q += 1 + (*q >> 6); /* package length: 1 to 4 bytes */
		q += 1;             /* number of elements */
		q = aml_integer(q, end, type_a);
		if (q && aml_integer(q, end, type_b))
			return true;
	}
	return false;
}

int acpi_enter_sleep(uint16_t pm1a_value, uint16_t pm1b_value)
{
	if (!fadt || !fadt->pm1a_control)
		return -ENODEV;
	if (!(inw((uint16_t)fadt->pm1a_control) & PM1_SCI_ENABLE) && fadt->smi_port &&
	    fadt->acpi_enable) {
		outb(fadt->acpi_enable, (uint16_t)fadt->smi_port);
		delay_us(10000);
	}
	outw(pm1a_value | PM1_SLEEP_ENABLE, (uint16_t)fadt->pm1a_control);
	if (fadt->pm1b_control)
		outw(pm1b_value | PM1_SLEEP_ENABLE, (uint16_t)fadt->pm1b_control);
	delay_us(100000);
	return -EIO; /* still here */
}

void machine_halt(void)
{
	irq_disable();
	for (;;)
		__asm__ __volatile__("cli; hlt" ::: "memory");
}

void machine_power_off(void)
{
	unsigned int a, b;

	irq_disable();
	pr_info("Power off\n");
	if (fadt && find_s5(&a, &b))
		(void)acpi_enter_sleep(PM1_SLEEP_TYPE(a), PM1_SLEEP_TYPE(b));
	pr_err("ACPI has no way to switch the machine off: it is safe to do so by hand\n");
	machine_halt();
}

static void restart_by_acpi(void)
{
	const struct acpi_gas *reg;

	if (!fadt || !(fadt->flags & FADT_FLAG_RESET) ||
	    fadt->header.length < offsetof(struct acpi_fadt, arm_flags))
		return;
	reg = &fadt->reset_register;
	if (reg->space_id == 1) {
		outb(fadt->reset_value, (uint16_t)reg->address);
	} else if (reg->space_id == 0) {
		volatile uint8_t *p = ioremap(reg->address, 1);

		if (p)
			*p = fadt->reset_value;
	}
	delay_us(100000);
}

static void restart_by_keyboard_controller(void)
{
	unsigned int i;

	for (i = 0; i < 1000 && (inb(0x64) & 2); i++)
		delay_us(10);
	outb(0xfe, 0x64);
	delay_us(100000);
}

void machine_restart(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed no_idt = { 0, 0 };

	irq_disable();
	restart_by_acpi();
	restart_by_keyboard_controller();
	outb(0x02, 0xcf9);
	outb(0x06, 0xcf9);
	delay_us(100000);
	__asm__ __volatile__("lidt %0; int3" ::"m"(no_idt));
	machine_halt();
}
