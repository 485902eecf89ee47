/* SPDX-License-Identifier: MIT */
/*
 * Watches: which events, with which path, to whom; what happens when nobody takes them.
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

static int unwatch(uint32_t domid, const char *path, const char *token)
{
	struct reply reply;

	return call_strings(domid, XS_UNWATCH, 0, &reply, path, token, NULL);
}

static int set_perms(const char *path, const char *a, const char *b)
{
	struct reply reply;

	return call_strings(0, XS_SET_PERMS, 0, &reply, path, a, b, NULL);
}

static void test_basic(void **state)
{
	(void)state;
	/* A watch fires at once, the node need not exist. */
	assert_int_equal(watch(0, "/a/b", "t"), 0);
	assert_event(0, "/a/b", "t");
	assert_int_equal(watch(0, "/a/b", "t"), EEXIST);
	assert_int_equal(watch(0, "/a/b", "t2"), 0);
	assert_event(0, "/a/b", "t2");
	assert_int_equal(unwatch(0, "/a/b", "t2"), 0);
	assert_int_equal(unwatch(0, "/a/b", "t2"), ENOENT);
	assert_int_equal(write_node(0, 0, "/a/b", "1"), 0);
	assert_event(0, "/a/b", "t");
	assert_int_equal(write_node(0, 0, "/a/b/c/d", "1"), 0);
	assert_event(0, "/a/b/c/d", "t");
	/* Neither above nor beside, nor a longer name. */
	assert_int_equal(write_node(0, 0, "/a", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/bb", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/c/b", "1"), 0);
	assert_no_event(0);
	assert_int_equal(set_perms("/a/b/c", "r0", NULL), 0);
	assert_event(0, "/a/b/c", "t");
	assert_int_equal(remove_path(0, 0, "/a/b/c"), 0);
	assert_event(0, "/a/b/c", "t");
	/* Nothing removed, nothing fired; nor for making what is there. */
	assert_int_equal(remove_path(0, 0, "/a/b/c"), 0);
	assert_int_equal(make_node(0, 0, "/a/b"), 0);
	assert_no_event(0);
	assert_int_equal(watch(0, "/", "root"), 0);
	assert_event(0, "/", "root");
	assert_int_equal(write_node(0, 0, "/z", "1"), 0);
	assert_event(0, "/z", "root");
}

static void test_removed_above(void **state)
{
	(void)state;
	assert_int_equal(write_node(0, 0, "/a/b/c", "1"), 0);
	assert_int_equal(watch(0, "/a/b/c", "exists"), 0);
	assert_int_equal(watch(0, "/a/b/x", "does not"), 0);
	assert_event(0, "/a/b/c", "exists");
	assert_event(0, "/a/b/x", "does not");
	/* The event is for the watched path, not for what was removed above it. */
	assert_int_equal(remove_path(0, 0, "/a"), 0);
	assert_event(0, "/a/b/c", "exists");
	assert_no_event(0);
}

static void test_relative(void **state)
{
	(void)state;
	assert_int_equal(watch(0, "x/y", "rel"), 0);
	assert_event(0, "x/y", "rel");
	assert_int_equal(write_node(0, 0, "/local/domain/0/x/y/z", "1"), 0);
	assert_event(0, "x/y/z", "rel");
	assert_int_equal(remove_path(0, 0, "x"), 0);
	assert_event(0, "x/y", "rel");
	assert_int_equal(unwatch(0, "x/y", "rel"), 0);
	assert_int_equal(write_node(0, 0, "x/y", "1"), 0);
	assert_no_event(0);
}

static void test_depth(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(call_strings(0, XS_WATCH, 0, &reply, "/a", "0", "0", NULL), 0);
	assert_int_equal(call_strings(0, XS_WATCH, 0, &reply, "/a", "1", "1", NULL), 0);
	assert_int_equal(call_strings(0, XS_WATCH, 0, &reply, "/a", "x", "x", NULL), EINVAL);
	assert_event(0, "/a", "0");
	assert_event(0, "/a", "1");
	assert_int_equal(write_node(0, 0, "/a/b/c", "1"), 0);
	assert_no_event(0);
	assert_int_equal(write_node(0, 0, "/a/b", "1"), 0);
	assert_event(0, "/a/b", "1");
	assert_no_event(0);
}

static void test_in_transaction(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a/gone/x", "1"), 0);
	assert_int_equal(watch(0, "/a", "t"), 0);
	assert_int_equal(watch(0, "/a/gone/x", "deep"), 0);
	assert_event(0, "/a", "t");
	assert_event(0, "/a/gone/x", "deep");
	tx = start(0);
	assert_int_equal(write_node(0, tx, "/a/1/2", "1"), 0);
	assert_int_equal(write_node(0, tx, "/a/1/2", "2"), 0);
	assert_int_equal(remove_path(0, tx, "/a/gone"), 0);
	assert_int_equal(write_node(0, tx, "/a/temporary", "2"), 0);
	assert_int_equal(remove_path(0, tx, "/a/temporary"), 0);
	assert_no_event(0);
	/* Once for each node that is different afterwards; on the merged path too. */
	assert_int_equal(write_node(0, 0, "/elsewhere", "1"), 0);
	assert_int_equal(finish(0, tx, true), 0);
	assert_event(0, "/a/1/2", "t");
	assert_event(0, "/a/gone", "t");
	assert_event(0, "/a/gone/x", "deep");
	assert_no_event(0);
	tx = start(0);
	assert_int_equal(write_node(0, tx, "/a/1/2", "3"), 0);
	assert_int_equal(finish(0, tx, false), 0);
	assert_no_event(0);
}

static void test_permission(void **state)
{
	(void)state;
	introduce(1);
	assert_int_equal(write_node(0, 0, "/a/b", "1"), 0);
	assert_int_equal(watch(1, "/a", "t"), 0);
	assert_event(1, "/a", "t");
	assert_int_equal(write_node(0, 0, "/a/b", "2"), 0);
	assert_no_event(1);
	/* Both the gain and the loss of the right to read are seen. */
	assert_int_equal(set_perms("/a/b", "n0", "r1"), 0);
	assert_event(1, "/a/b", "t");
	assert_int_equal(write_node(0, 0, "/a/b", "3"), 0);
	assert_event(1, "/a/b", "t");
	assert_int_equal(set_perms("/a/b", "n0", NULL), 0);
	assert_event(1, "/a/b", "t");
	assert_int_equal(write_node(0, 0, "/a/b", "4"), 0);
	assert_no_event(1);
	assert_int_equal(set_perms("/a/b", "n0", "r1"), 0);
	assert_event(1, "/a/b", "t");
	assert_int_equal(remove_path(0, 0, "/a/b"), 0);
	assert_event(1, "/a/b", "t");
}

static void test_special(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(watch(0, "@introduceDomain", "i"), 0);
	assert_int_equal(watch(0, "@releaseDomain", "r"), 0);
	assert_int_equal(watch(0, "/", "root"), 0);
	assert_event(0, "@introduceDomain", "i");
	assert_event(0, "@releaseDomain", "r");
	assert_event(0, "/", "root");
	introduce(1);
	assert_event(0, "@introduceDomain", "i");
	/* Unprivileged watchers get their first event and no more, unless allowed. */
	assert_int_equal(watch(1, "@introduceDomain", "i"), 0);
	assert_event(1, "@introduceDomain", "i");
	introduce(2);
	assert_event(0, "@introduceDomain", "i");
	assert_no_event(1);
	assert_int_equal(set_perms("@introduceDomain", "n0", "r1"), 0);
	assert_int_equal(call_strings(0, XS_GET_PERMS, 0, &reply, "@introduceDomain", NULL), 0);
	assert_memory_equal(reply.payload, "n0\0r1\0", 6);
	introduce(3);
	assert_event(1, "@introduceDomain", "i");
	assert_event(0, "@introduceDomain", "i");
	assert_int_equal(call_strings(1, XS_SET_PERMS, 0, &reply, "@releaseDomain", "n1", NULL),
			 EACCES);
	assert_no_event(0);
	/* A node of that name is something else. */
	assert_int_equal(write_node(0, 0, "/@releaseDomain", "x"), 0);
	assert_event(0, "/@releaseDomain", "root");
	assert_no_event(0);
}

static void test_domain_life(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	introduce(2);
	assert_int_equal(watch(0, "@releaseDomain", "r"), 0);
	assert_event(0, "@releaseDomain", "r");
	assert_int_equal(call_strings(0, XS_WATCH, 0, &reply, "@releaseDomain", "1", "1", NULL), 0);
	assert_event(0, "@releaseDomain", "1");
	assert_int_equal(watch(0, "@releaseDomain/2", "two"), 0);
	assert_event(0, "@releaseDomain/2", "two");
	domains_check(store);
	assert_no_event(0);
	domains[1].state = DOMAIN_SHUT_DOWN;
	domains_check(store);
	assert_event(0, "@releaseDomain/1", "1");
	assert_event(0, "@releaseDomain", "r");
	/* Told once, until it is resumed. */
	domains_check(store);
	assert_no_event(0);
	assert_int_equal(call_strings(0, XS_RESUME, 0, &reply, "1", NULL), 0);
	domains_check(store);
	assert_event(0, "@releaseDomain/1", "1");
	assert_event(0, "@releaseDomain", "r");
	domains[2].state = DOMAIN_GONE;
	domains_check(store);
	assert_event(0, "@releaseDomain/2", "1");
	assert_event(0, "@releaseDomain", "r");
	assert_event(0, "@releaseDomain/2", "two");
	assert_no_event(0);
	assert_null(domain_find(store, 2));
}

/* The same event is not queued twice while nobody reads. */
static void test_repetition(void **state)
{
	(void)state;
	introduce(1);
	assert_int_equal(watch(0, "/a", "t"), 0);
	collect(0);
	domains[0].events = 0;
	/* Fill the response ring so that events wait. */
	assert_int_equal(watch(1, "data", "t"), 0);
	domains[0].page->rsp_prod = domains[0].page->rsp_cons + XENSTORE_RING_SIZE;
	for (int i = 0; i < 1000; i++) {
		struct view view = { .store = store, .who = domain_find(store, 0) };

		assert_int_equal(store_write(&view, i % 2 ? "/a/x" : "/a/y", "v", 1), 0);
	}
	domains[0].page->rsp_cons = domains[0].page->rsp_prod;
	assert_event(0, "/a/y", "t");
	assert_event(0, "/a/x", "t");
	assert_no_event(0);
}

/* A guest that reads nothing costs a bounded amount, and learns that it missed something. */
static void test_overflow(void **state)
{
	struct domain *guest;
	uint32_t before;
	char path[64];
	struct view view = { .store = store, .who = domain_find(store, 0) };
	bool saw_own_path = false;
	struct reply reply;

	(void)state;
	introduce(1);
	guest = domain_find(store, 1);
	assert_int_equal(store_mkdir(&view, "/w"), 0);
	assert_int_equal(set_perms("/w", "r0", NULL), 0);
	assert_int_equal(watch(1, "/w", "t"), 0);
	collect(1);
	for (int i = 0; i < 100000; i++) {
		snprintf(path, sizeof(path), "/w/%d", i);
		assert_int_equal(store_write(&view, path, "v", 1), 0);
		assert_true(guest->conn->out_event_bytes < (300u << 10));
	}
	before = guest->conn->out_event_bytes;
	assert_int_equal(store_write(&view, "/w/again", "v", 1), 0);
	assert_int_equal(guest->conn->out_event_bytes, before);
	domains[1].events = 0;
	while (get_message(1, &reply))
		saw_own_path |= !strcmp(reply.payload, "/w");
	assert_true(saw_own_path);
	assert_int_equal(guest->conn->out_event_bytes, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_basic),    TEST(test_removed_above),  TEST(test_relative),
		TEST(test_depth),    TEST(test_in_transaction), TEST(test_permission),
		TEST(test_special),  TEST(test_domain_life),    TEST(test_repetition),
		TEST(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
