/* SPDX-License-Identifier: MIT */
/*
 * The daemon's loop: waits for descriptors and gives connections that have something to do one turn
 * each, in the order in which they woke. A client that always has requests gets one served per
 * round, like everybody else.
 */
#ifndef XENSTORED_LOOP_H
#define XENSTORED_LOOP_H

#include <stdbool.h>

#include "dom0-tools/lib/daemon.h"
#include "xenstore/daemon/store.h"

struct loop {
	struct store *store;
	struct daemon *daemon;
	int epoll_fd;
	int listen_fd;
	bool with_domains; /* there are event channels to listen to */
};

/* Registers the fds that the caller has set, epoll_fd apart. 0 or a negative errno (logged). */
int loop_open(struct loop *loop);
/* Serves until a signal asks to stop. 0, or a negative errno (logged). */
int loop_run(struct loop *loop);
void loop_close(struct loop *loop);
/* One turn for every connection that is ready now. */
void loop_round(struct store *store);

#endif
