/* SPDX-License-Identifier: MIT */
/*
 * The persistent tree against a flat model: random changes, with old versions kept, which must not
 * change.
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

#include "xenstore/daemon/path.h"
#include "xenstore/daemon/tree.h"

#define NAMES    40 /* per level: more than one chunk holds */
#define LEVELS   3
#define VERSIONS 8
#define STEPS    60000

static struct perm_set *perms;
static uint64_t stamp;

/* Nodes of the model by index: 0 is the root, level 1 is 1..NAMES, and so on; value 0: absent. */
#define MODEL_SIZE (1 + NAMES + NAMES * NAMES + NAMES * NAMES * 2)

struct model {
	int value[MODEL_SIZE];
};

struct version {
	struct node *root;
	struct model model;
};

/* A random node's path and its index; the third level is narrow. */
static int random_path(char *path)
{
	int depth = 1 + rand() % LEVELS;
	int a = rand() % NAMES, b = rand() % NAMES, c = rand() % 2;

	if (depth == 1) {
		sprintf(path, "/n%d", a);
		return 1 + a;
	}
	if (depth == 2) {
		sprintf(path, "/n%d/n%d", a, b);
		return 1 + NAMES + a * NAMES + b;
	}
	sprintf(path, "/n%d/n%d/n%d", a, b, c);
	return 1 + NAMES + NAMES * NAMES + (a * NAMES + b) * 2 + c;
}

static int parent_of(int index)
{
	if (index <= NAMES)
		return 0;
	if (index <= NAMES + NAMES * NAMES)
		return 1 + (index - 1 - NAMES) / NAMES;
	return 1 + NAMES + (index - 1 - NAMES - NAMES * NAMES) / 2;
}

static void path_of(int index, char *path)
{
	int parent = parent_of(index), number;

	if (!index) {
		path[0] = '\0';
		return;
	}
	path_of(parent, path);
	if (index <= NAMES)
		number = index - 1;
	else if (index <= NAMES + NAMES * NAMES)
		number = (index - 1 - NAMES) % NAMES;
	else
		number = (index - 1 - NAMES - NAMES * NAMES) % 2;
	sprintf(path + strlen(path), "/n%d", number);
}

static void compare(struct node *root, const struct model *model)
{
	char path[64];
	size_t nodes = 0, listed = 0;

	for (int i = 1; i < MODEL_SIZE; i++) {
		const struct node *node;

		path_of(i, path);
		node = tree_find(root, path, strlen(path), NULL);
		assert_int_equal(node != NULL, model->value[i] != 0);
		if (!node)
			continue;
		nodes++;
		listed += node_child_count(node);
		assert_int_equal(node->value_len, sizeof(int));
		assert_memory_equal(node_value(node), &model->value[i], sizeof(int));
	}
	assert_int_equal(listed + node_child_count(root), nodes);
}

/* Children come in ascending order, each once. */
static void check_order(const struct node *node)
{
	struct node_cursor cursor = { 0, 0 };
	const struct node *child, *previous = NULL;
	size_t count = 0;

	while ((child = node_next_child(node, &cursor))) {
		if (previous)
			assert_true(strcmp(node_name(previous), node_name(child)) < 0);
		assert_ptr_equal(node_child(node, node_name(child), child->name_len), child);
		previous = child;
		count++;
		check_order(child);
	}
	assert_int_equal(count, node_child_count(node));
}

static void remove_from_model(struct model *model, int index)
{
	model->value[index] = 0;
	for (int i = index + 1; i < MODEL_SIZE; i++) {
		if (model->value[i] && !model->value[parent_of(i)])
			model->value[i] = 0;
	}
}

static void step(struct node **root, struct model *model)
{
	char path[64];
	int index = random_path(path), value = rand() | 1;
	bool exists = tree_find(*root, path, strlen(path), NULL) != NULL;

	assert_int_equal(exists, model->value[index] != 0);
	if (exists && rand() % 3 == 0) {
		struct node *removed = tree_remove(root, path, ++stamp);

		assert_non_null(removed);
		node_put(removed);
		remove_from_model(model, index);
	} else if (exists) {
		assert_int_equal(tree_set(root, path, &value, sizeof(value), NULL, ++stamp), 0);
		model->value[index] = value;
	} else if (index <= NAMES || model->value[parent_of(index)]) {
		assert_int_equal(tree_create(root, path, strlen(path), &value, sizeof(value), perms,
					     ++stamp),
				 0);
		model->value[index] = value;
	}
}

static void test_versions(void **state)
{
	static struct version kept[VERSIONS];
	static struct model model;
	struct node *root = node_new("", 0, NULL, 0, perms, ++stamp);

	(void)state;
	model.value[0] = 1; /* the root */
	srand(1);
	for (int i = 0; i < STEPS; i++) {
		step(&root, &model);
		if (rand() % 500 == 0) {
			struct version *version = &kept[rand() % VERSIONS];

			if (version->root)
				compare(version->root, &version->model);
			node_put(version->root);
			version->root = node_get(root);
			version->model = model;
		}
		/* Sometimes the kept version goes on instead. */
		if (rand() % 3000 == 0 && kept[0].root) {
			node_put(root);
			root = node_get(kept[0].root);
			model = kept[0].model;
		}
	}
	compare(root, &model);
	check_order(root);
	node_put(root);
	for (int i = 0; i < VERSIONS; i++) {
		if (!kept[i].root)
			continue;
		compare(kept[i].root, &kept[i].model);
		check_order(kept[i].root);
		node_put(kept[i].root);
	}
}

static void test_untouched_subtrees_are_shared(void **state)
{
	struct node *root = node_new("", 0, NULL, 0, perms, ++stamp), *old;
	static const char *const paths[] = { "/a", "/a/x", "/b", "/b/y" };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			tree_create(&root, paths[i], strlen(paths[i]), "v", 1, perms, ++stamp), 0);
	old = node_get(root);
	assert_int_equal(tree_set(&root, "/a/x", "w", 1, NULL, ++stamp), 0);
	assert_ptr_not_equal(root, old);
	assert_ptr_not_equal(tree_find(root, "/a", 2, NULL), tree_find(old, "/a", 2, NULL));
	assert_ptr_equal(tree_find(root, "/b", 2, NULL), tree_find(old, "/b", 2, NULL));
	/* A copy on the way to a change has not itself changed. */
	assert_int_equal(tree_find(root, "/a", 2, NULL)->changed,
			 tree_find(old, "/a", 2, NULL)->changed);
	node_put(old);
	old = root;
	assert_int_equal(tree_set(&root, "/a/x", "z", 1, NULL, ++stamp), 0);
	assert_ptr_equal(root, old);
	node_put(root);
}

static void test_nearest(void **state)
{
	struct node *root = node_new("", 0, NULL, 0, perms, ++stamp);
	struct tree_nearest nearest;

	(void)state;
	assert_null(tree_find(root, "/a/b/c", 6, &nearest));
	assert_ptr_equal(nearest.node, root);
	assert_int_equal(nearest.path_len, 1);
	tree_create(&root, "/a", 2, NULL, 0, perms, ++stamp);
	tree_create(&root, "/a/b", 4, NULL, 0, perms, ++stamp);
	assert_null(tree_find(root, "/a/b/c", 6, &nearest));
	assert_string_equal(node_name(nearest.node), "b");
	assert_int_equal(nearest.path_len, 4);
	assert_ptr_equal(tree_find(root, "/", 1, &nearest), root);
	assert_int_equal(nearest.path_len, 1);
	node_put(root);
}

static void test_path_syntax(void **state)
{
	static const char *const good[] = { "/", "/a", "/a/b-c_d@e/0", "/local/domain/1/x" };
	static const char *const bad[] = { "",     "a",    "//",    "/a/",  "/a//b",
					   "/a b", "/a.b", "/\x80", "/a\n", "@x" };
	char path[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(path_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(path_is_valid(bad[i]));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[XENSTORE_REL_PATH_MAX] = '\0';
	assert_true(path_is_valid(path));
	path[XENSTORE_REL_PATH_MAX] = 'x';
	path[XENSTORE_REL_PATH_MAX + 1] = '\0';
	assert_false(path_is_valid(path));
	/* The prefix of a domain's own paths does not count. */
	memcpy(path, "/local/domain/7/", 16);
	assert_true(path_is_valid(path));
	assert_int_equal(path_parent_len("/a/b", 4), 2);
	assert_int_equal(path_parent_len("/a", 2), 1);
	assert_int_equal(path_parent_len("/", 1), 0);
}

static int setup(void **state)
{
	static const struct xs_permissions entry = { .id = 0, .perms = XS_PERM_NONE };

	(void)state;
	perms = perm_set_new(&entry, 1, 1);
	return perms ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	/* All nodes have given theirs back. */
	assert_int_equal(perms->refs, 1);
	perm_set_put(perms);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_untouched_subtrees_are_shared),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_path_syntax),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
