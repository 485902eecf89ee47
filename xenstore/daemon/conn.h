/* SPDX-License-Identifier: MIT */
/*
 * A connection: a client on the socket or a domain on its ring. It assembles requests from what its
 * transport delivers, hands whole ones to request.c, and queues what goes back.
 *
 * Bounds: one request is held at a time; no request is read while more replies wait than the client
 * may leave unread; events beyond a limit are not queued, instead each watch that missed one fires
 * once for its own path when there is room again. So a client that never reads costs a fixed amount
 * and blocks nobody.
 *
 * A connection has turns: in one it sends what it can and serves at most one request.
 */
#ifndef XENSTORED_CONN_H
#define XENSTORED_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "xenstore/daemon/domain.h"
#include "xenstore/daemon/hypervisor.h"

struct store;
struct watch;
struct transaction;

struct transport {
	/* Up to len bytes: how many, 0 if none now, or a negative errno: the connection is over. */
	ssize_t (*read)(struct conn *conn, void *buf, size_t len);
	ssize_t (*write)(struct conn *conn, const void *buf, size_t len);
	/* After a turn: tell the other side, arrange for the next turn when there is reason. */
	void (*settle)(struct conn *conn);
	/* The connection failed with errno error: ends it (conn_free()) or leaves it dead. */
	void (*failed)(struct conn *conn, int error);
	/* Lets go of the transport itself; conn_free() calls it last. */
	void (*destroy)(struct conn *conn);
};

/* A message on its way out. */
struct output {
	TAILQ_ENTRY(output) link;
	LIST_ENTRY(output) watch_link; /* among the watch's queued events */
	struct watch *watch;           /* NULL: a reply, or an event partly sent */
	uint32_t path_hash;
	uint32_t len;
	uint32_t sent;
	char bytes[];
};

TAILQ_HEAD(output_queue, output);
LIST_HEAD(watch_list, watch);
LIST_HEAD(transaction_list, transaction);
LIST_HEAD(output_list, output);

struct conn {
	TAILQ_ENTRY(conn) ready_link;
	bool ready;        /* is in store->ready */
	uint64_t woken_in; /* store->round when it came there */
	struct store *store;
	struct domain *domain; /* on whose behalf */
	const struct transport *transport;
	void *transport_data;

	struct watch_list watches;
	struct transaction_list transactions;

	struct xsd_sockmsg hdr; /* of the request being read */
	uint32_t in_used;       /* bytes of header and payload so far */
	char *payload;          /* hdr.len bytes, once the header is complete */

	struct output_queue out;
	uint32_t out_replies;
	uint32_t out_event_bytes;
	bool missed_events; /* some watch has missed set */
	int error;          /* errno that ended it; its next turn says so to the transport */
};

TAILQ_HEAD(conn_list, conn);

/* NULL when out of memory; transport_data stays the caller's then. */
struct conn *conn_new(struct store *store, struct domain *domain, const struct transport *transport,
		      void *transport_data);
void conn_free(struct conn *conn);

/* Forgets requests, replies, watches and transactions. */
void conn_reset(struct conn *conn);
/* Gives it a turn soon. */
void conn_wake(struct conn *conn);
/* One turn. The connection may be gone afterwards. */
void conn_turn(struct conn *conn);
/* Whether it may be read from: false while too many replies wait. */
bool conn_accepts(const struct conn *conn);

/* Queues the reply to the current request: type, len <= XENSTORE_PAYLOAD_MAX bytes. */
void conn_reply(struct conn *conn, uint32_t type, const void *data, size_t len);
/* Queues the error reply to the current request; error is a positive errno. */
void conn_reply_error(struct conn *conn, int error);
/* Queues an event of a watch for path, unless the same one is waiting already. */
void conn_event(struct conn *conn, struct watch *watch, const char *path);
/* The watch is about to go: drops its queued events. */
void conn_drop_events(struct conn *conn, struct watch *watch);

#endif
