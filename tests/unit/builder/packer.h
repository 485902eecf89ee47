/* SPDX-License-Identifier: MIT */
/*
 * The other direction of decompress.h, for tests: packs bytes in each format that a kernel may come
 * in, framed as the kernel's build does it.
 */
#ifndef TESTS_PACKER_H
#define TESTS_PACKER_H

#include <stddef.h>
#include <stdint.h>

struct packer {
	const char *name; /* as decompressor->name */
	/* Packs into out, which has room for any result; the number of bytes. */
	size_t (*pack)(const uint8_t *in, size_t bytes, uint8_t *out, size_t room);
};

#define PACKERS 7
extern const struct packer packers[PACKERS];

#endif
