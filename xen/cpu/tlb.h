/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance. Every full flush of a CPU advances a global clock, and a frame whose writable or
 * page-table use ends is stamped with it (page.tlbflush_time): a CPU that has flushed since
 * needs no further flush before the frame changes its type or owner.
 */
#ifndef CPU_TLB_H
#define CPU_TLB_H

#include "cpu/cpumask.h"
#include "lib/types.h"

/* Everything that is not global, on this CPU; with globals. */
void tlb_flush_local(void);
void tlb_flush_local_all(void);
/* Loads CR3, which flushes as tlb_flush_local() does. Interrupts are off. */
void tlb_load_cr3(uint64_t cr3);
/* One page on this CPU, for all levels. */
void tlb_flush_page_local(uint64_t va);
/* The same on each CPU of the mask that is online, waiting for them. */
void tlb_flush_mask(const cpumask_t *mask);
void tlb_flush_page_mask(const cpumask_t *mask, uint64_t va);
uint32_t tlb_clock(void);
/* True if some CPU of mask may still hold an entry made before the stamp. */
bool tlb_needs_flush(const cpumask_t *mask, uint32_t stamp);

/* Sends a vector to another CPU (irq/lapic.c). */
void cpu_send_ipi(unsigned int cpu, uint8_t vector);

#endif
