/* SPDX-License-Identifier: MIT */
/*
 * Messages to the user; see report.h. A message longer than the buffer is cut, never dropped.
 */
#include "dom0-tools/xl/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define REPORT_MAX 2048 /* bytes of one message */

static report_sink_fn *report_sink;
static bool report_is_quiet;
static bool report_is_verbose;
static int64_t report_last_us; /* of the last step */

void report_set_sink(report_sink_fn *sink)
{
	report_sink = sink;
}

void report_quiet(bool quiet)
{
	report_is_quiet = quiet;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void report_verbose(bool verbose)
{
	report_is_verbose = verbose;
	report_last_us = now_us();
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

void report_step(const char *fmt, ...)
{
	char text[REPORT_MAX];
	int64_t now = now_us();
	va_list args;

	if (!report_is_verbose)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	report_note("%7.1f ms  %s", (double)(now - report_last_us) / 1000, text);
	report_last_us = now;
}
