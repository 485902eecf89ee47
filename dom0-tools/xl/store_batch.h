/* SPDX-License-Identifier: MIT */
/*
 * Many writes to xenstore in few round trips: requests are sent without waiting for each other's
 * replies, on a connection of their own. Wire format: public/io/xs_wire.h.
 *
 * The daemon answers the requests of one connection in order, so the n-th reply is the n-th
 * request's.
 */
#ifndef DOM0_XL_STORE_BATCH_H
#define DOM0_XL_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

struct store_batch;

/* Connects to the daemon's socket; NULL with errno when there is none to connect to. */
struct store_batch *store_batch_open(void);
void store_batch_close(struct store_batch *batch);

/* Starts a transaction, which what is added goes into. 0 or a negative errno. */
int store_batch_start(struct store_batch *batch);
/*
 * Adds a request about path, whose payload is path, a 0 byte, and bytes of data. A failure shows at
 * store_batch_flush(), after which nothing more is sent.
 */
void store_batch_add(struct store_batch *batch, enum xsd_sockmsg_type type, const char *path,
		     const void *data, size_t bytes);
/*
 * Sends what is left and waits for all replies. 0, or the negative errno of the first request that
 * failed, with its path in failed_path of size bytes. XS_RM of a node that is not there is no
 * failure.
 */
int store_batch_flush(struct store_batch *batch, char *failed_path, size_t size);
/*
 * Reads count nodes outside of a transaction: values[i] is the malloc'ed value of paths[i], NULL
 * when it cannot be read. 0, or the negative errno of a connection that is lost; all values are
 * NULL then.
 */
int store_batch_read(struct store_batch *batch, char *const *paths, size_t count, char **values);
/* Commits or abandons the transaction. -EAGAIN: others changed what it used, start again. */
int store_batch_end(struct store_batch *batch, bool abandon);

#endif
