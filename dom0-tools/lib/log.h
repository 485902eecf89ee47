/* SPDX-License-Identifier: MIT */
/*
 * Logging for the daemons of dom0: to stderr until log_to_file() succeeds, then to a file with one
 * line a message, "YYYY-MM-DD hh:mm:ss NAME[pid] LEVEL: text". Lines are written with one write(2)
 * each, so several processes may share a file. Not for xl, which talks to a person.
 */
#ifndef DOM0_LIB_LOG_H
#define DOM0_LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#define XEN_RUN_DIR   "/run/xen"
#define XEN_LOG_DIR   "/var/log/xen"
#define XEN_STATE_DIR "/var/lib/xen"

/* The program's name for every line; debug lines appear only when verbose. name is kept, not
 * copied. */
void log_init(const char *name, bool verbose);
/* Appends to path from now on, creating it (0640) and its directory. Negative errno on failure. */
int log_to_file(const char *path);
/* Opens the same file again, after a rotation by somebody else. No-op on stderr. */
int log_reopen(void);

void log_message(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_message(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* The words for an errno, negative or positive: "No such file or directory". Thread-safe. */
const char *error_text(long err);

/*
 * A token bucket for messages (or bytes) that a guest can provoke: up to burst at once, then rate
 * each second. All-zero with rate and burst set is a full bucket's start.
 */
struct rate_limit {
	uint32_t rate;
	uint32_t burst;
	/* internal */
	uint64_t tokens_milli; /* thousandths of a token */
	uint64_t last_ms;
	uint64_t suppressed; /* tokens refused so far; the caller may reset it after reporting */
	bool started;
};
/* Takes up to want tokens; how many it got. Time is CLOCK_MONOTONIC. */
uint32_t rate_limit_take(struct rate_limit *limit, uint32_t want);
/* The same at a given time in ms, for callers that have a clock of their own. */
uint32_t rate_limit_take_at(struct rate_limit *limit, uint32_t want, uint64_t now_ms);
/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t monotonic_ms(void);

#endif
