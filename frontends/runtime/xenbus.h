/* SPDX-License-Identifier: MIT */
/*
 * xenstore over the guest's ring (public/io/xs_wire.h). Synchronous: one request at a time; watch
 * events that arrive meanwhile are kept and handed out by xenbus_next_watch().
 */
#ifndef RUNTIME_XENBUS_H
#define RUNTIME_XENBUS_H

#include <public/io/xs_wire.h>

#include "lib/types.h"

void xenbus_init(void);

/* tx is 0 outside a transaction. All return 0 or the negative errno that xenstore named. */
int xenbus_read(uint32_t tx, const char *path, char *value, size_t size);
int xenbus_write(uint32_t tx, const char *path, const char *value);
int xenbus_printf(uint32_t tx, const char *path, const char *fmt, ...) __printf(3, 4);
int xenbus_rm(uint32_t tx, const char *path);
int xenbus_mkdir(uint32_t tx, const char *path);
/* Names one after the other, each ended by NUL, the list by an empty one. */
int xenbus_list(uint32_t tx, const char *path, char *names, size_t size);
int xenbus_transaction_start(uint32_t *tx);
int xenbus_transaction_end(uint32_t tx, bool abort); /* -EAGAIN: start again */
int xenbus_watch(const char *path, const char *token);
int xenbus_unwatch(const char *path, const char *token);
/* The next watch event; waits for one. */
int xenbus_next_watch(char *path, size_t path_size, char *token, size_t token_size);

/* Any request, for tests: body of len bytes in, body of the reply out (size in and out). */
int xenbus_request(uint32_t type, uint32_t tx, const void *body, size_t len, void *reply,
		   size_t *size);

#endif
