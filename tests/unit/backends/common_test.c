/* SPDX-License-Identifier: MIT */
/* The parts that both backends share: rings, loop, messages, grants, the xenbus state machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/common/device.h"
#include "backends/common/grant_cache.h"
#include "backends/common/loop.h"
#include "backends/common/message.h"
#include "backends/common/page_pool.h"
#include "backends/common/ring.h"
#include "backends/common/xenbus.h"
#include "tests/unit/backends/mock_guest.h"
#include "tests/unit/backends/mock_xs.h"

#define SLOT 112u

static _Alignas(4096) uint8_t ring_page[4096];

static struct ring_header *fresh_ring(struct back_ring *ring)
{
	memset(ring_page, 0, sizeof(ring_page));
	ring_attach(ring, ring_page, 1, SLOT);
	return (struct ring_header *)(void *)ring_page;
}

static void test_ring_size(void **state)
{
	(void)state;
	assert_int_equal(ring_slots(1, 112), 32);
	assert_int_equal(ring_slots(16, 112), 512);
	assert_int_equal(ring_slots(1, 12), 256);
	assert_int_equal(ring_slots(1, 8), 256);
}

static void test_ring_hostile_index(void **state)
{
	struct back_ring ring;
	struct ring_header *shared = fresh_ring(&ring);

	(void)state;
	assert_int_equal(ring_pending(&ring), 0);
	shared->req_prod = 32;
	assert_int_equal(ring_pending(&ring), 32);
	shared->req_prod = 33;
	assert_int_equal(ring_pending(&ring), -EPROTO);
	shared->req_prod = (uint32_t)-1;
	assert_int_equal(ring_pending(&ring), -EPROTO);
	assert_int_equal(ring_final_check(&ring), -EPROTO);
	/* Taken but not answered requests count: their slots are not free. */
	shared->req_prod = 32;
	ring.req_cons = 32;
	shared->req_prod = 40;
	assert_int_equal(ring_pending(&ring), -EPROTO);
	/* An index that goes back. */
	shared->req_prod = 31;
	assert_int_equal(ring_pending(&ring), -EPROTO);
}

static void test_ring_wraps(void **state)
{
	struct back_ring ring;
	struct ring_header *shared = fresh_ring(&ring);
	uint8_t req[SLOT], rsp[16] = { 7 };

	(void)state;
	shared->rsp_prod = shared->req_prod = (uint32_t)-2;
	ring_attach(&ring, ring_page, 1, SLOT);
	shared->req_prod = 2;
	shared->rsp_event = (uint32_t)-1;
	for (int i = 4; i > 0; i--) {
		assert_int_equal(ring_pending(&ring), i);
		ring_take(&ring, req, sizeof(req));
		ring_respond(&ring, rsp, sizeof(rsp));
	}
	assert_true(ring_push(&ring));
	assert_int_equal(shared->rsp_prod, 2);
	assert_false(ring_push(&ring));
}

static void test_ring_events(void **state)
{
	struct back_ring ring;
	struct ring_header *shared = fresh_ring(&ring);
	uint8_t rsp[16] = { 0 };

	(void)state;
	/* The frontend wants an event for the third response only. */
	shared->rsp_event = 3;
	ring_respond(&ring, rsp, sizeof(rsp));
	ring_respond(&ring, rsp, sizeof(rsp));
	assert_false(ring_push(&ring));
	ring_respond(&ring, rsp, sizeof(rsp));
	assert_true(ring_push(&ring));
	ring_respond(&ring, rsp, sizeof(rsp));
	assert_false(ring_push(&ring));

	ring.req_cons = ring.rsp_prod;
	shared->req_prod = ring.req_cons;
	assert_int_equal(ring_final_check(&ring), 0);
	assert_int_equal(shared->req_event, ring.req_cons + 1);
	assert_int_equal(ring_final_check_many(&ring, 5), 0);
	assert_int_equal(shared->req_event, ring.req_cons + 5);
	shared->req_prod += 2;
	assert_int_equal(ring_final_check_many(&ring, 2), 2);
}

static int order[8], nr_order;

static void note(void *arg)
{
	order[nr_order++] = *(int *)arg;
}

static void test_loop_timers_and_work(void **state)
{
	static int ids[] = { 0, 1, 2, 3 };
	struct loop loop;
	struct loop_timer late = { .handle = note, .arg = &ids[2] };
	struct loop_timer early = { .handle = note, .arg = &ids[1] };
	struct loop_timer never = { .handle = note, .arg = &ids[3] };
	struct loop_work work = { .handle = note, .arg = &ids[0] };
	struct loop_work dropped = { .handle = note, .arg = &ids[3] };

	(void)state;
	nr_order = 0;
	assert_int_equal(loop_init(&loop), 0);
	loop_timer_set(&loop, &late, 4000000);
	loop_timer_set(&loop, &never, 3000000);
	loop_timer_set(&loop, &early, 2000000);
	loop_timer_cancel(&loop, &never);
	loop_defer(&loop, &work);
	loop_defer(&loop, &dropped);
	loop_defer(&loop, &work);
	loop_work_cancel(&loop, &dropped);
	while (nr_order < 3)
		assert_int_equal(loop_turn(&loop), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(order[i], i);
	assert_null(loop.timers);
	assert_null(loop.work);
	loop_close(&loop);
}

static struct loop_fd pair_fds[2];

/* Whoever comes first removes the other, which must not be called any more. */
static void remove_other(void *arg, uint32_t events)
{
	struct loop *loop = arg;

	(void)events;
	nr_order++;
	loop_remove(loop, &pair_fds[0]);
	loop_remove(loop, &pair_fds[1]);
	loop->stop = true;
}

static void test_loop_removal_in_handler(void **state)
{
	struct loop loop;
	int pipes[2][2];

	(void)state;
	nr_order = 0;
	assert_int_equal(loop_init(&loop), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "x", 1), 1);
		pair_fds[i] =
			(struct loop_fd){ .fd = pipes[i][0], .handle = remove_other, .arg = &loop };
		assert_int_equal(loop_add(&loop, &pair_fds[i], EPOLLIN), 0);
	}
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(nr_order, 1);
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	loop_close(&loop);
}

static void test_messages(void **state)
{
	struct message msg = { .type = MESSAGE_ATTACH, .devid = 51712, .info = "abc" }, got;
	int pair[2], fds[MESSAGE_FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(message_receive(pair[1], &got, fds), -EAGAIN);
	assert_int_equal(message_send(pair[0], &msg, &null, 1), 0);
	assert_int_equal(message_send(pair[0], &msg, NULL, 0), 0);
	assert_int_equal(message_receive(pair[1], &got, fds), 1);
	assert_memory_equal(&msg, &got, sizeof(msg));
	assert_true(fds[0] >= 0 && fds[0] != null);
	assert_int_equal(fds[1], -1);
	message_close_fds(fds);
	assert_int_equal(message_receive(pair[1], &got, fds), 1);
	assert_int_equal(fds[0], -1);
	/* Not a whole message. */
	assert_int_equal(send(pair[0], "short", 5, 0), 5);
	assert_int_equal(message_receive(pair[1], &got, fds), -EBADMSG);
	close(pair[0]);
	assert_int_equal(message_receive(pair[1], &got, fds), 0);
	close(pair[1]);
	close(null);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "0x1",
					   "1a",
					   "256",
					   "18446744073709551616",
					   "99999999999999999999" };
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_number(bad[i], 255, &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(parse_number("255", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(parse_number("0", 0, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_number("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
}

static void test_page_pool(void **state)
{
	struct page_pool pool;
	uint8_t *pages[4];

	(void)state;
	assert_int_equal(page_pool_init(&pool, 4), 0);
	for (int i = 0; i < 4; i++) {
		pages[i] = page_pool_take(&pool);
		assert_non_null(pages[i]);
		memset(pages[i], i, 4096);
	}
	assert_null(page_pool_take(&pool));
	page_pool_give(&pool, pages[2]);
	assert_ptr_equal(page_pool_take(&pool), pages[2]);
	assert_int_equal(pages[3][4095], 3);
	page_pool_close(&pool);
}

static void test_grant_cache(void **state)
{
	const uint32_t refs[] = { 5, 900, 5 + 512, 6 };
	struct grant_cache cache;

	(void)state;
	mock_guest_reset();
	assert_int_equal(grant_cache_init(&cache, 3, 1, 6), 0);
	assert_null(grant_cache_find(&cache, 5));
	assert_int_equal(grant_cache_map(&cache, refs, 4), 0);
	for (int i = 0; i < 4; i++) {
		uint8_t *page = grant_cache_find(&cache, refs[i]);

		assert_non_null(page);
		page[17] = (uint8_t)(i + 1);
		assert_int_equal(((uint8_t *)mock_guest_page(refs[i]))[17], i + 1);
	}
	assert_null(grant_cache_find(&cache, 7));
	/* Full, and references that cannot be mapped: nothing changes. */
	assert_int_equal(grant_cache_map(&cache, (const uint32_t[]){ 7, 8, 9 }, 3), -ENOSPC);
	guest.revoked[8] = true;
	assert_int_equal(grant_cache_map(&cache, (const uint32_t[]){ 7, 8 }, 2), -EINVAL);
	assert_int_equal(guest.mapped, 4);
	assert_null(grant_cache_find(&cache, 7));
	grant_cache_clear(&cache);
	assert_int_equal(guest.mapped, 0);
}

/* A device class that only records what it was told. */
static struct {
	int attached, connects, disconnects, detached, connect_result;
	bool resumed;
} class_log;

static int log_attach(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info,
		      bool resume)
{
	(void)dev;
	(void)info;
	message_close_fds(fds);
	class_log.attached++;
	class_log.resumed = resume;
	return 0;
}

static int log_connect(struct device *dev)
{
	(void)dev;
	class_log.connects++;
	return class_log.connect_result;
}

static void log_disconnect(struct device *dev)
{
	(void)dev;
	class_log.disconnects++;
}

static void log_detach(struct device *dev)
{
	(void)dev;
	class_log.detached++;
}

static const struct device_ops log_ops = { log_attach, log_connect, log_disconnect, log_detach };

#define BACK  "/local/domain/0/backend/vbd/3/51712"
#define FRONT "/local/domain/3/device/vbd/51712"

static int supervisor_end = -1;

static void set_up_device(struct device *dev, const char *back_state, const char *front_state)
{
	const int none[MESSAGE_FDS_MAX] = { -1, -1 };
	int pair[2];

	mock_xs_reset();
	memset(&class_log, 0, sizeof(class_log));
	if (supervisor_end >= 0)
		close(supervisor_end);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	supervisor_end = pair[0];
	mock_xs_set(BACK "/frontend", FRONT);
	mock_xs_set(BACK "/state", back_state);
	mock_xs_set(BACK "/online", "1");
	mock_xs_set(FRONT "/state", front_state);
	*dev = (struct device){ .xs = mock_xs,
				.channel = pair[1],
				.ops = &log_ops,
				.domid = 3,
				.devid = 51712,
				.log_limit = { .rate = 1, .burst = 20 },
				.backend = BACK };
	assert_int_equal(device_attach(dev, none, NULL), 0);
}

static void frontend_goes(struct device *dev, const char *state)
{
	mock_xs_set(FRONT "/state", state);
	device_changed(dev);
}

static void test_device_life(void **state)
{
	struct device dev;
	struct message msg;
	int fds[MESSAGE_FDS_MAX];

	(void)state;
	set_up_device(&dev, "1", "1");
	assert_string_equal(mock_xs_get(BACK "/state"), "2");
	assert_string_equal(mock_xs_get(BACK "/hotplug-status"), "connected");
	assert_false(class_log.resumed);
	frontend_goes(&dev, "3");
	assert_string_equal(mock_xs_get(BACK "/state"), "4");
	frontend_goes(&dev, "4");
	device_changed(&dev); /* events may come twice */
	assert_int_equal(class_log.connects, 1);

	/* The guest's driver goes and comes back. */
	frontend_goes(&dev, "5");
	assert_string_equal(mock_xs_get(BACK "/state"), "5");
	assert_int_equal(class_log.disconnects, 1);
	frontend_goes(&dev, "6");
	assert_string_equal(mock_xs_get(BACK "/state"), "6");
	frontend_goes(&dev, "1");
	assert_string_equal(mock_xs_get(BACK "/state"), "2");
	frontend_goes(&dev, "4");
	assert_int_equal(class_log.connects, 2);

	/* The toolstack detaches: the guest has its time to finish. */
	mock_xs_set(BACK "/online", "0");
	mock_xs_set(BACK "/state", "5");
	device_changed(&dev);
	assert_true(dev.connected);
	frontend_goes(&dev, "6");
	assert_false(dev.attached);
	assert_int_equal(class_log.detached, 1);
	assert_int_equal(mock_xs_watches(), 0);
	/* The supervisor is told, and writes Closed after it has let go of the image. */
	assert_int_equal(message_receive(supervisor_end, &msg, fds), 1);
	assert_int_equal(msg.type, MESSAGE_CLOSED);
	assert_string_equal(mock_xs_get(BACK "/state"), "5");
	close(dev.channel);
}

static void test_device_guest_dies(void **state)
{
	struct device dev;

	(void)state;
	set_up_device(&dev, "1", "1");
	/* Still being built: not introduced yet. */
	mock_xs_introduced(false);
	device_changed(&dev);
	assert_string_equal(mock_xs_get(BACK "/state"), "2");
	mock_xs_introduced(true);
	frontend_goes(&dev, "4");
	mock_xs_set(BACK "/online", "0");
	mock_xs_set(BACK "/state", "5");
	mock_xs_introduced(false);
	device_changed(&dev);
	assert_false(dev.attached);
	assert_int_equal(class_log.disconnects, 1);
	close(dev.channel);
}

static void test_device_resumes(void **state)
{
	struct device dev;

	(void)state;
	set_up_device(&dev, "4", "4");
	assert_true(class_log.resumed && dev.connected);
	assert_string_equal(mock_xs_get(BACK "/state"), "4");
	device_detach(&dev);
	close(dev.channel);

	/* The frontend left while nobody served it. */
	set_up_device(&dev, "4", "6");
	assert_false(class_log.resumed);
	device_changed(&dev);
	assert_string_equal(mock_xs_get(BACK "/state"), "6");
	device_detach(&dev);
	close(dev.channel);
}

static void test_device_bad_frontend(void **state)
{
	const int none[MESSAGE_FDS_MAX] = { -1, -1 };
	struct device dev;

	(void)state;
	set_up_device(&dev, "1", "1");
	class_log.connect_result = -EINVAL;
	frontend_goes(&dev, "4");
	assert_string_equal(mock_xs_get(BACK "/state"), "5");
	assert_false(dev.connected);
	device_changed(&dev); /* no second attempt until it has gone through Closed */
	assert_int_equal(class_log.connects, 1);
	frontend_goes(&dev, "77");
	frontend_goes(&dev, "nonsense");
	assert_string_equal(mock_xs_get(BACK "/state"), "6");
	device_detach(&dev);

	/* A frontend path that belongs to another guest. */
	mock_xs_set(BACK "/frontend", "/local/domain/4/device/vbd/51712");
	assert_int_equal(device_attach(&dev, none, NULL), -EINVAL);
	assert_string_equal(mock_xs_get(BACK "/hotplug-status"), "error");
	close(dev.channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_size),
		cmocka_unit_test(test_ring_hostile_index),
		cmocka_unit_test(test_ring_wraps),
		cmocka_unit_test(test_ring_events),
		cmocka_unit_test(test_loop_timers_and_work),
		cmocka_unit_test(test_loop_removal_in_handler),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_page_pool),
		cmocka_unit_test(test_grant_cache),
		cmocka_unit_test(test_device_life),
		cmocka_unit_test(test_device_guest_dies),
		cmocka_unit_test(test_device_resumes),
		cmocka_unit_test(test_device_bad_frontend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
