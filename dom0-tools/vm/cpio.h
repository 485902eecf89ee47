/* SPDX-License-Identifier: MIT */
/*
 * Writes cpio archives in the "newc" format that Linux unpacks as its initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root.
 */
#ifndef SHOJI_VM_CPIO_H
#define SHOJI_VM_CPIO_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct cpio {
	FILE *f;
	unsigned int next_ino;
};

/* Starts an archive at the current position of @f, which must be a multiple of 4 in the file. */
void cpio_begin(struct cpio *c, FILE *f);

/* Adds a regular file made from memory. @path is relative. 0 or a negative errno. */
int cpio_add_data(struct cpio *c, const char *path, mode_t mode, const void *data, size_t len);

/* Adds the host file @host as regular file @path. 0 or a negative errno. */
int cpio_add_file(struct cpio *c, const char *path, mode_t mode, const char *host);

/*
 * Adds everything below directory @dir: directories, files, symbolic links and FIFOs keep their
 * modes. 0, or a negative errno after a line on stderr that names the file.
 */
int cpio_add_tree(struct cpio *c, const char *dir);

/* Writes the trailer. 0 or a negative errno. */
int cpio_end(struct cpio *c);

#endif
