/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level ABI (public/event_channel.h): ports and their handlers. */
#ifndef RUNTIME_EVENTS_H
#define RUNTIME_EVENTS_H

#include <public/event_channel.h>

#include "lib/types.h"

#define EVENT_PORTS 4096u

typedef void (*event_handler)(evtchn_port_t port, void *data);

void events_init(void);
/* Events are masked until this. */
void events_enable(void);
/* Nested use: returns whether they were open, for events_restore(). */
bool events_disable(void);
void events_restore(bool were_open);

/* Each returns the port, or a negative errno. The port is unmasked. */
int events_bind_virq(unsigned int virq, event_handler handler, void *data);
int events_bind_interdomain(domid_t domid, evtchn_port_t remote, event_handler handler, void *data);
int events_alloc_unbound(domid_t domid, event_handler handler, void *data);
int events_bind_ipi(event_handler handler, void *data);
/* A port that exists already, as those of console and xenstore. */
void events_attach(evtchn_port_t port, event_handler handler, void *data);
int events_close(evtchn_port_t port);
int events_send(evtchn_port_t port);
/* Sleeps until some event has been handled. Call with events disabled, after looking for work. */
void events_wait(void);

#endif
