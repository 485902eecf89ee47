/* SPDX-License-Identifier: MIT */
/*
 * The newest output of a guest that no client has read yet: a bounded queue of bytes that forgets
 * the oldest. All-zero is empty.
 */
#ifndef CONSOLED_BACKLOG_H
#define CONSOLED_BACKLOG_H

#include <stddef.h>

#define BACKLOG_BYTES 65536u

struct backlog {
	size_t start;
	size_t used;
	char data[BACKLOG_BYTES];
};

/* Appends; how many of the oldest bytes had to go. */
size_t backlog_push(struct backlog *backlog, const char *data, size_t bytes);
/* The oldest bytes that lie in one piece; *bytes is 0 when there are none. */
const char *backlog_peek(const struct backlog *backlog, size_t *bytes);
/* Takes away the oldest bytes, at most backlog->used. */
void backlog_drop(struct backlog *backlog, size_t bytes);

#endif
