/* SPDX-License-Identifier: MIT */
/*
 * Nodes of the store's tree, shared between versions of it.
 *
 * A node is reached from one parent in each version. It and everything below may belong to several
 * versions (the live tree, transactions' snapshots); whoever wants to change it first makes the way
 * from the root down his own, with node_unshare() and node_child_slot(): what only he refers to is
 * used as it is, the rest is copied one node at a time, sharing the children.
 *
 * Children are kept sorted by name in chunks of at most CHUNK_MAX, so a copy of a large directory
 * costs one chunk and a list of chunks, not all children.
 */
#ifndef XENSTORED_NODE_H
#define XENSTORED_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore/daemon/perm.h"

struct children;

struct node {
	uint32_t refs;
	uint16_t name_len;
	uint16_t value_len;
	uint64_t changed;          /* stamp: value or permissions were set */
	uint64_t list_changed;     /* stamp: a child was added or removed */
	struct children *children; /* NULL while there are none */
	struct perm_set *perms;
	char bytes[]; /* name, NUL, value */
};

/*
 * A node without children, one reference; takes a reference of perms. name need not be terminated;
 * lengths up to 65535. NULL when out of memory.
 */
struct node *node_new(const char *name, size_t name_len, const void *value, size_t value_len,
		      struct perm_set *perms, uint64_t stamp);
struct node *node_get(struct node *node);
void node_put(struct node *node); /* NULL is fine */

static inline const char *node_name(const struct node *node)
{
	return node->bytes;
}

static inline const char *node_value(const struct node *node)
{
	return node->bytes + node->name_len + 1;
}

/*
 * Makes *slot the caller's own: a copy takes its place if others refer to it too. The slot must be
 * the caller's own already. False when out of memory, nothing changed.
 */
bool node_unshare(struct node **slot);

/* Gives node, which has no children, those of other. */
void node_share_children(struct node *node, const struct node *other);

/* The child of that name (name_len bytes), or NULL. */
struct node *node_child(const struct node *node, const char *name, size_t name_len);

/*
 * The place in its own parent that refers to the child of that name, for node_unshare(); NULL when
 * out of memory. The child must exist, the parent must be the caller's own.
 */
struct node **node_child_slot(struct node *parent, const char *name, size_t name_len);

/*
 * Adds child (its reference passes to the parent) to its own parent, which has none of that name.
 * False when out of memory: nothing changed, the caller keeps the child.
 */
bool node_add_child(struct node *parent, struct node *child);

/*
 * Takes the child of that name out of its own parent and passes its reference to the caller; NULL
 * when out of memory, nothing changed. The child must exist.
 */
struct node *node_take_child(struct node *parent, const char *name, size_t name_len);

/* Children in order: a position, all zero at the start. */
struct node_cursor {
	uint32_t chunk;
	uint32_t index;
};
/* The next child or NULL at the end. The parent must not change meanwhile. */
struct node *node_next_child(const struct node *parent, struct node_cursor *cursor);
size_t node_child_count(const struct node *node);

#endif
