/* SPDX-License-Identifier: MIT */
/* The few ACPI tables the hypervisor reads itself: RSDP, MADT, FADT (with _S5), HPET/PM timer. */
#ifndef IRQ_ACPI_H
#define IRQ_ACPI_H

#include "lib/types.h"

/* Boot: finds the tables (rsdp: from multiboot2 or 0, then the BIOS area is searched). */
void acpi_init(paddr_t rsdp);
/* A table's address mapped for good, by signature ("APIC"); NULL if there is none or its checksum
 * is bad. */
const void *acpi_find_table(const char *signature);
/* I/O port of the PM timer (24 or 32 bit), 0 if none. */
uint16_t acpi_pm_timer_port(bool *is_32bit);
/* Enters S5 by platform_op (values from dom0's AML interpreter) or by our own knowledge of \_S5. */
int acpi_enter_sleep(uint16_t pm1a_value, uint16_t pm1b_value);
/* dom0 shut down with poweroff: never returns; halts if ACPI has no way. */
void machine_power_off(void) __attribute__((__noreturn__));
/* By ACPI reset register, keyboard controller, port 0xcf9, triple fault, in this order. */
void machine_restart(void) __attribute__((__noreturn__));

/* Stops this CPU for good, interrupts off. */
void machine_halt(void) __attribute__((__noreturn__));

#endif
