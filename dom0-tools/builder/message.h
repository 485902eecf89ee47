/* SPDX-License-Identifier: MIT */
/*
 * What went wrong while building, in words for the person who asked for it.
 */
#ifndef BUILDER_MESSAGE_H
#define BUILDER_MESSAGE_H

/* Room enough for every message of the builder, ended by a 0 byte. */
#define BUILD_MESSAGE_BYTES 768

struct build_message {
	/* One line: object, cause, remedy; no program's name in front and no newline at the end. */
	char text[BUILD_MESSAGE_BYTES];
};

/* Sets the message and returns err, so that a check can `return build_fail(msg, -EINVAL, ...)`. */
int build_fail(struct build_message *msg, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
