/* SPDX-License-Identifier: MIT */
/*
 * The second domain of a benchmark. dom0 creates two guests of the same image, one with role=peer,
 * and tells each the other's domid in its node data/other before it lets them run. The peer writes
 * what it offers (a port, 32 grants) under its own data, readable for the other.
 *
 * role=work is a guest that only computes: how much CPU time it gets shows in its output.
 */
#ifndef TESTS_BENCH_GUEST_PEER_H
#define TESTS_BENCH_GUEST_PEER_H

#include <public/event_channel.h>
#include <public/grant_table.h>

#include "lib/types.h"

#define PEER_PAGES 32u

struct peer {
	domid_t domid;
	evtchn_port_t port; /* an event to it is answered by one */
	grant_ref_t refs[PEER_PAGES];
};

/* Waits for the peer that data/other names, if it names one. */
void peer_connect(void);
bool peer_connected(void);
const struct peer *peer_get(void);

/* role=peer: offers, and answers events until the domain is destroyed. */
int peer_serve(void);
/* role=work: prints "work SLOT ROUNDS NS" for each of slots=N slots of time. */
int peer_work(void);

#endif
