/* SPDX-License-Identifier: MIT */
/*
 * Typed access to the xenstore nodes of a device (public/io/xenbus.h gives the states). Values
 * that a frontend wrote are hostile: numbers are parsed whole or not at all, strings have a
 * maximum. All functions take the directory and the node's name below it.
 */
#ifndef BACKENDS_COMMON_XENBUS_H
#define BACKENDS_COMMON_XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xenbus.h>

struct xs_handle;

#define XENBUS_PATH_MAX 256

/* The name of a state for log lines: "Connected". */
const char *xenbus_state_name(unsigned int state);

/* A decimal number of digits only, at most max. 0, or -EINVAL and *value untouched. */
int parse_number(const char *text, uint64_t max, uint64_t *value);

/* Copies the node's text to buf. -ENOENT if there is none, -E2BIG if it needs more than size. */
int xenbus_read(struct xs_handle *xs, const char *dir, const char *node, char *buf, size_t size);
/* A number of at most max. -ENOENT, -EINVAL for anything that is not such a number. */
int xenbus_read_number(struct xs_handle *xs, const char *dir, const char *node, uint64_t max,
		       uint64_t *value);
/* A 0/1 feature node: fallback if it is missing or nonsense. */
bool xenbus_read_flag(struct xs_handle *xs, const char *dir, const char *node, bool fallback);
/* XenbusStateUnknown if it is missing or nonsense. */
unsigned int xenbus_read_state(struct xs_handle *xs, const char *dir);
bool xenbus_exists(struct xs_handle *xs, const char *dir);

struct xenbus_node {
	const char *name;
	char value[24];
};

/*
 * Writes nodes into a directory that exists, all at once: one that the toolstack is just removing
 * does not come back to life. 0, -ENOENT if it is gone, or another negative errno.
 */
int xenbus_write_nodes(struct xs_handle *xs, const char *dir, const struct xenbus_node *nodes,
		       size_t count);
/* One node, in the same way. */
int xenbus_write(struct xs_handle *xs, const char *dir, const char *node, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
