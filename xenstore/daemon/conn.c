/* SPDX-License-Identifier: MIT */
/*
 * Connections: input to whole requests, output queues with their bounds. Nothing here blocks, and
 * nothing but conn_turn() and conn_free()'s callers ends a connection, so whoever queues an event
 * need not fear for the connections he holds.
 */
#include "xenstore/daemon/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/request.h"
#include "xenstore/daemon/store.h"
#include "xenstore/daemon/transaction.h"
#include "xenstore/daemon/watch.h"
#include "xenstore/lib/wire.h"

/* Bytes of events that may wait for an unprivileged domain, and for dom0's programs and kernel. */
#define EVENT_BYTES_GUEST      (256u << 10)
#define EVENT_BYTES_PRIVILEGED (16u << 20)
/* Replies that may wait for a privileged client before its next request is read. */
#define REPLIES_PRIVILEGED     64
/* How many of a watch's queued events are looked at to find a repetition. */
#define REPETITION_DEPTH       32

struct conn *conn_new(struct store *store, struct domain *domain, const struct transport *transport,
		      void *transport_data)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->store = store;
	conn->domain = domain;
	conn->transport = transport;
	conn->transport_data = transport_data;
	LIST_INIT(&conn->watches);
	LIST_INIT(&conn->transactions);
	TAILQ_INIT(&conn->out);
	return conn;
}

static void output_free(struct conn *conn, struct output *output)
{
	TAILQ_REMOVE(&conn->out, output, link);
	if (output->watch)
		LIST_REMOVE(output, watch_link);
	free(output);
}

void conn_reset(struct conn *conn)
{
	struct output *output;

	watch_remove_all(conn);
	while (!LIST_EMPTY(&conn->transactions))
		transaction_abort(LIST_FIRST(&conn->transactions));
	while ((output = TAILQ_FIRST(&conn->out)))
		output_free(conn, output);
	conn->out_replies = 0;
	conn->out_event_bytes = 0;
	conn->missed_events = false;
	free(conn->payload);
	conn->payload = NULL;
	conn->in_used = 0;
}

void conn_free(struct conn *conn)
{
	conn_reset(conn);
	if (conn->ready)
		TAILQ_REMOVE(conn->store->ready, conn, ready_link);
	conn->transport->destroy(conn);
	free(conn);
}

void conn_wake(struct conn *conn)
{
	if (conn->ready)
		return;
	conn->ready = true;
	conn->woken_in = conn->store->round;
	TAILQ_INSERT_TAIL(conn->store->ready, conn, ready_link);
}

bool conn_accepts(const struct conn *conn)
{
	uint32_t max = conn->store->limits.max[QUOTA_OUTSTANDING];

	if (is_privileged(&conn->domain->subject) || !max)
		max = REPLIES_PRIVILEGED;
	return conn->out_replies < max;
}

/* NULL when out of memory. */
static struct output *queue(struct conn *conn, const struct xsd_sockmsg *hdr)
{
	struct output *output = malloc(sizeof(*output) + sizeof(*hdr) + hdr->len);

	if (!output)
		return NULL;
	output->watch = NULL;
	output->path_hash = 0;
	output->len = (uint32_t)sizeof(*hdr) + hdr->len;
	output->sent = 0;
	memcpy(output->bytes, hdr, sizeof(*hdr));
	TAILQ_INSERT_TAIL(&conn->out, output, link);
	conn_wake(conn);
	return output;
}

void conn_reply(struct conn *conn, uint32_t type, const void *data, size_t len)
{
	struct xsd_sockmsg hdr = {
		.type = type,
		.req_id = conn->hdr.req_id,
		.tx_id = conn->hdr.tx_id,
		.len = (uint32_t)len,
	};
	struct output *output = queue(conn, &hdr);

	if (!output) {
		/* Without a reply the client would wait for ever. */
		conn->error = ENOMEM;
		conn_wake(conn);
		return;
	}
	if (len)
		memcpy(output->bytes + sizeof(hdr), data, len);
	conn->out_replies++;
}

void conn_reply_error(struct conn *conn, int error)
{
	const char *name = xs_error_name(error);

	conn_reply(conn, XS_ERROR, name, strlen(name) + 1);
}

static uint32_t hash_of(const char *path)
{
	uint32_t hash = 5381;

	while (*path)
		hash = hash * 33 ^ (unsigned char)*path++;
	return hash;
}

static bool is_queued(const struct watch *watch, const char *path, uint32_t hash)
{
	const struct output *output;
	unsigned int looked_at = 0;

	for (output = LIST_FIRST(&watch->queued); output; output = LIST_NEXT(output, watch_link)) {
		if (output->path_hash == hash &&
		    !strcmp(output->bytes + sizeof(struct xsd_sockmsg), path))
			return true;
		if (++looked_at == REPETITION_DEPTH)
			break;
	}
	return false;
}

void conn_event(struct conn *conn, struct watch *watch, const char *path)
{
	size_t path_len = strlen(path) + 1, token_len = strlen(watch->token) + 1;
	struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT,
				   .len = (uint32_t)(path_len + token_len) };
	uint32_t max = is_privileged(&conn->domain->subject) ? EVENT_BYTES_PRIVILEGED
							     : EVENT_BYTES_GUEST;
	uint32_t hash;
	struct output *output;

	/* The watch's own path fits, it came in one request with the token. */
	if (hdr.len > XENSTORE_PAYLOAD_MAX) {
		path = watch->path;
		path_len = strlen(path) + 1;
		hdr.len = (uint32_t)(path_len + token_len);
	}
	hash = hash_of(path);
	if (is_queued(watch, path, hash))
		return;
	output = conn->out_event_bytes < max ? queue(conn, &hdr) : NULL;
	if (!output) {
		watch->missed = true;
		conn->missed_events = true;
		return;
	}
	memcpy(output->bytes + sizeof(hdr), path, path_len);
	memcpy(output->bytes + sizeof(hdr) + path_len, watch->token, token_len);
	output->watch = watch;
	output->path_hash = hash;
	LIST_INSERT_HEAD(&watch->queued, output, watch_link);
	conn->out_event_bytes += output->len;
}

void conn_drop_events(struct conn *conn, struct watch *watch)
{
	while (!LIST_EMPTY(&watch->queued)) {
		struct output *output = LIST_FIRST(&watch->queued);

		conn->out_event_bytes -= output->len;
		output_free(conn, output);
	}
}

/* There is room again: each watch that missed an event fires for its own path. */
static void make_up_for_missed(struct conn *conn)
{
	struct watch *watch;

	conn->missed_events = false;
	for (watch = LIST_FIRST(&conn->watches); watch; watch = LIST_NEXT(watch, conn_link)) {
		if (watch->missed) {
			watch->missed = false;
			conn_event(conn, watch, watch->path);
		}
	}
}

static void output_done(struct conn *conn, struct output *output)
{
	struct xsd_sockmsg hdr;

	memcpy(&hdr, output->bytes, sizeof(hdr));
	if (hdr.type == XS_WATCH_EVENT)
		conn->out_event_bytes -= output->len;
	else
		conn->out_replies--;
	output_free(conn, output);
}

/* Sends what the client takes. 0 or a negative errno. */
static int send_queued(struct conn *conn)
{
	struct output *output;

	for (;;) {
		ssize_t n;

		output = TAILQ_FIRST(&conn->out);
		if (!output && conn->missed_events) {
			make_up_for_missed(conn);
			output = TAILQ_FIRST(&conn->out);
		}
		if (!output)
			return 0;
		n = conn->transport->write(conn, output->bytes + output->sent,
					   output->len - output->sent);
		if (n <= 0)
			return (int)n;
		output->sent += (uint32_t)n;
		/* From its first byte on it cannot be withdrawn. */
		if (output->watch) {
			LIST_REMOVE(output, watch_link);
			output->watch = NULL;
		}
		if (output->sent == output->len)
			output_done(conn, output);
	}
}

/* Reads on. 1: a whole request is there, 0: not yet, or a negative errno. */
static int read_request(struct conn *conn)
{
	while (conn->in_used < sizeof(conn->hdr)) {
		ssize_t n = conn->transport->read(conn, (char *)&conn->hdr + conn->in_used,
						  sizeof(conn->hdr) - conn->in_used);

		if (n <= 0)
			return (int)n;
		conn->in_used += (uint32_t)n;
	}
	if (conn->hdr.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	if (!conn->payload) {
		conn->payload = malloc(conn->hdr.len + 1);
		if (!conn->payload)
			return -ENOMEM;
	}
	while (conn->in_used < sizeof(conn->hdr) + conn->hdr.len) {
		uint32_t have = conn->in_used - (uint32_t)sizeof(conn->hdr);
		ssize_t n = conn->transport->read(conn, conn->payload + have, conn->hdr.len - have);

		if (n <= 0)
			return (int)n;
		conn->in_used += (uint32_t)n;
	}
	/* Not part of the request: lets every payload be looked at as a string. */
	conn->payload[conn->hdr.len] = '\0';
	return 1;
}

void conn_turn(struct conn *conn)
{
	int ret = -conn->error;

	if (!ret)
		ret = send_queued(conn);
	if (!ret && conn_accepts(conn)) {
		ret = read_request(conn);
		if (ret > 0) {
			request_handle(conn);
			free(conn->payload);
			conn->payload = NULL;
			conn->in_used = 0;
			ret = conn->error ? -conn->error : send_queued(conn);
		}
	}
	if (ret < 0)
		conn->transport->failed(conn, -ret);
	else
		conn->transport->settle(conn);
}
