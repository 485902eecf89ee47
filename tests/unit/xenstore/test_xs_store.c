/* SPDX-License-Identifier: MIT */
/*
 * The operations as domains see them over their rings: permissions, limits, life and death of
 * domains.
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
#include "xenstore/daemon/watch.h"

static int set_perms(uint32_t domid, uint32_t tx, const char *path, const char *a, const char *b)
{
	struct reply reply;

	return call_strings(domid, XS_SET_PERMS, tx, &reply, path, a, b, NULL);
}

/* /local/domain/N as a toolstack makes it, with a directory that the domain owns. */
static void make_home(uint32_t domid)
{
	char path[64], owner[16], reader[16];

	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	snprintf(owner, sizeof(owner), "n%u", domid);
	snprintf(reader, sizeof(reader), "r%u", domid);
	assert_int_equal(make_node(0, 0, path), 0);
	assert_int_equal(set_perms(0, 0, path, "n0", reader), 0);
	snprintf(path, sizeof(path), "/local/domain/%u/data", domid);
	assert_int_equal(make_node(0, 0, path), 0);
	assert_int_equal(set_perms(0, 0, path, owner, NULL), 0);
}

static uint32_t nodes_of(uint32_t domid)
{
	return domain_find(store, domid)->usage.used[QUOTA_NODES];
}

static void test_read_write(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a/b/c", "value"), 0);
	assert_value(0, "/a/b/c", "value");
	assert_value(0, "/a/b", "");
	assert_value(0, "/a", "");
	assert_int_equal(read_node(0, 0, "/a/x", &reply), ENOENT);
	assert_int_equal(write_node(0, 0, "/a/b", "middle"), 0);
	assert_value(0, "/a/b/c", "value");
	/* Values are bytes. */
	assert_int_equal(call(0, XS_WRITE, 0, "/bin\0a\0b\0", 9, &reply), 0);
	assert_int_equal(read_node(0, 0, "/bin", &reply), 0);
	assert_int_equal(reply.hdr.len, 4);
	assert_memory_equal(reply.payload, "a\0b\0", 4);
	/* MKDIR leaves a value alone. */
	assert_int_equal(make_node(0, 0, "/a/b"), 0);
	assert_value(0, "/a/b", "middle");
	/* Relative paths are the caller's own. */
	assert_int_equal(write_node(0, 0, "name", "Domain-0"), 0);
	assert_value(0, "/local/domain/0/name", "Domain-0");
}

static void test_remove(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a/b/c", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/b/d", "2"), 0);
	assert_int_equal(remove_path(0, 0, "/a/b"), 0);
	assert_int_equal(read_node(0, 0, "/a/b/c", &reply), ENOENT);
	/* Gone already is fine, a missing parent is not. */
	assert_int_equal(remove_path(0, 0, "/a/b"), 0);
	assert_int_equal(remove_path(0, 0, "/a/b/c"), ENOENT);
	assert_int_equal(remove_path(0, 0, "/"), EINVAL);
	assert_int_equal(remove_path(0, 0, "/a"), 0);
	assert_int_equal(nodes_of(0), 1);
}

static void test_directory(void **state)
{
	struct reply reply;
	char path[64];
	size_t have = 0, generation;

	(void)state;
	assert_int_equal(write_node(0, 0, "/d/b", ""), 0);
	assert_int_equal(write_node(0, 0, "/d/a", ""), 0);
	assert_int_equal(call_strings(0, XS_DIRECTORY, 0, &reply, "/d", NULL), 0);
	assert_int_equal(reply.hdr.len, 4);
	assert_memory_equal(reply.payload, "a\0b\0", 4);
	assert_int_equal(call_strings(0, XS_DIRECTORY, 0, &reply, "/d/a", NULL), 0);
	assert_int_equal(reply.hdr.len, 0);
	assert_int_equal(call_strings(0, XS_DIRECTORY, 0, &reply, "/x", NULL), ENOENT);

	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/big/node-%06d", i);
		assert_int_equal(write_node(0, 0, path, ""), 0);
	}
	assert_int_equal(call_strings(0, XS_DIRECTORY, 0, &reply, "/big", NULL), E2BIG);
	for (;;) {
		snprintf(path, sizeof(path), "%zu", have);
		assert_int_equal(call_strings(0, XS_DIRECTORY_PART, 0, &reply, "/big", path, NULL),
				 0);
		generation = strlen(reply.payload) + 1;
		assert_true(reply.hdr.len > generation);
		have += reply.hdr.len - generation;
		if (!reply.payload[reply.hdr.len - 1] && !reply.payload[reply.hdr.len - 2])
			break;
	}
	assert_int_equal(have - 1, 1000 * sizeof("node-000000"));
	assert_int_equal(call_strings(0, XS_DIRECTORY_PART, 0, &reply, "/big", NULL), EINVAL);
}

static void test_bad_arguments(void **state)
{
	struct reply reply;
	char path[XENSTORE_PAYLOAD_MAX];

	(void)state;
	assert_int_equal(call(0, XS_READ, 0, "", 0, &reply), EINVAL);
	assert_int_equal(call(0, XS_READ, 0, "/a", 2, &reply), EINVAL);
	assert_int_equal(call(0, XS_READ, 0, "/a\0b", 5, &reply), EINVAL);
	assert_int_equal(call(0, XS_WRITE, 0, "/a", 2, &reply), EINVAL);
	assert_int_equal(write_node(0, 0, "/a//b", ""), EINVAL);
	assert_int_equal(write_node(0, 0, "/a/", ""), EINVAL);
	assert_int_equal(write_node(0, 0, "/a b", ""), EINVAL);
	assert_int_equal(write_node(0, 0, "", ""), EINVAL);
	assert_int_equal(write_node(0, 0, "@introduceDomain", ""), EINVAL);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[XENSTORE_REL_PATH_MAX + 1] = '\0';
	assert_int_equal(write_node(0, 0, path, ""), EINVAL);
	path[XENSTORE_ABS_PATH_MAX + 1] = '\0';
	assert_int_equal(write_node(0, 0, path, ""), EINVAL);
	assert_int_equal(call(0, 20, 0, "", 1, &reply), ENOSYS);
	assert_int_equal(call(0, XS_WATCH_EVENT, 0, "", 1, &reply), ENOSYS);
	assert_int_equal(call(0, XS_TYPE_COUNT, 0, "", 1, &reply), ENOSYS);
	assert_int_equal(call(0, 0xffffffff, 0, "", 1, &reply), ENOSYS);
	assert_int_equal(set_perms(0, 0, "/", "x0", NULL), EINVAL);
	assert_int_equal(set_perms(0, 0, "/", "r", NULL), EINVAL);
	assert_int_equal(set_perms(0, 0, "/", "r1x", NULL), EINVAL);
	assert_int_equal(set_perms(0, 0, "/", NULL, NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_CONTROL, 0, &reply, "no such command", NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_CONTROL, 0, &reply, "check", NULL), 0);
	assert_string_equal(reply.payload, "OK");
}

static void test_permissions(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	introduce(2);
	make_home(1);
	assert_int_equal(write_node(0, 0, "/secret/x", "1"), 0);
	/* Nothing is told of what is below the unreadable. */
	assert_int_equal(read_node(1, 0, "/secret/x", &reply), EACCES);
	assert_int_equal(read_node(1, 0, "/secret/y", &reply), EACCES);
	assert_int_equal(read_node(1, 0, "/nothing", &reply), EACCES);
	assert_int_equal(write_node(1, 0, "/secret/x", "2"), EACCES);
	assert_int_equal(make_node(1, 0, "/mine"), EACCES);
	assert_int_equal(remove_path(1, 0, "/secret/x"), EACCES);
	/* Its own directory: relative, created by it, owned by it. */
	assert_int_equal(write_node(1, 0, "data/x/y", "1"), 0);
	assert_value(0, "/local/domain/1/data/x/y", "1");
	assert_int_equal(call_strings(0, XS_GET_PERMS, 0, &reply, "/local/domain/1/data/x/y", NULL),
			 0);
	assert_string_equal(reply.payload, "n1");
	assert_int_equal(read_node(1, 0, "data/z", &reply), ENOENT);
	assert_int_equal(read_node(1, 0, "name", &reply), ENOENT);
	assert_int_equal(write_node(1, 0, "name", "x"), EACCES);
	assert_int_equal(read_node(2, 0, "/local/domain/1/data/x", &reply), EACCES);
	/* The owner may let others in, and not give the node away. */
	assert_int_equal(set_perms(1, 0, "data/x", "n1", "r2"), 0);
	assert_int_equal(read_node(2, 0, "/local/domain/1/data/x", &reply), 0);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "2"), EACCES);
	assert_int_equal(set_perms(2, 0, "/local/domain/1/data/x", "n2", NULL), EACCES);
	assert_int_equal(set_perms(1, 0, "data/x", "n2", NULL), EPERM);
	assert_int_equal(set_perms(1, 0, "data/x", "b1", NULL), 0);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "2"), 0);
	assert_int_equal(set_perms(1, 0, "data/x", "n1", "w2"), 0);
	assert_int_equal(read_node(2, 0, "/local/domain/1/data/x", &reply), EACCES);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "3"), 0);
	assert_value(0, "/local/domain/1/data/x", "3");
	/* Privileged requests are not theirs. */
	assert_int_equal(call_strings(1, XS_INTRODUCE, 0, &reply, "3", "1", "1", NULL), EACCES);
	assert_int_equal(call_strings(1, XS_RELEASE, 0, &reply, "2", NULL), EACCES);
	assert_int_equal(call_strings(1, XS_SET_TARGET, 0, &reply, "1", "2", NULL), EACCES);
	assert_int_equal(call_strings(1, XS_CONTROL, 0, &reply, "check", NULL), EACCES);
}

static void test_owner_accounting(void **state)
{
	uint32_t before;

	(void)state;
	introduce(1);
	make_home(1);
	before = nodes_of(1);
	assert_int_equal(write_node(1, 0, "data/a/b", "1"), 0);
	assert_int_equal(nodes_of(1), before + 2);
	assert_int_equal(set_perms(0, 0, "/local/domain/1/data/a/b", "n0", NULL), 0);
	assert_int_equal(nodes_of(1), before + 1);
	assert_int_equal(remove_path(1, 0, "data/a"), 0);
	assert_int_equal(nodes_of(1), before);
}

static void test_target(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	introduce(2);
	make_home(1);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "1"), EACCES);
	assert_int_equal(call_strings(0, XS_SET_TARGET, 0, &reply, "2", "9", NULL), ENOENT);
	assert_int_equal(call_strings(0, XS_SET_TARGET, 0, &reply, "2", "1", NULL), 0);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "1"), 0);
	/* Not any more when the target is gone. */
	assert_int_equal(call_strings(0, XS_RELEASE, 0, &reply, "1", NULL), 0);
	assert_int_equal(write_node(2, 0, "/local/domain/1/data/x", "1"), EACCES);
}

static void test_reused_domid(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	make_home(1);
	assert_int_equal(write_node(1, 0, "data/x", "1"), 0);
	assert_int_equal(write_node(0, 0, "/shared", "1"), 0);
	assert_int_equal(set_perms(0, 0, "/shared", "n0", "b1"), 0);
	assert_int_equal(read_node(1, 0, "/shared", &reply), 0);
	domains[1].state = DOMAIN_GONE;
	domains_check(store);
	/* What it owned is gone; what it was allowed is not inherited by the next of that id. */
	assert_int_equal(read_node(0, 0, "/local/domain/1/data", &reply), ENOENT);
	assert_int_equal(read_node(0, 0, "/local/domain/1", &reply), 0);
	domains[1].state = DOMAIN_RUNNING;
	introduce(1);
	assert_int_equal(nodes_of(1), 0);
	assert_int_equal(read_node(1, 0, "/shared", &reply), EACCES);
	/* Nor does a copy that inherits from the old one bring it back. */
	introduce(2);
	assert_int_equal(set_perms(0, 0, "/shared", "n0", "b1"), 0);
	domains[1].state = DOMAIN_GONE;
	domains_check(store);
	domains[1].state = DOMAIN_RUNNING;
	introduce(1);
	assert_int_equal(write_node(0, 0, "/shared/below", "1"), 0);
	assert_int_equal(read_node(1, 0, "/shared/below", &reply), EACCES);
	assert_int_equal(
		call_strings(0, XS_SET_PERMS, 0, &reply, "/shared", "n0", "b2", "r1", NULL), 0);
	domains[1].state = DOMAIN_GONE;
	domains_check(store);
	domains[1].state = DOMAIN_RUNNING;
	introduce(1);
	assert_int_equal(write_node(2, 0, "/shared/owned", "1"), 0);
	assert_int_equal(read_node(1, 0, "/shared/owned", &reply), EACCES);
	assert_int_equal(call_strings(0, XS_GET_PERMS, 0, &reply, "/shared/owned", NULL), 0);
	assert_int_equal(reply.hdr.len, 6);
	assert_memory_equal(reply.payload, "n2\0b2\0", 6);
}

static void test_owned_nodes_elsewhere(void **state)
{
	struct reply reply;

	(void)state;
	introduce(1);
	make_home(1);
	assert_int_equal(write_node(0, 0, "/else/where", "1"), 0);
	assert_int_equal(set_perms(0, 0, "/else/where", "n1", NULL), 0);
	assert_int_equal(write_node(1, 0, "/else/where/deep/er", "1"), 0);
	assert_int_equal(nodes_of(1), 4);
	assert_int_equal(watch(0, "/else", "t"), 0);
	assert_event(0, "/else", "t");
	assert_int_equal(call_strings(0, XS_RELEASE, 0, &reply, "1", NULL), 0);
	assert_int_equal(read_node(0, 0, "/else/where", &reply), ENOENT);
	assert_value(0, "/else", "");
	assert_event(0, "/else/where", "t");
}

static void test_node_limits(void **state)
{
	char path[64], value[3000];
	int created = 0, ret;
	uint32_t tx;

	(void)state;
	store->limits.max[QUOTA_NODES] = 20;
	introduce(1);
	make_home(1);
	do {
		snprintf(path, sizeof(path), "data/%d", created);
		ret = write_node(1, 0, path, "x");
		created += !ret;
	} while (!ret);
	assert_int_equal(ret, ENOSPC);
	assert_int_equal(nodes_of(1), 20);
	/* Neither in a transaction, nor by several at once. */
	tx = start(1);
	assert_int_equal(write_node(1, tx, "data/new", "x"), ENOSPC);
	assert_int_equal(remove_path(1, tx, "data/0"), 0);
	assert_int_equal(write_node(1, tx, "data/new", "x"), 0);
	assert_int_equal(finish(1, tx, true), 0);
	assert_int_equal(nodes_of(1), 20);
	assert_int_equal(write_node(1, 0, "data/1", "changed"), 0);
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(write_node(1, 0, "data/1", value), ENOSPC);
	assert_int_equal(write_node(0, 0, "/local/domain/1/data/1", value), 0);
	/* Domain 0 is not limited. */
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/many/%d", i);
		assert_int_equal(write_node(0, 0, path, "x"), 0);
	}
}

static void test_quota_race(void **state)
{
	uint32_t first, second;

	(void)state;
	introduce(1);
	make_home(1);
	store->limits.max[QUOTA_NODES] = nodes_of(1) + 1;
	first = start(1);
	second = start(1);
	assert_int_equal(write_node(1, first, "data/a", "1"), 0);
	assert_int_equal(write_node(1, second, "data/b", "1"), 0);
	assert_int_equal(finish(1, first, true), 0);
	assert_int_equal(finish(1, second, true), ENOSPC);
}

static void test_other_limits(void **state)
{
	struct reply reply;
	char text[32];

	(void)state;
	introduce(1);
	make_home(1);
	for (uint32_t i = 0; i < store->limits.max[QUOTA_WATCHES]; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(watch(1, "data", text), 0);
		assert_event(1, "data", text);
	}
	assert_int_equal(watch(1, "data", "more"), E2BIG);
	assert_int_equal(call(1, XS_RESET_WATCHES, 0, "", 1, &reply), 0);
	assert_int_equal(watch(1, "data", "more"), 0);
	for (uint32_t i = 0; i < store->limits.max[QUOTA_TRANSACTIONS]; i++)
		assert_int_not_equal(start(1), 0);
	assert_int_equal(call_strings(1, XS_TRANSACTION_START, 0, &reply, "", NULL), ENOSPC);
	assert_int_equal(call(1, XS_RESET_WATCHES, 0, "", 1, &reply), 0);
	assert_int_not_equal(start(1), 0);
	assert_int_equal(call_strings(1, XS_SET_PERMS, 0, &reply, "data", "n1", "r2", "r3", "r4",
				      "r5", "r6", NULL),
			 ENOSPC);
	assert_int_equal(
		call_strings(0, XS_CONTROL, 0, &reply, "quota", "set", "permissions", "6", NULL),
		0);
	assert_int_equal(call_strings(1, XS_SET_PERMS, 0, &reply, "data", "n1", "r2", "r3", "r4",
				      "r5", "r6", NULL),
			 0);
	assert_int_equal(call_strings(1, XS_GET_PERMS, 0, &reply, "data", NULL), 0);
	assert_int_equal(reply.hdr.len, 18);
	assert_memory_equal(reply.payload, "n1\0r2\0r3\0r4\0r5\0r6\0", 18);
}

static void test_memory_limit(void **state)
{
	char path[2000];
	uint32_t tx;
	int ret = 0;

	(void)state;
	introduce(1);
	make_home(1);
	store->limits.max[QUOTA_MEMORY] = 50000;
	tx = start(1);
	memset(path, 'x', sizeof(path));
	for (int i = 0; i < 100 && ret != ENOSPC; i++) {
		struct reply reply;

		snprintf(path + 1900, 20, "%d", i);
		ret = read_node(1, tx, path, &reply);
	}
	assert_int_equal(ret, ENOSPC);
	assert_int_equal(finish(1, tx, false), 0);
	assert_int_equal(domain_find(store, 1)->usage.used[QUOTA_MEMORY], 0);
}

static void test_domain_requests(void **state)
{
	struct reply reply;

	(void)state;
	assert_int_equal(call_strings(0, XS_IS_DOMAIN_INTRODUCED, 0, &reply, "1", NULL), 0);
	assert_string_equal(reply.payload, "F");
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "1", "77", "1", NULL), 0);
	assert_int_equal(call_strings(0, XS_IS_DOMAIN_INTRODUCED, 0, &reply, "1", NULL), 0);
	assert_string_equal(reply.payload, "T");
	assert_int_equal(call_strings(0, XS_IS_DOMAIN_INTRODUCED, 0, &reply, "0", NULL), 0);
	assert_string_equal(reply.payload, "T");
	assert_int_equal(call_strings(0, XS_GET_DOMAIN_PATH, 0, &reply, "1", NULL), 0);
	assert_string_equal(reply.payload, "/local/domain/1");
	/* Again with the same frame is a new event channel; another frame is a mistake. */
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "1", "77", "2", NULL), 0);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "1", "78", "2", NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "0", "78", "2", NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "x", "78", "2", NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "2", "78", NULL), EINVAL);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "40000", "78", "1", NULL),
			 EINVAL);
	assert_int_equal(call_strings(0, XS_INTRODUCE, 0, &reply, "31", "78", "1", NULL), ENOENT);
	assert_int_equal(call_strings(0, XS_RESUME, 0, &reply, "1", NULL), 0);
	assert_int_equal(call_strings(0, XS_RESUME, 0, &reply, "2", NULL), ENOENT);
	assert_int_equal(call_strings(0, XS_RELEASE, 0, &reply, "1", NULL), 0);
	assert_int_equal(call_strings(0, XS_RELEASE, 0, &reply, "1", NULL), ENOENT);
	assert_int_equal(call_strings(0, XS_RELEASE, 0, &reply, "0", NULL), EINVAL);
	assert_null(domains[1].page);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_read_write),
		TEST(test_remove),
		TEST(test_directory),
		TEST(test_bad_arguments),
		TEST(test_permissions),
		TEST(test_owner_accounting),
		TEST(test_target),
		TEST(test_reused_domid),
		TEST(test_owned_nodes_elsewhere),
		TEST(test_node_limits),
		TEST(test_quota_race),
		TEST(test_other_limits),
		TEST(test_memory_limit),
		TEST(test_domain_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
