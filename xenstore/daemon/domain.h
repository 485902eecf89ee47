/* SPDX-License-Identifier: MIT */
/*
 * Domains as the store knows them: from their first mention (in a permission or by INTRODUCE) until
 * RELEASE or their death. A domain is introduced while it has a connection.
 */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "xenstore/daemon/perm.h"
#include "xenstore/daemon/quota.h"

struct conn;
struct store;
struct hypervisor;

/* One more than the highest real domid. */
#define DOMID_LIMIT 0x7ff0u

struct domain {
	LIST_ENTRY(domain) link;
	struct subject subject; /* subject.domid is its name */
	struct quota_usage usage;
	struct conn *conn; /* its ring's connection, NULL while not introduced */
	uint64_t gfn;      /* as INTRODUCE gave it */
	bool shut_down;    /* @releaseDomain was fired for that */
};

LIST_HEAD(domain_list, domain);

struct domain_table {
	struct domain **by_domid; /* DOMID_LIMIT places */
	struct domain_list list;
	struct domain **by_port; /* by_port_room places */
	uint32_t by_port_room;
};

/* The domain or NULL. */
struct domain *domain_find(const struct store *store, uint32_t domid);

/* The introduced domain whose ring is bound to the local port, or NULL. */
struct domain *domain_by_port(const struct store *store, uint32_t port);

/* The known domain that owns what has these permissions, NULL if that one is gone. */
struct domain *domain_owner(const struct store *store, const struct perm_set *perms);

/*
 * The domain, which comes to be known if it exists in the hypervisor. NULL with errno ENOENT if it
 * does not, ENOMEM.
 */
struct domain *domain_mention(struct store *store, uint32_t domid);

/*
 * Starts talking to a domain over its ring: maps the page, binds to remote_port. For one that is
 * introduced already with the same gfn it binds anew. 0, -EINVAL, -ENOENT, -ENOMEM or what mapping
 * or binding gave. Fires @introduceDomain.
 */
int domain_introduce(struct store *store, uint32_t domid, uint64_t gfn, uint32_t remote_port);

/* Stops talking to the domain; it stays known. */
void domain_disconnect(struct store *store, struct domain *domain);

/* Forgets the domain: its connection, its nodes, itself. Fires @releaseDomain. */
void domain_release(struct store *store, struct domain *domain);

/* Asks the hypervisor about every domain: fires for those shut down, forgets those that died. */
void domains_check(struct store *store);

/* domain may act as target from now on. */
void domain_set_target(struct domain *domain, const struct domain *target);

int domains_init(struct store *store);
void domains_free(struct store *store);

#endif
