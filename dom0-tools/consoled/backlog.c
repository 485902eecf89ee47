/* SPDX-License-Identifier: MIT */
/*
 * A circular byte buffer. Invariant: start < BACKLOG_BYTES, used <= BACKLOG_BYTES.
 */
#include "dom0-tools/consoled/backlog.h"

#include <string.h>

size_t backlog_push(struct backlog *backlog, const char *data, size_t bytes)
{
	size_t lost = 0, end, first;

	if (bytes > BACKLOG_BYTES) {
		lost = bytes - BACKLOG_BYTES;
		data += lost;
		bytes = BACKLOG_BYTES;
	}
	if (backlog->used + bytes > BACKLOG_BYTES) {
		size_t excess = backlog->used + bytes - BACKLOG_BYTES;

		backlog_drop(backlog, excess);
		lost += excess;
	}
	end = (backlog->start + backlog->used) % BACKLOG_BYTES;
	first = BACKLOG_BYTES - end < bytes ? BACKLOG_BYTES - end : bytes;
	memcpy(backlog->data + end, data, first);
	memcpy(backlog->data, data + first, bytes - first);
	backlog->used += bytes;
	return lost;
}

const char *backlog_peek(const struct backlog *backlog, size_t *bytes)
{
	size_t piece = BACKLOG_BYTES - backlog->start;

	*bytes = backlog->used < piece ? backlog->used : piece;
	return backlog->data + backlog->start;
}

void backlog_drop(struct backlog *backlog, size_t bytes)
{
	backlog->start = (backlog->start + bytes) % BACKLOG_BYTES;
	backlog->used -= bytes;
}
