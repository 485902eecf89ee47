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

/* PHYSDEVOP_map_pirq: gives a GSI or an MSI a pirq and a vector. The pirq, or negative errno. */
int pirq_map_gsi(struct domain *d, unsigned int gsi);
struct msi;
int pirq_map_msi(struct domain *d, const struct msi *msi, uint64_t table_base);
int pirq_unmap(struct domain *d, unsigned int pirq);
/* PHYSDEVOP_setup_gsi: how the interrupt is signalled. */
int pirq_setup_gsi(struct domain *d, unsigned int gsi, bool level, bool active_low);
/* PHYSDEVOP_irq_status_query: does it need pirq_eoi()? -EINVAL if pirq is out of range. */
int pirq_needs_eoi(struct domain *d, unsigned int pirq);

#endif
