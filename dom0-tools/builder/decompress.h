/* SPDX-License-Identifier: MIT */
/*
 * Unpacks one compressed stream in memory, whatever a Linux kernel or its initramfs may be
 * compressed with. Input is untrusted. Bytes after the end of the stream are ignored.
 */
#ifndef BUILDER_DECOMPRESS_H
#define BUILDER_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>

/* A growing output buffer with a bound. All-zero but for limit (and expected) is empty. */
struct out_buffer {
	uint8_t *data; /* of pages_alloc() */
	size_t used;
	size_t size;
	size_t limit;
	size_t expected; /* how much there will probably be, 0 when unknown: the first allocation */
};

/*
 * Makes room for at least want more bytes (fewer only where the limit is near). Returns how many
 * there is room for; 0 with *err set to -EFBIG at the limit or -ENOMEM.
 */
size_t out_buffer_room(struct out_buffer *out, size_t want, int *err);
void out_buffer_free(struct out_buffer *out);

struct decompressor {
	const char *name; /* "gzip" */
	uint8_t magic[9];
	uint8_t magic_bytes;
	/*
	 * Appends to out. 0, -EILSEQ corrupt, -ENODATA ends too early, -EFBIG over out's limit,
	 * -ENOMEM. A failure leaves out with what there was so far.
	 */
	int (*unpack)(const uint8_t *in, size_t bytes, struct out_buffer *out);
};

/* By the first bytes of the stream; NULL when no format matches. */
const struct decompressor *decompressor_find(const uint8_t *in, size_t bytes);

/* The decompressor of that name, or NULL. */
const struct decompressor *decompressor_named(const char *name);

/* The formats whose framing is written here and not in a library. */
int unpack_lz4_legacy(const uint8_t *in, size_t bytes, struct out_buffer *out);
int unpack_lzop(const uint8_t *in, size_t bytes, struct out_buffer *out);

#endif
