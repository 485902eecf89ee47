/* SPDX-License-Identifier: MIT */
/*
 * One version of the tree, as a reference to its root, and the four changes there are. The root
 * always exists.
 *
 * A version is kept by taking another reference of its root, which costs nothing and never changes
 * under its holder: every change below makes the nodes on its way its own first. A change that runs
 * out of memory has changed nothing that can be seen.
 */
#ifndef XENSTORED_TREE_H
#define XENSTORED_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "xenstore/daemon/node.h"

/* The last node that exists on the way to a path, and how much of the path leads to it. */
struct tree_nearest {
	struct node *node;
	size_t path_len;
};

/* The node at path (path_len bytes) or NULL; nearest may be NULL. */
struct node *tree_find(struct node *root, const char *path, size_t path_len,
		       struct tree_nearest *nearest);

/*
 * Gives the existing node at path a value (value may be NULL: keep) or permissions (NULL: keep),
 * marking it changed at stamp. 0 or -ENOMEM.
 */
int tree_set(struct node **root, const char *path, const void *value, size_t value_len,
	     struct perm_set *perms, uint64_t stamp);

/* Adds a node at path, whose parent exists and which does not itself. 0 or -ENOMEM. */
int tree_create(struct node **root, const char *path, size_t path_len, const void *value,
		size_t value_len, struct perm_set *perms, uint64_t stamp);

/*
 * Takes out the existing node at path, not "/", with all below it. Its reference passes to the
 * caller; NULL when out of memory.
 */
struct node *tree_remove(struct node **root, const char *path, uint64_t stamp);

#endif
