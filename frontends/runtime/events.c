/* SPDX-License-Identifier: MIT */
/* Binding ports and delivering their events: the upcall scans the two-level bitmap. */
#include <public/sched.h>

#include "frontends/runtime/events.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "lib/bitops.h"

void events_deliver(void);

static struct {
	event_handler handler;
	void *data;
} ports[EVENT_PORTS];

static struct vcpu_info *vcpu(void)
{
	return &shared_info->vcpu_info[0];
}

static void deliver_port(evtchn_port_t port)
{
	clear_bit(port, shared_info->evtchn_pending);
	if (ports[port].handler)
		ports[port].handler(port, ports[port].data);
}

/* The callback, events masked. */
void events_deliver(void)
{
	vcpu()->evtchn_upcall_pending = 0;
	for (;;) {
		unsigned long sel =
			__atomic_exchange_n(&vcpu()->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

		if (sel == 0)
			return;
		while (sel) {
			unsigned int word = (unsigned int)__builtin_ctzl(sel);
			unsigned long bits = READ_ONCE(shared_info->evtchn_pending[word]) &
					     ~READ_ONCE(shared_info->evtchn_mask[word]);

			sel &= sel - 1;
			while (bits) {
				deliver_port(word * BITS_PER_LONG +
					     (unsigned int)__builtin_ctzl(bits));
				bits &= bits - 1;
			}
		}
	}
}

void events_init(void)
{
	memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
	vcpu()->evtchn_upcall_mask = 1;
}

bool events_disable(void)
{
	bool were_open = !vcpu()->evtchn_upcall_mask;

	WRITE_ONCE(vcpu()->evtchn_upcall_mask, 1);
	barrier();
	return were_open;
}

void events_enable(void)
{
	barrier();
	WRITE_ONCE(vcpu()->evtchn_upcall_mask, 0);
	barrier();
	/* What came meanwhile: any hypercall delivers it on its way out. */
	if (READ_ONCE(vcpu()->evtchn_upcall_pending))
		hypercall(xen_version, 0, 0, 0, 0);
}

void events_restore(bool were_open)
{
	if (were_open)
		events_enable();
}

void events_attach(evtchn_port_t port, event_handler handler, void *data)
{
	struct evtchn_unmask op = { .port = port };

	ports[port].handler = handler;
	ports[port].data = data;
	hypercall(event_channel_op, EVTCHNOP_unmask, &op, 0, 0);
}

static int attach(long rc, evtchn_port_t port, event_handler handler, void *data)
{
	if (rc)
		return (int)rc;
	events_attach(port, handler, data);
	return (int)port;
}

int events_bind_virq(unsigned int virq, event_handler handler, void *data)
{
	struct evtchn_bind_virq op = { .virq = virq };
	long rc = hypercall(event_channel_op, EVTCHNOP_bind_virq, &op, 0, 0);

	return attach(rc, op.port, handler, data);
}

int events_bind_interdomain(domid_t domid, evtchn_port_t remote, event_handler handler, void *data)
{
	struct evtchn_bind_interdomain op = { .remote_dom = domid, .remote_port = remote };
	long rc = hypercall(event_channel_op, EVTCHNOP_bind_interdomain, &op, 0, 0);

	return attach(rc, op.local_port, handler, data);
}

int events_alloc_unbound(domid_t domid, event_handler handler, void *data)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = domid };
	long rc = hypercall(event_channel_op, EVTCHNOP_alloc_unbound, &op, 0, 0);

	return attach(rc, op.port, handler, data);
}

int events_bind_ipi(event_handler handler, void *data)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };
	long rc = hypercall(event_channel_op, EVTCHNOP_bind_ipi, &op, 0, 0);

	return attach(rc, op.port, handler, data);
}

int events_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };
	long rc;

	set_bit(port, shared_info->evtchn_mask);
	rc = hypercall(event_channel_op, EVTCHNOP_close, &op, 0, 0);
	ports[port].handler = NULL;
	return (int)rc;
}

int events_send(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return (int)hypercall(event_channel_op, EVTCHNOP_send, &op, 0, 0);
}

/* SCHEDOP_block opens events and sleeps in one step, so that none is lost in between. */
void events_wait(void)
{
	hypercall(sched_op, SCHEDOP_block, 0, 0, 0);
	(void)events_disable();
}
