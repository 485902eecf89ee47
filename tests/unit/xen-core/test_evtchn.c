/* SPDX-License-Identifier: MIT */
/* Event channels through the hypercall: binding, sending, masks, vCPUs, closing. */
#include "host.h"

#include "core/hypercall.h"
#include "evtchn/evtchn.h"
#include "evtchn/port.h"
#include "irq/pirq.h"
#include "lib/bitops.h"
#include "lib/errno.h"

static struct domain *d0, *d1;
static unsigned int kicks, unblocks;
static int pirq_result;
static unsigned int pirq_bound;

void vcpu_kick(struct vcpu *v)
{
	(void)v;
	kicks++;
}

void vcpu_unblock(struct vcpu *v)
{
	unblocks++;
	evtchn_poll_end(v);
	clear_bit(VPF_BLOCKED, &v->pause_flags);
}

int pirq_bind(struct domain *d, unsigned int pirq, unsigned int port, bool will_share)
{
	(void)d;
	(void)pirq;
	(void)will_share;
	pirq_bound = pirq_result ? 0 : port;
	return pirq_result;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
	(void)d;
	(void)pirq;
	pirq_bound = 0;
}

static int setup(void **state)
{
	(void)state;
	d0 = host_domain_new(0, 2, true);
	d1 = host_domain_new(1, 2, false);
	evtchn_domain_init(d0, ~0u);
	evtchn_domain_init(d1, 99);
	kicks = unblocks = 0;
	host_run(d0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(evtchn_domain_close_all(d0), 0);
	assert_int_equal(evtchn_domain_close_all(d1), 0);
	assert_int_equal(d0->refcount, 1);
	assert_int_equal(d1->refcount, 1);
	evtchn_domain_free(d0);
	evtchn_domain_free(d1);
	host_domain_free(d0);
	host_domain_free(d1);
	return 0;
}

static bool pending(const struct domain *d, uint32_t port)
{
	return test_bit(port, d->shared_info->evtchn_pending);
}

/* What a guest's upcall handler does. Returns whether an upcall was due. */
static bool take_upcall(struct domain *d, unsigned int vcpu)
{
	struct vcpu_info *info = d->vcpu[vcpu]->vcpu_info;
	bool due = info->evtchn_upcall_pending;

	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	for (int i = 0; i < 64; i++)
		d->shared_info->evtchn_pending[i] = 0;
	return due;
}

static uint32_t alloc_unbound(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };

	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), 0);
	return op.port;
}

/* d1 offers, d0 binds. */
static void connect_domains(uint32_t *p0, uint32_t *p1)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = 1 };

	host_run(d1);
	*p1 = bind.remote_port = alloc_unbound(DOMID_SELF, 0);
	host_run(d0);
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), 0);
	*p0 = bind.local_port;
}

static long send(uint32_t port)
{
	struct evtchn_send op = { .port = port };

	return do_event_channel_op(EVTCHNOP_send, &op);
}

static long close_port(uint32_t port)
{
	struct evtchn_close op = { .port = port };

	return do_event_channel_op(EVTCHNOP_close, &op);
}

static void status_of(uint32_t port, struct evtchn_status *s)
{
	*s = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
	assert_int_equal(do_event_channel_op(EVTCHNOP_status, s), 0);
}

static void test_interdomain_both_ways(void **state)
{
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	assert_true(pending(d0, p0)); /* a new connection starts pending at the binder */
	assert_true(take_upcall(d0, 0));

	assert_int_equal(send(p0), 0);
	assert_true(pending(d1, p1));
	assert_true(take_upcall(d1, 0));
	host_run(d1);
	assert_int_equal(send(p1), 0);
	assert_true(pending(d0, p0));
	assert_true(take_upcall(d0, 0));
	assert_false(take_upcall(d1, 0));
}

static void test_second_send_is_silent(void **state)
{
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	assert_int_equal(send(p0), 0);
	kicks = 0;
	assert_int_equal(send(p0), 0);
	assert_int_equal(kicks, 0);
}

static void test_masked_port_waits_for_unmask(void **state)
{
	struct evtchn_unmask unmask;
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	set_bit(p1, d1->shared_info->evtchn_mask);
	assert_int_equal(send(p0), 0);
	assert_true(pending(d1, p1));
	assert_false(d1->vcpu[0]->vcpu_info->evtchn_upcall_pending);
	assert_int_equal(d1->vcpu[0]->vcpu_info->evtchn_pending_sel, 0);

	host_run(d1);
	unmask.port = p1;
	assert_int_equal(do_event_channel_op(EVTCHNOP_unmask, &unmask), 0);
	assert_false(test_bit(p1, d1->shared_info->evtchn_mask));
	assert_true(d1->vcpu[0]->vcpu_info->evtchn_upcall_pending);
	assert_int_equal(d1->vcpu[0]->vcpu_info->evtchn_pending_sel, 1);
	unmask.port = 100;
	assert_int_equal(do_event_channel_op(EVTCHNOP_unmask, &unmask), -EINVAL);
}

static void test_bind_vcpu_moves_delivery(void **state)
{
	struct evtchn_bind_vcpu op = { .vcpu = 1 };
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	host_run(d1);
	op.port = p1;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_vcpu, &op), 0);
	host_run(d0);
	assert_int_equal(send(p0), 0);
	assert_false(d1->vcpu[0]->vcpu_info->evtchn_upcall_pending);
	assert_true(d1->vcpu[1]->vcpu_info->evtchn_upcall_pending);
	op.vcpu = 2;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_vcpu, &op), -ENOENT);
}

static void test_closing_leaves_peer_unbound(void **state)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = 1 };
	struct evtchn_status s;
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	status_of(p0, &s);
	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, 1);
	assert_int_equal(s.u.interdomain.port, p1);

	assert_int_equal(close_port(p0), 0);
	assert_int_equal(close_port(p0), -EINVAL);
	assert_false(pending(d0, p0));
	assert_int_equal(send(p0), -EINVAL);
	host_run(d1);
	status_of(p1, &s);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 0);
	assert_int_equal(send(p1), 0); /* nobody hears it */

	host_run(d0);
	bind.remote_port = p1;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), 0);
}

static void test_only_the_invited_may_bind(void **state)
{
	struct evtchn_bind_interdomain bind = { .remote_dom = 0 };

	(void)state;
	bind.remote_port = alloc_unbound(DOMID_SELF, 5);
	host_run(d1);
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), -EINVAL);
	bind.remote_port = 4096;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), -EINVAL);
	bind.remote_port = 0;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), -EINVAL);
	bind.remote_dom = 7;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_interdomain, &bind), -ESRCH);
}

static void test_others_ports_need_privilege(void **state)
{
	struct evtchn_alloc_unbound op = { .dom = 0, .remote_dom = 1 };
	struct evtchn_status s = { .dom = 0 };
	struct evtchn_reset reset = { .dom = 0 };

	(void)state;
	host_run(d1);
	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), -EPERM);
	assert_int_equal(do_event_channel_op(EVTCHNOP_status, &s), -EPERM);
	assert_int_equal(do_event_channel_op(EVTCHNOP_reset, &reset), -EPERM);
	host_run(d0);
	op = (struct evtchn_alloc_unbound){ .dom = 1, .remote_dom = DOMID_SELF };
	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), 0);
	s = (struct evtchn_status){ .dom = 1, .port = op.port };
	assert_int_equal(do_event_channel_op(EVTCHNOP_status, &s), 0);
	assert_int_equal(s.u.unbound.dom, 0);
}

static void test_port_limit(void **state)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = 0 };

	(void)state;
	host_run(d1);
	for (uint32_t i = 1; i <= 99; i++) {
		assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), 0);
		assert_int_equal(op.port, i);
	}
	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), -ENOSPC);
	assert_int_equal(close_port(50), 0);
	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), 0);
	assert_int_equal(op.port, 50);
	assert_int_equal(close_port(0), -EINVAL);
	assert_int_equal(close_port(100), -EINVAL);
	assert_int_equal(close_port(~0u), -EINVAL);
}

static void test_virqs(void **state)
{
	struct evtchn_bind_virq op = { .virq = VIRQ_TIMER, .vcpu = 1 };

	(void)state;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), 0);
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), -EEXIST);
	send_vcpu_virq(d0->vcpu[0], VIRQ_TIMER);
	assert_false(pending(d0, op.port));
	send_vcpu_virq(d0->vcpu[1], VIRQ_TIMER);
	assert_true(pending(d0, op.port));
	assert_true(d0->vcpu[1]->vcpu_info->evtchn_upcall_pending);
	assert_int_equal(send(op.port), -EINVAL); /* not for guests to send */
	assert_int_equal(close_port(op.port), 0);
	send_vcpu_virq(d0->vcpu[1], VIRQ_TIMER);
	assert_false(pending(d0, op.port));

	op = (struct evtchn_bind_virq){ .virq = VIRQ_DOM_EXC, .vcpu = 1 };
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), -EINVAL);
	op.vcpu = 0;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), 0);
	send_global_virq(VIRQ_DOM_EXC);
	assert_true(pending(d0, op.port));
	op.virq = NR_VIRQS;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), -EINVAL);
	op = (struct evtchn_bind_virq){ .virq = VIRQ_TIMER, .vcpu = 9 };
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), -ENOENT);
}

static void test_global_virq_can_be_moved(void **state)
{
	struct evtchn_bind_virq op = { .virq = VIRQ_CONSOLE };
	struct evtchn_bind_vcpu move = { .vcpu = 1 };

	(void)state;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), 0);
	move.port = op.port;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_vcpu, &move), 0);
	send_global_virq(VIRQ_CONSOLE);
	assert_true(d0->vcpu[1]->vcpu_info->evtchn_upcall_pending);
	assert_int_equal(close_port(op.port), 0);
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_virq, &op), 0);
}

static void test_ipi(void **state)
{
	struct evtchn_bind_ipi op = { .vcpu = 1 };
	struct evtchn_bind_vcpu move = { .vcpu = 0 };

	(void)state;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_ipi, &op), 0);
	assert_int_equal(send(op.port), 0);
	assert_true(d0->vcpu[1]->vcpu_info->evtchn_upcall_pending);
	move.port = op.port;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_vcpu, &move), -EINVAL);
}

static void test_pirq(void **state)
{
	struct evtchn_bind_pirq op = { .pirq = 4 };

	(void)state;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_pirq, &op), -EPERM);
	d0->pirqs = (struct pirq_table *)&op;
	pirq_result = -EBUSY;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_pirq, &op), -EBUSY);
	pirq_result = 0;
	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_pirq, &op), 0);
	assert_int_equal(pirq_bound, op.port);
	assert_true(send_pirq(d0, op.port));
	assert_true(pending(d0, op.port));
	assert_int_equal(close_port(op.port), 0);
	assert_int_equal(pirq_bound, 0);
	assert_false(send_pirq(d0, op.port));
	assert_false(send_pirq(d0, 5000));
}

static void test_poll(void **state)
{
	struct vcpu *v;
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	v = d1->vcpu[0];
	set_bit(p1, d1->shared_info->evtchn_mask); /* polling sees masked ports, too */
	v->poll_port = p1 + 1;
	evtchn_poll_begin(v);
	assert_int_equal(send(p0), 0);
	assert_true(test_bit(VPF_POLL, &v->pause_flags)); /* another port */
	take_upcall(d1, 0);
	v->poll_port = p1;
	assert_int_equal(send(p0), 0);
	assert_false(test_bit(VPF_POLL, &v->pause_flags));
	assert_int_equal(d1->evtchn.pollers, 0);
	assert_int_equal(evtchn_port_pending(d1, p1), 1);
	assert_int_equal(evtchn_port_pending(d1, 100), -EINVAL);
}

static void test_vcpu_info_move_loses_nothing(void **state)
{
	struct vcpu_info fresh = { .evtchn_upcall_mask = 1 };
	struct vcpu *v = d0->vcpu[0];

	(void)state;
	v->vcpu_info = &fresh;
	evtchn_vcpu_info_moved(v);
	assert_int_equal(fresh.evtchn_upcall_pending, 1);
	assert_int_equal(fresh.evtchn_pending_sel, ~0ul);
	assert_false(vcpu_event_pending(v));
	fresh.evtchn_upcall_mask = 0;
	assert_true(vcpu_event_pending(v));
}

static void test_reset_is_preemptible(void **state)
{
	struct evtchn_reset op = { .dom = DOMID_SELF };
	struct evtchn_status s;

	(void)state;
	host_run(d1);
	for (int i = 0; i < 99; i++)
		alloc_unbound(DOMID_SELF, 0);
	host_continued = 0;
	host_preempt = true;
	assert_int_equal(do_event_channel_op(EVTCHNOP_reset, &op), -ERESTART);
	assert_int_equal(host_continued, 1);
	status_of(1, &s);
	assert_int_equal(s.status, EVTCHNSTAT_closed);
	status_of(99, &s);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(do_event_channel_op(EVTCHNOP_reset, &op), 0);
	status_of(99, &s);
	assert_int_equal(s.status, EVTCHNSTAT_closed);
	assert_int_equal(alloc_unbound(DOMID_SELF, 0), 1);
}

static void test_dying_domain_gets_no_ports(void **state)
{
	struct evtchn_alloc_unbound op = { .dom = 1, .remote_dom = 0 };

	(void)state;
	d1->dying = DOMDYING_DYING;
	assert_int_equal(do_event_channel_op(EVTCHNOP_alloc_unbound, &op), -EINVAL);
}

static void test_death_disconnects(void **state)
{
	struct evtchn_status s;
	uint32_t p0, p1;

	(void)state;
	connect_domains(&p0, &p1);
	d1->dying = DOMDYING_DYING;
	assert_int_equal(evtchn_domain_close_all(d1), 0);
	status_of(p0, &s);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(send(p0), 0);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	assert_int_equal(do_event_channel_op(EVTCHNOP_send, NULL), -EFAULT);
	assert_int_equal(do_event_channel_op(-1, NULL), -ENOSYS);
	assert_int_equal(do_event_channel_op(EVTCHNOP_init_control, NULL), -EFAULT);
	assert_int_equal(do_event_channel_op(EVTCHNOP_set_priority, NULL), -EFAULT);
	assert_int_equal(do_event_channel_op(1000, NULL), -ENOSYS);
	assert_int_equal(send(0), -EINVAL);
	assert_int_equal(send(~0u), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_interdomain_both_ways),
		TEST(test_second_send_is_silent),
		TEST(test_masked_port_waits_for_unmask),
		TEST(test_bind_vcpu_moves_delivery),
		TEST(test_closing_leaves_peer_unbound),
		TEST(test_only_the_invited_may_bind),
		TEST(test_others_ports_need_privilege),
		TEST(test_port_limit),
		TEST(test_virqs),
		TEST(test_global_virq_can_be_moved),
		TEST(test_ipi),
		TEST(test_pirq),
		TEST(test_poll),
		TEST(test_vcpu_info_move_loses_nothing),
		TEST(test_reset_is_preemptible),
		TEST(test_dying_domain_gets_no_ports),
		TEST(test_death_disconnects),
		TEST(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
