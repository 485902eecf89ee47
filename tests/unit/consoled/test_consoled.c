/* SPDX-License-Identifier: MIT */
/*
 * consoled's parts that need no guest: the ring with honest and hostile indexes, the backlog, log
 * files and their rotation, and the limit on turns.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0-tools/consoled/backlog.h"
#include "dom0-tools/consoled/guest_log.h"
#include "dom0-tools/consoled/ring.h"
#include "dom0-tools/lib/log.h"

/* As a guest writes; the ring has room. */
static void guest_write(struct xencons_interface *ring, const char *text)
{
	while (*text)
		ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = *text++;
}

static void test_output_across_the_end(void **state)
{
	struct xencons_interface *ring = calloc(1, sizeof(*ring));
	char buffer[sizeof(ring->out)];

	(void)state;
	assert_non_null(ring);
	/* The indexes wrap at 2^32 and the array at 2048, here both in the middle of a text. */
	ring->out_prod = 0xfffffffd;
	ring->out_cons = 0xfffffffd;
	guest_write(ring, "hello world");
	assert_int_equal(ring_take_output(ring, buffer, sizeof(buffer)), 11);
	assert_memory_equal(buffer, "hello world", 11);
	assert_int_equal(ring->out_cons, 8);
	assert_int_equal(ring_take_output(ring, buffer, sizeof(buffer)), 0);
	guest_write(ring, "in two parts");
	assert_int_equal(ring_take_output(ring, buffer, 7), 7);
	assert_int_equal(ring_take_output(ring, buffer + 7, 100), 5);
	assert_memory_equal(buffer, "in two parts", 12);
	free(ring);
}

static void test_output_full(void **state)
{
	struct xencons_interface *ring = calloc(1, sizeof(*ring));
	char buffer[sizeof(ring->out)];

	(void)state;
	assert_non_null(ring);
	memset(ring->out, 'x', sizeof(ring->out));
	ring->out_cons = 100;
	ring->out_prod = 100 + sizeof(ring->out);
	assert_int_equal(ring_take_output(ring, buffer, sizeof(buffer)), sizeof(ring->out));
	free(ring);
}

static void test_hostile_indexes(void **state)
{
	struct xencons_interface *ring = calloc(1, sizeof(*ring));
	char buffer[sizeof(ring->out)], input[2000] = "x";

	(void)state;
	assert_non_null(ring);
	ring->out_prod = sizeof(ring->out) + 1;
	assert_int_equal(ring_take_output(ring, buffer, sizeof(buffer)), -EPROTO);
	/* emptied, so that it can go on */
	assert_int_equal(ring->out_cons, ring->out_prod);
	guest_write(ring, "again");
	assert_int_equal(ring_take_output(ring, buffer, sizeof(buffer)), 5);

	ring->in_cons = 5;
	assert_int_equal(ring_input_room(ring), 0);
	assert_int_equal(ring_put_input(ring, input, sizeof(input)), 0);
	ring->in_cons = 0x80000000;
	assert_int_equal(ring_put_input(ring, input, sizeof(input)), 0);

	srandom(4);
	for (int i = 0; i < 100000; i++) {
		ring->out_cons = (uint32_t)random() * 2;
		ring->out_prod = ring->out_cons + (uint32_t)random() % 5000;
		ring->in_cons = (uint32_t)random() * 2;
		ring->in_prod = ring->in_cons + (uint32_t)random() % 5000;
		assert_true(ring_take_output(ring, buffer, sizeof(buffer)) <= (long)sizeof(buffer));
		assert_true(ring_put_input(ring, input, sizeof(input)) <= sizeof(ring->in));
	}
	free(ring);
}

static void test_input(void **state)
{
	struct xencons_interface *ring = calloc(1, sizeof(*ring));
	char data[sizeof(ring->in) + 50];

	(void)state;
	assert_non_null(ring);
	memset(data, 'i', sizeof(data));
	ring->in_prod = ring->in_cons = 0xffffff00;
	assert_int_equal(ring_input_room(ring), sizeof(ring->in));
	assert_int_equal(ring_put_input(ring, data, sizeof(data)), sizeof(ring->in));
	assert_int_equal(ring_input_room(ring), 0);
	ring->in_cons += 10;
	assert_int_equal(ring_put_input(ring, data, sizeof(data)), 10);
	free(ring);
}

/* What comes out is always the newest bytes, in order. */
static void test_backlog(void **state)
{
	struct backlog *backlog = calloc(1, sizeof(*backlog));
	uint8_t next_in = 0;
	uint64_t in = 0, out = 0, lost = 0;
	char data[3 * BACKLOG_BYTES];

	(void)state;
	assert_non_null(backlog);
	srandom(5);
	for (int i = 0; i < 3000; i++) {
		size_t bytes = (size_t)random() % (i % 50 ? 3000 : sizeof(data));
		const char *piece;

		for (size_t j = 0; j < bytes; j++)
			data[j] = (char)next_in++;
		lost += backlog_push(backlog, data, bytes);
		in += bytes;
		assert_true(backlog->used <= BACKLOG_BYTES);
		assert_int_equal(in, out + lost + backlog->used);
		piece = backlog_peek(backlog, &bytes);
		bytes = bytes ? (size_t)random() % (bytes + 1) : 0;
		for (size_t j = 0; j < bytes; j++)
			assert_int_equal((uint8_t)piece[j], (uint8_t)(out + lost + j));
		backlog_drop(backlog, bytes);
		out += bytes;
	}
	assert_true(lost > 0);
	free(backlog);
}

static uint64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? UINT64_MAX : (uint64_t)st.st_size;
}

static void test_log_is_bounded(void **state)
{
	char dir[] = "/tmp/consoled-XXXXXX", old[PATH_MAX + 8], sub[64];
	struct guest_log log;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof(sub), "%s/a/b", dir);
	assert_int_equal(guest_log_open(&log, sub, "../we ird\n", 1000), 0);
	assert_non_null(strstr(log.path, "/a/b/guest-.._we_ird_.log"));
	snprintf(old, sizeof(old), "%s.1", log.path);
	for (int i = 0; i < 100; i++) {
		char line[100];

		memset(line, 'a' + i % 26, sizeof(line));
		assert_int_equal(guest_log_write(&log, line, sizeof(line)), 0);
		assert_true(file_size(log.path) <= 1000);
	}
	assert_int_equal(file_size(old), 1000);
	/* One write larger than the limit still gets through. */
	assert_int_equal(guest_log_write(&log, old, 100), 0);
	guest_log_close(&log);
	assert_int_equal(guest_log_write(&log, "x", 1), 0);
	/* It goes on where it was. */
	assert_int_equal(guest_log_open(&log, sub, "../we ird\n", 1000), 0);
	assert_int_equal(log.size, file_size(log.path));
	/* Moved away by somebody else. */
	assert_int_equal(rename(log.path, old), 0);
	assert_int_equal(guest_log_reopen(&log), 0);
	assert_int_equal(log.size, 0);
	guest_log_close(&log);
	unlink(log.path);
	unlink(old);
	rmdir(sub);
	*strrchr(sub, '/') = '\0';
	rmdir(sub);
	assert_int_equal(rmdir(dir), 0);
}

static void test_log_cannot_be_opened(void **state)
{
	struct guest_log log;

	(void)state;
	assert_true(guest_log_open(&log, "/dev/null/x", "g", 1000) < 0);
	assert_int_equal(log.fd, -1);
	assert_int_equal(guest_log_write(&log, "x", 1), 0);
	guest_log_close(&log);
}

static void test_rate_limit(void **state)
{
	struct rate_limit limit = { .rate = 100, .burst = 10 };

	(void)state;
	assert_int_equal(rate_limit_take_at(&limit, 4, 1000), 4);
	assert_int_equal(rate_limit_take_at(&limit, 10, 1000), 6);
	assert_int_equal(rate_limit_take_at(&limit, 1, 1000), 0);
	assert_int_equal(limit.suppressed, 5);
	/* 100 a second: one in 10 ms */
	assert_int_equal(rate_limit_take_at(&limit, 1, 1009), 0);
	assert_int_equal(rate_limit_take_at(&limit, 2, 1010), 1);
	/* never more than the burst, also after years */
	assert_int_equal(rate_limit_take_at(&limit, 100, UINT64_MAX / 2), 10);
	/* a clock that goes back gives nothing */
	assert_int_equal(rate_limit_take_at(&limit, 1, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_across_the_end),
		cmocka_unit_test(test_output_full),
		cmocka_unit_test(test_hostile_indexes),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_log_is_bounded),
		cmocka_unit_test(test_log_cannot_be_opened),
		cmocka_unit_test(test_rate_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
