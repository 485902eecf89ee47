/* SPDX-License-Identifier: MIT */
/*
 * Opening, connecting and closing ports.
 *
 * A connection is a pair of ports that point to each other's domain; neither domain can vanish
 * while it exists, because dying closes all of a domain's ports and that takes both domains' locks.
 */
#include "console/console.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "evtchn/fifo.h"
#include "evtchn/port.h"
#include "irq/pirq.h"
#include "lib/bitops.h"
#include "mm/heap.h"

#define BUCKET_PORTS 64u

struct evtchn *evtchn_port(const struct domain *d, uint32_t port)
{
	struct evtchn *bucket;

	if (port >= d->evtchn.max_ports)
		return NULL;
	port &= EVTCHN_2L_PORTS - 1; /* holds under speculation, too */
	bucket = __atomic_load_n(&d->evtchn.bucket[port / BUCKET_PORTS], __ATOMIC_ACQUIRE);
	return bucket ? &bucket[port % BUCKET_PORTS] : NULL;
}

static struct evtchn *bucket_alloc(unsigned int first_port)
{
	struct evtchn *bucket = xzalloc_array(struct evtchn, BUCKET_PORTS);

	for (unsigned int i = 0; bucket && i < BUCKET_PORTS; i++) {
		spin_lock_init(&bucket[i].lock, RANK_EVTCHN_PORT);
		bucket[i].port = first_port + i;
	}
	return bucket;
}

/* A closed port for the caller to open at once; negative errno. d->evtchn.lock is held. */
static int port_alloc(struct domain *d, struct evtchn **chn)
{
	struct evtchn_domain *e = &d->evtchn;
	unsigned int port = (unsigned int)find_next_zero_bit(e->used, e->max_ports, 0);
	struct evtchn **bucket;

	if (READ_ONCE(d->dying) != DOMDYING_ALIVE)
		return -EINVAL;
	if (port >= e->max_ports)
		return -ENOSPC;
	bucket = &e->bucket[port / BUCKET_PORTS];
	if (!*bucket) {
		struct evtchn *fresh = bucket_alloc(port - port % BUCKET_PORTS);

		if (!fresh)
			return -ENOMEM;
		__atomic_store_n(bucket, fresh, __ATOMIC_RELEASE);
	}
	__set_bit(port, e->used);
	*chn = &(*bucket)[port % BUCKET_PORTS];
	return (int)port;
}

/* Opens a port that notifies vcpu; `template` gives status and u. d->evtchn.lock is held. */
static int port_open(struct domain *d, unsigned int vcpu, const struct evtchn *template)
{
	struct evtchn *chn;
	unsigned long flags;
	int port = port_alloc(d, &chn);

	if (port < 0)
		return port;
	flags = spin_lock_irqsave(&chn->lock);
	chn->vcpu = (uint16_t)vcpu;
	chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	chn->status = template->status;
	chn->u = template->u;
	spin_unlock_irqrestore(&chn->lock, flags);
	return port;
}

/* chn is no longer connected to anything; both locks are held. */
static void port_free(struct domain *d, struct evtchn *chn)
{
	chn->status = EVTCHNSTAT_closed;
	chn->vcpu = 0;
	evtchn_clear_pending(d, chn);
	__clear_bit(chn->port, d->evtchn.used);
}

/* ---- opening ---- */

int evtchn_alloc_unbound(struct domain *d, domid_t remote)
{
	const struct evtchn template = { .status = EVTCHNSTAT_unbound, .u.unbound = remote };
	int port;

	spin_lock(&d->evtchn.lock);
	port = port_open(d, 0, &template);
	spin_unlock(&d->evtchn.lock);
	return port;
}

static int connect(struct domain *d, struct domain *remote, struct evtchn *rchn)
{
	struct evtchn *chn;
	unsigned long flags;
	int port;

	if (!rchn || rchn->status != EVTCHNSTAT_unbound || rchn->u.unbound != d->domain_id)
		return -EINVAL;
	port = port_alloc(d, &chn);
	if (port < 0)
		return port;

	flags = irq_save();
	spin_lock_pair(&chn->lock, &rchn->lock);
	chn->vcpu = 0;
	chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	chn->u.remote.domain = remote;
	chn->u.remote.port = rchn;
	chn->status = EVTCHNSTAT_interdomain;
	rchn->u.remote.domain = d;
	rchn->u.remote.port = chn;
	rchn->status = EVTCHNSTAT_interdomain;
	/* The other end may have sent before there was anyone to hear it. */
	evtchn_set_pending(d, chn);
	spin_unlock_pair(&chn->lock, &rchn->lock);
	irq_restore(flags);
	return port;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port)
{
	int port;

	spin_lock_pair(&d->evtchn.lock, &remote->evtchn.lock);
	port = connect(d, remote, evtchn_port(remote, remote_port));
	spin_unlock_pair(&d->evtchn.lock, &remote->evtchn.lock);
	return port;
}

int evtchn_bind_virq(struct domain *d, unsigned int virq, unsigned int vcpu)
{
	const struct evtchn template = { .status = EVTCHNSTAT_virq, .u.virq = virq };
	struct vcpu *v;
	int port = -EEXIST;

	if (virq >= NR_VIRQS || (virq_is_global(virq) && vcpu != 0))
		return -EINVAL;
	v = domain_vcpu(d, vcpu);
	if (!v)
		return -ENOENT;
	spin_lock(&d->evtchn.lock);
	if (!v->evtchn.virq_port[virq])
		port = port_open(d, vcpu, &template);
	if (port > 0)
		WRITE_ONCE(v->evtchn.virq_port[virq], (uint32_t)port);
	spin_unlock(&d->evtchn.lock);
	return port;
}

int evtchn_bind_ipi(struct domain *d, unsigned int vcpu)
{
	const struct evtchn template = { .status = EVTCHNSTAT_ipi };
	int port;

	if (!domain_vcpu(d, vcpu))
		return -ENOENT;
	spin_lock(&d->evtchn.lock);
	port = port_open(d, vcpu, &template);
	spin_unlock(&d->evtchn.lock);
	return port;
}

int evtchn_bind_pirq(struct domain *d, unsigned int pirq, bool will_share)
{
	const struct evtchn template = { .status = EVTCHNSTAT_pirq, .u.pirq = pirq };
	int port, rc;

	if (!d->pirqs)
		return -EPERM;
	spin_lock(&d->evtchn.lock);
	port = port_open(d, 0, &template);
	if (port > 0) {
		/* The port is open by now: the first interrupt may come before this returns. */
		rc = pirq_bind(d, pirq, (unsigned int)port, will_share);
		if (rc) {
			struct evtchn *chn = evtchn_port(d, (uint32_t)port);
			unsigned long flags = spin_lock_irqsave(&chn->lock);

			port_free(d, chn);
			spin_unlock_irqrestore(&chn->lock, flags);
			port = rc;
		}
	}
	spin_unlock(&d->evtchn.lock);
	return port;
}

/* ---- changing ---- */

int evtchn_bind_vcpu(struct domain *d, uint32_t port, unsigned int vcpu)
{
	struct evtchn *chn = evtchn_port(d, port);
	unsigned long flags;
	int rc = 0;

	if (!domain_vcpu(d, vcpu))
		return -ENOENT;
	if (!chn)
		return -EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	switch (chn->status) {
	case EVTCHNSTAT_virq:
		if (!virq_is_global(chn->u.virq)) {
			rc = -EINVAL;
			break;
		}
		/* fall through */
	case EVTCHNSTAT_unbound:
	case EVTCHNSTAT_interdomain:
	case EVTCHNSTAT_pirq:
		WRITE_ONCE(chn->vcpu, (uint16_t)vcpu);
		break;
	default:
		rc = -EINVAL;
	}
	spin_unlock_irqrestore(&chn->lock, flags);
	return rc;
}

int evtchn_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct evtchn *chn = evtchn_port(d, port);
	unsigned long flags;

	if (!evtchn_fifo(d))
		return -ENOSYS;
	if (!chn || priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	flags = spin_lock_irqsave(&chn->lock);
	WRITE_ONCE(chn->priority, (uint8_t)priority);
	spin_unlock_irqrestore(&chn->lock, flags);
	return 0;
}

/* ---- closing ---- */

/*
 * Locks d and, if port is connected, the domain at its other end, which is returned referenced.
 * NULL: only d is locked.
 */
static struct domain *lock_ends(struct domain *d, uint32_t port)
{
	for (;;) {
		const struct evtchn *chn = evtchn_port(d, port);
		struct domain *remote;

		spin_lock(&d->evtchn.lock);
		if (!chn || chn->status != EVTCHNSTAT_interdomain)
			return NULL;
		remote = chn->u.remote.domain;
		domain_hold(remote);
		spin_unlock(&d->evtchn.lock);

		spin_lock_pair(&d->evtchn.lock, &remote->evtchn.lock);
		if (READ_ONCE(chn->status) == EVTCHNSTAT_interdomain &&
		    READ_ONCE(chn->u.remote.domain) == remote)
			return remote;
		spin_unlock_pair(&d->evtchn.lock, &remote->evtchn.lock);
		domain_put(remote);
	}
}

/* Takes the port from what it is bound to. Both ends' domains are locked. */
static int disconnect(struct domain *d, struct evtchn *chn)
{
	struct evtchn *rchn = NULL;
	unsigned long flags;

	switch (chn->status) {
	case EVTCHNSTAT_closed:
		return -EINVAL;
	case EVTCHNSTAT_pirq:
		pirq_unbind(d, chn->u.pirq);
		break;
	case EVTCHNSTAT_virq:
		WRITE_ONCE(d->vcpu[virq_is_global(chn->u.virq) ? 0 : chn->vcpu]
				   ->evtchn.virq_port[chn->u.virq],
			   0);
		break;
	case EVTCHNSTAT_interdomain:
		rchn = chn->u.remote.port;
		break;
	default:
		break;
	}

	flags = irq_save();
	spin_lock_pair(&chn->lock, rchn ? &rchn->lock : &chn->lock);
	if (rchn) {
		rchn->status = EVTCHNSTAT_unbound;
		rchn->u.unbound = d->domain_id;
	}
	port_free(d, chn);
	spin_unlock_pair(&chn->lock, rchn ? &rchn->lock : &chn->lock);
	irq_restore(flags);
	return 0;
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct domain *remote = lock_ends(d, port);
	struct evtchn *chn = evtchn_port(d, port);
	int rc = chn ? disconnect(d, chn) : -EINVAL;

	if (remote) {
		spin_unlock_pair(&d->evtchn.lock, &remote->evtchn.lock);
		domain_put(remote);
	} else {
		spin_unlock(&d->evtchn.lock);
	}
	return rc;
}

int evtchn_close_all(struct domain *d)
{
	struct evtchn_domain *e = &d->evtchn;
	unsigned int port = READ_ONCE(e->close_next), done = 0;

	for (;; port++) {
		port = (unsigned int)find_next_bit(e->used, e->max_ports, max(port, 1u));
		if (port >= e->max_ports)
			break;
		if (++done % 32 == 0 && hypercall_preempt_check()) {
			WRITE_ONCE(e->close_next, port);
			return -ERESTART;
		}
		/* -EINVAL: another vCPU of the domain has been faster. */
		(void)evtchn_close(d, port);
	}
	WRITE_ONCE(e->close_next, 0);
	return 0;
}

/* ---- a domain's life ---- */

int evtchn_domain_init(struct domain *d, uint32_t max_port)
{
	struct evtchn_domain *e = &d->evtchn;

	spin_lock_init(&e->lock, RANK_EVTCHN);
	e->max_ports = max_port < EVTCHN_2L_PORTS ? max_port + 1 : EVTCHN_2L_PORTS;
	__set_bit(0, e->used); /* port 0 means "none" */
	return 0;
}

int evtchn_domain_close_all(struct domain *d)
{
	int rc = evtchn_close_all(d);

	if (!rc)
		fifo_release_frames(d);
	return rc;
}

void evtchn_domain_free(struct domain *d)
{
	fifo_free(d);
	for (unsigned int i = 0; i < EVTCHN_BUCKETS; i++) {
		xfree(d->evtchn.bucket[i]);
		d->evtchn.bucket[i] = NULL;
	}
}

void evtchn_dump(struct domain *d)
{
	static const char *const name[] = { "closed", "unbound", "interdomain",
					    "pirq",   "virq",    "ipi" };

	for (uint32_t port = 1; port < d->evtchn.max_ports; port++) {
		const struct evtchn *chn = evtchn_port(d, port);

		if (!chn || chn->status == EVTCHNSTAT_closed)
			continue;
		pr_info("d%u port %u: %s, vCPU %u%s%s\n", d->domain_id, port, name[chn->status],
			chn->vcpu, evtchn_is_pending(d, chn) ? ", pending" : "",
			evtchn_is_masked(d, chn) ? ", masked" : "");
	}
}
