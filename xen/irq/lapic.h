/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: enable, end of interrupt, timer, IPIs. Reached by MMIO, or by MSRs where the
 * firmware has already switched to x2APIC mode.
 *
 * Each CPU touches its own APIC only, so there is no lock.
 */
#ifndef IRQ_LAPIC_H
#define IRQ_LAPIC_H

#include "lib/types.h"

/* Vectors the hypervisor itself uses; devices get 0x30 to 0xdf (irq/vector.h). */
#define VECTOR_FIRST_DYNAMIC 0x30
#define VECTOR_LAST_DYNAMIC  0xdf
#define VECTOR_LAPIC_TIMER   0xf0
#define VECTOR_RESCHEDULE    0xf1
#define VECTOR_REMOTE        0xf2 /* cpu/remote.h */
#define VECTOR_ERROR         0xfe
#define VECTOR_SPURIOUS      0xff

/*
 * This CPU: software enable, timer. On the boot CPU also masks the 8259s and measures the timer,
 * for which time_init() has been called.
 */
void lapic_init(void);
void lapic_eoi(void);
uint32_t lapic_id(void);
/* One interrupt at deadline (now()'s clock), soon if it is past; 0 stops the timer. */
void lapic_timer_set(s_time_t deadline);
/*
 * Starts a CPU that waits since reset: it begins in real mode at the start of the page, which is
 * below 1 MiB. False if its APIC id cannot be addressed.
 */
bool lapic_start_cpu(uint32_t apic_id, paddr_t page);
/* A non-maskable interrupt to each other CPU that has set up its APIC. */
void lapic_send_nmi_to_others(void);
/* VECTOR_ERROR: reads, clears and logs the error status. */
void lapic_error_interrupt(void);

#endif
