/* SPDX-License-Identifier: MIT */
/*
 * Physical interrupts as the hardware domain sees them. pirqs below the number of GSIs are those
 * GSIs; the ones above are given to MSIs.
 *
 * A level-triggered interrupt is masked when it arrives, and unmasked by the guest's end of
 * interrupt (in_service says that this is due). Edge-triggered ones and MSIs need neither.
 *
 * Lock: table->lock (RANK_PIRQ) for everything but port and in_service, which the interrupt handler
 * reads and writes atomically without it.
 */
#include "irq/pirq.h"

#include "core/domain.h"
#include "evtchn/evtchn.h"
#include "irq/ioapic.h"
#include "irq/irq.h"
#include "irq/madt.h"
#include "irq/msi.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "mm/heap.h"

#define MSI_PIRQS 192u

enum pirq_kind { PIRQ_FREE, PIRQ_GSI, PIRQ_MSI };

struct pirq {
	struct domain *domain;
	enum pirq_kind kind;
	unsigned int number;
	uint8_t vector;
	bool level, active_low;
	bool in_service;   /* atomic: masked until the guest's end of interrupt */
	unsigned int port; /* atomic: bound event channel, 0 for none */
	struct msi msi;
};

struct pirq_table {
	spinlock_t lock;
	unsigned int gsis, count;
	struct pirq pirq[];
};

int pirq_domain_init(struct domain *d)
{
	unsigned int gsis = ioapic_gsi_count(), count = gsis + MSI_PIRQS, i;
	struct pirq_table *table;

	table = xzalloc_bytes(sizeof(*table) + count * sizeof(table->pirq[0]));
	if (!table)
		return -ENOMEM;
	spin_lock_init(&table->lock, RANK_PIRQ);
	table->gsis = gsis;
	table->count = count;
	for (i = 0; i < count; i++) {
		const struct madt_isa *isa = madt_isa_of_gsi(i);

		table->pirq[i].domain = d;
		table->pirq[i].number = i;
		/* ISA interrupts as the MADT says, the others as PCI has them. */
		table->pirq[i].level = isa ? isa->level : i >= ISA_IRQS && i < gsis;
		table->pirq[i].active_low = isa ? isa->active_low : i >= ISA_IRQS && i < gsis;
	}
	d->pirqs = table;
	return 0;
}

/* Interrupt handler, interrupts off. */
static void pirq_interrupt(unsigned int vector, void *data)
{
	struct pirq *p = data;
	unsigned int port = __atomic_load_n(&p->port, __ATOMIC_ACQUIRE);

	(void)vector;
	if (p->kind == PIRQ_GSI && p->level) {
		ioapic_mask(p->number);
		__atomic_store_n(&p->in_service, true, __ATOMIC_RELEASE);
	}
	if (port)
		send_pirq(p->domain, port);
}

static struct pirq *lock_pirq(struct domain *d, unsigned int number)
{
	if (!d->pirqs || number >= d->pirqs->count)
		return NULL;
	spin_lock(&d->pirqs->lock);
	return &d->pirqs->pirq[number];
}

static void unlock_pirq(const struct pirq *p)
{
	spin_unlock(&p->domain->pirqs->lock);
}

static void set_mask(struct pirq *p, bool masked)
{
	if (p->kind == PIRQ_MSI)
		msi_set_mask(&p->msi, masked);
	else if (p->kind == PIRQ_GSI && masked)
		ioapic_mask(p->number);
	else if (p->kind == PIRQ_GSI)
		ioapic_unmask(p->number);
}

/* Caller holds the lock. */
static int map_gsi_locked(struct pirq *p)
{
	int vector, rc;

	if (p->kind == PIRQ_GSI)
		return 0;
	if (!ioapic_has_gsi(p->number))
		return -EINVAL;
	vector = irq_alloc_vector(pirq_interrupt, p);
	if (vector < 0)
		return vector;
	p->vector = (uint8_t)vector;
	rc = ioapic_route(p->number, p->vector, madt.cpu[0].apic_id, p->level, p->active_low);
	if (rc) {
		irq_free_vector(p->vector);
		return rc;
	}
	p->kind = PIRQ_GSI;
	return 0;
}

int pirq_map_gsi(struct domain *d, unsigned int gsi)
{
	struct pirq *p;
	int rc;

	if (!d->pirqs || gsi >= d->pirqs->gsis)
		return -EINVAL;
	p = lock_pirq(d, gsi);
	rc = map_gsi_locked(p);
	unlock_pirq(p);
	return rc ? rc : (int)gsi;
}

int pirq_setup_gsi(struct domain *d, unsigned int gsi, bool level, bool active_low)
{
	struct pirq *p;
	int rc = 0;

	if (!d->pirqs || gsi >= d->pirqs->gsis)
		return -EINVAL;
	p = lock_pirq(d, gsi);
	if (p->level != level || p->active_low != active_low) {
		p->level = level;
		p->active_low = active_low;
		if (p->kind == PIRQ_GSI) {
			rc = ioapic_route(gsi, p->vector, madt.cpu[0].apic_id, level, active_low);
			p->in_service = false;
			if (!rc && p->port)
				ioapic_unmask(gsi);
		}
	}
	unlock_pirq(p);
	return rc;
}

int pirq_map_msi(struct domain *d, const struct msi *msi, uint64_t table_base)
{
	struct pirq_table *table = d->pirqs;
	struct pirq *p = NULL;
	unsigned int i;
	int rc;

	if (!table)
		return -ENODEV;
	spin_lock(&table->lock);
	for (i = table->gsis; i < table->count; i++) {
		struct pirq *q = &table->pirq[i];

		if (q->kind == PIRQ_FREE && !p)
			p = q;
		else if (q->kind == PIRQ_MSI && q->msi.bdf == msi->bdf &&
			 (q->msi.is_msix != msi->is_msix || q->msi.entry == msi->entry))
			break;
	}
	rc = i < table->count ? -EEXIST : p ? irq_alloc_vector(pirq_interrupt, p) : -ENOSPC;
	if (rc < 0)
		goto out;
	p->vector = (uint8_t)rc;
	p->msi = *msi;
	rc = msi_setup(&p->msi, table_base, p->vector, madt.cpu[0].apic_id);
	if (rc) {
		irq_free_vector(p->vector);
		goto out;
	}
	p->kind = PIRQ_MSI;
	p->level = false;
	rc = (int)p->number;
out:
	spin_unlock(&table->lock);
	return rc;
}

/* Caller holds the lock. */
static void unmap_locked(struct pirq *p)
{
	if (p->kind == PIRQ_FREE)
		return;
	set_mask(p, true);
	if (p->kind == PIRQ_MSI)
		msi_teardown(&p->msi);
	irq_free_vector(p->vector);
	p->kind = PIRQ_FREE;
	p->in_service = false;
}

int pirq_unmap(struct domain *d, unsigned int pirq)
{
	struct pirq *p = lock_pirq(d, pirq);
	int rc = 0;

	if (!p)
		return -EINVAL;
	if (p->kind == PIRQ_FREE)
		rc = -EINVAL;
	else if (p->port)
		rc = -EBUSY;
	else
		unmap_locked(p);
	unlock_pirq(p);
	return rc;
}

int pirq_bind(struct domain *d, unsigned int pirq, unsigned int port, bool will_share)
{
	struct pirq *p = lock_pirq(d, pirq);
	int rc = 0;

	(void)will_share; /* one domain has all devices: nobody to share with */
	if (!p)
		return -EINVAL;
	if (p->port)
		rc = -EEXIST;
	else if (p->kind == PIRQ_FREE)
		rc = pirq < d->pirqs->gsis ? map_gsi_locked(p) : -EINVAL;
	if (!rc) {
		__atomic_store_n(&p->in_service, false, __ATOMIC_RELAXED);
		__atomic_store_n(&p->port, port, __ATOMIC_RELEASE);
		set_mask(p, false);
	}
	unlock_pirq(p);
	return rc;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
	struct pirq *p = lock_pirq(d, pirq);

	if (!p)
		return;
	set_mask(p, true);
	__atomic_store_n(&p->port, 0, __ATOMIC_RELEASE);
	unlock_pirq(p);
}

int pirq_eoi(struct domain *d, unsigned int pirq)
{
	struct pirq *p = lock_pirq(d, pirq);

	if (!p)
		return -EINVAL;
	if (__atomic_exchange_n(&p->in_service, false, __ATOMIC_ACQ_REL) && p->port)
		set_mask(p, false);
	unlock_pirq(p);
	return 0;
}

int pirq_needs_eoi(struct domain *d, unsigned int pirq)
{
	struct pirq *p = lock_pirq(d, pirq);
	int needs;

	if (!p)
		return -EINVAL;
	needs = pirq < d->pirqs->gsis && p->level;
	unlock_pirq(p);
	return needs;
}

void pirq_domain_destroy(struct domain *d)
{
	unsigned int i;

	if (!d->pirqs)
		return;
	spin_lock(&d->pirqs->lock);
	for (i = 0; i < d->pirqs->count; i++) {
		d->pirqs->pirq[i].port = 0;
		unmap_locked(&d->pirqs->pirq[i]);
	}
	spin_unlock(&d->pirqs->lock);
	xfree(d->pirqs);
	d->pirqs = NULL;
}
