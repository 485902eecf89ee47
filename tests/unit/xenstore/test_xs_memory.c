/* SPDX-License-Identifier: MIT */
/*
 * Running out of memory at any allocation: the operation fails with ENOMEM and has changed nothing,
 * or succeeds; the store goes on. malloc, calloc and realloc are wrapped by the linker.
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
#include "xenstore/daemon/transaction.h"
#include "xenstore/daemon/watch.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

/* Allocations that still succeed, and how many fail after them. */
static long until_failure, failures_left;

static bool fails(void)
{
	if (!failures_left)
		return false;
	if (until_failure) {
		until_failure--;
		return false;
	}
	failures_left--;
	return true;
}

/* Lets all succeed again. */
static void heal(void)
{
	failures_left = 0;
}

static void fail_after(long count, long failures)
{
	until_failure = count;
	failures_left = failures;
}

void *__wrap_malloc(size_t bytes)
{
	return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return fails() ? NULL : __real_realloc(old, bytes);
}

static struct view live_view(void)
{
	return (struct view){ .store = store, .who = domain_find(store, 0) };
}

/* The whole tree as text. */
static void print_tree(const struct node *node, int depth, FILE *out)
{
	struct node_cursor cursor = { 0, 0 };
	const struct node *child;

	fprintf(out, "%*s%s=%.*s n%u\n", depth, "", node_name(node), node->value_len,
		node_value(node), perm_owner(node->perms));
	while ((child = node_next_child(node, &cursor)))
		print_tree(child, depth + 1, out);
}

static char *tree_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print_tree(store->root, 0, out);
	fclose(out);
	return text;
}

static int do_write(const char *path)
{
	struct view view = live_view();

	return store_write(&view, path, "new value", 9);
}

static int write_existing(void)
{
	return do_write("/a/b/c");
}

static int write_deep(void)
{
	return do_write("/x/y/z/w");
}

static int write_beside_many(void)
{
	return do_write("/many/node-99x");
}

static int remove_subtree(void)
{
	struct view view = live_view();

	return store_remove(&view, "/a");
}

static int change_owner(void)
{
	struct view view = live_view();
	struct xs_permissions perms[] = { { .id = 5, .perms = XS_PERM_READ } };

	return store_set_perms(&view, "/a/b", perms, 1);
}

/* A transaction with a bit of everything; outside is written meanwhile if merge is set. */
static int run_transaction(bool merge)
{
	struct view view = live_view();
	struct xs_permissions perms[] = { { .id = 6, .perms = XS_PERM_READ } };
	int ret = transaction_start(view.who->conn, &view.tx);

	if (ret)
		return ret;
	ret = store_write(&view, "/t/u/v", "1", 1);
	if (!ret)
		ret = store_remove(&view, "/a/b");
	if (!ret)
		ret = store_write(&view, "/many/node-50/below", "2", 1);
	if (!ret)
		ret = store_set_perms(&view, "/many/node-51", perms, 1);
	if (!ret && merge) {
		struct view other = live_view();
		long saved = failures_left;

		heal();
		assert_int_equal(store_write(&other, "/outside", "same", 4), 0);
		failures_left = saved;
	}
	if (!ret)
		return transaction_commit(view.tx);
	transaction_abort(view.tx);
	return ret;
}

static int transaction_alone(void)
{
	return run_transaction(false);
}

static int transaction_merged(void)
{
	return run_transaction(true);
}

static int add_watch(void)
{
	struct watch *watch;

	return watch_add(domain_find(store, 0)->conn, "/some/where/deep", 0, "token", ANY_DEPTH,
			 &watch);
}

static int introduce_domain(void)
{
	return domain_introduce(store, 7, 1, 1);
}

static int (*const operations[])(void) = {
	write_existing, write_deep,        write_beside_many,  remove_subtree,   change_owner,
	add_watch,      transaction_alone, transaction_merged, introduce_domain,
};
#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void fill(void)
{
	struct view view = live_view();
	char path[32];

	assert_int_equal(store_write(&view, "/a/b/c", "1", 1), 0);
	assert_int_equal(store_write(&view, "/a/d", "1", 1), 0);
	assert_int_equal(store_write(&view, "/outside", "same", 4), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/many/node-%02d", i);
		assert_int_equal(store_write(&view, path, "1", 1), 0);
	}
}

/* Each operation with its first, second, ... allocation failing, until it succeeds untouched. */
static void test_every_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_OPERATIONS * 2; i++) {
		long after = 0;
		int ret;

		do {
			char *before, *behind;

			assert_int_equal(harness_setup(NULL), 0);
			fill();
			before = tree_text();
			/* Half of the time the memory stays gone for a while. */
			fail_after(after++, i % 2 ? 1 : 1000);
			ret = operations[i / 2]();
			heal();
			behind = tree_text();
			if (ret) {
				assert_int_equal(ret, -ENOMEM);
				assert_string_equal(before, behind);
			}
			free(before);
			free(behind);
			assert_int_equal(harness_teardown(NULL), 0);
		} while (ret);
	}
}

/* An event that cannot be queued is made up for later. */
static void test_event_lost(void **state)
{
	(void)state;
	assert_int_equal(harness_setup(NULL), 0);
	assert_int_equal(write_node(0, 0, "/w/x", "1"), 0);
	assert_int_equal(watch(0, "/w", "t"), 0);
	assert_event(0, "/w", "t");
	/* The first allocation is the new node, the second the event. */
	fail_after(1, 1);
	assert_int_equal(do_write("/w/x"), 0);
	heal();
	assert_event(0, "/w", "t");
	assert_no_event(0);
	assert_int_equal(harness_teardown(NULL), 0);
}

/* A reply that cannot be given ends the connection of that one only. */
static void test_reply_lost(void **state)
{
	char message[] = "\2\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0/";
	struct reply reply;

	(void)state;
	assert_int_equal(harness_setup(NULL), 0);
	introduce(1);
	assert_int_equal(put_bytes(1, message, sizeof(message)), sizeof(message));
	/* The first allocation is the request, the second the reply. */
	fail_after(1, 1);
	settle();
	heal();
	assert_int_equal(domains[1].page->error, XENSTORE_ERROR_COMM);
	assert_int_equal(read_node(0, 0, "/", &reply), 0);
	domains[1].page->connection = XENSTORE_RECONNECT;
	settle();
	assert_int_equal(read_node(1, 0, "/", &reply), EACCES);
	assert_int_equal(harness_teardown(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation),
		cmocka_unit_test(test_event_lost),
		cmocka_unit_test(test_reply_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
