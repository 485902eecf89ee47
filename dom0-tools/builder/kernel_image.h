/* SPDX-License-Identifier: MIT */
/*
 * Kernel images, from a file to the ELF image inside. Runs on any host: needs no hypervisor.
 *
 * Understood: an ELF file; a Linux bzImage (boot protocol 2.08 or later) with an ELF payload
 * compressed by gzip, bzip2, lzma, xz, lzo, lz4 or zstd, or stored; and an ELF file compressed by
 * one of these as a whole. Input is untrusted: every offset is checked, and unpacked data is
 * bounded.
 */
#ifndef BUILDER_KERNEL_IMAGE_H
#define BUILDER_KERNEL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/builder/message.h"

/* Bounds, in bytes, of the file and of what it unpacks to. */
#define KERNEL_FILE_MAX     (256u << 20)
#define KERNEL_UNPACKED_MAX (512u << 20)

struct kernel_image {
	uint8_t *elf; /* starts with the ELF magic */
	size_t elf_bytes;
	size_t allocated;        /* of pages_alloc() */
	const char *container;   /* "ELF", "bzImage", "compressed ELF" */
	const char *compression; /* "none", "gzip", "xz", ... */
};

/* Reads and unpacks the image at path. 0, or a negative errno with msg set. */
int kernel_image_load(const char *path, struct kernel_image *image, struct build_message *msg);
/* The same from memory; name stands for the file in messages. */
int kernel_image_unpack(const char *name, const void *data, size_t bytes,
			struct kernel_image *image, struct build_message *msg);
void kernel_image_free(struct kernel_image *image);

#endif
