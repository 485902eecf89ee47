/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds of system time from the hypervisor's record in shared memory, and a timer. */
#ifndef RUNTIME_CLOCK_H
#define RUNTIME_CLOCK_H

#include "lib/types.h"

void clock_init(void);
uint64_t clock_now(void);      /* ns since the hypervisor started */
uint64_t clock_wall(void);     /* seconds since 1970 */
void clock_sleep(uint64_t ns); /* events go on being handled */
/* VIRQ_TIMER interrupts so far. */
uint64_t clock_ticks(void);
/* Calls fn, with events masked, at each from now on; NULL: no longer. */
void clock_on_tick(void (*fn)(void));

#endif
