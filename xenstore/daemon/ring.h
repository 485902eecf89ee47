/* SPDX-License-Identifier: MIT */
/*
 * The transport over a page shared with a domain (public/io/xs_wire.h). The page is the domain's
 * too: each index is read once, checked, then used.
 *
 * A domain that breaks the protocol gets the reason in the page's error field and is not served any
 * more until it asks for a new start through the connection field.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include "xenstore/daemon/conn.h"

/* Takes over page and port, also when it fails (NULL, out of memory). */
struct conn *ring_open(struct store *store, struct domain *domain,
		       struct xenstore_domain_interface *page, uint32_t port);
/* The local port that its events come on. */
uint32_t ring_port(const struct conn *conn);
/* Binds it to another port and starts over. */
void ring_rebind(struct conn *conn, uint32_t port);

#endif
