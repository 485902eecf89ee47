/* SPDX-License-Identifier: MIT */
/*
 * Permissions: who owns a node and who may read or write it. A set is immutable and shared by
 * reference count among all nodes that inherited it.
 *
 * Entry 0 names the owner, who may do everything, and what every domain without an entry of its own
 * may do. Domids are reused, permissions must not be: a set remembers when it was made, a subject
 * when its domain appeared, and an entry made before that does not count.
 */
#ifndef XENSTORED_PERM_H
#define XENSTORED_PERM_H

#include <stdbool.h>
#include <stdint.h>

#include "xenstore/lib/xs.h"

/* Beside XS_PERM_READ and XS_PERM_WRITE: may change the permissions. */
#define PERM_OWNER 0x08
#define PERM_ALL   (XS_PERM_READ | XS_PERM_WRITE | PERM_OWNER)

struct perm_set {
	uint32_t refs;
	uint32_t count; /* at least 1 */
	uint64_t made;  /* stamp, see store_stamp() */
	struct xs_permissions entry[];
};

/* Somebody who makes requests. Domid 0 is privileged: it may do everything. */
struct subject {
	uint32_t domid;
	uint64_t born;                /* stamp of the domain's first mention */
	const struct subject *target; /* also has that one's permissions; may be NULL */
};

/* A copy of count >= 1 entries with one reference; NULL when out of memory. */
struct perm_set *perm_set_new(const struct xs_permissions *entries, uint32_t count, uint64_t made);
struct perm_set *perm_set_get(struct perm_set *set);
void perm_set_put(struct perm_set *set); /* NULL is fine */

/* The same permissions with another owner, as old as the original; NULL when out of memory. */
struct perm_set *perm_set_with_owner(const struct perm_set *set, uint32_t owner);

/* XS_PERM_* and PERM_OWNER bits that who has. */
unsigned int perm_of(const struct perm_set *set, const struct subject *who);

static inline uint32_t perm_owner(const struct perm_set *set)
{
	return set->entry[0].id;
}

static inline bool is_privileged(const struct subject *who)
{
	return who->domid == 0;
}

#endif
