/* SPDX-License-Identifier: MIT */
/*
 * The store: the live tree, the domains that own parts of it, the limits, and the operations that
 * requests are made of. Every operation works on the live tree or inside a transaction, checks
 * permissions and limits first, then changes whole or not at all, accounts nodes to their owners
 * and fires watches (a transaction's at its commit).
 *
 * Operations take absolute, valid paths (path.h) and return 0 or a negative errno:
 * ENOENT no such node and the caller may know, EACCES not allowed or not allowed to know,
 * ENOSPC over a limit, ENOMEM.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include <stdint.h>

#include "xenstore/daemon/domain.h"
#include "xenstore/daemon/perm.h"
#include "xenstore/daemon/quota.h"
#include "xenstore/daemon/tree.h"

struct watch_point;
struct transaction;

/* The events that the daemon invents have permissions like nodes. */
enum special { SPECIAL_INTRODUCE, SPECIAL_RELEASE, NR_SPECIAL };

struct store {
	struct node *root;   /* the live version */
	uint64_t last_stamp; /* of any change to any version */
	struct perm_set *special[NR_SPECIAL];
	struct quota_limits limits;
	struct domain_table domains;
	struct watch_point *watches;
	uint32_t last_transaction; /* id last given out */
	const struct hypervisor *hv;
	struct conn_list *ready; /* connections with something to do, in the order they woke */
	uint64_t round;          /* of turns, see loop.h */
};

/* Who operates, and in which transaction if not NULL. */
struct view {
	struct store *store;
	struct domain *who;
	struct transaction *tx;
};

/* An empty tree owned by domain 0. NULL when out of memory. */
struct store *store_new(const struct hypervisor *hv);
/* All connections must be gone. */
void store_free(struct store *store);

/* A number greater than all it returned before. */
uint64_t store_stamp(struct store *store);

/* The node for reading its value or permissions; it stays the tree's. */
int store_read(const struct view *view, const char *path, const struct node **node);
/* The same for reading the names of its children. */
int store_list(const struct view *view, const char *path, const struct node **node);
/* Sets the value, creating the node and its parents as needed. */
int store_write(const struct view *view, const char *path, const void *value, size_t len);
/* Makes the node exist. */
int store_mkdir(const struct view *view, const char *path);
/* Makes the node and all below it not exist. EINVAL for "/". */
int store_remove(const struct view *view, const char *path);
/* EPERM if an unprivileged caller names another owner. */
int store_set_perms(const struct view *view, const char *path, const struct xs_permissions *entries,
		    uint32_t count);

/* Permissions of a special event; not part of any transaction. */
int store_set_special_perms(const struct view *view, enum special special,
			    const struct xs_permissions *entries, uint32_t count);

/* Removes every node that the domain owns, with what is below. */
void store_remove_owned(struct store *store, struct domain *domain);

/* Walks both ends of the accounting; logs what is wrong. Returns the number of mistakes. */
unsigned int store_check(struct store *store);

#endif
