/* SPDX-License-Identifier: MIT */
/*
 * The FIFO event ABI (public/event_channel.h), for the files of evtchn/ only. A domain has it from
 * its first EVTCHNOP_init_control on, until it dies.
 *
 * Lock: the domain's queue lock (RANK_EVTCHN_QUEUE) for linking ports to queues.
 */
#ifndef EVTCHN_FIFO_H
#define EVTCHN_FIFO_H

#include "lib/types.h"

struct domain;
struct evtchn;
struct evtchn_init_control;

/* Gives a vCPU of the running domain its control block; the first one switches the domain. */
int fifo_init_control(struct evtchn_init_control *init);
/* Adds a page of event words for the running domain. -EOPNOTSUPP: it has not switched. */
int fifo_expand_array(uint64_t array_gfn);

/* Counterparts of the two-level functions; d->evtchn.fifo is set. */
/* True if the port was not pending before. Caller holds the port's lock. */
bool fifo_set_pending(struct domain *d, struct evtchn *chn);
void fifo_clear_pending(struct domain *d, struct evtchn *chn);
void fifo_unmask(struct domain *d, struct evtchn *chn);
bool fifo_is_pending(struct domain *d, const struct evtchn *chn);
bool fifo_is_masked(struct domain *d, const struct evtchn *chn);

/* Lets go of the guest's frames. All ports are closed and no vCPU of d runs. */
void fifo_release_frames(struct domain *d);
void fifo_free(struct domain *d);

#endif
