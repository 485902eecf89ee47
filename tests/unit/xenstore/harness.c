/* SPDX-License-Identifier: MIT */
/*
 * The daemon's core under test, driven in rounds without its loop. Global state, remade by
 * harness_setup() for every test.
 */
#include "tests/unit/xenstore/harness.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/lib/wire.h"

/* Local ports are the domids, moved away from 0. */
#define PORT_BASE 100

struct store *store;
struct harness_domain domains[HARNESS_DOMAINS];
static uint32_t last_req_id;

static enum domain_state test_state(uint32_t domid)
{
	return domid < HARNESS_DOMAINS ? domains[domid].state : DOMAIN_GONE;
}

static struct xenstore_domain_interface *test_map(uint32_t domid)
{
	assert_null(domains[domid].page);
	domains[domid].page = calloc(1, sizeof(*domains[domid].page));
	return domains[domid].page;
}

static void test_unmap(uint32_t domid, struct xenstore_domain_interface *page)
{
	assert_ptr_equal(page, domains[domid].page);
	free(page);
	domains[domid].page = NULL;
}

static int test_bind(uint32_t domid, uint32_t remote_port)
{
	return remote_port ? (int)(domid + PORT_BASE) : -EINVAL;
}

static void test_unbind(uint32_t port)
{
	assert_true(port >= PORT_BASE && port < PORT_BASE + HARNESS_DOMAINS);
}

static void test_notify(uint32_t port)
{
	domains[port - PORT_BASE].notified++;
}

const struct hypervisor test_hypervisor = {
	.state = test_state,
	.map = test_map,
	.unmap = test_unmap,
	.bind = test_bind,
	.unbind = test_unbind,
	.notify = test_notify,
};

int harness_setup(void **state)
{
	(void)state;
	memset(domains, 0, sizeof(domains));
	for (int i = 0; i < HARNESS_DOMAINS; i++)
		domains[i].state = DOMAIN_RUNNING;
	store = store_new(&test_hypervisor);
	if (!store)
		return -1;
	introduce(0);
	return 0;
}

int harness_teardown(void **state)
{
	struct domain *domain;

	(void)state;
	assert_int_equal(store_check(store), 0);
	for (domain = LIST_FIRST(&store->domains.list); domain; domain = LIST_NEXT(domain, link))
		domain_disconnect(store, domain);
	store_free(store);
	return 0;
}

void introduce(uint32_t domid)
{
	assert_int_equal(domain_introduce(store, domid, 4711, 1), 0);
	settle();
}

void settle(void)
{
	struct conn *conn;

	for (uint32_t i = 0; i < HARNESS_DOMAINS; i++) {
		struct domain *domain = domain_by_port(store, i + PORT_BASE);

		if (domain)
			conn_wake(domain->conn);
	}
	while ((conn = TAILQ_FIRST(store->ready))) {
		TAILQ_REMOVE(store->ready, conn, ready_link);
		conn->ready = false;
		conn_turn(conn);
	}
}

size_t put_bytes(uint32_t domid, const void *data, size_t len)
{
	struct xenstore_domain_interface *page = domains[domid].page;
	size_t put = 0;

	while (put < len && page->req_prod - page->req_cons < XENSTORE_RING_SIZE)
		page->req[MASK_XENSTORE_IDX(page->req_prod++)] = ((const char *)data)[put++];
	return put;
}

static bool get_byte(uint32_t domid, char *byte)
{
	struct xenstore_domain_interface *page = domains[domid].page;

	if (page->rsp_prod == page->rsp_cons)
		settle();
	if (page->rsp_prod == page->rsp_cons)
		return false;
	*byte = page->rsp[MASK_XENSTORE_IDX(page->rsp_cons++)];
	return true;
}

bool get_message(uint32_t domid, struct reply *reply)
{
	memset(&reply->hdr, 0, sizeof(reply->hdr));
	for (size_t i = 0; i < sizeof(reply->hdr); i++) {
		if (!get_byte(domid, (char *)&reply->hdr + i)) {
			assert_int_equal(i, 0);
			return false;
		}
	}
	assert_true(reply->hdr.len <= XENSTORE_PAYLOAD_MAX);
	for (size_t i = 0; i < reply->hdr.len; i++)
		assert_true(get_byte(domid, reply->payload + i));
	reply->payload[reply->hdr.len] = '\0';
	return true;
}

static void keep_event(uint32_t domid, const struct reply *event)
{
	struct harness_domain *domain = &domains[domid];

	assert_true(domain->events < sizeof(domain->event) / sizeof(domain->event[0]));
	domain->event[domain->events++] = *event;
}

int call(uint32_t domid, uint32_t type, uint32_t tx, const void *payload, size_t len,
	 struct reply *reply)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = ++last_req_id, .tx_id = tx };
	char message[sizeof(hdr) + XENSTORE_PAYLOAD_MAX];
	size_t put = 0;

	hdr.len = (uint32_t)len;
	memcpy(message, &hdr, sizeof(hdr));
	if (len)
		memcpy(message + sizeof(hdr), payload, len);
	while (put < sizeof(hdr) + len) {
		put += put_bytes(domid, message + put, sizeof(hdr) + len - put);
		settle();
	}
	for (;;) {
		assert_true(get_message(domid, reply));
		if (reply->hdr.type != XS_WATCH_EVENT)
			break;
		keep_event(domid, reply);
	}
	assert_int_equal(reply->hdr.req_id, hdr.req_id);
	assert_int_equal(reply->hdr.tx_id, tx);
	if (reply->hdr.type == XS_ERROR)
		return xs_error_number(reply->payload);
	assert_int_equal(reply->hdr.type, type);
	return 0;
}

int call_list(uint32_t domid, uint32_t type, uint32_t tx, struct reply *reply,
	      const char *const strings[])
{
	char payload[XENSTORE_PAYLOAD_MAX];
	size_t used = 0;

	for (; *strings; strings++) {
		size_t len = strlen(*strings) + 1;

		assert_true(len <= sizeof(payload) - used);
		memcpy(payload + used, *strings, len);
		used += len;
	}
	return call(domid, type, tx, payload, used, reply);
}

int write_node(uint32_t domid, uint32_t tx, const char *path, const char *value)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	int len = snprintf(payload, sizeof(payload), "%s|%s", path, value);
	struct reply reply;

	assert_true(len > 0 && len <= XENSTORE_PAYLOAD_MAX);
	payload[strlen(path)] = '\0';
	return call(domid, XS_WRITE, tx, payload, (size_t)len, &reply);
}

int read_node(uint32_t domid, uint32_t tx, const char *path, struct reply *reply)
{
	return call_strings(domid, XS_READ, tx, reply, path, NULL);
}

int remove_path(uint32_t domid, uint32_t tx, const char *path)
{
	struct reply reply;

	return call_strings(domid, XS_RM, tx, &reply, path, NULL);
}

int make_node(uint32_t domid, uint32_t tx, const char *path)
{
	struct reply reply;

	return call_strings(domid, XS_MKDIR, tx, &reply, path, NULL);
}

uint32_t start(uint32_t domid)
{
	struct reply reply;

	assert_int_equal(call_strings(domid, XS_TRANSACTION_START, 0, &reply, "", NULL), 0);
	return (uint32_t)strtoul(reply.payload, NULL, 10);
}

int finish(uint32_t domid, uint32_t tx, bool commit)
{
	struct reply reply;

	return call_strings(domid, XS_TRANSACTION_END, tx, &reply, commit ? "T" : "F", NULL);
}

int watch(uint32_t domid, const char *path, const char *token)
{
	struct reply reply;

	return call_strings(domid, XS_WATCH, 0, &reply, path, token, NULL);
}

void assert_value(uint32_t tx, const char *path, const char *value)
{
	struct reply reply;

	assert_int_equal(read_node(0, tx, path, &reply), 0);
	assert_string_equal(reply.payload, value);
}

void collect(uint32_t domid)
{
	struct reply reply;

	while (get_message(domid, &reply)) {
		assert_int_equal(reply.hdr.type, XS_WATCH_EVENT);
		keep_event(domid, &reply);
	}
}

void assert_event(uint32_t domid, const char *path, const char *token)
{
	struct harness_domain *domain = &domains[domid];
	const char *got = domain->event[0].payload;

	collect(domid);
	assert_int_not_equal(domain->events, 0);
	assert_string_equal(got, path);
	assert_string_equal(got + strlen(got) + 1, token);
	assert_int_equal(domain->event[0].hdr.req_id, 0);
	domain->events--;
	memmove(&domain->event[0], &domain->event[1], domain->events * sizeof(domain->event[0]));
}

void assert_no_event(uint32_t domid)
{
	collect(domid);
	if (domains[domid].events)
		assert_string_equal(domains[domid].event[0].payload, "no event");
}
