/* SPDX-License-Identifier: MIT */
/* ACPI tables and the MADT, as firmware writes them and as it should not. */
#include "../xen-core/host.h"

#include <string.h>

#include "cpu/asm.h"
#include "irq/acpi.h"
#include "irq/madt.h"
#include "mm/map.h"
#include "time/time.h"

#define MEMORY_SIZE 0x100000u
#define RSDP_AT     0xe0010u
#define RSDT_AT     0x1000u
#define MADT_AT     0x2000u
#define BROKEN_AT   0x3000u
#define BOOT_APIC   4u

static uint8_t memory[MEMORY_SIZE + 0x2000];

uint8_t host_inb(uint16_t port)
{
	(void)port;
	return 0xff;
}

void host_outb(uint8_t v, uint16_t port)
{
	(void)v;
	(void)port;
}

uint64_t host_rdtsc(void)
{
	return 0;
}

void *ioremap(paddr_t ma, size_t len)
{
	return ma + len <= sizeof(memory) ? memory + ma : NULL;
}

void delay_us(unsigned int us)
{
	(void)us;
}

static void fix_checksum(uint8_t *start, size_t len, size_t at)
{
	uint8_t sum = 0;
	size_t i;

	start[at] = 0;
	for (i = 0; i < len; i++)
		sum = (uint8_t)(sum + start[i]);
	start[at] = (uint8_t)-sum;
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static size_t add_bytes(uint8_t *table, size_t at, const uint8_t *bytes, size_t n)
{
	memcpy(table + at, bytes, n);
	return at + n;
}

static void close_table(uint8_t *table, const char *signature, size_t len)
{
	memcpy(table, signature, 4);
	put32(table + 4, (uint32_t)len);
	fix_checksum(table, len, 9);
}

static void make_madt(void)
{
	static const uint8_t entries[] = {
		0, 8,  0, 2,  1, 0, 0,    0,                   /* CPU: APIC 2, enabled */
		0, 8,  1, 4,  1, 0, 0,    0,                   /* the boot CPU */
		0, 8,  2, 6,  0, 0, 0,    0,                   /* not enabled */
		1, 12, 0, 0,  0, 0, 0xc0, 0xfe, 0,    0, 0, 0, /* IOAPIC */
		2, 10, 0, 0,  2, 0, 0,    0,    0,    0,       /* ISA 0 is GSI 2 */
		2, 10, 0, 9,  9, 0, 0,    0,    0x0d, 0,       /* ISA 9: level, active high */
		2, 10, 0, 77, 9, 0, 0,    0,    0x0f, 0,       /* no such ISA interrupt */
		9, 16, 0, 0,  0, 1, 0,    0,    1,    0, 0, 0,
		7, 0,  0, 0, /* x2APIC 256, ACPI id 7 */
		0, 0,        /* length 0 ends the walk */
	};
	uint8_t *table = memory + MADT_AT;

	close_table(table, "APIC", add_bytes(table, 44, entries, sizeof(entries)));
}

static int make_tables(void **state)
{
	static const uint8_t signature[8] = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' };
	uint8_t *rsdp = memory + RSDP_AT, *rsdt = memory + RSDT_AT;

	(void)state;
	memset(memory, 0, sizeof(memory));
	make_madt();
	close_table(memory + BROKEN_AT, "HPET", 56);
	memory[BROKEN_AT + 20] ^= 1; /* the checksum is wrong */

	put32(rsdt + 36, MADT_AT);
	put32(rsdt + 40, BROKEN_AT);
	put32(rsdt + 44, 0x7fffffff); /* not there */
	close_table(rsdt, "RSDT", 48);
	(void)add_bytes(rsdp, 0, signature, sizeof(signature));
	put32(rsdp + 16, RSDT_AT);
	fix_checksum(rsdp, 20, 8);
	return 0;
}

/* One boot: what the tables say is kept for good. */
static void tables_are_found_and_read(void **state)
{
	bool is_32bit;

	(void)state;
	acpi_init(0x500); /* a copy that is none: the BIOS area is searched */
	assert_ptr_equal(acpi_find_table("APIC"), memory + MADT_AT);
	assert_null(acpi_find_table("HPET"));
	assert_null(acpi_find_table("FACP"));
	assert_int_equal(acpi_pm_timer_port(&is_32bit), 0);
	assert_int_equal(acpi_enter_sleep(0, 0), -19); /* -ENODEV: no FADT */

	madt_init(BOOT_APIC);
	assert_int_equal(madt.cpus, 3);
	assert_int_equal(madt.cpu[0].apic_id, BOOT_APIC);
	assert_int_equal(madt.cpu[0].acpi_id, 1);
	assert_int_equal(madt.cpu[1].apic_id, 2);
	assert_int_equal(madt.cpu[2].apic_id, 256);
	assert_int_equal(madt.cpu[2].acpi_id, 7);
	assert_int_equal(madt.ioapics, 1);
	assert_int_equal(madt.ioapic[0].address, 0xfec00000);
	assert_int_equal(madt.isa[0].gsi, 2);
	assert_true(madt.isa[9].level);
	assert_false(madt.isa[9].active_low);
	assert_ptr_equal(madt_isa_of_gsi(9), &madt.isa[9]);
	assert_int_equal(madt.isa[1].gsi, 1);
	assert_null(madt_isa_of_gsi(16));
}

static void an_entry_that_overruns_the_table_is_left_out(void **state)
{
	uint8_t *table = memory + MADT_AT;

	(void)state;
	table[44 + 8 + 1] = 200; /* the second entry claims to be longer than what is left */
	memset(&madt, 0, sizeof(madt));
	madt_init(BOOT_APIC);
	assert_int_equal(madt.cpus, 2);
	assert_int_equal(madt.ioapics, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_found_and_read),
		cmocka_unit_test(an_entry_that_overruns_the_table_is_left_out),
	};

	return cmocka_run_group_tests(tests, make_tables, NULL);
}
