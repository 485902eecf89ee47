/* SPDX-License-Identifier: MIT */
/*
 * Judging and cutting up path text.
 */
#include "xenstore/daemon/path.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Length of a leading "/local/domain/<number>/", 0 if there is none. */
static size_t domain_prefix_len(const char *path)
{
	size_t len = strlen(DOMAIN_PREFIX);
	size_t digits;

	if (strncmp(path, DOMAIN_PREFIX, len) != 0)
		return 0;
	digits = strspn(path + len, "0123456789");
	if (!digits || path[len + digits] != '/')
		return 0;
	return len + digits + 1;
}

bool path_is_valid(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len - domain_prefix_len(path) > XENSTORE_REL_PATH_MAX ||
	    len > XENSTORE_ABS_PATH_MAX)
		return false;
	if (len > 1 && path[len - 1] == '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (path[i] == '/' && path[i + 1] == '/')
			return false;
		if (!isalnum((unsigned char)path[i]) && !strchr("-/_@", path[i]))
			return false;
	}
	return true;
}

bool path_absolute(char buf[PATH_BUFFER], const char *path, uint32_t domid)
{
	int len;

	if (path[0] == '/' || path[0] == '@')
		len = snprintf(buf, PATH_BUFFER, "%s", path);
	else
		len = snprintf(buf, PATH_BUFFER, DOMAIN_PREFIX "%u/%s", domid, path);
	return len >= 0 && len < PATH_BUFFER;
}

size_t path_parent_len(const char *path, size_t len)
{
	if (len <= 1)
		return 0;
	while (path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}

const char *path_next(const char **at, const char *end, size_t *len)
{
	const char *name = *at;

	while (name < end && *name == '/')
		name++;
	if (name >= end)
		return NULL;
	*len = 0;
	while (name + *len < end && name[*len] != '/')
		++*len;
	*at = name + *len;
	return name;
}
