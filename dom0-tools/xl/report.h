/* SPDX-License-Identifier: MIT */
/*
 * What the tools tell their user: one message per failure, to one place.
 *
 * xl writes to stderr with its name in front; xld sends the same messages to its log; unit tests
 * capture them. Not thread safe: the programs are single-threaded.
 */
#ifndef DOM0_XL_REPORT_H
#define DOM0_XL_REPORT_H

#include <stdbool.h>

/* Where messages go instead of stderr; text has no newline at its end. NULL: stderr again. */
typedef void report_sink_fn(bool is_error, const char *text);
void report_set_sink(report_sink_fn *sink);
/* -q: notes are not given to the sink; errors always are. */
void report_quiet(bool quiet);

/* -v: steps are given to the sink. */
void report_verbose(bool verbose);

/* A failure: names the object, the cause and the remedy. No newline at the end. */
void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Something the user should know though the work goes on. */
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A step of a longer work that is done, with the milliseconds since the step before. */
void report_step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
