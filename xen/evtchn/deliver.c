/* SPDX-License-Identifier: MIT */
/*
 * Sending and delivery, and the two-level ABI (the other one is in fifo.c). There, the sender sets,
 * in this order, the port's pending bit, the bit of its word in the vCPU's evtchn_pending_sel, and
 * evtchn_upcall_pending; the guest looks at them in the opposite order. Whoever changes a bit from
 * 0 to 1 goes on to the next level.
 */
#include "console/console.h"
#include "cpu/percpu.h"
#include "evtchn/fifo.h"
#include "evtchn/port.h"
#include "lib/bitops.h"
#include "lib/errno.h"

#define SEL_BIT(port) ((port) / 64)

bool virq_is_global(unsigned int virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF &&
	       virq != VIRQ_XENPMU;
}

void vcpu_mark_events_pending(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->vcpu_info);

	if (!info || __atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	vcpu_unblock(v);
	vcpu_kick(v);
}

bool vcpu_event_pending(const struct vcpu *v)
{
	const struct vcpu_info *info = READ_ONCE(v->vcpu_info);

	return info && READ_ONCE(info->evtchn_upcall_pending) &&
	       !READ_ONCE(info->evtchn_upcall_mask);
}

/* port is pending and not masked. */
static void select_port(struct vcpu *v, uint32_t port)
{
	struct vcpu_info *info = READ_ONCE(v->vcpu_info);

	if (info && !test_and_set_bit(SEL_BIT(port), &info->evtchn_pending_sel))
		vcpu_mark_events_pending(v);
}

static void wake_pollers(struct domain *d, uint32_t port)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		uint32_t polled = READ_ONCE(v->poll_port);

		if (test_bit(VPF_POLL, &v->pause_flags) && (!polled || polled == port))
			vcpu_unblock(v);
	}
}

static bool set_pending_2l(struct domain *d, const struct evtchn *chn)
{
	struct shared_info *s = d->shared_info;
	uint32_t port = chn->port;

	if (test_and_set_bit(port, s->evtchn_pending))
		return false;
	if (!test_bit(port, s->evtchn_mask))
		select_port(d->vcpu[READ_ONCE(chn->vcpu)], port);
	return true;
}

void evtchn_set_pending(struct domain *d, struct evtchn *chn)
{
	bool fresh = evtchn_fifo(d) ? fifo_set_pending(d, chn) : set_pending_2l(d, chn);

	if (fresh && unlikely(READ_ONCE(d->evtchn.pollers)))
		wake_pollers(d, chn->port);
}

void evtchn_clear_pending(struct domain *d, struct evtchn *chn)
{
	if (evtchn_fifo(d))
		fifo_clear_pending(d, chn);
	else
		clear_bit(chn->port, d->shared_info->evtchn_pending);
}

bool evtchn_2l_is_pending(const struct domain *d, uint32_t port)
{
	return test_bit(port, d->shared_info->evtchn_pending);
}

bool evtchn_is_pending(struct domain *d, const struct evtchn *chn)
{
	return evtchn_fifo(d) ? fifo_is_pending(d, chn) : evtchn_2l_is_pending(d, chn->port);
}

bool evtchn_is_masked(struct domain *d, const struct evtchn *chn)
{
	return evtchn_fifo(d) ? fifo_is_masked(d, chn)
			      : test_bit(chn->port, d->shared_info->evtchn_mask);
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn *chn = evtchn_port(d, port);
	struct shared_info *s = d->shared_info;

	if (!chn)
		return -EINVAL;
	if (evtchn_fifo(d)) {
		fifo_unmask(d, chn);
		return 0;
	}
	port = chn->port;
	if (test_and_clear_bit(port, s->evtchn_mask) && test_bit(port, s->evtchn_pending))
		select_port(d->vcpu[READ_ONCE(chn->vcpu)], port);
	return 0;
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn *chn = evtchn_port(d, port);
	unsigned long flags;
	int rc = 0;

	if (!chn)
		return -EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	switch (chn->status) {
	case EVTCHNSTAT_interdomain:
		evtchn_set_pending(chn->u.remote.domain, chn->u.remote.port);
		break;
	case EVTCHNSTAT_ipi:
		evtchn_set_pending(d, chn);
		break;
	case EVTCHNSTAT_unbound:
		break; /* whoever connects finds its own end pending */
	default:
		rc = -EINVAL;
	}
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

/* Raises the port that virq_port names, if it is still the one bound to virq. */
static void send_virq(struct domain *d, const struct vcpu *v, unsigned int virq)
{
	uint32_t port = READ_ONCE(v->evtchn.virq_port[virq]);
	struct evtchn *chn = port ? evtchn_port(d, port) : NULL;
	unsigned long flags;

	if (!chn)
		return;
	flags = spin_lock_irqsave(&chn->lock);
	if (chn->status == EVTCHNSTAT_virq && chn->u.virq == virq &&
	    (virq_is_global(virq) || chn->vcpu == v->vcpu_id))
		evtchn_set_pending(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
}

void send_vcpu_virq(struct vcpu *v, unsigned int virq)
{
	send_virq(v->domain, v, virq);
}

void send_global_virq(unsigned int virq)
{
	struct domain *d = hardware_domain;

	if (d && d->vcpu[0])
		send_virq(d, d->vcpu[0], virq);
}

bool send_pirq(struct domain *d, unsigned int port)
{
	struct evtchn *chn = evtchn_port(d, port);
	unsigned long flags;
	bool bound;

	if (!chn)
		return false;
	flags = spin_lock_irqsave(&chn->lock);
	bound = chn->status == EVTCHNSTAT_pirq;
	if (bound)
		evtchn_set_pending(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
	return bound;
}

int evtchn_port_pending(struct domain *d, uint32_t port)
{
	const struct evtchn *chn = evtchn_port(d, port);

	if (!chn)
		return -EINVAL;
	return evtchn_is_pending(d, chn);
}

void evtchn_poll_begin(struct vcpu *v)
{
	__atomic_fetch_add(&v->domain->evtchn.pollers, 1, __ATOMIC_SEQ_CST);
	set_bit(VPF_POLL, &v->pause_flags);
}

bool evtchn_poll_end(struct vcpu *v)
{
	if (likely(!test_bit(VPF_POLL, &v->pause_flags)) ||
	    !test_and_clear_bit(VPF_POLL, &v->pause_flags))
		return false;
	__atomic_fetch_sub(&v->domain->evtchn.pollers, 1, __ATOMIC_SEQ_CST);
	return true;
}

/* Nothing may get lost in the move, so everything is said to be pending; guests cope with that. */
void evtchn_vcpu_info_moved(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->vcpu_info);

	if (!info)
		return;
	__atomic_store_n(&info->evtchn_pending_sel, ~0ul, __ATOMIC_SEQ_CST);
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_unblock(v);
	vcpu_kick(v);
}
