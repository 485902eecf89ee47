/* SPDX-License-Identifier: MIT */
/*
 * Error names and permission text of the xenstore wire protocol. Both directions of each mapping
 * stand together here, so client and daemon cannot disagree.
 */
#include "xenstore/lib/wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int number;
	const char *name;
} errors[] = {
	{ EINVAL, "EINVAL" }, { EACCES, "EACCES" },   { EEXIST, "EEXIST" },
	{ EISDIR, "EISDIR" }, { ENOENT, "ENOENT" },   { ENOMEM, "ENOMEM" },
	{ ENOSPC, "ENOSPC" }, { EIO, "EIO" },         { ENOTEMPTY, "ENOTEMPTY" },
	{ ENOSYS, "ENOSYS" }, { EROFS, "EROFS" },     { EBUSY, "EBUSY" },
	{ EAGAIN, "EAGAIN" }, { EISCONN, "EISCONN" }, { E2BIG, "E2BIG" },
	{ EPERM, "EPERM" },
};
#define NR_ERRORS (sizeof(errors) / sizeof(errors[0]))

const char *xs_error_name(int errnum)
{
	for (size_t i = 0; i < NR_ERRORS; i++) {
		if (errors[i].number == errnum)
			return errors[i].name;
	}
	return "EINVAL";
}

int xs_error_number(const char *name)
{
	for (size_t i = 0; i < NR_ERRORS; i++) {
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	}
	return EIO;
}

bool xs_perm_parse(const char *text, struct xs_permissions *perm)
{
	char *end;
	unsigned long id;

	switch (text[0]) {
	case 'r':
		perm->perms = XS_PERM_READ;
		break;
	case 'w':
		perm->perms = XS_PERM_WRITE;
		break;
	case 'b':
		perm->perms = XS_PERM_READ | XS_PERM_WRITE;
		break;
	case 'n':
		perm->perms = XS_PERM_NONE;
		break;
	default:
		return false;
	}
	if (!isdigit((unsigned char)text[1]))
		return false;
	errno = 0;
	id = strtoul(text + 1, &end, 10);
	if (errno || *end || id > UINT32_MAX)
		return false;
	perm->id = (unsigned int)id;
	return true;
}

size_t xs_perm_format(const struct xs_permissions *perm, char buf[XS_PERM_TEXT_MAX])
{
	static const char letters[] = "nrwb";
	char letter = letters[perm->perms & (XS_PERM_READ | XS_PERM_WRITE)];

	return (size_t)snprintf(buf, XS_PERM_TEXT_MAX, "%c%u", letter, perm->id);
}
