/* SPDX-License-Identifier: MIT */
/*
 * What client and daemon share about the wire protocol beyond public/io/xs_wire.h: the names under
 * which errors travel, and the text form of permissions.
 */
#ifndef XENSTORE_LIB_WIRE_H
#define XENSTORE_LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "xenstore/lib/xs.h"

/* Longest text of one permission, "b4294967295", with its NUL. */
#define XS_PERM_TEXT_MAX 12

/* The protocol's name of a positive errno; errors it has no name for travel as "EINVAL". */
const char *xs_error_name(int errnum);
/* The errno of a name from the wire; EIO for a name that is not of the protocol. */
int xs_error_number(const char *name);

/* Parses "r5"-style text (letter r, w, b or n, then a decimal domid). False if malformed. */
bool xs_perm_parse(const char *text, struct xs_permissions *perm);
/* Writes the text form with its NUL to buf; returns the length without the NUL. */
size_t xs_perm_format(const struct xs_permissions *perm, char buf[XS_PERM_TEXT_MAX]);

#endif
