/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing trees of nodes in xenstore: formatted paths, one place for errors, and
 * transactions that start over on conflicts.
 */
#ifndef DOM0_XL_STORE_H
#define DOM0_XL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore/lib/xs.h"

#define STORE_PATH_MAX 512 /* bytes, more than any path here */

/* The value at the path, malloc'ed; NULL with errno when there is none. */
char *store_read(struct xs_handle *xs, xs_transaction_t t, const char *path_fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The value as a non-negative number; -1 when there is none or it is not a number. */
long store_read_number(struct xs_handle *xs, xs_transaction_t t, const char *path_fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A sequence of writes. The first failure stops it: later calls do nothing, error holds the errno
 * and path the node.
 */
struct store_batch;

struct store_writer {
	struct xs_handle *xs;
	xs_transaction_t t;
	struct store_batch *batch; /* where writes are collected, or NULL: each goes out at once */
	int error;
	char path[STORE_PATH_MAX];
};

/* dir/name = value. New nodes have the permissions of dir. */
void store_put(struct store_writer *writer, const char *dir, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Makes a directory with permissions: owned by owner, and readable by reader as well unless that
 * is the owner. Nobody else but domain 0 has any right.
 */
void store_make(struct store_writer *writer, const char *dir, uint32_t owner, uint32_t reader);
/* Removes a node and all below it; no failure if it is not there. */
void store_remove(struct store_writer *writer, const char *path);

/*
 * Runs body in a transaction, again when others changed what it used, until it is committed. body
 * must do the same work each time and report nothing on writer->error. 0 or a negative errno, with
 * the writer's path in failed_path (STORE_PATH_MAX bytes, may be NULL).
 */
typedef void store_body_fn(struct store_writer *writer, void *arg);
int store_transaction(struct xs_handle *xs, store_body_fn *body, void *arg, char *failed_path);
/* The same for a body that only writes: in few round trips, however much it is. */
int store_write_all(struct xs_handle *xs, store_body_fn *body, void *arg, char *failed_path);

/* Nodes below dir: free() the block; NULL and *count 0 when there are none. */
char **store_list(struct xs_handle *xs, xs_transaction_t t, unsigned int *count,
		  const char *path_fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Waits until an event of a watch on xs arrives or deadline_ms (of monotonic_ms()) passes. The
 * event as from xs_read_watch(), to free(), or NULL with errno ETIMEDOUT or what happened.
 */
char **store_next_event(struct xs_handle *xs, uint64_t deadline_ms);

#endif
