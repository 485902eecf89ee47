/* SPDX-License-Identifier: MIT */
/* A port, for the files of evtchn/ only. Locks: see evtchn.h. */
#ifndef EVTCHN_PORT_H
#define EVTCHN_PORT_H

#include "core/domain.h"
#include "evtchn/evtchn.h"

struct evtchn {
	spinlock_t lock;
	uint32_t port;  /* its own number */
	uint16_t vcpu;  /* whom it notifies; read without the lock by the other end */
	uint8_t status; /* EVTCHNSTAT_* */
	union {
		domid_t unbound; /* who may bind to it */
		struct {
			struct domain *domain; /* alive while connected: its death disconnects */
			struct evtchn *port;
		} remote; /* EVTCHNSTAT_interdomain */
		uint32_t pirq;
		uint32_t virq;
	} u;
};

/* ports.c */

/* The port's struct, NULL if the number is out of range or has never been used. */
struct evtchn *evtchn_port(const struct domain *d, uint32_t port);
/* 0 or a negative errno: -EINVAL, the port is not open. */
int evtchn_close(struct domain *d, uint32_t port);
/* Closes all ports of d, which may be alive; -ERESTART when preempted. */
int evtchn_close_all(struct domain *d);
/* All of these return the new port or a negative errno. */
int evtchn_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port);
int evtchn_bind_virq(struct domain *d, unsigned int virq, unsigned int vcpu);
int evtchn_bind_ipi(struct domain *d, unsigned int vcpu);
int evtchn_bind_pirq(struct domain *d, unsigned int pirq, bool will_share);
int evtchn_bind_vcpu(struct domain *d, uint32_t port, unsigned int vcpu);

/* deliver.c */

bool virq_is_global(unsigned int virq);
/* Makes chn, a port of d, pending. Caller holds the lock of either end. */
void evtchn_set_pending(struct domain *d, const struct evtchn *chn);
void evtchn_clear_pending(struct domain *d, uint32_t port);
/* EVTCHNOP_send from d: 0, or -EINVAL for a port that cannot send. */
int evtchn_send(struct domain *d, uint32_t port);

#endif
