/* SPDX-License-Identifier: MIT */
/*
 * The ring transport against guests that split, lie, flood and never listen.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/xenstore/harness.h"

static size_t build(char *message, uint32_t type, const char *payload, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = 99, .len = (uint32_t)len };

	memcpy(message, &hdr, sizeof(hdr));
	memcpy(message + sizeof(hdr), payload, len);
	return sizeof(hdr) + len;
}

static void assert_dead(uint32_t domid, uint32_t error)
{
	settle();
	assert_non_null(domains[domid].page);
	assert_int_equal(domains[domid].page->error, error);
}

static void reconnect(uint32_t domid)
{
	domains[domid].page->connection = XENSTORE_RECONNECT;
	settle();
	assert_int_equal(domains[domid].page->connection, XENSTORE_CONNECTED);
	assert_int_equal(domains[domid].page->error, XENSTORE_ERROR_NONE);
	assert_int_equal(domains[domid].page->req_prod, domains[domid].page->req_cons);
	assert_int_equal(domains[domid].page->rsp_prod, domains[domid].page->rsp_cons);
}

/* One request, cut in two at every byte. */
static void test_split_everywhere(void **state)
{
	char message[64];
	size_t len = build(message, XS_WRITE, "/a\0value", 8);

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		struct reply reply;

		assert_int_equal(put_bytes(0, message, cut), cut);
		settle();
		if (cut < len)
			assert_false(get_message(0, &reply));
		assert_int_equal(put_bytes(0, message + cut, len - cut), len - cut);
		assert_true(get_message(0, &reply));
		assert_int_equal(reply.hdr.type, XS_WRITE);
		assert_int_equal(reply.hdr.req_id, 99);
		assert_value(0, "/a", "value");
		assert_int_equal(remove_path(0, 0, "/a"), 0);
	}
}

/* The indexes wrap around in 32 bits and the ring in 1024 bytes. */
static void test_wrap(void **state)
{
	struct xenstore_domain_interface *page = domains[0].page;

	(void)state;
	page->req_cons = page->req_prod = 0xfffffff0;
	page->rsp_cons = page->rsp_prod = 0xffffff00;
	for (int i = 0; i < 200; i++) {
		char value[600];

		memset(value, 'a' + i % 26, sizeof(value));
		value[i * 2] = '\0';
		assert_int_equal(write_node(0, 0, "/w", value), 0);
		assert_value(0, "/w", value);
	}
	assert_true(page->req_prod < 0x100000);
}

static void test_largest(void **state)
{
	char value[XENSTORE_PAYLOAD_MAX];

	(void)state;
	memset(value, 'v', sizeof(value));
	value[XENSTORE_PAYLOAD_MAX - 3] = '\0';
	assert_int_equal(write_node(0, 0, "/a", value), 0);
	assert_value(0, "/a", value);
}

static void test_bad_indexes(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	introduce(2);
	domains[1].page->req_prod = domains[1].page->req_cons + XENSTORE_RING_SIZE + 1;
	assert_dead(1, XENSTORE_ERROR_RINGIDX);
	/* Nobody else notices, and it can start over. */
	assert_int_equal(read_node(2, 0, "/", &reply), EACCES);
	reconnect(1);
	assert_int_equal(read_node(1, 0, "/", &reply), EACCES);
	domains[1].page->rsp_cons = domains[1].page->rsp_prod + 1;
	put_bytes(1, "\2\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0/", 18);
	assert_dead(1, XENSTORE_ERROR_RINGIDX);
	reconnect(1);
	assert_int_equal(read_node(1, 0, "/", &reply), EACCES);
	for (int i = 0; i < 10000; i++) {
		struct xenstore_domain_interface *page = domains[1].page;

		page->req_prod = (uint32_t)rand();
		page->req_cons = page->req_prod - (uint32_t)(rand() % 1200);
		page->rsp_prod = (uint32_t)rand();
		page->rsp_cons = page->rsp_prod - (uint32_t)(rand() % 1200);
		for (int n = 0; n < XENSTORE_RING_SIZE; n++)
			page->req[n] = (char)(rand() % 4 ? rand() % 32 : rand());
		if (rand() % 2)
			page->connection = (uint32_t)(rand() % 3);
		settle();
	}
	reconnect(1);
	assert_int_equal(read_node(2, 0, "/", &reply), EACCES);
}

static void test_too_long(void **state)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
	struct reply reply;
	uint32_t tx;

	(void)state;
	introduce(1);
	tx = start(1);
	assert_int_equal(watch(1, "x", "t"), 0);
	put_bytes(1, &hdr, sizeof(hdr));
	assert_dead(1, XENSTORE_ERROR_PROTO);
	/* All it had is given back. */
	assert_int_equal(domain_find(store, 1)->usage.used[QUOTA_WATCHES], 0);
	assert_int_equal(domain_find(store, 1)->usage.used[QUOTA_TRANSACTIONS], 0);
	assert_int_equal(domain_find(store, 1)->usage.used[QUOTA_MEMORY], 0);
	domains[1].events = 0;
	domains[1].page->rsp_cons = domains[1].page->rsp_prod;
	reconnect(1);
	assert_int_equal(read_node(1, tx, "x", &reply), ENOENT);
}

/* A start over in the middle of a request forgets its first half. */
static void test_reconnect_in_request(void **state)
{
	char message[64];
	struct reply reply;
	size_t len = build(message, XS_READ, "/", 2);

	(void)state;
	introduce(1);
	put_bytes(1, message, len - 1);
	settle();
	reconnect(1);
	assert_int_equal(read_node(1, 0, "/", &reply), EACCES);
}

/* Requests without end and no reply taken: the daemon stops reading. */
static void test_never_reads_replies(void **state)
{
	char message[64];
	size_t len = build(message, XS_READ, "/local", 7);
	const struct conn *conn;
	struct reply reply;
	size_t replies = 0, put, partial = 0;

	(void)state;
	introduce(1);
	conn = domain_find(store, 1)->conn;
	for (int i = 0; i < 10000; i++) {
		put = put_bytes(1, message + partial, len - partial);
		partial = (partial + put) % len;
		settle();
		assert_true(conn->out_replies <= store->limits.max[QUOTA_OUTSTANDING]);
	}
	assert_int_equal(domains[1].page->req_prod - domains[1].page->req_cons, XENSTORE_RING_SIZE);
	/* Others are served. */
	assert_int_equal(write_node(0, 0, "/x", "1"), 0);
	/* And it is again, once it listens. */
	while (get_message(1, &reply)) {
		assert_int_equal(reply.hdr.type, XS_ERROR);
		replies++;
	}
	assert_true(replies > 20);
	put_bytes(1, message + partial, len - partial);
	assert_true(get_message(1, &reply));
}

/* Two that ask all the time are served in turns. */
static void test_fair(void **state)
{
	char message[64];
	size_t len = build(message, XS_READ, "/", 2);
	struct conn *first, *second, *conn;
	int served = 0;

	(void)state;
	introduce(1);
	introduce(2);
	first = domain_find(store, 1)->conn;
	second = domain_find(store, 2)->conn;
	for (size_t i = 0; i < 20; i++)
		put_bytes(1, message, len);
	put_bytes(2, message, len);
	conn_wake(first);
	conn_wake(second);
	/* The second has its reply after one turn of each, not after twenty of the first. */
	while (domains[2].page->rsp_prod == domains[2].page->rsp_cons) {
		conn = TAILQ_FIRST(store->ready);
		assert_non_null(conn);
		TAILQ_REMOVE(store->ready, conn, ready_link);
		conn->ready = false;
		conn_turn(conn);
		served += conn == first;
	}
	assert_int_equal(served, 1);
	settle();
}

static void test_notifications(void **state)
{
	struct reply reply;
	unsigned int before;

	(void)state;
	introduce(1);
	before = domains[1].notified;
	settle();
	assert_int_equal(domains[1].notified, before);
	assert_int_equal(read_node(1, 0, "/", &reply), EACCES);
	assert_true(domains[1].notified > before);
	assert_int_equal(domains[1].page->server_features & 3, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_split_everywhere),
		TEST(test_wrap),
		TEST(test_largest),
		TEST(test_bad_indexes),
		TEST(test_too_long),
		TEST(test_reconnect_in_request),
		TEST(test_never_reads_replies),
		TEST(test_fair),
		TEST(test_notifications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
