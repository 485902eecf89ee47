/* SPDX-License-Identifier: MIT */
/*
 * Event channels (public/event_channel.h), 2-level and FIFO ABI: ports, what they are bound to,
 * sending, and delivery to a vCPU through its upcall.
 *
 * Lock: d->evtchn.lock (RANK_EVTCHN) for binding and closing; of two domains' the one at the lower
 * address first. Each port has its own (RANK_EVTCHN_PORT, interrupts off), held while what it is
 * bound to changes and while it sends; both ends' locks are held to connect and to disconnect.
 */
#ifndef EVTCHN_EVTCHN_H
#define EVTCHN_EVTCHN_H

#include <public/event_channel.h>
#include <public/xen.h>

#include "lib/spinlock.h"
#include "lib/types.h"

struct domain;
struct vcpu;
struct evtchn;
struct evtchn_fifo;

#define EVTCHN_2L_PORTS 4096u
#define EVTCHN_BUCKETS  64u /* of 64 ports, allocated as ports are used */

struct evtchn_domain {
	spinlock_t lock;
	unsigned int max_ports;  /* highest port allowed + 1, at most EVTCHN_2L_PORTS */
	unsigned int close_next; /* ports below are closed: evtchn_domain_close_all(), reset */
	uint64_t used[EVTCHN_2L_PORTS / 64];
	/* Set once each, and read without the lock; freed with the domain. */
	struct evtchn *bucket[EVTCHN_BUCKETS];

	struct evtchn_fifo *fifo; /* NULL: two-level ABI; set once */
	unsigned int pollers;     /* atomic: vCPUs with VPF_POLL set */
};

struct evtchn_vcpu {
	uint32_t virq_port[NR_VIRQS]; /* 0: not bound; under d->evtchn.lock, a hint without it */
};

/* max_port: the highest port number allowed, ~0u for no limit but the ABI's. */
int evtchn_domain_init(struct domain *d, uint32_t max_port);
/* Closes every port (preemptible: -ERESTART); d is dying, no new one can be bound. */
int evtchn_domain_close_all(struct domain *d);
void evtchn_domain_free(struct domain *d);

/* vcpu_info of v has moved: look at pending bits again. */
void evtchn_vcpu_info_moved(struct vcpu *v);

/* Events from the hypervisor. May be called with interrupts off, from any context. */
void send_vcpu_virq(struct vcpu *v, unsigned int virq); /* per-vCPU: VIRQ_TIMER, VIRQ_DEBUG */
void send_global_virq(unsigned int virq); /* to the domain that handles it: the hardware domain */
/* Toolstack: opens a port of d for remote, for the builder. Returns port or -errno. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote);

/* Physical interrupts (irq/pirq.c): raises the port bound to a pirq, false if it is not. */
bool send_pirq(struct domain *d, unsigned int port);

/* Marks v as having an upcall pending and wakes it or kicks its CPU. */
void vcpu_mark_events_pending(struct vcpu *v);
/* Upcall is pending and not masked: SCHEDOP_block returns at once, exit path delivers. */
bool vcpu_event_pending(const struct vcpu *v);
/* 1 if port of d is pending (for SCHEDOP_poll), 0 if not. Port checked. -EINVAL if invalid. */
int evtchn_port_pending(struct domain *d, uint32_t port);
/* v, running, starts to poll: sets VPF_POLL. From here on any event of v->poll_port ends it. */
void evtchn_poll_begin(struct vcpu *v);
/* Clears VPF_POLL; true if it was set. */
bool evtchn_poll_end(struct vcpu *v);

/* PHYSDEVOP_eoi with automatic unmasking, EVTCHNOP_unmask. -EINVAL if port is not a valid one. */
int evtchn_unmask(struct domain *d, uint32_t port);

/* debug-keys and domain dump */
void evtchn_dump(struct domain *d);

#endif
