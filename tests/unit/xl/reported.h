/* SPDX-License-Identifier: MIT */
/*
 * Captures what the code under test reports, for tests of messages.
 */
#ifndef TESTS_UNIT_XL_REPORTED_H
#define TESTS_UNIT_XL_REPORTED_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dom0-tools/xl/report.h"

static char last_error[2048];
static char last_note[2048];
static unsigned int error_count, note_count;

static void capture(bool is_error, const char *text)
{
	if (is_error) {
		snprintf(last_error, sizeof(last_error), "%s", text);
		error_count++;
	} else {
		snprintf(last_note, sizeof(last_note), "%s", text);
		note_count++;
	}
}

static void capture_reset(void)
{
	report_set_sink(capture);
	last_error[0] = last_note[0] = '\0';
	error_count = note_count = 0;
}

#define assert_reported(part)                                                  \
	do {                                                                   \
		if (!strstr(last_error, part))                                 \
			fail_msg("\"%s\" is not in \"%s\"", part, last_error); \
	} while (0)

#endif
