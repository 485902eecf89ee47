/* SPDX-License-Identifier: MIT */
/* Treaps against a plain array. */
#include "tests/unit/xen-core/host.h"

#include <stdlib.h>

#include "lib/tree.h"

#define NODES 1000

static struct tree_node nodes[NODES];
static bool in_tree[NODES];

static unsigned int depth(const struct tree_node *node)
{
	unsigned int left, right;

	if (!node)
		return 0;
	left = depth(node->child[0]);
	right = depth(node->child[1]);
	assert_true(!node->child[0] || node->child[0]->parent == node);
	assert_true(!node->child[1] || node->child[1]->parent == node);
	return 1 + max(left, right);
}

static unsigned int check(const struct tree *tree)
{
	const struct tree_node *node = tree_first(tree);
	unsigned int n = 0;

	for (; node; node = tree_next(node), n++) {
		assert_true(in_tree[node - nodes]);
		if (tree_next(node))
			assert_true(node->key <= tree_next(node)->key);
	}
	return n;
}

static void test_random_operations(void **state)
{
	struct tree tree = { 0 };
	unsigned int count = 0;

	(void)state;
	srand(1);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)rand() % NODES;

		if (in_tree[i]) {
			tree_remove(&tree, &nodes[i]);
			count--;
		} else {
			nodes[i].key = rand() % 100;
			tree_insert(&tree, &nodes[i]);
			count++;
		}
		in_tree[i] = !in_tree[i];
		if (step % 100 == 0)
			assert_int_equal(check(&tree), count);
	}
	assert_in_range(depth(tree.root), 9, 40);
	while (tree_first(&tree)) {
		in_tree[tree_first(&tree) - nodes] = false;
		tree_remove(&tree, tree_first(&tree));
	}
	assert_null(tree.root);
	for (unsigned int i = 0; i < NODES; i++)
		assert_false(in_tree[i]);
}

/* Rising keys, the usual case, do not make a list of it; equal ones keep their order. */
static void test_order(void **state)
{
	struct tree tree = { 0 };
	const struct tree_node *node;
	unsigned int i;

	(void)state;
	for (i = 0; i < NODES; i++) {
		nodes[i].key = i / 10;
		tree_insert(&tree, &nodes[i]);
	}
	assert_in_range(depth(tree.root), 9, 40);
	for (node = tree_first(&tree), i = 0; node; node = tree_next(node), i++)
		assert_ptr_equal(node, &nodes[i]);
	assert_int_equal(i, NODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_operations),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
