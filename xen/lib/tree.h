/* SPDX-License-Identifier: MIT */
/*
 * Ordered sets of things that contain a struct tree_node, as a treap: a search tree by key that is
 * a heap by random priority, and so balanced on average whatever the keys are. Adding and removing
 * are logarithmic, the first is at hand, nothing is allocated. The caller locks.
 */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#include "lib/types.h"

struct tree_node {
	int64_t key; /* unchanged while in a tree */
	uint32_t priority;
	struct tree_node *parent, *child[2]; /* child[0] has lower keys */
};

/* All zero: empty. */
struct tree {
	struct tree_node *root, *first;
	uint32_t random;
};

/* Puts node, whose key is set, behind those with the same key. */
void tree_insert(struct tree *tree, struct tree_node *node);
void tree_remove(struct tree *tree, struct tree_node *node);
/* The next one in order; NULL after the last. */
struct tree_node *tree_next(const struct tree_node *node);

static inline struct tree_node *tree_first(const struct tree *tree)
{
	return tree->first;
}

#endif
