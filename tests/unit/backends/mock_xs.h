/* SPDX-License-Identifier: MIT */
/*
 * A small xenstore in memory, in place of the client library: nodes with values, watches that are
 * only counted. For unit tests with one process.
 */
#ifndef TESTS_UNIT_BACKENDS_MOCK_XS_H
#define TESTS_UNIT_BACKENDS_MOCK_XS_H

#include <stdbool.h>

struct xs_handle;

extern struct xs_handle *const mock_xs;

/* Empty, the guest introduced. Call first in each test. */
void mock_xs_reset(void);
void mock_xs_set(const char *path, const char *value);
/* The value, or "" if there is none. */
const char *mock_xs_get(const char *path);
/* Whether the guest is still there. */
void mock_xs_introduced(bool introduced);
/* Watches set and not removed. */
int mock_xs_watches(void);

#endif
