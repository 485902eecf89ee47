/* SPDX-License-Identifier: MIT */
/* The local APIC: enable, end of interrupt, timer, IPIs. */
#ifndef IRQ_LAPIC_H
#define IRQ_LAPIC_H

#include "lib/types.h"

/* Vectors the hypervisor itself uses; devices get 0x30 to 0xdf (irq/vector.h). */
#define VECTOR_FIRST_DYNAMIC 0x30
#define VECTOR_LAST_DYNAMIC  0xdf
#define VECTOR_LAPIC_TIMER   0xf0
#define VECTOR_RESCHEDULE    0xf1
#define VECTOR_TLB_FLUSH     0xf2
#define VECTOR_CALL          0xf3
#define VECTOR_ERROR         0xfe
#define VECTOR_SPURIOUS      0xff

void lapic_init(
	void); /* this CPU: software enable, mask the 8259s once, calibrate the timer once */
void lapic_eoi(void);
uint32_t lapic_id(void);
/* One interrupt at deadline (now()'s clock), soon if it is past; 0 stops the timer. */
void lapic_timer_set(s_time_t deadline);
/* APIC id of a CPU that has run lapic_init(). */
uint32_t lapic_cpu_id(unsigned int cpu);
/* Starting another CPU: INIT, then STARTUP at entry, a page aligned address below 1 MiB. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, paddr_t entry);
/* The error status register, read and cleared. */
uint32_t lapic_error(void);

#endif
