/* SPDX-License-Identifier: MIT */
/*
 * A guest's console on disk: DIR/guest-NAME.log, of bounded size. When it would grow beyond its
 * limit it becomes guest-NAME.log.1 (replacing that) and a new one begins, so at most twice the
 * limit is used.
 */
#ifndef CONSOLED_GUEST_LOG_H
#define CONSOLED_GUEST_LOG_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct guest_log {
	int fd; /* -1 when closed */
	uint64_t size;
	uint64_t limit; /* bytes */
	char path[PATH_MAX];
};

/*
 * Opens the log of a guest for appending, creating dir if need be. Characters that have no business
 * in a file name are replaced by '_'. 0 or a negative errno; then the log is closed and takes
 * writes silently.
 */
int guest_log_open(struct guest_log *log, const char *dir, const char *name, uint64_t limit);
/* Appends. 0 or a negative errno; the log stays open for the next try. */
int guest_log_write(struct guest_log *log, const char *data, size_t bytes);
/* Opens the file of that name again, after somebody else has moved it away. */
int guest_log_reopen(struct guest_log *log);
void guest_log_close(struct guest_log *log);

#endif
