/* SPDX-License-Identifier: MIT */
/*
 * A store with domains that talk to it over rings in plain memory, under a hypervisor that does
 * what the test says. Domain 0 is connected from the start.
 */
#ifndef TESTS_UNIT_XENSTORE_HARNESS_H
#define TESTS_UNIT_XENSTORE_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/domain.h"
#include "xenstore/daemon/hypervisor.h"
#include "xenstore/daemon/store.h"

#define HARNESS_DOMAINS 16

struct reply {
	struct xsd_sockmsg hdr;
	char payload[XENSTORE_PAYLOAD_MAX + 1]; /* NUL-terminated */
};

struct harness_domain {
	enum domain_state state;
	struct xenstore_domain_interface *page; /* NULL while not mapped */
	unsigned int notified;
	struct reply event[64]; /* oldest first */
	unsigned int events;
};

extern struct store *store;
extern struct harness_domain domains[HARNESS_DOMAINS];
extern const struct hypervisor test_hypervisor;

/* cmocka set-up and tear-down. */
int harness_setup(void **state);
int harness_teardown(void **state);

/* Introduces the domain (running already). */
void introduce(uint32_t domid);
/* Lets the daemon work until nobody is ready. */
void settle(void);
/* Puts bytes in the domain's request ring, as much as fits; how many. */
size_t put_bytes(uint32_t domid, const void *data, size_t len);
/* Takes one whole message off the response ring, letting the daemon refill it; false if none. */
bool get_message(uint32_t domid, struct reply *reply);

/* One request and its reply; events that come meanwhile are kept. 0 or the error's errno. */
int call(uint32_t domid, uint32_t type, uint32_t tx, const void *payload, size_t len,
	 struct reply *reply);
/* The same for a list of strings, each with its NUL, that ends with NULL. */
int call_list(uint32_t domid, uint32_t type, uint32_t tx, struct reply *reply,
	      const char *const strings[]);
/* The same with the strings, and a last NULL, as arguments. */
#define call_strings(domid, type, tx, reply, ...) \
	call_list(domid, type, tx, reply, (const char *[]){ __VA_ARGS__ })

int write_node(uint32_t domid, uint32_t tx, const char *path, const char *value);
int read_node(uint32_t domid, uint32_t tx, const char *path, struct reply *reply);
int remove_path(uint32_t domid, uint32_t tx, const char *path);
int make_node(uint32_t domid, uint32_t tx, const char *path);
uint32_t start(uint32_t domid);
int finish(uint32_t domid, uint32_t tx, bool commit);
int watch(uint32_t domid, const char *path, const char *token);

/* Asserts that path reads as value for domain 0. */
void assert_value(uint32_t tx, const char *path, const char *value);
/* Collects all events waiting for the domain. */
void collect(uint32_t domid);
/* Collects, asserts that the next event of the domain is this one, and drops it. */
void assert_event(uint32_t domid, const char *path, const char *token);
void assert_no_event(uint32_t domid);

#endif
