/* SPDX-License-Identifier: MIT */
/*
 * A second vCPU, for guests that need one. It runs with events masked and never gets an upcall: it
 * waits by polling its ports (SCHEDOP_poll). The rest of the runtime belongs to vCPU 0 alone.
 */
#ifndef RUNTIME_VCPU_H
#define RUNTIME_VCPU_H

#include <public/event_channel.h>

#include "lib/types.h"

/* Starts vCPU id at fn, which must not return. 0 or a negative errno. */
int vcpu_start(unsigned int id, void (*fn)(void), void *stack_end);
/* A masked port of vCPU id, for vcpu_poll(); anyone here may send to it. Negative errno. */
int vcpu_port(unsigned int id);
/* Sleeps until the port is pending, and takes that back. */
void vcpu_poll(evtchn_port_t port);

#endif
