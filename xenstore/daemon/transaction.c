/* SPDX-License-Identifier: MIT */
/*
 * Transactions: what they touched, what they changed, and how that becomes live.
 *
 * Why comparing stamps is enough. A node of base and a node of live at the same path are either the
 * same version of the same node or differ in a stamp: every change takes a new stamp, copying a
 * node to change something below it keeps the old ones. For a whole subtree the pointers say the
 * same, because live had to copy every node on the way to a change while base held it.
 */
#include "xenstore/daemon/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/path.h"
#include "xenstore/daemon/watch.h"

#define FIRST_ROOM 16

struct used_path {
	uint32_t hash;
	uint32_t what;
	uint32_t changed_as; /* number of its last change plus one, 0 for none */
	uint32_t len;
	char path[];
};

struct change {
	struct used_path *at;
	enum change_kind kind;
};

/* By domid and birth: the domain may be gone, and another have its domid, at commit. */
struct owner_delta {
	uint32_t domid;
	int32_t nodes;
	uint64_t born;
};

static uint32_t hash_of(const char *path, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)path[i]) * 16777619u;
	return hash;
}

int transaction_start(struct conn *conn, struct transaction **result)
{
	struct store *store = conn->store;
	struct domain *who = conn->domain;
	uint32_t open = who->usage.used[QUOTA_TRANSACTIONS];
	struct transaction *tx;

	if (!quota_allows(&store->limits, &who->usage, who->subject.domid, QUOTA_TRANSACTIONS,
			  open + 1ull))
		return -ENOSPC;
	tx = calloc(1, sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	do {
		tx->id = ++store->last_transaction;
	} while (!tx->id || transaction_find(conn, tx->id));
	tx->conn = conn;
	tx->base = node_get(store->root);
	tx->work = node_get(store->root);
	who->usage.used[QUOTA_TRANSACTIONS]++;
	LIST_INSERT_HEAD(&conn->transactions, tx, link);
	*result = tx;
	return 0;
}

struct transaction *transaction_find(const struct conn *conn, uint32_t id)
{
	struct transaction *tx;

	for (tx = LIST_FIRST(&conn->transactions); tx; tx = LIST_NEXT(tx, link)) {
		if (tx->id == id)
			return tx;
	}
	return NULL;
}

void transaction_abort(struct transaction *tx)
{
	struct quota_usage *usage = &tx->conn->domain->usage;

	LIST_REMOVE(tx, link);
	usage->used[QUOTA_TRANSACTIONS]--;
	usage->used[QUOTA_MEMORY] -= tx->charged;
	node_put(tx->base);
	node_put(tx->work);
	for (uint32_t i = 0; i < tx->used_room; i++)
		free(tx->used[i]);
	free(tx->used);
	free(tx->changes);
	free(tx->deltas);
	free(tx);
}

/* The place of path in the table, or the free one where it belongs. */
static struct used_path **place_of(struct used_path **table, uint32_t room, const char *path,
				   size_t len, uint32_t hash)
{
	for (uint32_t i = hash & (room - 1);; i = (i + 1) & (room - 1)) {
		struct used_path *used = table[i];

		if (!used ||
		    (used->hash == hash && used->len == len && !memcmp(used->path, path, len)))
			return &table[i];
	}
}

/* Keeps a third of the table free. */
static int grow_used(struct transaction *tx)
{
	uint32_t room = tx->used_room ? tx->used_room * 2 : FIRST_ROOM;
	struct used_path **table;

	if (tx->used_count + 1 <= tx->used_room - tx->used_room / 3 && tx->used_room)
		return 0;
	table = calloc(room, sizeof(struct used_path *));
	if (!table)
		return -ENOMEM;
	for (uint32_t i = 0; i < tx->used_room; i++) {
		struct used_path *used = tx->used[i];

		if (used)
			*place_of(table, room, used->path, used->len, used->hash) = used;
	}
	free(tx->used);
	tx->used = table;
	tx->used_room = room;
	return 0;
}

/* Accounts memory of the transaction to its domain. */
static bool charge(struct transaction *tx, size_t bytes)
{
	struct domain *who = tx->conn->domain;
	uint64_t total = who->usage.used[QUOTA_MEMORY] + (uint64_t)bytes;

	if (!quota_allows(&tx->conn->store->limits, &who->usage, who->subject.domid, QUOTA_MEMORY,
			  total))
		return false;
	who->usage.used[QUOTA_MEMORY] += (uint32_t)bytes;
	tx->charged += (uint32_t)bytes;
	return true;
}

int transaction_use(struct transaction *tx, const char *path, size_t len, unsigned int what)
{
	struct domain *who = tx->conn->domain;
	uint32_t hash = hash_of(path, len);
	struct used_path **place, *used;
	int ret = grow_used(tx);

	if (ret)
		return ret;
	place = place_of(tx->used, tx->used_room, path, len, hash);
	if (*place) {
		(*place)->what |= what;
		return 0;
	}
	if (!quota_allows(&tx->conn->store->limits, &who->usage, who->subject.domid,
			  QUOTA_TRANSACTION_NODES, tx->used_count + 1ull) ||
	    !charge(tx, sizeof(*used) + len))
		return -ENOSPC;
	used = calloc(1, sizeof(*used) + len + 1);
	if (!used)
		return -ENOMEM;
	used->hash = hash;
	used->what = what;
	used->len = (uint32_t)len;
	memcpy(used->path, path, len);
	*place = used;
	tx->used_count++;
	return 0;
}

int transaction_reserve(struct transaction *tx, uint32_t count)
{
	uint32_t need = tx->change_count + count;
	struct change *grown;

	if (need <= tx->change_room)
		return 0;
	need += need / 2 + FIRST_ROOM;
	if (!charge(tx, (need - tx->change_room) * sizeof(*grown)))
		return -ENOSPC;
	grown = realloc(tx->changes, need * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tx->changes = grown;
	tx->change_room = need;
	return 0;
}

void transaction_changed(struct transaction *tx, const char *path, size_t len,
			 enum change_kind kind)
{
	struct used_path *used = *place_of(tx->used, tx->used_room, path, len, hash_of(path, len));

	/* Setting a path again adds nothing, unless a removal came between. */
	if (kind != CHANGE_REMOVED && used->changed_as > tx->last_removal &&
	    tx->changes[used->changed_as - 1].kind != CHANGE_PARENT)
		return;
	tx->changes[tx->change_count++] = (struct change){ .at = used, .kind = kind };
	used->changed_as = tx->change_count;
	if (kind == CHANGE_REMOVED)
		tx->last_removal = tx->change_count;
}

static struct owner_delta *find_delta(const struct transaction *tx, const struct subject *owner)
{
	for (uint32_t i = 0; i < tx->delta_count; i++) {
		if (tx->deltas[i].domid == owner->domid && tx->deltas[i].born == owner->born)
			return &tx->deltas[i];
	}
	return NULL;
}

int transaction_account(struct transaction *tx, const struct subject *owner, int32_t nodes)
{
	struct owner_delta *delta = find_delta(tx, owner);

	if (!delta) {
		delta = realloc(tx->deltas, (tx->delta_count + 1) * sizeof(*delta));
		if (!delta)
			return -ENOMEM;
		tx->deltas = delta;
		delta += tx->delta_count++;
		*delta = (struct owner_delta){ .domid = owner->domid, .born = owner->born };
	}
	delta->nodes += nodes;
	return 0;
}

int32_t transaction_delta(const struct transaction *tx, const struct subject *owner)
{
	const struct owner_delta *delta = find_delta(tx, owner);

	return delta ? delta->nodes : 0;
}

/* Whether what the transaction depended on at this path is still so. */
static bool unchanged(const struct used_path *used, struct node *base, struct node *live)
{
	const struct node *then = tree_find(base, used->path, used->len, NULL);
	const struct node *now = tree_find(live, used->path, used->len, NULL);

	if (then == now)
		return true;
	if (!then || !now || (used->what & USED_TREE))
		return false;
	if ((used->what & USED_NODE) && then->changed != now->changed)
		return false;
	return !(used->what & USED_LIST) || then->list_changed == now->list_changed;
}

/* Makes the change at used's path in *root as it is in work. */
static int apply(struct store *store, const struct transaction *tx, const struct change *change,
		 struct node **root)
{
	const struct used_path *used = change->at;
	const struct node *there = tree_find(*root, used->path, used->len, NULL);
	const struct node *wanted;
	struct node *removed;

	if (change->kind == CHANGE_REMOVED) {
		if (!there)
			return 0;
		removed = tree_remove(root, used->path, store_stamp(store));
		node_put(removed);
		return removed ? 0 : -ENOMEM;
	}
	wanted = tree_find(tx->work, used->path, used->len, NULL);
	/* Removed again later; that removal's own entry follows. */
	if (!wanted)
		return 0;
	if (there)
		return tree_set(root, used->path, node_value(wanted), wanted->value_len,
				wanted->perms, store_stamp(store));
	return tree_create(root, used->path, used->len, node_value(wanted), wanted->value_len,
			   wanted->perms, store_stamp(store));
}

/* The next live root, as a new reference: work itself, or live with the changes made again. */
static int merge(struct transaction *tx, struct node **result)
{
	struct store *store = tx->conn->store;
	struct node *live = store->root;
	struct node *root;

	if (live == tx->base) {
		*result = node_get(tx->work);
		return 0;
	}
	for (uint32_t i = 0; i < tx->used_room; i++) {
		if (tx->used[i] && !unchanged(tx->used[i], tx->base, live))
			return -EAGAIN;
	}
	root = node_get(live);
	for (uint32_t i = 0; i < tx->change_count; i++) {
		int ret = apply(store, tx, &tx->changes[i], &root);

		if (ret) {
			node_put(root);
			return ret;
		}
	}
	*result = root;
	return 0;
}

/* Fires the watches of one change between two versions. */
static void fire(struct store *store, const struct change *change, struct node *before,
		 struct node *after)
{
	const struct used_path *used = change->at;
	size_t parent_len = path_parent_len(used->path, used->len);
	const struct node *old = tree_find(before, used->path, used->len, NULL);
	const struct node *new = tree_find(after, used->path, used->len, NULL);
	const struct node *parent;

	if (change->kind == CHANGE_REMOVED && old) {
		parent = tree_find(before, used->path, parent_len, NULL);
		watch_fire_removed(store, used->path, old, parent ? parent->perms : NULL);
	} else if (change->kind == CHANGE_SET && new) {
		parent = parent_len ? tree_find(after, used->path, parent_len, NULL) : NULL;
		watch_fire(store, used->path, new->perms, old ? old->perms : NULL,
			   parent ? parent->perms : NULL);
	}
}

static bool nodes_allowed(const struct transaction *tx)
{
	struct domain *who = tx->conn->domain;
	int32_t delta = transaction_delta(tx, &who->subject);
	int64_t amount = (int64_t)who->usage.used[QUOTA_NODES] + delta;

	return delta <= 0 || quota_allows(&tx->conn->store->limits, &who->usage, who->subject.domid,
					  QUOTA_NODES, (uint64_t)amount);
}

static void account_deltas(const struct transaction *tx)
{
	for (uint32_t i = 0; i < tx->delta_count; i++) {
		const struct owner_delta *delta = &tx->deltas[i];
		struct domain *owner = domain_find(tx->conn->store, delta->domid);

		if (owner && owner->subject.born == delta->born)
			owner->usage.used[QUOTA_NODES] += (uint32_t)delta->nodes;
	}
}

int transaction_commit(struct transaction *tx)
{
	struct store *store = tx->conn->store;
	struct node *before = store->root, *after;
	int ret = 0;

	if (!tx->change_count)
		goto out;
	ret = nodes_allowed(tx) ? merge(tx, &after) : -ENOSPC;
	if (ret)
		goto out;
	store->root = after;
	account_deltas(tx);
	for (uint32_t i = 0; i < tx->change_count; i++)
		fire(store, &tx->changes[i], before, after);
	node_put(before);
out:
	transaction_abort(tx);
	return ret;
}
