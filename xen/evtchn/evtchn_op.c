/* SPDX-License-Identifier: MIT */
/* The event_channel_op hypercall (public/event_channel.h). */
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "evtchn/fifo.h"
#include "evtchn/port.h"
#include "mm/guest_access.h"

union evtchn_op {
	struct evtchn_alloc_unbound alloc_unbound;
	struct evtchn_bind_interdomain bind_interdomain;
	struct evtchn_bind_virq bind_virq;
	struct evtchn_bind_ipi bind_ipi;
	struct evtchn_bind_pirq bind_pirq;
	struct evtchn_close close;
	struct evtchn_send send;
	struct evtchn_status status;
	struct evtchn_bind_vcpu bind_vcpu;
	struct evtchn_unmask unmask;
	struct evtchn_reset reset;
	struct evtchn_init_control init_control;
	struct evtchn_expand_array expand_array;
	struct evtchn_set_priority set_priority;
};

/* The domain an operation is about, referenced. -ESRCH, -EPERM. */
static int get_target(domid_t domid, struct domain **out)
{
	struct domain *d = domain_get_any(domid);

	if (!d)
		return -ESRCH;
	if (!may_control(d)) {
		domain_put(d);
		return -EPERM;
	}
	*out = d;
	return 0;
}

/* Hands the new port to the guest; if that fails the port is closed again. */
static long return_port(struct domain *d, int port, union evtchn_op *op, evtchn_port_t *field,
			void *arg, size_t size)
{
	if (port < 0)
		return port;
	*field = (evtchn_port_t)port;
	if (copy_to_guest(arg, op, size)) {
		(void)evtchn_close(d, (uint32_t)port);
		return -EFAULT;
	}
	return 0;
}

static long op_alloc_unbound(union evtchn_op *op, void *arg)
{
	struct evtchn_alloc_unbound *a = &op->alloc_unbound;
	domid_t remote = a->remote_dom == DOMID_SELF ? current->domain->domain_id : a->remote_dom;
	struct domain *d;
	long rc = get_target(a->dom, &d);

	if (rc)
		return rc;
	rc = return_port(d, evtchn_alloc_unbound(d, remote), op, &a->port, arg, sizeof(*a));
	domain_put(d);
	return rc;
}

static long op_bind_interdomain(union evtchn_op *op, void *arg)
{
	struct evtchn_bind_interdomain *b = &op->bind_interdomain;
	struct domain *d = current->domain, *remote = domain_get_any(b->remote_dom);
	long rc;

	if (!remote)
		return -ESRCH;
	rc = return_port(d, evtchn_bind_interdomain(d, remote, b->remote_port), op, &b->local_port,
			 arg, sizeof(*b));
	domain_put(remote);
	return rc;
}

static long op_bind_virq(union evtchn_op *op, void *arg)
{
	struct evtchn_bind_virq *b = &op->bind_virq;
	struct domain *d = current->domain;

	return return_port(d, evtchn_bind_virq(d, b->virq, b->vcpu), op, &b->port, arg, sizeof(*b));
}

static long op_bind_ipi(union evtchn_op *op, void *arg)
{
	struct evtchn_bind_ipi *b = &op->bind_ipi;
	struct domain *d = current->domain;

	return return_port(d, evtchn_bind_ipi(d, b->vcpu), op, &b->port, arg, sizeof(*b));
}

static long op_bind_pirq(union evtchn_op *op, void *arg)
{
	struct evtchn_bind_pirq *b = &op->bind_pirq;
	struct domain *d = current->domain;

	return return_port(d, evtchn_bind_pirq(d, b->pirq, b->flags & BIND_PIRQ__WILL_SHARE), op,
			   &b->port, arg, sizeof(*b));
}

static long op_close(union evtchn_op *op, void *arg)
{
	(void)arg;
	return evtchn_close(current->domain, op->close.port);
}

static long op_send(union evtchn_op *op, void *arg)
{
	(void)arg;
	return evtchn_send(current->domain, op->send.port);
}

static long read_status(struct domain *d, struct evtchn_status *s)
{
	struct evtchn *chn = evtchn_port(d, s->port);

	if (!chn)
		return -EINVAL;
	spin_lock(&d->evtchn.lock);
	s->status = chn->status;
	s->vcpu = chn->vcpu;
	switch (chn->status) {
	case EVTCHNSTAT_unbound:
		s->u.unbound.dom = chn->u.unbound;
		break;
	case EVTCHNSTAT_interdomain:
		s->u.interdomain.dom = chn->u.remote.domain->domain_id;
		s->u.interdomain.port = chn->u.remote.port->port;
		break;
	case EVTCHNSTAT_pirq:
		s->u.pirq = chn->u.pirq;
		break;
	case EVTCHNSTAT_virq:
		s->u.virq = chn->u.virq;
		break;
	default:
		break;
	}
	spin_unlock(&d->evtchn.lock);
	return 0;
}

static long op_status(union evtchn_op *op, void *arg)
{
	struct domain *d;
	long rc = get_target(op->status.dom, &d);

	if (rc)
		return rc;
	rc = read_status(d, &op->status);
	domain_put(d);
	if (!rc && copy_to_guest(arg, &op->status, sizeof(op->status)))
		rc = -EFAULT;
	return rc;
}

static long op_bind_vcpu(union evtchn_op *op, void *arg)
{
	(void)arg;
	return evtchn_bind_vcpu(current->domain, op->bind_vcpu.port, op->bind_vcpu.vcpu);
}

static long op_unmask(union evtchn_op *op, void *arg)
{
	(void)arg;
	return evtchn_unmask(current->domain, op->unmask.port);
}

static long op_reset(union evtchn_op *op, void *arg)
{
	struct domain *d;
	long rc = get_target(op->reset.dom, &d);

	if (rc)
		return rc;
	rc = evtchn_close_all(d);
	domain_put(d);
	if (rc == -ERESTART)
		rc = hypercall_continue(__HYPERVISOR_event_channel_op, 2,
					(unsigned long)EVTCHNOP_reset, (unsigned long)arg);
	return rc;
}

static long op_init_control(union evtchn_op *op, void *arg)
{
	long rc = fifo_init_control(&op->init_control);

	if (!rc && copy_to_guest(arg, &op->init_control, sizeof(op->init_control)))
		rc = -EFAULT;
	return rc;
}

static long op_expand_array(union evtchn_op *op, void *arg)
{
	(void)arg;
	return fifo_expand_array(op->expand_array.array_gfn);
}

static long op_set_priority(union evtchn_op *op, void *arg)
{
	(void)arg;
	return evtchn_set_priority(current->domain, op->set_priority.port,
				   op->set_priority.priority);
}

static const struct {
	long (*handler)(union evtchn_op *op, void *arg);
	size_t size; /* of the argument */
} ops[] = {
	[EVTCHNOP_bind_interdomain] = { op_bind_interdomain,
					sizeof(struct evtchn_bind_interdomain) },
	[EVTCHNOP_bind_virq] = { op_bind_virq, sizeof(struct evtchn_bind_virq) },
	[EVTCHNOP_bind_pirq] = { op_bind_pirq, sizeof(struct evtchn_bind_pirq) },
	[EVTCHNOP_close] = { op_close, sizeof(struct evtchn_close) },
	[EVTCHNOP_send] = { op_send, sizeof(struct evtchn_send) },
	[EVTCHNOP_status] = { op_status, sizeof(struct evtchn_status) },
	[EVTCHNOP_alloc_unbound] = { op_alloc_unbound, sizeof(struct evtchn_alloc_unbound) },
	[EVTCHNOP_bind_ipi] = { op_bind_ipi, sizeof(struct evtchn_bind_ipi) },
	[EVTCHNOP_bind_vcpu] = { op_bind_vcpu, sizeof(struct evtchn_bind_vcpu) },
	[EVTCHNOP_unmask] = { op_unmask, sizeof(struct evtchn_unmask) },
	[EVTCHNOP_reset] = { op_reset, sizeof(struct evtchn_reset) },
	[EVTCHNOP_init_control] = { op_init_control, sizeof(struct evtchn_init_control) },
	[EVTCHNOP_expand_array] = { op_expand_array, sizeof(struct evtchn_expand_array) },
	[EVTCHNOP_set_priority] = { op_set_priority, sizeof(struct evtchn_set_priority) },
};

long do_event_channel_op(int cmd, void *arg)
{
	union evtchn_op op;

	if (cmd < 0 || (size_t)cmd >= ARRAY_SIZE(ops) || !ops[cmd].handler)
		return -ENOSYS;
	if (copy_from_guest(&op, arg, ops[cmd].size))
		return -EFAULT;
	return ops[cmd].handler(&op, arg);
}
