/* SPDX-License-Identifier: MIT */
/*
 * The client's connection: whole messages out, whole messages in, watch events set aside while a
 * reply is awaited. xs.c puts the meaning of each request on top.
 */
#ifndef XENSTORE_LIB_LINK_H
#define XENSTORE_LIB_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "xenstore/lib/xs.h"

struct xs_event {
	struct xs_event *next;
	unsigned int len;
	char payload[]; /* path NUL token NUL, both terminators checked */
};

/* Connects; NULL with errno set. */
struct xs_handle *link_open(unsigned long flags);
void link_close(struct xs_handle *h);
unsigned long link_flags(const struct xs_handle *h);

/*
 * Sends one request and waits for its reply: a NUL-terminated block to free(), *len bytes without
 * that NUL. NULL with errno set to the daemon's error or the connection's.
 */
char *link_talk(struct xs_handle *h, enum xsd_sockmsg_type type, xs_transaction_t t,
		const struct iovec *parts, unsigned int nr_parts, unsigned int *len);

/*
 * The oldest event, to free(). NULL with EAGAIN if there is none and wait is false, or with the
 * connection's error.
 */
struct xs_event *link_next_event(struct xs_handle *h, bool wait);
/* Drops queued events with this token whose path is wpath or below it. */
void link_drop_events(struct xs_handle *h, const char *wpath, const char *token);
/* An fd that is readable while an event is queued or the connection has data; -1 with errno. */
int link_poll_fd(struct xs_handle *h);

#endif
