/* SPDX-License-Identifier: MIT */
/*
 * Reference-counted nodes and their chunked child lists. Invariants: chunks are never empty; names
 * ascend within and across chunks; an object with more than one reference is never written to,
 * apart from the count itself.
 */
#include "xenstore/daemon/node.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 2
#define CHUNK_MAX 32

struct chunk {
	uint32_t refs;
	uint16_t count;
	uint16_t room; /* places in child[], CHUNK_MIN..CHUNK_MAX, a power of two */
	struct node *child[];
};

struct children {
	uint32_t refs;
	uint32_t count;
	uint32_t room;  /* places in chunk[] */
	uint32_t total; /* children in all chunks */
	struct chunk *chunk[];
};

static size_t chunk_bytes(uint32_t room)
{
	return sizeof(struct chunk) + room * sizeof(struct node *);
}

static void chunk_put(struct chunk *chunk)
{
	if (--chunk->refs)
		return;
	for (uint32_t i = 0; i < chunk->count; i++)
		node_put(chunk->child[i]);
	free(chunk);
}

static void children_put(struct children *children)
{
	if (!children || --children->refs)
		return;
	for (uint32_t i = 0; i < children->count; i++)
		chunk_put(children->chunk[i]);
	free(children);
}

struct node *node_new(const char *name, size_t name_len, const void *value, size_t value_len,
		      struct perm_set *perms, uint64_t stamp)
{
	struct node *node = malloc(sizeof(*node) + name_len + 1 + value_len);

	if (!node)
		return NULL;
	node->refs = 1;
	node->name_len = (uint16_t)name_len;
	node->value_len = (uint16_t)value_len;
	node->changed = stamp;
	node->list_changed = stamp;
	node->children = NULL;
	node->perms = perm_set_get(perms);
	if (name_len)
		memcpy(node->bytes, name, name_len);
	node->bytes[name_len] = '\0';
	if (value_len)
		memcpy(node->bytes + name_len + 1, value, value_len);
	return node;
}

struct node *node_get(struct node *node)
{
	node->refs++;
	return node;
}

void node_put(struct node *node)
{
	if (!node || --node->refs)
		return;
	children_put(node->children);
	perm_set_put(node->perms);
	free(node);
}

void node_share_children(struct node *node, const struct node *other)
{
	node->children = other->children;
	if (node->children)
		node->children->refs++;
}

bool node_unshare(struct node **slot)
{
	struct node *old = *slot;
	struct node *copy;

	if (old->refs == 1)
		return true;
	copy = node_new(node_name(old), old->name_len, node_value(old), old->value_len, old->perms,
			old->changed);
	if (!copy)
		return false;
	copy->list_changed = old->list_changed;
	node_share_children(copy, old);
	old->refs--;
	*slot = copy;
	return true;
}

static int compare(const struct node *node, const char *name, size_t name_len)
{
	size_t common = node->name_len < name_len ? node->name_len : name_len;
	int order = memcmp(node->bytes, name, common);

	if (order)
		return order;
	return (node->name_len > name_len) - (node->name_len < name_len);
}

/* Where a child of that name is or would be inserted. */
static bool find(const struct children *children, const char *name, size_t name_len,
		 struct node_cursor *at)
{
	uint32_t low = 0, high = children->count;
	const struct chunk *chunk;

	*at = (struct node_cursor){ 0, 0 };
	if (!children->count)
		return false;
	/* The last chunk whose first name is not after ours. */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(children->chunk[middle]->child[0], name, name_len) <= 0)
			low = middle;
		else
			high = middle;
	}
	at->chunk = low;
	chunk = children->chunk[low];
	low = 0;
	high = chunk->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare(chunk->child[middle], name, name_len);

		if (!order) {
			at->index = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	at->index = low;
	return false;
}

struct node *node_child(const struct node *node, const char *name, size_t name_len)
{
	struct node_cursor at;

	if (!node->children || !find(node->children, name, name_len, &at))
		return NULL;
	return node->children->chunk[at.chunk]->child[at.index];
}

/* A list with one reference, of old's chunks (old may be NULL) and room for room of them. */
static struct children *copy_children(const struct children *old, uint32_t room)
{
	struct children *copy = malloc(sizeof(*copy) + room * sizeof(struct chunk *));

	if (!copy)
		return NULL;
	copy->refs = 1;
	copy->count = old ? old->count : 0;
	copy->room = room;
	copy->total = old ? old->total : 0;
	for (uint32_t i = 0; i < copy->count; i++) {
		copy->chunk[i] = old->chunk[i];
		copy->chunk[i]->refs++;
	}
	return copy;
}

/* Makes the parent's list its own, with room for extra more chunks. NULL when out of memory. */
static struct children *own_children(struct node *parent, uint32_t extra)
{
	struct children *old = parent->children;
	uint32_t need = (old ? old->count : 0) + extra;
	struct children *own;

	if (old && old->refs == 1) {
		if (need <= old->room)
			return old;
		need += need / 2;
		own = realloc(old, sizeof(*own) + need * sizeof(struct chunk *));
		if (own)
			own->room = need;
	} else {
		own = copy_children(old, need);
		if (own && old)
			old->refs--;
	}
	if (own)
		parent->children = own;
	return own;
}

/* Makes chunk i of an own list its own, with room for extra more. NULL when out of memory. */
static struct chunk *own_chunk(struct children *children, uint32_t i, uint32_t extra)
{
	struct chunk *old = children->chunk[i];
	uint32_t room = old->room;
	struct chunk *own;

	while (room < old->count + extra && room < CHUNK_MAX)
		room *= 2;
	if (old->refs == 1) {
		if (room == old->room)
			return old;
		own = realloc(old, chunk_bytes(room));
	} else {
		own = malloc(chunk_bytes(room));
		if (own) {
			own->refs = 1;
			own->count = old->count;
			for (uint32_t n = 0; n < old->count; n++)
				own->child[n] = node_get(old->child[n]);
			old->refs--;
		}
	}
	if (!own)
		return NULL;
	own->room = (uint16_t)room;
	children->chunk[i] = own;
	return own;
}

struct node **node_child_slot(struct node *parent, const char *name, size_t name_len)
{
	struct children *children = parent->children ? own_children(parent, 0) : NULL;
	struct node_cursor at;
	struct chunk *chunk;

	if (!children || !find(children, name, name_len, &at))
		return NULL;
	chunk = own_chunk(children, at.chunk, 0);
	return chunk ? &chunk->child[at.index] : NULL;
}

static struct chunk *insert_chunk(struct children *children, uint32_t at, uint32_t room)
{
	struct chunk *chunk = malloc(chunk_bytes(room));

	if (!chunk)
		return NULL;
	chunk->refs = 1;
	chunk->count = 0;
	chunk->room = (uint16_t)room;
	memmove(&children->chunk[at + 1], &children->chunk[at],
		(children->count - at) * sizeof(struct chunk *));
	children->chunk[at] = chunk;
	children->count++;
	return chunk;
}

/* Moves the second half of a full chunk to a new one behind it. */
static bool split(struct children *children, uint32_t i)
{
	struct chunk *first = children->chunk[i];
	struct chunk *second = insert_chunk(children, i + 1, CHUNK_MAX);
	uint32_t keep = CHUNK_MAX / 2;

	if (!second)
		return false;
	second->count = CHUNK_MAX - keep;
	memcpy(second->child, first->child + keep, second->count * sizeof(struct node *));
	first->count = keep;
	return true;
}

bool node_add_child(struct node *parent, struct node *child)
{
	struct children *children = own_children(parent, 1);
	struct node_cursor at;
	struct chunk *chunk;

	if (!children)
		return false;
	find(children, child->bytes, child->name_len, &at);
	if (!children->count) {
		chunk = insert_chunk(children, 0, CHUNK_MIN);
	} else {
		chunk = own_chunk(children, at.chunk, 1);
		if (chunk && chunk->count == CHUNK_MAX) {
			if (!split(children, at.chunk))
				return false;
			if (at.index > chunk->count) {
				at.index -= chunk->count;
				chunk = children->chunk[++at.chunk];
			}
		}
	}
	if (!chunk) {
		if (!children->count) {
			parent->children = NULL;
			children_put(children);
		}
		return false;
	}
	memmove(&chunk->child[at.index + 1], &chunk->child[at.index],
		(chunk->count - at.index) * sizeof(struct node *));
	chunk->child[at.index] = child;
	chunk->count++;
	children->total++;
	return true;
}

static void remove_chunk(struct children *children, uint32_t at)
{
	children->count--;
	memmove(&children->chunk[at], &children->chunk[at + 1],
		(children->count - at) * sizeof(struct chunk *));
}

/* Joins chunk i with the next one when both fit in one, to keep the list short. */
static void join(struct children *children, uint32_t i)
{
	struct chunk *first, *second;

	if (i + 1 >= children->count)
		return;
	first = children->chunk[i];
	second = children->chunk[i + 1];
	if (first->refs > 1 || second->refs > 1 || first->count + second->count > CHUNK_MAX / 2 ||
	    first->count + second->count > first->room)
		return;
	memcpy(first->child + first->count, second->child, second->count * sizeof(struct node *));
	first->count += second->count;
	remove_chunk(children, i + 1);
	free(second);
}

struct node *node_take_child(struct node *parent, const char *name, size_t name_len)
{
	struct children *children = parent->children ? own_children(parent, 0) : NULL;
	struct node_cursor at;
	struct chunk *chunk;
	struct node *child;

	if (!children || !find(children, name, name_len, &at))
		return NULL;
	chunk = own_chunk(children, at.chunk, 0);
	if (!chunk)
		return NULL;
	child = chunk->child[at.index];
	chunk->count--;
	children->total--;
	memmove(&chunk->child[at.index], &chunk->child[at.index + 1],
		(chunk->count - at.index) * sizeof(struct node *));
	if (!chunk->count) {
		remove_chunk(children, at.chunk);
		free(chunk);
	} else {
		join(children, at.chunk);
	}
	if (!children->count) {
		parent->children = NULL;
		children_put(children);
	}
	return child;
}

struct node *node_next_child(const struct node *parent, struct node_cursor *cursor)
{
	const struct children *children = parent->children;
	struct node *child;

	if (!children || cursor->chunk >= children->count)
		return NULL;
	child = children->chunk[cursor->chunk]->child[cursor->index];
	if (++cursor->index >= children->chunk[cursor->chunk]->count) {
		cursor->chunk++;
		cursor->index = 0;
	}
	return child;
}

size_t node_child_count(const struct node *node)
{
	return node->children ? node->children->total : 0;
}
