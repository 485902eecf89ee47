/* SPDX-License-Identifier: MIT */
/*
 * The trie of watches. A point stands for a path, exists while a watch is on it or below, and knows
 * its children by name in order. There are two tries: of paths, and of @ names.
 */
#include "xenstore/daemon/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/path.h"

struct watch_point {
	struct watch_point *parent; /* NULL for the roots */
	struct watch_list watches;
	struct watch_point **child; /* by ascending name */
	uint32_t child_count;
	uint32_t child_room;
	uint32_t name_len;
	char name[];
};

/* store->watches is an array of these two. */
enum { PATH_TRIE, SPECIAL_TRIE, NR_TRIES };

static struct watch_point *point_new(struct watch_point *parent, const char *name, size_t len)
{
	struct watch_point *point = calloc(1, sizeof(*point) + len + 1);

	if (!point)
		return NULL;
	point->parent = parent;
	point->name_len = (uint32_t)len;
	if (len)
		memcpy(point->name, name, len);
	LIST_INIT(&point->watches);
	return point;
}

int watches_init(struct store *store)
{
	store->watches = calloc(NR_TRIES, sizeof(struct watch_point));
	return store->watches ? 0 : -ENOMEM;
}

void watches_free(struct store *store)
{
	for (int i = 0; store->watches && i < NR_TRIES; i++)
		free(store->watches[i].child);
	free(store->watches);
}

static struct watch_point *trie_of(const struct store *store, const char *path)
{
	return &store->watches[path[0] == '@' ? SPECIAL_TRIE : PATH_TRIE];
}

/* Index of the child of that name, or of where it would be. */
static uint32_t child_index(const struct watch_point *point, const char *name, size_t len,
			    bool *found)
{
	uint32_t low = 0, high = point->child_count;

	*found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct watch_point *child = point->child[middle];
		int order =
			memcmp(child->name, name, child->name_len < len ? child->name_len : len);

		if (!order)
			order = (child->name_len > len) - (child->name_len < len);
		if (!order) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct watch_point *child_of(const struct watch_point *point, const char *name, size_t len)
{
	bool found;
	uint32_t i = child_index(point, name, len, &found);

	return found ? point->child[i] : NULL;
}

static struct watch_point *add_child(struct watch_point *point, const char *name, size_t len)
{
	bool found;
	uint32_t i = child_index(point, name, len, &found);
	struct watch_point *child;

	if (found)
		return point->child[i];
	if (point->child_count == point->child_room) {
		uint32_t room = point->child_room ? point->child_room * 2 : 2;
		struct watch_point **grown =
			realloc(point->child, room * sizeof(struct watch_point *));

		if (!grown)
			return NULL;
		point->child = grown;
		point->child_room = room;
	}
	child = point_new(point, name, len);
	if (!child)
		return NULL;
	memmove(&point->child[i + 1], &point->child[i],
		(point->child_count - i) * sizeof(struct watch_point *));
	point->child[i] = child;
	point->child_count++;
	return child;
}

/* Removes the point and those above it that serve nothing any more. */
static void prune(struct watch_point *point)
{
	while (point->parent && !point->child_count && LIST_EMPTY(&point->watches)) {
		struct watch_point *parent = point->parent;
		bool found;
		uint32_t i = child_index(parent, point->name, point->name_len, &found);

		parent->child_count--;
		memmove(&parent->child[i], &parent->child[i + 1],
			(parent->child_count - i) * sizeof(struct watch_point *));
		free(point->child);
		free(point);
		point = parent;
	}
}

/* The point of an absolute or @ path, made if make is set; NULL: none or out of memory. */
static struct watch_point *point_of(const struct store *store, const char *path, bool make)
{
	struct watch_point *point = trie_of(store, path);
	const char *at = path, *end = path + strlen(path), *name;
	size_t len;

	while ((name = path_next(&at, end, &len))) {
		struct watch_point *child = make ? add_child(point, name, len)
						 : child_of(point, name, len);

		if (!child && make)
			prune(point);
		if (!child)
			return NULL;
		point = child;
	}
	return point;
}

static struct watch *find_watch(const struct watch_point *point, const struct conn *conn,
				const char *token)
{
	struct watch *watch;

	for (watch = LIST_FIRST(&point->watches); watch; watch = LIST_NEXT(watch, point_link)) {
		if (watch->conn == conn && !strcmp(watch->token, token))
			return watch;
	}
	return NULL;
}

static struct watch *watch_new(struct conn *conn, const char *path, uint32_t strip,
			       const char *token, uint32_t depth)
{
	size_t token_len = strlen(token), path_len = strlen(path + strip);
	size_t bytes = sizeof(struct watch) + token_len + path_len + 2;
	struct watch *watch = calloc(1, bytes);

	if (!watch)
		return NULL;
	watch->conn = conn;
	watch->depth = depth;
	watch->strip = strip;
	watch->charged = (uint32_t)bytes;
	memcpy(watch->token, token, token_len + 1);
	watch->path = watch->token + token_len + 1;
	memcpy(watch->path, path + strip, path_len + 1);
	LIST_INIT(&watch->queued);
	return watch;
}

static bool watch_allowed(struct conn *conn, const struct watch *watch)
{
	const struct quota_limits *limits = &conn->store->limits;
	struct quota_usage *usage = &conn->domain->usage;
	uint32_t domid = conn->domain->subject.domid;

	return quota_allows(limits, usage, domid, QUOTA_WATCHES,
			    usage->used[QUOTA_WATCHES] + 1ull) &&
	       quota_allows(limits, usage, domid, QUOTA_MEMORY,
			    (uint64_t)usage->used[QUOTA_MEMORY] + watch->charged);
}

int watch_add(struct conn *conn, const char *path, uint32_t strip, const char *token,
	      uint32_t depth, struct watch **result)
{
	struct watch_point *point = point_of(conn->store, path, false);
	struct watch *watch;

	if (point && find_watch(point, conn, token))
		return -EEXIST;
	watch = watch_new(conn, path, strip, token, depth);
	if (!watch)
		return -ENOMEM;
	if (!watch_allowed(conn, watch)) {
		free(watch);
		return -E2BIG;
	}
	point = point_of(conn->store, path, true);
	if (!point) {
		free(watch);
		return -ENOMEM;
	}
	watch->point = point;
	conn->domain->usage.used[QUOTA_WATCHES]++;
	conn->domain->usage.used[QUOTA_MEMORY] += watch->charged;
	LIST_INSERT_HEAD(&point->watches, watch, point_link);
	LIST_INSERT_HEAD(&conn->watches, watch, conn_link);
	*result = watch;
	return 0;
}

static void watch_free(struct watch *watch)
{
	struct quota_usage *usage = &watch->conn->domain->usage;

	usage->used[QUOTA_WATCHES]--;
	usage->used[QUOTA_MEMORY] -= watch->charged;
	conn_drop_events(watch->conn, watch);
	LIST_REMOVE(watch, conn_link);
	LIST_REMOVE(watch, point_link);
	prune(watch->point);
	free(watch);
}

int watch_remove(struct conn *conn, const char *path, const char *token)
{
	struct watch_point *point = point_of(conn->store, path, false);
	struct watch *watch = point ? find_watch(point, conn, token) : NULL;

	if (!watch)
		return -ENOENT;
	watch_free(watch);
	return 0;
}

void watch_remove_all(struct conn *conn)
{
	struct watch *watch, *next;

	for (watch = LIST_FIRST(&conn->watches); watch; watch = next) {
		next = LIST_NEXT(watch, conn_link);
		watch_free(watch);
	}
}

/* Sets of which one that allows reading is enough. */
struct readable {
	const struct perm_set *sets[3];
};

static bool may_read(const struct readable *readable, const struct watch *watch)
{
	const struct subject *who = &watch->conn->domain->subject;

	for (int i = 0; i < 3; i++) {
		if (readable->sets[i] && (perm_of(readable->sets[i], who) & XS_PERM_READ))
			return true;
	}
	return false;
}

/* Fires the point's watches for a path that is distance components below. */
static void fire_point(const struct watch_point *point, const char *path, uint32_t distance,
		       const struct readable *readable)
{
	const struct conn *judged = NULL;
	struct watch *watch;
	bool allowed = false;

	for (watch = LIST_FIRST(&point->watches); watch; watch = LIST_NEXT(watch, point_link)) {
		/* Watches of one connection mostly stand together: one look is enough. */
		if (watch->conn != judged)
			allowed = may_read(readable, watch);
		judged = watch->conn;
		if (allowed && distance <= watch->depth)
			conn_event(watch->conn, watch, path + watch->strip);
	}
}

static uint32_t component_count(const char *path)
{
	const char *at = path, *end = path + strlen(path);
	uint32_t count = 0;
	size_t len;

	while (path_next(&at, end, &len))
		count++;
	return count;
}

/* Fires all watches on path and above; returns the point of path itself, NULL if there is none. */
static const struct watch_point *fire_path(struct store *store, const char *path,
					   const struct readable *readable)
{
	const struct watch_point *point = &store->watches[PATH_TRIE];
	const char *at = path, *end = path + strlen(path), *name;
	uint32_t distance = component_count(path);
	size_t len;

	fire_point(point, path, distance, readable);
	while ((name = path_next(&at, end, &len))) {
		point = child_of(point, name, len);
		if (!point)
			return NULL;
		fire_point(point, path, --distance, readable);
	}
	return point;
}

void watch_fire(struct store *store, const char *path, const struct perm_set *now,
		const struct perm_set *before, const struct perm_set *parent)
{
	struct readable readable = { { now, before, parent } };

	fire_path(store, path, &readable);
}

/* Fires the watches below point whose nodes were in the removed subtree, each for its own path. */
static void fire_below(const struct watch_point *point, const struct node *removed)
{
	for (uint32_t i = 0; i < point->child_count; i++) {
		const struct watch_point *below = point->child[i];
		const struct node *node = node_child(removed, below->name, below->name_len);
		struct readable readable = { { node ? node->perms : NULL, removed->perms, NULL } };
		struct watch *watch;

		if (!node)
			continue;
		for (watch = LIST_FIRST(&below->watches); watch;
		     watch = LIST_NEXT(watch, point_link)) {
			if (may_read(&readable, watch))
				conn_event(watch->conn, watch, watch->path);
		}
		fire_below(below, node);
	}
}

void watch_fire_removed(struct store *store, const char *path, const struct node *removed,
			const struct perm_set *parent)
{
	struct readable readable = { { removed->perms, parent, NULL } };
	const struct watch_point *point = fire_path(store, path, &readable);

	if (point)
		fire_below(point, removed);
}

void watch_fire_special(struct store *store, enum special special, uint32_t domid)
{
	static const char *const names[NR_SPECIAL] = { INTRODUCE_DOMAIN, RELEASE_DOMAIN };
	struct readable readable = { { store->special[special], NULL, NULL } };
	const char *name = names[special];
	const struct watch_point *point;
	char with_domid[32];
	struct watch *watch;

	point = child_of(&store->watches[SPECIAL_TRIE], name, strlen(name));
	if (!point)
		return;
	snprintf(with_domid, sizeof(with_domid), "%s/%u", name, domid);
	for (watch = LIST_FIRST(&point->watches); watch; watch = LIST_NEXT(watch, point_link)) {
		if (may_read(&readable, watch))
			conn_event(watch->conn, watch, watch->depth == 1 ? with_domid : name);
	}
	point = child_of(point, with_domid + strlen(name) + 1,
			 strlen(with_domid) - strlen(name) - 1);
	if (point)
		fire_point(point, with_domid, 0, &readable);
}
