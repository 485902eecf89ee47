/* SPDX-License-Identifier: MIT */
/*
 * Paths as text: "/" or "/a/b", of letters, digits and -/_@, without empty components.
 */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_BUFFER      (XENSTORE_ABS_PATH_MAX + 1)
#define DOMAIN_PREFIX    "/local/domain/"
/* The two events that the daemon invents. */
#define INTRODUCE_DOMAIN "@introduceDomain"
#define RELEASE_DOMAIN   "@releaseDomain"

#include "xenstore/lib/xs.h"

/*
 * Whether path is absolute, well formed and short enough: XENSTORE_REL_PATH_MAX bytes, not counting
 * a leading "/local/domain/<domid>/".
 */
bool path_is_valid(const char *path);

/*
 * Writes path in absolute form to buf: a relative one is meant below /local/domain/<domid>. Does
 * not judge its validity. False when it does not fit.
 */
bool path_absolute(char buf[PATH_BUFFER], const char *path, uint32_t domid);

/* Length of the parent's path: 1 ("/") for "/a", 0 for "/" itself. */
size_t path_parent_len(const char *path, size_t len);

/*
 * Goes down a path by components: *at starts at the path's first byte and moves on; returns the
 * next name and its length, or NULL at the end.
 */
const char *path_next(const char **at, const char *end, size_t *len);

#endif
