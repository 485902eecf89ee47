/* SPDX-License-Identifier: MIT */
/*
 * Values as text, and paths.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/tools/tool.h"

/* Longest escape of one byte, "\ooo" or "\xhh". */
#define ESCAPE_MAX 4

static void *allocate(size_t bytes)
{
	void *memory = malloc(bytes);

	if (!memory) {
		tool_error("out of memory");
		exit(1);
	}
	return memory;
}

char *path_join(const char *path, const char *name)
{
	size_t len = strlen(path) + strlen(name) + 2;
	char *joined = allocate(len);

	snprintf(joined, len, "%s%s%s", path, path[0] && path[strlen(path) - 1] != '/' ? "/" : "",
		 name);
	return joined;
}

/* The letter that stands for byte behind a backslash, or 0. */
static char escape_letter(unsigned char byte)
{
	switch (byte) {
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\\':
		return '\\';
	default:
		return 0;
	}
}

char *value_escape(const char *value, size_t len)
{
	char *text = allocate(len * ESCAPE_MAX + 1);
	char *at = text;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)value[i];
		char letter = escape_letter(byte);

		if (letter)
			at += sprintf(at, "\\%c", letter);
		else if (byte >= ' ' && byte <= '~')
			*at++ = (char)byte;
		else
			at += sprintf(at, byte < 010 ? "\\%03o" : "\\x%02x", byte);
	}
	*at = '\0';
	return text;
}

static int digit_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return -1;
}

/* Reads up to max digits of base into *byte; false if there is none. */
static bool read_digits(const char **from, int base, int max, int *byte)
{
	int count = 0;

	*byte = 0;
	for (; count < max; count++, ++*from) {
		int digit = digit_of(**from);

		if (digit < 0 || digit >= base)
			break;
		*byte = *byte * base + digit;
	}
	return count > 0;
}

/* The byte that the escape behind a backslash stands for; over 255 if it is malformed. */
static int unescape(const char **from)
{
	int byte;

	if (read_digits(from, 8, 3, &byte))
		return byte;
	switch (*(*from)++) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'x':
		return read_digits(from, 16, 2, &byte) ? byte : 'x';
	default:
		return (unsigned char)(*from)[-1];
	}
}

int value_unescape(char *text)
{
	const char *from = text;
	char *to = text;

	while (*from) {
		int byte = (unsigned char)*from++;

		if (byte == '\\' && *from)
			byte = unescape(&from);
		if (byte > UCHAR_MAX)
			return -1;
		*to++ = (char)byte;
	}
	*to = '\0';
	return (int)(to - text);
}
