/* SPDX-License-Identifier: MIT */
/* FIFO events: queues as the guest sees them, priorities, masks, and a guest that does not play
 * fair. */
#include "host.h"

#include "core/hypercall.h"
#include "evtchn/fifo.h"
#include "evtchn/port.h"
#include "irq/pirq.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "mm/page.h"

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED  (1u << EVTCHN_FIFO_MASKED)
#define LINKED  (1u << EVTCHN_FIFO_LINKED)
#define BUSY    (1u << EVTCHN_FIFO_BUSY)
#define DEFAULT EVTCHN_FIFO_PRIORITY_DEFAULT

static struct domain *d;
static struct evtchn_fifo_control_block *block[2];
static event_word_t *word;
static unsigned int kicks;

void vcpu_kick(struct vcpu *v)
{
	(void)v;
	kicks++;
}

void vcpu_unblock(struct vcpu *v)
{
	evtchn_poll_end(v);
}

int pirq_bind(struct domain *owner, unsigned int pirq, unsigned int port, bool will_share)
{
	(void)owner;
	(void)pirq;
	(void)port;
	(void)will_share;
	return -EINVAL;
}

void pirq_unbind(struct domain *owner, unsigned int pirq)
{
	(void)owner;
	(void)pirq;
}

static long init_control(unsigned int vcpu, uint64_t gfn, uint32_t offset)
{
	struct evtchn_init_control init = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
	long rc = do_event_channel_op(EVTCHNOP_init_control, &init);

	if (!rc)
		assert_int_equal(init.link_bits, EVTCHN_FIFO_LINK_BITS);
	return rc;
}

static long expand_array(uint64_t gfn)
{
	struct evtchn_expand_array expand = { .array_gfn = gfn };

	return do_event_channel_op(EVTCHNOP_expand_array, &expand);
}

static uint32_t bind_ipi(unsigned int vcpu)
{
	struct evtchn_bind_ipi bind = { .vcpu = vcpu };

	assert_int_equal(do_event_channel_op(EVTCHNOP_bind_ipi, &bind), 0);
	return bind.port;
}

static void send(uint32_t port)
{
	struct evtchn_send op = { .port = port };

	assert_int_equal(do_event_channel_op(EVTCHNOP_send, &op), 0);
}

static long set_priority(uint32_t port, uint32_t priority)
{
	struct evtchn_set_priority op = { .port = port, .priority = priority };

	return do_event_channel_op(EVTCHNOP_set_priority, &op);
}

/* The guest's side: takes the first port of a queue; 0 when it is empty. */
static uint32_t take(unsigned int vcpu, unsigned int priority, uint32_t *head)
{
	uint32_t port = *head ? *head : block[vcpu]->head[priority];

	if (!port)
		return 0;
	*head = word[port] & EVTCHN_FIFO_LINK_MASK;
	word[port] &= ~(LINKED | EVTCHN_FIFO_LINK_MASK);
	if (!*head)
		block[vcpu]->ready &= ~(1u << priority);
	return port;
}

static int setup(void **state)
{
	(void)state;
	d = host_domain_new(0, 2, true);
	evtchn_domain_init(d, ~0u);
	host_run(d);
	block[0] = (void *)((char *)host_frame(0, 0) + 64);
	block[1] = host_frame(1, 0);
	word = host_frame(2, 0);
	host_frame_refs = 0;
	kicks = 0;
	return 0;
}

static int setup_fifo(void **state)
{
	setup(state);
	assert_int_equal(init_control(0, 0, 64), 0);
	assert_int_equal(init_control(1, 1, 0), 0);
	assert_int_equal(expand_array(2), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(evtchn_domain_close_all(d), 0);
	assert_int_equal(host_frame_refs, 0);
	evtchn_domain_free(d);
	host_domain_free(d);
	return 0;
}

static void arguments_are_checked(void **state)
{
	(void)state;
	assert_int_equal(expand_array(2), -EOPNOTSUPP);
	assert_int_equal(set_priority(1, 0), -ENOSYS);
	assert_int_equal(init_control(2, 0, 0), -ENOENT);
	assert_int_equal(init_control(0, 0, 4), -EINVAL);
	assert_int_equal(init_control(0, 0, PAGE_SIZE - 64), -EINVAL);
	assert_int_equal(init_control(0, 77, 0), -EINVAL);
	frame_table[0].type = PGT_L1 | 1; /* a page table is no control block */
	assert_int_equal(init_control(0, 0, 64), -EINVAL);
	frame_table[0].type = 0;
	assert_int_equal(host_frame_refs, 0);
	assert_int_equal(init_control(0, 0, 64), 0);
	assert_int_equal(init_control(0, 0, 64), -EINVAL);
	assert_int_equal(expand_array(77), -EINVAL);
}

static void events_come_in_order(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0), c = bind_ipi(0), head = 0;

	(void)state;
	send(b);
	send(a);
	send(b); /* once pending, once queued */
	send(c);
	assert_int_equal(kicks, 1);
	assert_int_equal(block[0]->ready, 1u << DEFAULT);
	assert_int_equal(take(0, DEFAULT, &head), b);
	assert_int_equal(word[b], PENDING);
	assert_int_equal(take(0, DEFAULT, &head), a);
	assert_int_equal(take(0, DEFAULT, &head), c);
	assert_int_equal(head, 0);
	/* The queue is empty: the next one is announced by the head again. */
	word[a] = 0;
	d->shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	send(a);
	assert_int_equal(block[0]->head[DEFAULT], a);
	assert_int_equal(kicks, 2);
}

static void a_port_follows_the_last_one_while_the_guest_works(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0), head = 0;

	(void)state;
	send(a);
	assert_int_equal(take(0, DEFAULT, &head), a);
	/* a is out of the queue, so b cannot follow it. */
	send(b);
	assert_int_equal(word[a] & EVTCHN_FIFO_LINK_MASK, 0);
	assert_int_equal(block[0]->head[DEFAULT], b);
	/* Pending again before the guest has cleared it: queued, behind b. */
	send(a);
	assert_int_equal(word[b] & EVTCHN_FIFO_LINK_MASK, a);
}

static void priorities_have_their_own_queues(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0);

	(void)state;
	assert_int_equal(set_priority(b, 0), 0);
	assert_int_equal(set_priority(b, 16), -EINVAL);
	send(a);
	send(b);
	assert_int_equal(block[0]->ready, 1u << DEFAULT | 1u);
	assert_int_equal(block[0]->head[0], b);
	assert_int_equal(block[0]->head[DEFAULT], a);
}

static void a_port_that_changes_its_queue_leaves_no_trace(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0), head = 0;

	(void)state;
	send(a);
	assert_int_equal(take(0, DEFAULT, &head), a);
	word[a] = 0;
	assert_int_equal(set_priority(a, 3), 0);
	send(a);
	assert_int_equal(block[0]->head[3], a);
	/* a was the last of the default queue, and is linked: b must not be hung behind it. */
	send(b);
	assert_int_equal(block[0]->head[DEFAULT], b);
	assert_int_equal(word[a] & EVTCHN_FIFO_LINK_MASK, 0);
}

static void a_masked_port_waits_for_unmask(void **state)
{
	uint32_t a = bind_ipi(1);
	struct evtchn_unmask unmask = { .port = a };

	(void)state;
	word[a] = MASKED;
	send(a);
	assert_int_equal(word[a], MASKED | PENDING);
	assert_int_equal(block[1]->ready, 0);
	assert_int_equal(do_event_channel_op(EVTCHNOP_unmask, &unmask), 0);
	assert_int_equal(word[a], PENDING | LINKED);
	assert_int_equal(block[1]->head[DEFAULT], a);
	assert_int_equal(block[1]->ready, 1u << DEFAULT);
}

static void what_was_pending_before_the_switch_is_delivered(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0);

	(void)state;
	send(a);
	assert_int_equal(init_control(0, 0, 64), 0);
	send(b);
	assert_int_equal(evtchn_port_pending(d, a), 1);
	assert_int_equal(evtchn_port_pending(d, b), 1);
	assert_int_equal(expand_array(2), 0);
	assert_int_equal(word[a] & PENDING, PENDING);
	assert_int_equal(block[0]->head[DEFAULT], a);
	assert_int_equal(word[a] & EVTCHN_FIFO_LINK_MASK, b);
}

static void closing_clears_what_is_pending(void **state)
{
	uint32_t a = bind_ipi(0);
	struct evtchn_close close = { .port = a };

	(void)state;
	send(a);
	assert_int_equal(do_event_channel_op(EVTCHNOP_close, &close), 0);
	assert_int_equal(word[a] & PENDING, 0);
	assert_int_equal(bind_ipi(0), a);
	assert_int_equal(evtchn_port_pending(d, a), 0);
}

static void nonsense_in_the_words_hurts_only_the_guest(void **state)
{
	uint32_t a = bind_ipi(0), b = bind_ipi(0);

	(void)state;
	word[a] = LINKED | BUSY | 0x1ffff;
	send(a); /* said to be queued: nothing happens */
	assert_int_equal(block[0]->head[DEFAULT], 0);
	word[a] = 0;
	send(a);
	word[a] = LINKED | BUSY | 0x1ffff;
	send(b);
	assert_int_equal(word[a], LINKED | b);
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_FIFO(f) cmocka_unit_test_setup_teardown(f, setup_fifo, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arguments_are_checked),
		TEST_FIFO(events_come_in_order),
		TEST_FIFO(a_port_follows_the_last_one_while_the_guest_works),
		TEST_FIFO(priorities_have_their_own_queues),
		TEST_FIFO(a_port_that_changes_its_queue_leaves_no_trace),
		TEST_FIFO(a_masked_port_waits_for_unmask),
		TEST(what_was_pending_before_the_switch_is_delivered),
		TEST_FIFO(closing_clears_what_is_pending),
		TEST_FIFO(nonsense_in_the_words_hurts_only_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
