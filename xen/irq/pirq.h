/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts of the hardware domain: GSIs through the IOAPIC and MSIs, numbered as pirqs
 * and bound to event channels.
 *
 * Lock: the table's lock (RANK_PIRQ).
 */
#ifndef IRQ_PIRQ_H
#define IRQ_PIRQ_H

#include "lib/types.h"

struct domain;

int pirq_domain_init(struct domain *d);     /* hardware domain only */
void pirq_domain_destroy(struct domain *d); /* unbinds and masks everything */
/* EVTCHNOP_bind_pirq: the interrupt is unmasked and arrives at port. 0 or negative errno. */
int pirq_bind(struct domain *d, unsigned int pirq, unsigned int port, bool will_share);
void pirq_unbind(struct domain *d, unsigned int pirq);
/* PHYSDEVOP_eoi, and an unmasked event of a level interrupt. */
int pirq_eoi(struct domain *d, unsigned int pirq);

#endif
