/* SPDX-License-Identifier: MIT */
/*
 * Lookup and change by path. Changes copy the shared part of the way from the root, see node.h.
 */
#include "xenstore/daemon/tree.h"

#include <errno.h>
#include <string.h>

#include "xenstore/daemon/path.h"

struct node *tree_find(struct node *root, const char *path, size_t path_len,
		       struct tree_nearest *nearest)
{
	const char *at = path, *end = path + path_len, *name;
	struct node *node = root;
	size_t len, depth = 1;

	while ((name = path_next(&at, end, &len))) {
		struct node *child = node_child(node, name, len);

		if (!child)
			break;
		node = child;
		depth = (size_t)(at - path);
	}
	if (nearest) {
		nearest->node = node;
		nearest->path_len = depth;
	}
	return name ? NULL : node;
}

/* The place that refers to the existing node at path, in a parent that is the version's own. */
static struct node **slot_of(struct node **root, const char *path, size_t path_len)
{
	const char *at = path, *end = path + path_len, *name;
	struct node **slot = root;
	size_t len;

	while ((name = path_next(&at, end, &len))) {
		if (!node_unshare(slot))
			return NULL;
		slot = node_child_slot(*slot, name, len);
		if (!slot)
			return NULL;
	}
	return slot;
}

/* The existing node at path, made the version's own. */
static struct node *own_node(struct node **root, const char *path, size_t path_len)
{
	struct node **slot = slot_of(root, path, path_len);

	return slot && node_unshare(slot) ? *slot : NULL;
}

int tree_set(struct node **root, const char *path, const void *value, size_t value_len,
	     struct perm_set *perms, uint64_t stamp)
{
	struct node **slot = slot_of(root, path, strlen(path));
	struct node *old, *new;

	if (!slot)
		return -ENOMEM;
	old = *slot;
	if (!value) {
		value = node_value(old);
		value_len = old->value_len;
	}
	new = node_new(node_name(old), old->name_len, value, value_len, perms ? perms : old->perms,
		       stamp);
	if (!new)
		return -ENOMEM;
	new->list_changed = old->list_changed;
	node_share_children(new, old);
	*slot = new;
	node_put(old);
	return 0;
}

int tree_create(struct node **root, const char *path, size_t path_len, const void *value,
		size_t value_len, struct perm_set *perms, uint64_t stamp)
{
	size_t parent_len = path_parent_len(path, path_len);
	size_t name_at = parent_len > 1 ? parent_len + 1 : 1;
	struct node *parent = own_node(root, path, parent_len);
	struct node *child;

	if (!parent)
		return -ENOMEM;
	child = node_new(path + name_at, path_len - name_at, value, value_len, perms, stamp);
	if (!child)
		return -ENOMEM;
	if (!node_add_child(parent, child)) {
		node_put(child);
		return -ENOMEM;
	}
	parent->list_changed = stamp;
	return 0;
}

struct node *tree_remove(struct node **root, const char *path, uint64_t stamp)
{
	size_t path_len = strlen(path);
	size_t parent_len = path_parent_len(path, path_len);
	size_t name_at = parent_len > 1 ? parent_len + 1 : 1;
	struct node *parent = own_node(root, path, parent_len);
	struct node *child;

	if (!parent)
		return NULL;
	child = node_take_child(parent, path + name_at, path_len - name_at);
	if (child)
		parent->list_changed = stamp;
	return child;
}
