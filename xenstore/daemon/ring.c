/* SPDX-License-Identifier: MIT */
/*
 * Rings of domains. Features offered: a new start on request, and error reporting.
 */
#include "xenstore/daemon/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/store.h"

/* WATCH takes a depth (xenstore-ring.txt, bit 2). */
#define SERVER_FEATURE_WATCH_DEPTH 4u
#define SERVER_FEATURES                                                         \
	(XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | \
	 SERVER_FEATURE_WATCH_DEPTH)

struct ring {
	struct xenstore_domain_interface *page;
	uint32_t port;
	bool moved; /* an index changed since the domain was last notified */
	bool dead;  /* broke the protocol */
	bool told;  /* that is in the log; it may do so as often as it likes */
};

static struct ring *ring_of(const struct conn *conn)
{
	return conn->transport_data;
}

static uint32_t load(const uint32_t *field)
{
	return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

/* Bytes before it in program order are visible before the index moves. */
static void publish(uint32_t *field, uint32_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELEASE);
}

/* Copies between the byte stream at index and buf, around the ring's end. */
static void copy_out(const char *ring, uint32_t index, char *buf, size_t len)
{
	size_t at = MASK_XENSTORE_IDX(index);
	size_t first = len < XENSTORE_RING_SIZE - at ? len : XENSTORE_RING_SIZE - at;

	memcpy(buf, ring + at, first);
	memcpy(buf + first, ring, len - first);
}

static void copy_in(char *ring, uint32_t index, const char *buf, size_t len)
{
	size_t at = MASK_XENSTORE_IDX(index);
	size_t first = len < XENSTORE_RING_SIZE - at ? len : XENSTORE_RING_SIZE - at;

	memcpy(ring + at, buf, first);
	memcpy(ring, buf + first, len - first);
}

/* Whether the ring is not to be touched: broken, or about to start over. */
static bool stopped(const struct ring *ring)
{
	return ring->dead || load(&ring->page->connection) == XENSTORE_RECONNECT;
}

static ssize_t ring_read(struct conn *conn, void *buf, size_t len)
{
	struct ring *ring = ring_of(conn);
	struct xenstore_domain_interface *page = ring->page;
	uint32_t prod = load(&page->req_prod), cons = load(&page->req_cons);
	uint32_t have = prod - cons;

	if (stopped(ring))
		return 0;
	if (have > XENSTORE_RING_SIZE)
		return -ERANGE;
	if (len > have)
		len = have;
	if (!len)
		return 0;
	copy_out(page->req, cons, buf, len);
	publish(&page->req_cons, cons + (uint32_t)len);
	ring->moved = true;
	return (ssize_t)len;
}

static ssize_t ring_write(struct conn *conn, const void *buf, size_t len)
{
	struct ring *ring = ring_of(conn);
	struct xenstore_domain_interface *page = ring->page;
	uint32_t prod = load(&page->rsp_prod), cons = load(&page->rsp_cons);
	uint32_t used = prod - cons;

	if (stopped(ring))
		return 0;
	if (used > XENSTORE_RING_SIZE)
		return -ERANGE;
	if (len > XENSTORE_RING_SIZE - used)
		len = XENSTORE_RING_SIZE - used;
	if (!len)
		return 0;
	copy_in(page->rsp, prod, buf, len);
	publish(&page->rsp_prod, prod + (uint32_t)len);
	ring->moved = true;
	return (ssize_t)len;
}

static void notify(struct conn *conn)
{
	ring_of(conn)->moved = false;
	conn->store->hv->notify(ring_of(conn)->port);
}

/* The connection as new, the ring empty. */
static void start_over(struct conn *conn)
{
	struct ring *ring = ring_of(conn);
	struct xenstore_domain_interface *page = ring->page;

	conn_reset(conn);
	conn->error = 0;
	ring->dead = false;
	publish(&page->req_cons, 0);
	publish(&page->req_prod, 0);
	publish(&page->rsp_cons, 0);
	publish(&page->rsp_prod, 0);
	publish(&page->error, XENSTORE_ERROR_NONE);
	publish(&page->connection, XENSTORE_CONNECTED);
	notify(conn);
}

static void ring_settle(struct conn *conn)
{
	struct ring *ring = ring_of(conn);
	const struct xenstore_domain_interface *page = ring->page;

	if (load(&page->connection) == XENSTORE_RECONNECT) {
		start_over(conn);
		return;
	}
	if (ring->moved)
		notify(conn);
	if (ring->dead)
		return;
	/* Anything unread after a whole request is the next one's beginning. */
	if (conn_accepts(conn) && load(&page->req_prod) != load(&page->req_cons))
		conn_wake(conn);
}

static void ring_failed(struct conn *conn, int error)
{
	struct ring *ring = ring_of(conn);
	uint32_t reason = XENSTORE_ERROR_COMM;

	if (error == ERANGE)
		reason = XENSTORE_ERROR_RINGIDX;
	else if (error == EPROTO)
		reason = XENSTORE_ERROR_PROTO;
	log_message(ring->told ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "domain %u: disconnected: %s",
		    conn->domain->subject.domid,
		    reason == XENSTORE_ERROR_RINGIDX ? "its ring indexes are inconsistent"
		    : reason == XENSTORE_ERROR_PROTO
			    ? "its request is longer than the protocol allows"
			    : error_text(error));
	ring->told = true;
	conn_reset(conn);
	conn->error = 0;
	ring->dead = true;
	publish(&ring->page->error, reason);
	notify(conn);
	/* It may have asked for a new start already. */
	conn_wake(conn);
}

static void ring_destroy(struct conn *conn)
{
	struct ring *ring = ring_of(conn);

	conn->store->hv->unbind(ring->port);
	conn->store->hv->unmap(conn->domain->subject.domid, ring->page);
	free(ring);
}

static const struct transport ring_transport = {
	.read = ring_read,
	.write = ring_write,
	.settle = ring_settle,
	.failed = ring_failed,
	.destroy = ring_destroy,
};

struct conn *ring_open(struct store *store, struct domain *domain,
		       struct xenstore_domain_interface *page, uint32_t port)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	struct conn *conn = ring ? conn_new(store, domain, &ring_transport, ring) : NULL;

	if (!conn) {
		free(ring);
		store->hv->unbind(port);
		store->hv->unmap(domain->subject.domid, page);
		return NULL;
	}
	ring->page = page;
	ring->port = port;
	publish(&page->server_features, SERVER_FEATURES);
	/* Set by whoever prepared the page for a guest that must wait for us, see xenstore-ring. */
	publish(&page->connection, XENSTORE_CONNECTED);
	notify(conn);
	conn_wake(conn);
	return conn;
}

uint32_t ring_port(const struct conn *conn)
{
	return ring_of(conn)->port;
}

void ring_rebind(struct conn *conn, uint32_t port)
{
	struct ring *ring = ring_of(conn);

	conn_reset(conn);
	conn->store->hv->unbind(ring->port);
	ring->port = port;
	ring->dead = false;
	publish(&ring->page->error, XENSTORE_ERROR_NONE);
	notify(conn);
	conn_wake(conn);
}
