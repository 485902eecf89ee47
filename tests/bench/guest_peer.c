/* SPDX-License-Identifier: MIT */
/* Two guests find each other through the store: see guest_peer.h. */
#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/grants.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/xenbus.h"
#include "tests/bench/guest_peer.h"

#define POLL_NS    1000000ul
#define POLLS_MAX  20000u
#define WORK_ROUND 10000u
#define SLOT_NS    10000000ul
#define SLOTS_MAX  1000u

static struct peer peer;
static bool connected;

static bool read_number(const char *path, uint64_t *value)
{
	char text[32];

	if (xenbus_read(0, path, text, sizeof(text)))
		return false;
	*value = strtoull(text, NULL, 10);
	return true;
}

static bool wait_number(const char *path, uint64_t *value)
{
	for (unsigned int i = 0; i < POLLS_MAX; i++) {
		if (read_number(path, value))
			return true;
		clock_sleep(POLL_NS);
	}
	return false;
}

void peer_connect(void)
{
	char path[96];
	uint64_t value;

	if (!read_number("data/other", &value))
		return;
	peer.domid = (domid_t)value;
	snprintf(path, sizeof(path), "/local/domain/%u/data/port", peer.domid);
	if (!wait_number(path, &value)) {
		printf("peer: domain %u offers nothing\n", peer.domid);
		return;
	}
	peer.port = (evtchn_port_t)value;
	/* The port is offered last. */
	for (unsigned int i = 0; i < PEER_PAGES; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/data/ref%u", peer.domid, i);
		if (!read_number(path, &value))
			return;
		peer.refs[i] = (grant_ref_t)value;
	}
	connected = true;
}

bool peer_connected(void)
{
	return connected;
}

const struct peer *peer_get(void)
{
	return &peer;
}

static void answer(evtchn_port_t port, void *data)
{
	(void)data;
	events_send(port);
}

/* A node data/NAME of ours that the domain reader may read. */
static int offer(const char *name, uint64_t value, uint64_t self, domid_t reader)
{
	char path[32], body[96], reply[16];
	size_t reply_size = sizeof(reply), len;
	int rc;

	snprintf(path, sizeof(path), "data/%s", name);
	rc = xenbus_printf(0, path, "%lu", value);
	if (rc)
		return rc;
	len = (size_t)snprintf(body, sizeof(body), "%s", path) + 1;
	len += (size_t)snprintf(body + len, sizeof(body) - len, "n%lu", self) + 1;
	len += (size_t)snprintf(body + len, sizeof(body) - len, "r%u", reader) + 1;
	return xenbus_request(XS_SET_PERMS, 0, body, len, reply, &reply_size);
}

static int offer_pages(uint64_t self, domid_t other)
{
	char name[16];

	for (unsigned int i = 0; i < PEER_PAGES; i++) {
		void *page = page_alloc();
		int ref = page ? grant_access(other, page, false) : -ENOMEM, rc;

		if (ref < 0)
			return ref;
		snprintf(name, sizeof(name), "ref%u", i);
		rc = offer(name, (uint64_t)ref, self, other);
		if (rc)
			return rc;
	}
	return 0;
}

int peer_serve(void)
{
	uint64_t other, self;
	int port, rc;

	if (!wait_number("data/other", &other) || !read_number("domid", &self))
		guest_panic("nobody says whose peer this is");
	rc = offer_pages(self, (domid_t)other);
	port = rc ? rc : events_alloc_unbound((domid_t)other, answer, NULL);
	rc = port < 0 ? port : offer("port", (uint64_t)port, self, (domid_t)other);
	if (rc)
		guest_panic("the offer fails: %d", rc);
	printf("peer ready\n");
	(void)events_disable();
	for (;;)
		events_wait();
}

/* A chain of dependent operations in registers. */
static uint64_t compute(uint64_t x)
{
	for (unsigned int i = 0; i < WORK_ROUND; i++)
		x = x * 6364136223846793005ul + 1442695040888963407ul;
	return x;
}

/* Slots are those of system time, which all domains have in common. Printed when all are over. */
int peer_work(void)
{
	static struct {
		uint64_t number, rounds, ns;
	} slots[SLOTS_MAX];
	const char *value = command_line_get("slots");
	size_t count = value ? min(strtoull(value, NULL, 10), (unsigned long long)SLOTS_MAX) : 1;
	volatile uint64_t sink = 1;

	clock_sleep(SLOT_NS - clock_now() % SLOT_NS);
	for (size_t i = 0; i < count; i++) {
		uint64_t start = clock_now(), now = start;

		slots[i].number = start / SLOT_NS;
		while (now / SLOT_NS == slots[i].number) {
			sink = compute(sink);
			slots[i].rounds++;
			now = clock_now();
		}
		slots[i].ns = now - start;
	}
	for (size_t i = 0; i < count; i++)
		printf("work %lu %lu %lu\n", slots[i].number, slots[i].rounds, slots[i].ns);
	printf("work done\n");
	return 0;
}
