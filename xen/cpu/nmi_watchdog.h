/* SPDX-License-Identifier: MIT */
/*
 * watchdog on the command line: a CPU on which timers have not run for WATCHDOG_LIMIT seconds is
 * taken for hung, and the hypervisor panics with what that CPU was doing.
 */
#ifndef CPU_NMI_WATCHDOG_H
#define CPU_NMI_WATCHDOG_H

#include "lib/types.h"

#define WATCHDOG_LIMIT 5 /* seconds */

struct cpu_user_regs;

/* Boot, with all CPUs online and interrupts on. Says so if the machine has no way to do it. */
void nmi_watchdog_start(void);
/* In the NMI handler. False: the NMI was not the watchdog's. */
bool nmi_watchdog_tick(const struct cpu_user_regs *regs);

#endif
