/* SPDX-License-Identifier: MIT */
/*
 * The transport over the daemon's Unix socket. Whoever may open it acts for domain 0; its mode is
 * 0600.
 */
#ifndef XENSTORED_SOCKET_H
#define XENSTORED_SOCKET_H

#include "xenstore/daemon/store.h"

/* $XENSTORED_PATH, else $XENSTORED_RUNDIR/socket, else /run/xenstored/socket; in static memory. */
const char *socket_default_path(void);
/* A listening socket at path, replacing a dead one's; a negative errno (logged) on failure. */
int socket_listen(const char *path);
/* Accepts what waits on the listening socket, registering each client with epoll_fd. */
void socket_accept(struct store *store, int listen_fd, int epoll_fd);
/* Handles the epoll events of a connection that socket_accept() registered. */
void socket_event(struct conn *conn);
/* Ends all socket connections. */
void socket_close_all(void);

#endif
