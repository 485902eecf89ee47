/* SPDX-License-Identifier: MIT */
/* The ring client. The ring's indexes are the other side's to change: they are checked at each use.
 */
#include "frontends/runtime/events.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/xenbus.h"

#define WATCH_EVENTS 16u
#define EVENT_SIZE   256u
#define RING_MASK    (XENSTORE_RING_SIZE - 1)
#define PTE_RING     (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static char window[PAGE_SIZE] __aligned(PAGE_SIZE);
static struct xenstore_domain_interface *const ring = (struct xenstore_domain_interface *)window;

static struct {
	char text[EVENT_SIZE]; /* path NUL token NUL */
} pending[WATCH_EVENTS];
static unsigned int pending_head, pending_tail;
static uint32_t last_id;

static void wake(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
}

void xenbus_init(void)
{
	if (page_remap(window, pte_make(start_info.store_mfn, PTE_RING)))
		guest_panic("cannot map the xenstore ring");
	events_attach(start_info.store_evtchn, wake, NULL);
}

static void ring_write(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		uint32_t prod = ring->req_prod, space;

		while ((space = XENSTORE_RING_SIZE - (prod - READ_ONCE(ring->req_cons))) == 0) {
			bool were_open = events_disable();

			if (prod - READ_ONCE(ring->req_cons) == XENSTORE_RING_SIZE)
				events_wait();
			events_restore(were_open);
		}
		space = min(space, XENSTORE_RING_SIZE - (prod & RING_MASK));
		space = (uint32_t)min((size_t)space, len);
		memcpy(ring->req + (prod & RING_MASK), p, space);
		__atomic_store_n(&ring->req_prod, prod + space, __ATOMIC_RELEASE);
		events_send(start_info.store_evtchn);
		p += space;
		len -= space;
	}
}

/* data NULL: the bytes are dropped. */
static void ring_read(void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		uint32_t cons = ring->rsp_cons, have;

		while ((have = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) - cons) == 0) {
			bool were_open = events_disable();

			if (READ_ONCE(ring->rsp_prod) == cons)
				events_wait();
			events_restore(were_open);
		}
		have = min(have, XENSTORE_RING_SIZE - (cons & RING_MASK));
		have = (uint32_t)min((size_t)have, len);
		if (p) {
			memcpy(p, ring->rsp + (cons & RING_MASK), have);
			p += have;
		}
		__atomic_store_n(&ring->rsp_cons, cons + have, __ATOMIC_RELEASE);
		events_send(start_info.store_evtchn);
		len -= have;
	}
}

static void keep_watch_event(size_t len)
{
	char *text = pending[pending_head % WATCH_EVENTS].text;
	size_t n = min(len, (size_t)EVENT_SIZE - 2);

	memset(text, 0, EVENT_SIZE);
	ring_read(text, n);
	ring_read(NULL, len - n);
	/* A guest that does not fetch its events loses the oldest. */
	if (++pending_head - pending_tail > WATCH_EVENTS)
		pending_tail++;
}

static int error_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (strcmp(xsd_errors[i].errstring, name) == 0)
			return -xsd_errors[i].errnum;
	return -EIO;
}

/* Reads messages until the reply to id; *size is the room in reply, then the reply's length. */
static int read_reply(uint32_t id, void *reply, size_t *size)
{
	struct xsd_sockmsg msg;
	char name[32] = { 0 };

	for (;;) {
		ring_read(&msg, sizeof(msg));
		if (msg.type == XS_WATCH_EVENT) {
			keep_watch_event(msg.len);
			continue;
		}
		if (msg.req_id != id) {
			ring_read(NULL, msg.len);
			continue;
		}
		break;
	}
	if (msg.type == XS_ERROR) {
		size_t n = min((size_t)msg.len, sizeof(name) - 1);

		ring_read(name, n);
		ring_read(NULL, msg.len - n);
		return error_of(name);
	}
	if (msg.len > *size) {
		ring_read(NULL, msg.len);
		return -ENOSPC;
	}
	ring_read(reply, msg.len);
	*size = msg.len;
	return 0;
}

int xenbus_request(uint32_t type, uint32_t tx, const void *body, size_t len, void *reply,
		   size_t *size)
{
	struct xsd_sockmsg msg = {
		.type = type, .req_id = ++last_id, .tx_id = tx, .len = (uint32_t)len
	};

	ring_write(&msg, sizeof(msg));
	ring_write(body, len);
	return read_reply(msg.req_id, reply, size);
}

/* path NUL, then len bytes of value; the reply as a string. */
static int request_path(uint32_t type, uint32_t tx, const char *path, const char *value, size_t len,
			char *reply, size_t size)
{
	static char body[XENSTORE_PAYLOAD_MAX];
	size_t path_len = strlen(path) + 1, reply_len = size - 1;
	int rc;

	if (path_len + len > sizeof(body))
		return -E2BIG;
	memcpy(body, path, path_len);
	memcpy(body + path_len, value, len);
	rc = xenbus_request(type, tx, body, path_len + len, reply, &reply_len);
	reply[rc ? 0 : reply_len] = 0;
	return rc;
}

int xenbus_read(uint32_t tx, const char *path, char *value, size_t size)
{
	return request_path(XS_READ, tx, path, "", 0, value, size);
}

int xenbus_write(uint32_t tx, const char *path, const char *value)
{
	char ok[16];

	return request_path(XS_WRITE, tx, path, value, strlen(value), ok, sizeof(ok));
}

int xenbus_printf(uint32_t tx, const char *path, const char *fmt, ...)
{
	char value[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	return xenbus_write(tx, path, value);
}

int xenbus_rm(uint32_t tx, const char *path)
{
	char ok[16];

	return request_path(XS_RM, tx, path, "", 0, ok, sizeof(ok));
}

int xenbus_mkdir(uint32_t tx, const char *path)
{
	char ok[16];

	return request_path(XS_MKDIR, tx, path, "", 0, ok, sizeof(ok));
}

int xenbus_list(uint32_t tx, const char *path, char *names, size_t size)
{
	return request_path(XS_DIRECTORY, tx, path, "", 0, names, size);
}

int xenbus_transaction_start(uint32_t *tx)
{
	char id[16];
	int rc = request_path(XS_TRANSACTION_START, 0, "", "", 0, id, sizeof(id));

	if (!rc)
		*tx = (uint32_t)strtoull(id, NULL, 10);
	return rc;
}

int xenbus_transaction_end(uint32_t tx, bool abort)
{
	char ok[16];

	return request_path(XS_TRANSACTION_END, tx, abort ? "F" : "T", "", 0, ok, sizeof(ok));
}

int xenbus_watch(const char *path, const char *token)
{
	char ok[16];

	return request_path(XS_WATCH, 0, path, token, strlen(token) + 1, ok, sizeof(ok));
}

int xenbus_unwatch(const char *path, const char *token)
{
	char ok[16];

	return request_path(XS_UNWATCH, 0, path, token, strlen(token) + 1, ok, sizeof(ok));
}

int xenbus_next_watch(char *path, size_t path_size, char *token, size_t token_size)
{
	struct xsd_sockmsg msg;
	const char *text;

	while (pending_head == pending_tail) {
		ring_read(&msg, sizeof(msg));
		if (msg.type == XS_WATCH_EVENT)
			keep_watch_event(msg.len);
		else
			ring_read(NULL, msg.len);
	}
	text = pending[pending_tail++ % WATCH_EVENTS].text;
	strlcpy(path, text, path_size);
	strlcpy(token, text + strlen(text) + 1, token_size);
	return 0;
}
