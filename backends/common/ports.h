/* SPDX-License-Identifier: MIT */
/*
 * The event channels of a backend process: one /dev/xen/evtchn descriptor in the loop, a handler
 * for each port. A port that fired stays masked until its handler has run, so a frontend that
 * sends without end costs one handler call a turn and cannot keep the loop from others.
 */
#ifndef BACKENDS_COMMON_PORTS_H
#define BACKENDS_COMMON_PORTS_H

#include <stdint.h>

#include "backends/common/loop.h"

struct port {
	int local; /* local port, -1 when not bound */
	void (*handle)(void *arg);
	void *arg;
	struct port *next; /* in its hash chain */
};

#define PORTS_HASH 64

struct ports {
	struct loop *loop;
	struct loop_fd lfd;
	struct port *hash[PORTS_HASH]; /* by local port */
};

/* 0 or a negative errno. */
int ports_init(struct ports *ports, struct loop *loop);
void ports_close(struct ports *ports);
/* For good: binds to no other guest than this. 0 or a negative errno. */
int ports_restrict(struct ports *ports, uint32_t domid);

/*
 * Binds to the guest's port; handle(arg) runs on each event (and once soon after binding, as Xen
 * raises one). 0 or a negative errno; port->local is -1 then.
 */
int ports_bind(struct ports *ports, struct port *port, uint32_t domid, uint32_t remote_port);
/* Harmless when not bound. */
void ports_unbind(struct ports *ports, struct port *port);
/* Sends an event. Errors (the guest is gone) need no handling: ignored. */
void ports_notify(struct ports *ports, const struct port *port);

#endif
