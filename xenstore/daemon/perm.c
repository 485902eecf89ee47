/* SPDX-License-Identifier: MIT */
/*
 * Permission sets and the one rule that judges access. Sets never change after perm_set_new().
 */
#include "xenstore/daemon/perm.h"

#include <stdlib.h>
#include <string.h>

struct perm_set *perm_set_new(const struct xs_permissions *entries, uint32_t count, uint64_t made)
{
	struct perm_set *set = malloc(sizeof(*set) + count * sizeof(set->entry[0]));

	if (!set)
		return NULL;
	set->refs = 1;
	set->count = count;
	set->made = made;
	memcpy(set->entry, entries, count * sizeof(set->entry[0]));
	return set;
}

struct perm_set *perm_set_get(struct perm_set *set)
{
	set->refs++;
	return set;
}

void perm_set_put(struct perm_set *set)
{
	if (set && !--set->refs)
		free(set);
}

struct perm_set *perm_set_with_owner(const struct perm_set *set, uint32_t owner)
{
	struct perm_set *copy = perm_set_new(set->entry, set->count, set->made);

	if (copy)
		copy->entry[0].id = owner;
	return copy;
}

/* Whether the entry's domid still means the domain that who is. */
static bool names(const struct perm_set *set, uint32_t i, const struct subject *who)
{
	return set->entry[i].id == who->domid && set->made >= who->born;
}

unsigned int perm_of(const struct perm_set *set, const struct subject *who)
{
	const struct subject *target = who->target;

	if (is_privileged(who) || names(set, 0, who) || (target && names(set, 0, target)))
		return PERM_ALL;
	for (uint32_t i = 1; i < set->count; i++) {
		if (names(set, i, who) || (target && names(set, i, target)))
			return set->entry[i].perms;
	}
	return set->entry[0].perms;
}
