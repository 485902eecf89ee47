/* SPDX-License-Identifier: MIT */
/*
 * Which guests there are and where their consoles lie: follows the hypervisor's list of domains and
 * the store, and keeps one struct console for each guest.
 */
#ifndef CONSOLED_REGISTRY_H
#define CONSOLED_REGISTRY_H

#include "dom0-tools/consoled/console.h"

struct xs_handle;

struct registry {
	struct console_host host;
	int privcmd;
	struct xs_handle *store; /* NULL while the connection is lost */
	struct console *consoles;
};

/*
 * Connects to the store, watches for domains coming and going, attaches to those that are there. 0,
 * or a negative errno when the store does not answer; the registry is disconnected then, with all
 * consoles still working. Call it again later.
 */
int registry_connect(struct registry *registry);
/* Handles all waiting events of the store. As registry_connect() when the connection is lost
 * meanwhile. */
int registry_store_events(struct registry *registry);
/*
 * Compares with the hypervisor's list of domains: consoles of the dead go, those of new guests
 * come. The store's events do this; it is also done from time to time, because a page held of a
 * dead guest keeps it from going away even when xenstored is down or missed its end.
 */
void registry_compare(struct registry *registry);
/* The console that owns a local port, or NULL. */
struct console *registry_find_port(struct registry *registry, int port);
void registry_disconnect(struct registry *registry);
/* Lets go of all consoles and of the store. */
void registry_free(struct registry *registry);

#endif
