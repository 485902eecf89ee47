/* SPDX-License-Identifier: MIT */
/*
 * What a guest on the runtime starts from. The guest provides guest_main(); the runtime has by then
 * set up memory, traps, events, the clock and the console. Single vCPU; an event handler runs with
 * events masked, everything else with them open.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdarg.h>

#include <public/xen.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "lib/types.h"

/* The guest. Its return value is the end: 0 powers off, anything else crashes the domain. */
int guest_main(void);

extern struct start_info start_info; /* a copy of what the hypervisor passed */
/* The word NAME=VALUE of the command line; NULL if there is none. Valid until the next call. */
const char *command_line_get(const char *name);

/* A line on the console (and where it allows that, the hypervisor's). */
void printf(const char *fmt, ...) __printf(1, 2);
/* Ends the domain, reason SHUTDOWN_*. */
void guest_shutdown(unsigned int reason) __noreturn;
/* Says why and ends the domain as crashed. */
void guest_panic(const char *fmt, ...) __printf(1, 2) __noreturn;

#endif
