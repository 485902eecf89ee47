/* SPDX-License-Identifier: MIT */
/*
 * A whole regular file in memory, read once: later changes of the file cannot get past the checks
 * made on the copy.
 */
#ifndef BUILDER_READ_FILE_H
#define BUILDER_READ_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/builder/message.h"

struct file_bytes {
	uint8_t *data; /* of pages_alloc() */
	size_t bytes;
};

/* what names the file's role in messages ("kernel"). 0, or a negative errno with msg set. */
int read_file(const char *what, const char *path, size_t limit, struct file_bytes *file,
	      struct build_message *msg);
void free_file(struct file_bytes *file);
/* Its size alone, with the same checks. */
int stat_file(const char *what, const char *path, size_t limit, size_t *bytes,
	      struct build_message *msg);

#endif
