/* SPDX-License-Identifier: MIT */
/*
 * Transactions. One starts with two references to the live root: base stays as it was, work takes
 * the changes. What the transaction looked at is noted by path.
 *
 * At commit, if the live root still is base, work takes its place. If not, each noted path is
 * compared between base and live by the stamps of its node; one difference that matters ends in
 * EAGAIN, otherwise the changes are made again on the live tree. Unrelated changes never conflict,
 * not even two creations in one directory.
 */
#ifndef XENSTORED_TRANSACTION_H
#define XENSTORED_TRANSACTION_H

#include <stdint.h>
#include <sys/queue.h>

#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/store.h"

/* What of a path a transaction depends on. */
#define USED_NODE 0x1u /* existence, value, permissions */
#define USED_LIST 0x2u /* names of its children */
#define USED_TREE 0x4u /* everything below */

enum change_kind {
	CHANGE_SET,     /* created, or value or permissions set */
	CHANGE_PARENT,  /* created on the way to another: fires no watch of its own */
	CHANGE_REMOVED, /* removed with all below */
};

struct transaction {
	LIST_ENTRY(transaction) link;
	struct conn *conn;
	uint32_t id; /* not 0 */
	struct node *base;
	struct node *work;

	struct used_path **used; /* hash table of used_room places, a power of two */
	uint32_t used_count;
	uint32_t used_room;
	struct change *changes; /* in order */
	uint32_t change_count;
	uint32_t change_room;
	uint32_t last_removal; /* changes up to this number are before a removal */

	struct owner_delta *deltas; /* nodes created and removed, by owner */
	uint32_t delta_count;
	uint32_t charged; /* bytes accounted to the domain */
};

/* 0, -ENOSPC over the limit, -ENOMEM. */
int transaction_start(struct conn *conn, struct transaction **tx);
/* The connection's open transaction of that id, or NULL. */
struct transaction *transaction_find(const struct conn *conn, uint32_t id);
/* Frees the transaction in any case. 0, -EAGAIN, -ENOSPC, -ENOMEM. */
int transaction_commit(struct transaction *tx);
void transaction_abort(struct transaction *tx);

/* Notes that path (len bytes) is depended on. 0, -ENOSPC, -ENOMEM. */
int transaction_use(struct transaction *tx, const char *path, size_t len, unsigned int what);
/* Makes sure that the next count notes of changes cannot fail. 0 or -ENOMEM. */
int transaction_reserve(struct transaction *tx, uint32_t count);
/* Notes a change made in work; path must be noted as used. */
void transaction_changed(struct transaction *tx, const char *path, size_t len,
			 enum change_kind kind);
/* Accounts nodes to their owner until commit. 0 or -ENOMEM. */
int transaction_account(struct transaction *tx, const struct subject *owner, int32_t nodes);
/* What it has accounted to owner so far. */
int32_t transaction_delta(const struct transaction *tx, const struct subject *owner);

#endif
