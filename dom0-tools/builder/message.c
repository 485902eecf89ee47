/* SPDX-License-Identifier: MIT */
/*
 * Formats the builder's one-line messages. Part of a message may come from a hostile image, so
 * nothing but printable text is let through.
 */
#include "dom0-tools/builder/message.h"

#include <stdarg.h>
#include <stdio.h>

int build_fail(struct build_message *msg, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg->text, sizeof(msg->text), fmt, ap);
	va_end(ap);
	for (char *c = msg->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return err;
}
