/* SPDX-License-Identifier: MIT */
/*
 * Operations of the store. Invariants: store->root is never NULL; usage.used[QUOTA_NODES] of each
 * known domain is the number of nodes in the live tree that it owns.
 */
#include "xenstore/daemon/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/path.h"
#include "xenstore/daemon/transaction.h"
#include "xenstore/daemon/watch.h"

struct store *store_new(const struct hypervisor *hv)
{
	static const struct xs_permissions nobody = { .id = 0, .perms = XS_PERM_NONE };
	struct store *store = calloc(1, sizeof(*store));
	struct perm_set *perms = perm_set_new(&nobody, 1, 0);

	if (!store || !perms)
		goto fail;
	store->hv = hv;
	store->limits = quota_defaults;
	if (domains_init(store) || watches_init(store))
		goto fail;
	store->root = node_new("", 0, NULL, 0, perms, store_stamp(store));
	store->ready = calloc(1, sizeof(*store->ready));
	if (!store->root || !store->ready || !domain_mention(store, 0))
		goto fail;
	TAILQ_INIT(store->ready);
	for (int i = 0; i < NR_SPECIAL; i++)
		store->special[i] = perm_set_get(perms);
	perm_set_put(perms);
	domain_find(store, 0)->usage.used[QUOTA_NODES] = 1;
	return store;
fail:
	perm_set_put(perms);
	if (store)
		store_free(store);
	return NULL;
}

void store_free(struct store *store)
{
	node_put(store->root);
	for (int i = 0; i < NR_SPECIAL; i++)
		perm_set_put(store->special[i]);
	domains_free(store);
	watches_free(store);
	free(store->ready);
	free(store);
}

uint64_t store_stamp(struct store *store)
{
	return ++store->last_stamp;
}

static struct node **root_of(const struct view *view)
{
	return view->tx ? &view->tx->work : &view->store->root;
}

static int use(const struct view *view, const char *path, size_t len, unsigned int what)
{
	return view->tx ? transaction_use(view->tx, path, len, what) : 0;
}

/* Accounts nodes with these permissions to their owner, if that is a known domain. */
static int account(const struct view *view, const struct perm_set *perms, int32_t nodes)
{
	struct domain *owner = domain_owner(view->store, perms);

	if (!owner)
		return 0;
	if (view->tx)
		return transaction_account(view->tx, &owner->subject, nodes);
	owner->usage.used[QUOTA_NODES] += (uint32_t)nodes;
	return 0;
}

/* Accounts a subtree; with nodes == 0 it only makes sure that doing so cannot fail. */
static int account_tree(const struct view *view, const struct node *node, int32_t nodes)
{
	struct node_cursor cursor = { 0, 0 };
	const struct node *child;
	int ret = account(view, node->perms, nodes);

	while (!ret && (child = node_next_child(node, &cursor)))
		ret = account_tree(view, child, nodes);
	return ret;
}

static bool quota_ok(const struct view *view, enum quota quota, uint64_t amount)
{
	return quota_allows(&view->store->limits, &view->who->usage, view->who->subject.domid,
			    quota, amount);
}

static bool nodes_allowed(const struct view *view, uint32_t more)
{
	int64_t amount = (int64_t)view->who->usage.used[QUOTA_NODES] + more;

	if (view->tx)
		amount += transaction_delta(view->tx, &view->who->subject);
	return amount <= 0 || quota_ok(view, QUOTA_NODES, (uint64_t)amount);
}

static bool size_allowed(const struct view *view, size_t name_len, size_t value_len,
			 uint32_t perm_count)
{
	return quota_ok(view, QUOTA_NODE_SIZE,
			name_len + value_len + perm_count * sizeof(struct xs_permissions));
}

/* Finds the node if the caller has all of want. A missing node is told of only to those who have
 * some of it on the nearest node above. */
static int find(const struct view *view, const char *path, unsigned int want, unsigned int what,
		struct node **node, struct tree_nearest *nearest)
{
	size_t len = strlen(path);
	struct tree_nearest near;
	unsigned int has;
	int ret;

	*node = tree_find(*root_of(view), path, len, &near);
	if (nearest)
		*nearest = near;
	ret = use(view, path, len, what);
	if (ret)
		return ret;
	has = perm_of(near.node->perms, &view->who->subject);
	if (!*node)
		return has & want ? -ENOENT : -EACCES;
	return (has & want) == want ? 0 : -EACCES;
}

int store_read(const struct view *view, const char *path, const struct node **node)
{
	struct node *found;
	int ret = find(view, path, XS_PERM_READ, USED_NODE, &found, NULL);

	*node = found;
	return ret;
}

int store_list(const struct view *view, const char *path, const struct node **node)
{
	struct node *found;
	int ret = find(view, path, XS_PERM_READ, USED_NODE | USED_LIST, &found, NULL);

	*node = found;
	return ret;
}

/* Whether entry i of a set that is to be inherited still means the domain it was made for. */
static bool entry_is_current(const struct view *view, const struct perm_set *set, uint32_t i)
{
	const struct domain *domain = domain_find(view->store, set->entry[i].id);

	return domain && set->made >= domain->subject.born;
}

/*
 * Permissions of a node that the caller creates below one with the set from: the same, but an
 * unprivileged creator owns what it creates. NULL when out of memory.
 */
static struct perm_set *inherit(const struct view *view, struct perm_set *from)
{
	const struct subject *who = &view->who->subject;
	struct perm_set *set;
	uint32_t kept = 1;

	if (is_privileged(who) ||
	    (perm_owner(from) == who->domid && entry_is_current(view, from, 0)))
		return perm_set_get(from);
	set = perm_set_new(from->entry, from->count, store_stamp(view->store));
	if (!set)
		return NULL;
	set->entry[0].id = who->domid;
	/* The new set is younger than its entries: those of dead domains must not come to life. */
	for (uint32_t i = 1; i < set->count; i++) {
		if (entry_is_current(view, from, i))
			set->entry[kept++] = set->entry[i];
	}
	set->count = kept;
	return set;
}

/* Length of the part of path that is one component longer than from. */
static size_t one_deeper(const char *path, size_t from)
{
	size_t len = from > 1 ? from + 1 : 1;

	while (path[len] && path[len] != '/')
		len++;
	return len;
}

/* The part of creation that takes effect: every component behind nearest, or none. */
static int create_components(const struct view *view, const char *path, const void *value,
			     size_t value_len, struct perm_set *perms, size_t from)
{
	struct node **root = root_of(view);
	size_t path_len = strlen(path);
	size_t first = one_deeper(path, from);
	char undo[PATH_BUFFER];

	for (size_t len = first; len <= path_len; len = one_deeper(path, len)) {
		bool last = len == path_len;
		int ret = tree_create(root, path, len, last ? value : NULL, last ? value_len : 0,
				      perms, store_stamp(view->store));

		if (ret && len > first) {
			/* What was just added is our own, so taking it out needs no memory. */
			memcpy(undo, path, first);
			undo[first] = '\0';
			node_put(tree_remove(root, undo, store_stamp(view->store)));
		}
		if (ret)
			return ret;
		if (last)
			break;
	}
	return 0;
}

/* Notes all that a creation depends on and makes room for what must not fail later. */
static int prepare_creation(const struct view *view, const char *path, size_t from,
			    uint32_t *components)
{
	size_t path_len = strlen(path);
	int ret = use(view, path, from, USED_NODE);

	*components = 0;
	for (size_t len = one_deeper(path, from); !ret; len = one_deeper(path, len)) {
		ret = use(view, path, len, USED_NODE);
		++*components;
		if (len == path_len)
			break;
	}
	if (!ret && view->tx)
		ret = transaction_reserve(view->tx, *components);
	return ret;
}

static int create(const struct view *view, const char *path, const void *value, size_t value_len,
		  const struct tree_nearest *nearest)
{
	size_t path_len = strlen(path), from = nearest->path_len;
	struct perm_set *parent_perms = nearest->node->perms;
	struct perm_set *perms;
	uint32_t components;
	int ret = prepare_creation(view, path, from, &components);

	if (ret)
		return ret;
	if (!nodes_allowed(view, components) ||
	    !size_allowed(view, path_len - path_parent_len(path, path_len), value_len, 1))
		return -ENOSPC;
	perms = inherit(view, parent_perms);
	if (!perms)
		return -ENOMEM;
	perm_set_get(parent_perms);
	ret = account(view, perms, (int32_t)components);
	if (!ret) {
		ret = create_components(view, path, value, value_len, perms, from);
		if (ret)
			account(view, perms, -(int32_t)components);
	}
	if (!ret && view->tx) {
		for (size_t len = from; len < path_len;) {
			len = one_deeper(path, len);
			transaction_changed(view->tx, path, len,
					    len < path_len ? CHANGE_PARENT : CHANGE_SET);
		}
	} else if (!ret) {
		watch_fire(view->store, path, perms, NULL, components > 1 ? perms : parent_perms);
	}
	perm_set_put(parent_perms);
	perm_set_put(perms);
	return ret;
}

/* Tells of a change of an existing node, now or at commit. */
static void node_changed(const struct view *view, const char *path, const struct perm_set *before)
{
	size_t len = strlen(path), parent_len = path_parent_len(path, len);
	struct node *root = *root_of(view);
	const struct node *parent;

	if (view->tx) {
		transaction_changed(view->tx, path, len, CHANGE_SET);
		return;
	}
	parent = parent_len ? tree_find(root, path, parent_len, NULL) : NULL;
	watch_fire(view->store, path, tree_find(root, path, len, NULL)->perms, before,
		   parent ? parent->perms : NULL);
}

int store_write(const struct view *view, const char *path, const void *value, size_t len)
{
	struct tree_nearest nearest;
	struct node *node;
	int ret = find(view, path, XS_PERM_WRITE, USED_NODE, &node, &nearest);

	if (ret == -ENOENT)
		return create(view, path, value, len, &nearest);
	if (ret)
		return ret;
	if (!size_allowed(view, node->name_len, len, node->perms->count))
		return -ENOSPC;
	if (view->tx)
		ret = transaction_reserve(view->tx, 1);
	if (!ret)
		ret = tree_set(root_of(view), path, len ? value : "", len, NULL,
			       store_stamp(view->store));
	if (!ret)
		node_changed(view, path, NULL);
	return ret;
}

int store_mkdir(const struct view *view, const char *path)
{
	struct tree_nearest nearest;
	struct node *node;
	int ret = find(view, path, XS_PERM_WRITE, USED_NODE, &node, &nearest);

	return ret == -ENOENT ? create(view, path, NULL, 0, &nearest) : ret;
}

/* The part of a removal after all checks. */
static int remove_node(const struct view *view, const char *path, struct node *node)
{
	size_t path_len = strlen(path);
	struct node *removed;
	const struct node *parent;
	int ret = 0;

	if (view->tx)
		ret = transaction_reserve(view->tx, 1);
	if (!ret)
		ret = account_tree(view, node, 0);
	if (ret)
		return ret;
	removed = tree_remove(root_of(view), path, store_stamp(view->store));
	if (!removed)
		return -ENOMEM;
	account_tree(view, removed, -1);
	if (view->tx) {
		transaction_changed(view->tx, path, path_len, CHANGE_REMOVED);
	} else {
		parent = tree_find(view->store->root, path, path_parent_len(path, path_len), NULL);
		watch_fire_removed(view->store, path, removed, parent->perms);
	}
	node_put(removed);
	return 0;
}

int store_remove(const struct view *view, const char *path)
{
	size_t parent_len = path_parent_len(path, strlen(path));
	struct node *node;
	int ret = find(view, path, XS_PERM_WRITE, USED_NODE | USED_TREE, &node, NULL);

	if (ret == -ENOENT && parent_len && tree_find(*root_of(view), path, parent_len, NULL))
		return use(view, path, parent_len, USED_NODE);
	if (ret)
		return ret;
	return parent_len ? remove_node(view, path, node) : -EINVAL;
}

/* Domains named in permissions come to be known now, so that the entries are younger. */
static int mention_all(struct store *store, const struct xs_permissions *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!domain_mention(store, entries[i].id) && errno == ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static int change_owner(const struct view *view, const struct perm_set *from,
			const struct perm_set *to)
{
	int ret = account(view, from, 0);

	if (!ret)
		ret = account(view, to, 1);
	if (!ret)
		ret = account(view, from, -1);
	return ret;
}

int store_set_perms(const struct view *view, const char *path, const struct xs_permissions *entries,
		    uint32_t count)
{
	struct perm_set *before, *set;
	struct node *node;
	int ret = find(view, path, XS_PERM_WRITE | PERM_OWNER, USED_NODE, &node, NULL);

	if (ret)
		return ret;
	if (!is_privileged(&view->who->subject) && entries[0].id != perm_owner(node->perms))
		return -EPERM;
	if (!quota_ok(view, QUOTA_PERMISSIONS, count) ||
	    !size_allowed(view, node->name_len, node->value_len, count))
		return -ENOSPC;
	ret = mention_all(view->store, entries, count);
	if (!ret && view->tx)
		ret = transaction_reserve(view->tx, 1);
	if (ret)
		return ret;
	set = perm_set_new(entries, count, store_stamp(view->store));
	if (!set)
		return -ENOMEM;
	before = perm_set_get(node->perms);
	ret = change_owner(view, before, set);
	if (!ret) {
		ret = tree_set(root_of(view), path, NULL, 0, set, set->made);
		if (ret)
			change_owner(view, set, before);
	}
	if (!ret)
		node_changed(view, path, before);
	perm_set_put(before);
	perm_set_put(set);
	return ret;
}

int store_set_special_perms(const struct view *view, enum special special,
			    const struct xs_permissions *entries, uint32_t count)
{
	struct perm_set **place = &view->store->special[special];
	unsigned int want = XS_PERM_WRITE | PERM_OWNER;
	struct perm_set *set;
	int ret;

	if ((perm_of(*place, &view->who->subject) & want) != want)
		return -EACCES;
	if (!is_privileged(&view->who->subject) && entries[0].id != perm_owner(*place))
		return -EPERM;
	if (!quota_ok(view, QUOTA_PERMISSIONS, count))
		return -ENOSPC;
	ret = mention_all(view->store, entries, count);
	if (ret)
		return ret;
	set = perm_set_new(entries, count, store_stamp(view->store));
	if (!set)
		return -ENOMEM;
	perm_set_put(*place);
	*place = set;
	return 0;
}

/* Removes what domain owns below the snapshot's node, whose path is in path. */
static void remove_owned_below(struct store *store, struct domain *domain, const struct node *node,
			       char path[PATH_BUFFER], size_t len)
{
	struct view view = { .store = store, .who = domain_find(store, 0) };
	struct node_cursor cursor = { 0, 0 };
	struct node *child;

	while (domain->usage.used[QUOTA_NODES] && (child = node_next_child(node, &cursor))) {
		size_t at = len > 1 ? len : 0;

		path[at] = '/';
		memcpy(path + at + 1, node_name(child), child->name_len + 1u);
		if (domain_owner(store, child->perms) != domain)
			remove_owned_below(store, domain, child, path, at + 1 + child->name_len);
		else if (remove_node(&view, path, child))
			log_error("domain %u: out of memory removing its node %s",
				  domain->subject.domid, path);
	}
	path[len] = '\0';
}

void store_remove_owned(struct store *store, struct domain *domain)
{
	char path[PATH_BUFFER];
	struct node *snapshot;
	const struct node *home;
	int len;

	if (!domain->usage.used[QUOTA_NODES])
		return;
	/* Nearly always all of it is below the domain's own directory. */
	snapshot = node_get(store->root);
	len = snprintf(path, sizeof(path), DOMAIN_PREFIX "%u", domain->subject.domid);
	home = tree_find(snapshot, path, (size_t)len, NULL);
	if (home)
		remove_owned_below(store, domain, home, path, (size_t)len);
	node_put(snapshot);

	snapshot = node_get(store->root);
	memcpy(path, "/", sizeof("/"));
	remove_owned_below(store, domain, snapshot, path, 1);
	node_put(snapshot);
}

static void count_owned(const struct store *store, const struct node *node,
			uint32_t counts[DOMID_LIMIT])
{
	const struct domain *owner = domain_owner(store, node->perms);
	struct node_cursor cursor = { 0, 0 };
	const struct node *child;

	if (owner)
		counts[owner->subject.domid]++;
	while ((child = node_next_child(node, &cursor)))
		count_owned(store, child, counts);
}

unsigned int store_check(struct store *store)
{
	uint32_t *counts = calloc(DOMID_LIMIT, sizeof(*counts));
	const struct domain *domain;
	unsigned int mistakes = 0;

	if (!counts) {
		log_error("check: out of memory");
		return 1;
	}
	count_owned(store, store->root, counts);
	for (domain = LIST_FIRST(&store->domains.list); domain; domain = LIST_NEXT(domain, link)) {
		uint32_t domid = domain->subject.domid;

		if (counts[domid] == domain->usage.used[QUOTA_NODES])
			continue;
		log_error("check: domain %u owns %u nodes, accounted are %u", domid, counts[domid],
			  domain->usage.used[QUOTA_NODES]);
		mistakes++;
	}
	free(counts);
	return mistakes;
}
