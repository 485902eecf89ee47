/* SPDX-License-Identifier: MIT */
/*
 * Messages to the user; see report.h. A message longer than the buffer is cut, never dropped.
 */
#include "dom0-tools/xl/report.h"

#include <stdarg.h>
#include <stdio.h>

#define REPORT_MAX 2048 /* bytes of one message */

static report_sink_fn *report_sink;
static bool report_is_quiet;

void report_set_sink(report_sink_fn *sink)
{
	report_sink = sink;
}

void report_quiet(bool quiet)
{
	report_is_quiet = quiet;
}

static void report(bool is_error, const char *fmt, va_list args)
{
	char text[REPORT_MAX];

	vsnprintf(text, sizeof(text), fmt, args);
	if (report_sink)
		report_sink(is_error, text);
	else
		fprintf(stderr, "xl: %s%s\n", is_error ? "" : "note: ", text);
}

void report_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(true, fmt, args);
	va_end(args);
}

void report_note(const char *fmt, ...)
{
	va_list args;

	if (report_is_quiet)
		return;
	va_start(args, fmt);
	report(false, fmt, args);
	va_end(args);
}
