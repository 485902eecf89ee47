/* SPDX-License-Identifier: MIT */
/* A port, for the files of evtchn/ only. Locks: see evtchn.h. */
#ifndef EVTCHN_PORT_H
#define EVTCHN_PORT_H

#include "core/domain.h"
#include "evtchn/evtchn.h"

struct evtchn {
	spinlock_t lock;
	uint32_t port;    /* its own number */
	uint16_t vcpu;    /* whom it notifies; read without the lock by the other end */
	uint8_t status;   /* EVTCHNSTAT_* */
	bool pending;     /* FIFO: to be made pending when the guest provides the port's word */
	uint8_t priority; /* FIFO: of the queue it goes to next; */
	uint8_t last_priority; /* of the queue it went to last, and whose; under the queue lock */
	uint16_t last_vcpu;
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
/* EVTCHNOP_set_priority; -ENOSYS by the two-level ABI. */
int evtchn_set_priority(struct domain *d, uint32_t port, uint32_t priority);

/* deliver.c */

bool virq_is_global(unsigned int virq);
/* Makes chn, a port of d, pending. Caller holds the lock of either end. */
void evtchn_set_pending(struct domain *d, struct evtchn *chn);
void evtchn_clear_pending(struct domain *d, struct evtchn *chn);
bool evtchn_is_pending(struct domain *d, const struct evtchn *chn);
bool evtchn_is_masked(struct domain *d, const struct evtchn *chn);
/* By the bitmaps in shared_info, whether or not the domain uses them. */
bool evtchn_2l_is_pending(const struct domain *d, uint32_t port);
/* Non-NULL: the domain uses FIFO events. */
static inline struct evtchn_fifo *evtchn_fifo(const struct domain *d)
{
	return __atomic_load_n(&d->evtchn.fifo, __ATOMIC_ACQUIRE);
}
/* EVTCHNOP_send from d: 0, or -EINVAL for a port that cannot send. */
int evtchn_send(struct domain *d, uint32_t port);

#endif
