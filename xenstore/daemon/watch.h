/* SPDX-License-Identifier: MIT */
/*
 * Watches, in a trie of path components: what a change costs depends on the length of its path and
 * on the watches that fire, not on how many there are.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/store.h"

/* A watch without a limit on how far below its path it looks. */
#define ANY_DEPTH UINT32_MAX

struct watch {
	LIST_ENTRY(watch) conn_link;
	LIST_ENTRY(watch) point_link;
	struct conn *conn;
	struct watch_point *point;
	struct output_list queued; /* its events not yet being sent */
	bool missed;               /* an event did not fit */
	uint32_t depth;
	uint32_t strip;   /* bytes of the absolute path that its events leave out */
	uint32_t charged; /* bytes accounted to the domain */
	char *path;       /* as registered, in the same block */
	char token[];
};

/*
 * Registers a watch on the absolute or @ path; strip as in struct watch. The caller sends the first
 * event. 0, -EEXIST, -E2BIG over the limit, -ENOMEM.
 */
int watch_add(struct conn *conn, const char *path, uint32_t strip, const char *token,
	      uint32_t depth, struct watch **watch);
/* -ENOENT if there is no such watch. */
int watch_remove(struct conn *conn, const char *path, const char *token);
void watch_remove_all(struct conn *conn);

/*
 * A node was created or changed. The permissions that count: the node's now, before (may be NULL),
 * and its parent's (NULL for "/").
 */
void watch_fire(struct store *store, const char *path, const struct perm_set *now,
		const struct perm_set *before, const struct perm_set *parent);
/* A node was removed with all below: also fires the watches on what went with it. */
void watch_fire_removed(struct store *store, const char *path, const struct node *removed,
			const struct perm_set *parent);
/* @introduceDomain or @releaseDomain happened to domid. */
void watch_fire_special(struct store *store, enum special special, uint32_t domid);

int watches_init(struct store *store);
void watches_free(struct store *store);

#endif
