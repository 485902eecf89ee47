/* SPDX-License-Identifier: MIT */
/*
 * The table of domains. Invariants: domain 0 is always known and never released; a domain stays
 * known while anything in the store is accounted to it.
 */
#include "xenstore/daemon/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/hypervisor.h"
#include "xenstore/daemon/ring.h"
#include "xenstore/daemon/store.h"
#include "xenstore/daemon/watch.h"

int domains_init(struct store *store)
{
	LIST_INIT(&store->domains.list);
	store->domains.by_domid = calloc(DOMID_LIMIT, sizeof(struct domain *));
	return store->domains.by_domid ? 0 : -ENOMEM;
}

static void forget(struct store *store, struct domain *domain)
{
	struct domain *other;

	for (other = LIST_FIRST(&store->domains.list); other; other = LIST_NEXT(other, link)) {
		if (other->subject.target == &domain->subject)
			other->subject.target = NULL;
	}
	store->domains.by_domid[domain->subject.domid] = NULL;
	LIST_REMOVE(domain, link);
	free(domain);
}

void domains_free(struct store *store)
{
	if (!store->domains.by_domid)
		return;
	while (!LIST_EMPTY(&store->domains.list))
		forget(store, LIST_FIRST(&store->domains.list));
	free(store->domains.by_domid);
	free(store->domains.by_port);
}

struct domain *domain_find(const struct store *store, uint32_t domid)
{
	return domid < DOMID_LIMIT ? store->domains.by_domid[domid] : NULL;
}

struct domain *domain_by_port(const struct store *store, uint32_t port)
{
	return port < store->domains.by_port_room ? store->domains.by_port[port] : NULL;
}

/* Makes room for port in the table. */
static int reserve_port(struct domain_table *table, uint32_t port)
{
	uint32_t room = port + port / 2 + 16;
	struct domain **grown;

	if (port < table->by_port_room)
		return 0;
	grown = realloc(table->by_port, room * sizeof(struct domain *));
	if (!grown)
		return -ENOMEM;
	memset(grown + table->by_port_room, 0,
	       (room - table->by_port_room) * sizeof(struct domain *));
	table->by_port = grown;
	table->by_port_room = room;
	return 0;
}

/* Binds the domain's port and gives it its place in the table. The local port or negative errno. */
static int bind_port(struct store *store, struct domain *domain, uint32_t remote_port)
{
	int port = store->hv->bind(domain->subject.domid, remote_port);
	int ret;

	if (port < 0)
		return port;
	ret = reserve_port(&store->domains, (uint32_t)port);
	if (ret) {
		store->hv->unbind((uint32_t)port);
		return ret;
	}
	store->domains.by_port[port] = domain;
	return port;
}

struct domain *domain_owner(const struct store *store, const struct perm_set *perms)
{
	struct domain *domain = domain_find(store, perm_owner(perms));

	return domain && perms->made >= domain->subject.born ? domain : NULL;
}

struct domain *domain_mention(struct store *store, uint32_t domid)
{
	struct domain *domain = domain_find(store, domid);

	if (domain)
		return domain;
	if (domid >= DOMID_LIMIT || (domid && store->hv->state(domid) == DOMAIN_GONE)) {
		errno = ENOENT;
		return NULL;
	}
	domain = calloc(1, sizeof(*domain));
	if (!domain) {
		errno = ENOMEM;
		return NULL;
	}
	domain->subject.domid = domid;
	domain->subject.born = domid ? store_stamp(store) : 0;
	store->domains.by_domid[domid] = domain;
	LIST_INSERT_HEAD(&store->domains.list, domain, link);
	return domain;
}

/* A second INTRODUCE of the same page: the domain has a new event channel, as after a restore. */
static int reintroduce(struct store *store, struct domain *domain, uint64_t gfn,
		       uint32_t remote_port)
{
	uint32_t old_port;
	int port;

	if (domain->gfn != gfn)
		return -EINVAL;
	old_port = ring_port(domain->conn);
	port = bind_port(store, domain, remote_port);
	if (port < 0)
		return port;
	if ((uint32_t)port != old_port)
		store->domains.by_port[old_port] = NULL;
	ring_rebind(domain->conn, (uint32_t)port);
	return 0;
}

static int connect_ring(struct store *store, struct domain *domain, uint32_t remote_port)
{
	uint32_t domid = domain->subject.domid;
	struct xenstore_domain_interface *page = store->hv->map(domid);
	int port;

	if (!page)
		return -errno;
	port = bind_port(store, domain, remote_port);
	if (port < 0) {
		store->hv->unmap(domid, page);
		return port;
	}
	domain->conn = ring_open(store, domain, page, (uint32_t)port);
	if (!domain->conn)
		store->domains.by_port[port] = NULL;
	return domain->conn ? 0 : -ENOMEM;
}

int domain_introduce(struct store *store, uint32_t domid, uint64_t gfn, uint32_t remote_port)
{
	struct domain *domain = domain_mention(store, domid);
	int ret;

	if (!domain)
		return -errno;
	if (domain->conn) {
		ret = reintroduce(store, domain, gfn, remote_port);
	} else {
		ret = connect_ring(store, domain, remote_port);
		if (!ret)
			domain->gfn = gfn;
	}
	if (ret) {
		log_warn("domain %u: cannot be introduced: %s", domid, error_text(ret));
		return ret;
	}
	log_debug("domain %u: introduced", domid);
	if (domid)
		watch_fire_special(store, SPECIAL_INTRODUCE, domid);
	return 0;
}

void domain_disconnect(struct store *store, struct domain *domain)
{
	if (!domain->conn)
		return;
	store->domains.by_port[ring_port(domain->conn)] = NULL;
	conn_free(domain->conn);
	domain->conn = NULL;
}

void domain_release(struct store *store, struct domain *domain)
{
	uint32_t domid = domain->subject.domid;

	log_debug("domain %u: released", domid);
	domain_disconnect(store, domain);
	store_remove_owned(store, domain);
	forget(store, domain);
	watch_fire_special(store, SPECIAL_RELEASE, domid);
}

void domains_check(struct store *store)
{
	struct domain *domain = LIST_FIRST(&store->domains.list);

	while (domain) {
		struct domain *next = LIST_NEXT(domain, link);
		uint32_t domid = domain->subject.domid;
		enum domain_state state = domid ? store->hv->state(domid) : DOMAIN_RUNNING;

		if (state == DOMAIN_GONE) {
			domain_release(store, domain);
		} else if (state == DOMAIN_SHUT_DOWN && !domain->shut_down) {
			domain->shut_down = true;
			watch_fire_special(store, SPECIAL_RELEASE, domid);
		}
		domain = next;
	}
}

void domain_set_target(struct domain *domain, const struct domain *target)
{
	domain->subject.target = &target->subject;
}
