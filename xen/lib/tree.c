/* SPDX-License-Identifier: MIT */
/* Treaps: see lib/tree.h. */
#include "lib/tree.h"

/* A congruential sequence: nobody outside sees it or chooses from it. */
static uint32_t next_random(struct tree *tree)
{
	tree->random = tree->random * 1664525u + 1013904223u;
	return tree->random;
}

static void replace_child(struct tree *tree, struct tree_node *parent, const struct tree_node *old,
			  struct tree_node *new)
{
	if (!parent)
		tree->root = new;
	else
		parent->child[parent->child[1] == old] = new;
	if (new)
		new->parent = parent;
}

/* Puts node in the place of its parent, which becomes its child. */
static void rotate_up(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent = node->parent;
	unsigned int side = parent->child[1] == node;
	struct tree_node *inner = node->child[!side];

	replace_child(tree, parent->parent, parent, node);
	parent->child[side] = inner;
	if (inner)
		inner->parent = parent;
	node->child[!side] = parent;
	parent->parent = node;
}

void tree_insert(struct tree *tree, struct tree_node *node)
{
	struct tree_node **link = &tree->root, *parent = NULL;
	bool is_first = true;

	while (*link) {
		unsigned int side;

		parent = *link;
		side = node->key >= parent->key;
		is_first = is_first && !side;
		link = &parent->child[side];
	}
	*link = node;
	node->parent = parent;
	node->child[0] = node->child[1] = NULL;
	node->priority = next_random(tree);
	if (is_first)
		tree->first = node;
	while (node->parent && node->parent->priority < node->priority)
		rotate_up(tree, node);
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *left, *right;

	if (tree->first == node)
		tree->first = tree_next(node);
	while ((left = node->child[0]) != NULL && (right = node->child[1]) != NULL)
		rotate_up(tree, left->priority > right->priority ? left : right);
	replace_child(tree, node->parent, node, node->child[0] ? node->child[0] : node->child[1]);
}

struct tree_node *tree_next(const struct tree_node *node)
{
	struct tree_node *parent;

	if (node->child[1]) {
		struct tree_node *next = node->child[1];

		while (next->child[0])
			next = next->child[0];
		return next;
	}
	for (parent = node->parent; parent && parent->child[1] == node; parent = node->parent)
		node = parent;
	return parent;
}
