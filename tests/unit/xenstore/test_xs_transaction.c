/* SPDX-License-Identifier: MIT */
/*
 * Transactions: isolation, what conflicts and what does not, what becomes of changes at commit. The
 * last test runs random transactions of several clients against a model with the plainest possible
 * semantics.
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

static int list_node(uint32_t tx, const char *path)
{
	struct reply reply;

	return call_strings(0, XS_DIRECTORY, tx, &reply, path, NULL);
}

static void test_isolation(void **state)
{
	struct reply reply;
	uint32_t tx, other;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a", "old"), 0);
	tx = start(0);
	other = start(0);
	assert_int_equal(write_node(0, tx, "/a", "new"), 0);
	assert_int_equal(write_node(0, tx, "/b/c", "new"), 0);
	assert_value(tx, "/a", "new");
	assert_value(0, "/a", "old");
	assert_value(other, "/a", "old");
	assert_int_equal(read_node(0, 0, "/b", &reply), ENOENT);
	/* What others do afterwards is not seen either. */
	assert_int_equal(write_node(0, 0, "/later", "1"), 0);
	assert_int_equal(read_node(0, other, "/later", &reply), ENOENT);
	assert_int_equal(finish(0, tx, true), 0);
	assert_value(0, "/a", "new");
	assert_value(0, "/b/c", "new");
	assert_value(other, "/a", "old");
	assert_int_equal(finish(0, other, true), 0);
}

static void test_abort(void **state)
{
	struct reply reply;
	uint32_t tx = start(0);

	(void)state;
	assert_int_equal(write_node(0, tx, "/a/b", "1"), 0);
	assert_int_equal(finish(0, tx, false), 0);
	assert_int_equal(read_node(0, 0, "/a", &reply), ENOENT);
	assert_int_equal(finish(0, tx, false), ENOENT);
	assert_int_equal(read_node(0, tx, "/", &reply), ENOENT);
}

static void test_ids(void **state)
{
	struct reply reply;
	uint32_t tx = start(0);

	(void)state;
	assert_int_equal(call_strings(0, XS_TRANSACTION_START, tx, &reply, "", NULL), EBUSY);
	assert_int_equal(read_node(0, tx + 1, "/", &reply), ENOENT);
	assert_int_equal(finish(0, 0, true), ENOENT);
	assert_int_equal(call_strings(0, XS_TRANSACTION_END, tx, &reply, "X", NULL), EINVAL);
	assert_int_equal(finish(0, tx, true), 0);
	/* Another connection's transaction is not ours. */
	introduce(1);
	tx = start(1);
	assert_int_equal(read_node(0, tx, "/", &reply), ENOENT);
	assert_int_equal(finish(1, tx, true), 0);
}

/* One transaction that uses what another changes meanwhile. */
static void test_conflicts(void **state)
{
	struct reply reply;
	uint32_t tx;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a/b/c", "1"), 0);

	tx = start(0); /* read, then changed */
	assert_value(tx, "/a/b/c", "1");
	assert_int_equal(write_node(0, tx, "/out", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/b/c", "2"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);
	assert_int_equal(read_node(0, 0, "/out", &reply), ENOENT);

	tx = start(0); /* both write */
	assert_int_equal(write_node(0, tx, "/a/b/c", "3"), 0);
	assert_int_equal(write_node(0, 0, "/a/b/c", "4"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);
	assert_value(0, "/a/b/c", "4");

	tx = start(0); /* not there, then created */
	assert_int_equal(read_node(0, tx, "/a/new", &reply), ENOENT);
	assert_int_equal(write_node(0, tx, "/out", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/new", "1"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);

	tx = start(0); /* listed, then a child more */
	assert_int_equal(list_node(tx, "/a"), 0);
	assert_int_equal(write_node(0, tx, "/out", "1"), 0);
	assert_int_equal(write_node(0, 0, "/a/newer", "1"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);

	tx = start(0); /* removed, then something below written */
	assert_int_equal(remove_path(0, tx, "/a"), 0);
	assert_int_equal(write_node(0, 0, "/a/b/c", "5"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);
	assert_value(0, "/a/b/c", "5");

	tx = start(0); /* read, then removed and made again the same */
	assert_value(tx, "/a/b/c", "5");
	assert_int_equal(write_node(0, tx, "/out", "1"), 0);
	assert_int_equal(remove_path(0, 0, "/a/b"), 0);
	assert_int_equal(write_node(0, 0, "/a/b/c", "5"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);

	tx = start(0); /* created below what is gone */
	assert_int_equal(write_node(0, tx, "/a/b/d", "1"), 0);
	assert_int_equal(remove_path(0, 0, "/a/b"), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);

	tx = start(0); /* permissions */
	assert_int_equal(call_strings(0, XS_GET_PERMS, tx, &reply, "/a", NULL), 0);
	assert_int_equal(write_node(0, tx, "/out", "1"), 0);
	assert_int_equal(call_strings(0, XS_SET_PERMS, 0, &reply, "/a", "r0", NULL), 0);
	assert_int_equal(finish(0, tx, true), EAGAIN);
}

static void test_no_conflict(void **state)
{
	struct reply reply;
	uint32_t one, two, reader;

	(void)state;
	assert_int_equal(write_node(0, 0, "/dom/1/x", "1"), 0);
	assert_int_equal(write_node(0, 0, "/dom/2/x", "1"), 0);
	assert_int_equal(write_node(0, 0, "/gone/x", "1"), 0);
	one = start(0);
	two = start(0);
	reader = start(0);
	/* Different nodes, also new ones in the same directory, and a removal elsewhere. */
	assert_int_equal(write_node(0, one, "/dom/1/x", "2"), 0);
	assert_int_equal(write_node(0, one, "/dom/3/a/b", "3"), 0);
	assert_int_equal(write_node(0, two, "/dom/2/x", "4"), 0);
	assert_int_equal(write_node(0, two, "/dom/4/a/b", "5"), 0);
	assert_int_equal(remove_path(0, two, "/gone"), 0);
	/* Reading only: consistent as of its start, nothing to conflict. */
	assert_value(reader, "/dom/1/x", "1");
	assert_int_equal(write_node(0, 0, "/other", "6"), 0);
	assert_int_equal(finish(0, one, true), 0);
	assert_int_equal(finish(0, two, true), 0);
	assert_int_equal(finish(0, reader, true), 0);
	assert_value(0, "/dom/1/x", "2");
	assert_value(0, "/dom/3/a/b", "3");
	assert_value(0, "/dom/2/x", "4");
	assert_value(0, "/dom/4/a/b", "5");
	assert_value(0, "/other", "6");
	assert_int_equal(read_node(0, 0, "/gone", &reply), ENOENT);
}

/* Removal and creation of the same things within one transaction, committed onto a changed tree. */
static void test_merge_order(void **state)
{
	struct reply reply;
	uint32_t tx;

	(void)state;
	assert_int_equal(write_node(0, 0, "/a/old", "1"), 0);
	tx = start(0);
	assert_int_equal(write_node(0, tx, "/a/x", "1"), 0);
	assert_int_equal(remove_path(0, tx, "/a"), 0);
	assert_int_equal(write_node(0, tx, "/a/y", "2"), 0);
	assert_int_equal(write_node(0, tx, "/a/y", "3"), 0);
	assert_int_equal(write_node(0, tx, "/b/x", "1"), 0);
	assert_int_equal(remove_path(0, tx, "/b/x"), 0);
	assert_int_equal(call_strings(0, XS_SET_PERMS, tx, &reply, "/a/y", "n0", "r5", NULL), 0);
	assert_int_equal(write_node(0, 0, "/unrelated", "1"), 0);
	assert_int_equal(finish(0, tx, true), 0);
	assert_int_equal(read_node(0, 0, "/a/x", &reply), ENOENT);
	assert_int_equal(read_node(0, 0, "/a/old", &reply), ENOENT);
	assert_value(0, "/a/y", "3");
	assert_int_equal(read_node(0, 0, "/b/x", &reply), ENOENT);
	assert_value(0, "/b", "");
	assert_int_equal(call_strings(0, XS_GET_PERMS, 0, &reply, "/a/y", NULL), 0);
	assert_memory_equal(reply.payload, "n0\0r5\0", 6);
}

static void test_node_limit(void **state)
{
	struct reply reply;
	uint32_t tx;

	(void)state;
	store->limits.max[QUOTA_TRANSACTION_NODES] = 10;
	introduce(1);
	tx = start(1);
	for (int i = 0; i < 10; i++) {
		char path[32];

		snprintf(path, sizeof(path), "x%d", i);
		assert_int_equal(read_node(1, tx, path, &reply), EACCES);
	}
	assert_int_equal(read_node(1, tx, "more", &reply), ENOSPC);
	assert_int_equal(read_node(1, tx, "x0", &reply), EACCES);
	assert_int_equal(finish(1, tx, true), 0);
}

/* --- Random transactions against a model --- */

#define KEYS    12
#define CLIENTS 3
#define RUNS    4000
#define PER_RUN 12
#define ABSENT  (-1)

/* Keys 0..3 are /k0../k3, key 4+2i and 5+2i are children of /ki. */
struct model_store {
	int value[KEYS];
};

struct model_client {
	uint32_t tx;
	struct model_store view;
	struct model_store at_start;
	bool used[KEYS];
	bool wrote;
};

static int parent_key(int key)
{
	return key < 4 ? -1 : (key - 4) / 2;
}

static const char *key_path(int key)
{
	static char path[32];

	if (key < 4)
		snprintf(path, sizeof(path), "/k%d", key);
	else
		snprintf(path, sizeof(path), "/k%d/c%d", parent_key(key), key % 2);
	return path;
}

static void model_write(struct model_store *model, int key, int value)
{
	if (parent_key(key) >= 0 && model->value[parent_key(key)] == ABSENT)
		model->value[parent_key(key)] = 0;
	model->value[key] = value;
}

static void model_remove(struct model_store *model, int key)
{
	model->value[key] = ABSENT;
	for (int i = 4; i < KEYS; i++) {
		if (parent_key(i) == key)
			model->value[i] = ABSENT;
	}
}

/* Does the same to the store and the model; key's state must agree. */
static void random_operation(uint32_t tx, struct model_store *model, bool *used, bool *wrote)
{
	int key = rand() % KEYS, value = 1 + rand() % 1000;
	const char *path = key_path(key);
	struct reply reply;
	char text[16];
	int ret;

	if (used) {
		used[key] = true;
		if (parent_key(key) >= 0 && model->value[key] == ABSENT)
			used[parent_key(key)] = true;
	}
	snprintf(text, sizeof(text), "%d", value);
	switch (rand() % 3) {
	case 0:
		ret = read_node(0, tx, path, &reply);
		assert_int_equal(ret, model->value[key] == ABSENT ? ENOENT : 0);
		if (!ret)
			assert_int_equal(atoi(reply.payload), model->value[key]);
		break;
	case 1:
		assert_int_equal(write_node(0, tx, path, text), 0);
		model_write(model, key, value);
		*wrote = true;
		break;
	default:
		ret = remove_path(0, tx, path);
		if (parent_key(key) >= 0 && model->value[parent_key(key)] == ABSENT) {
			assert_int_equal(ret, ENOENT);
			break;
		}
		assert_int_equal(ret, 0);
		for (int i = 4; used && i < KEYS; i++)
			used[i] |= parent_key(i) == key;
		*wrote |= model->value[key] != ABSENT;
		model_remove(model, key);
	}
}

static void compare(uint32_t tx, const struct model_store *model)
{
	for (int key = 0; key < KEYS; key++) {
		struct reply reply;
		int ret = read_node(0, tx, key_path(key), &reply);

		assert_int_equal(ret, model->value[key] == ABSENT ? ENOENT : 0);
		if (!ret)
			assert_int_equal(atoi(reply.payload), model->value[key]);
	}
}

/*
 * At commit: either success, and then what was used has the values it had at the start (serial
 * order), and the live store takes on what the transaction made of it; or EAGAIN, and then
 * something was written meanwhile.
 */
static void commit(struct model_client *client, struct model_store *live, bool written_meanwhile)
{
	int ret = finish(0, client->tx, true);

	if (ret) {
		assert_int_equal(ret, EAGAIN);
		assert_true(client->wrote && written_meanwhile);
		return;
	}
	for (int key = 0; key < KEYS && client->wrote; key++) {
		if (!client->used[key])
			continue;
		assert_int_equal(live->value[key], client->at_start.value[key]);
		live->value[key] = client->view.value[key];
	}
}

static void test_random(void **state)
{
	struct model_store live;
	unsigned int conflicts = 0;

	(void)state;
	srand(7);
	for (int key = 0; key < KEYS; key++)
		live.value[key] = ABSENT;
	for (int run = 0; run < RUNS; run++) {
		struct model_client clients[CLIENTS] = { 0 };
		bool written = false;

		for (int i = 0; i < CLIENTS; i++) {
			clients[i].tx = start(0);
			clients[i].view = live;
			clients[i].at_start = live;
		}
		for (int i = 0; i < PER_RUN; i++) {
			struct model_client *client = &clients[rand() % CLIENTS];

			if (rand() % 8)
				random_operation(client->tx, &client->view, client->used,
						 &client->wrote);
			else
				random_operation(0, &live, NULL, &written);
		}
		for (int i = 0; i < CLIENTS; i++) {
			struct model_store before = live;

			compare(clients[i].tx, &clients[i].view);
			/* The comparison used everything. */
			for (int key = 0; key < KEYS; key++)
				clients[i].used[key] = true;
			commit(&clients[i], &live, written);
			conflicts += !memcmp(&before, &live, sizeof(live));
			written |= clients[i].wrote;
			compare(0, &live);
		}
	}
	assert_true(conflicts > RUNS / 10);
	assert_int_equal(store_check(store), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_setup, harness_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_isolation),  TEST(test_abort),       TEST(test_ids),
		TEST(test_conflicts),  TEST(test_no_conflict), TEST(test_merge_order),
		TEST(test_node_limit), TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
