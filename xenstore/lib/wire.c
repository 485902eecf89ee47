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

#define NR_ERRORS (sizeof(xsd_errors) / sizeof(xsd_errors[0]))

const char *xs_error_name(int errnum)
{
	for (size_t i = 0; i < NR_ERRORS; i++) {
		if (xsd_errors[i].errnum == errnum)
			return xsd_errors[i].errstring;
	}
	return "EINVAL";
}

int xs_error_number(const char *name)
{
	for (size_t i = 0; i < NR_ERRORS; i++) {
		if (!strcmp(xsd_errors[i].errstring, name))
			return xsd_errors[i].errnum;
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
