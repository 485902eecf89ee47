/* SPDX-License-Identifier: MIT */
/*
 * LZ4 (legacy frame, as `lz4 -l` writes it) and LZO (lzop's container): the block framing is ours,
 * the blocks are the libraries'. Formats: lz4 doc/lz4_Frame_format.md "Legacy frame"; lzop's header
 * as Linux's lib/decompress_unlzo reads it.
 */
#include "dom0-tools/builder/decompress.h"

#include <errno.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>

#define LZ4_MAGIC       0x184c2102u
#define LZ4_BLOCK_BYTES (8u << 20) /* each block but the last unpacks to this */

/* Header flags of lzop that change the layout. */
#define LZOP_F_ADLER32_D   0x00000001u
#define LZOP_F_ADLER32_C   0x00000002u
#define LZOP_F_H_EXTRA     0x00000040u
#define LZOP_F_CRC32_D     0x00000100u
#define LZOP_F_CRC32_C     0x00000200u
#define LZOP_F_H_FILTER    0x00000800u
#define LZOP_BLOCK_MAX     (64u << 20)
#define LZOP_VERSION_LEVEL 0x0940u /* from here on there is a level byte and a second version */
#define LZOP_MAGIC_BYTES   9u

/* A bounded reader: once it has run over the end, every read is 0 and over stays set. */
struct reader {
	const uint8_t *at;
	size_t left;
	int over;
};

static const uint8_t *take(struct reader *r, size_t bytes)
{
	const uint8_t *at = r->at;

	if (bytes > r->left) {
		r->over = 1;
		r->left = 0;
		return NULL;
	}
	r->at += bytes;
	r->left -= bytes;
	return at;
}

/* A number of 1 to 4 bytes, most significant first. */
static uint32_t take_be(struct reader *r, unsigned int bytes)
{
	const uint8_t *p = take(r, bytes);
	uint32_t value = 0;

	for (unsigned int i = 0; p && i < bytes; i++)
		value = value << 8 | p[i];
	return value;
}

static uint32_t take_le32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

int unpack_lz4_legacy(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	struct reader r = { .at = in, .left = bytes };
	int err = 0;

	if (take_le32(&r) != LZ4_MAGIC)
		return -EILSEQ;
	while (r.left >= 4) {
		uint32_t packed = take_le32(&r);
		const uint8_t *block;
		size_t room;
		int got;

		if (packed == LZ4_MAGIC) /* streams may follow one another */
			continue;
		if (!packed)
			break;
		if (packed > (uint32_t)LZ4_compressBound(LZ4_BLOCK_BYTES))
			return -EILSEQ;
		block = take(&r, packed);
		if (!block)
			return -ENODATA;
		room = out_buffer_room(out, LZ4_BLOCK_BYTES, &err);
		if (!room)
			return err;
		if (room > LZ4_BLOCK_BYTES)
			room = LZ4_BLOCK_BYTES;
		got = LZ4_decompress_safe((const char *)block, (char *)out->data + out->used,
					  (int)packed, (int)room);
		if (got < 0)
			return room < LZ4_BLOCK_BYTES ? -EFBIG : -EILSEQ;
		out->used += (size_t)got;
	}
	return 0;
}

/* Skips lzop's file header; its flags, or 0 with r->over set. */
static uint32_t lzop_header(struct reader *r)
{
	uint32_t version, flags;

	take(r, LZOP_MAGIC_BYTES);
	version = take_be(r, 2);
	take(r, 2); /* library version */
	if (version >= LZOP_VERSION_LEVEL)
		take(r, 2); /* version needed to extract */
	take(r, 1);         /* method */
	if (version >= LZOP_VERSION_LEVEL)
		take(r, 1); /* level */
	flags = take_be(r, 4);
	if (flags & LZOP_F_H_FILTER)
		take(r, 4);
	take(r, 4 + 4); /* mode, mtime low */
	if (version >= LZOP_VERSION_LEVEL)
		take(r, 4);     /* mtime high */
	take(r, take_be(r, 1)); /* name */
	take(r, 4);             /* header checksum */
	if (flags & LZOP_F_H_EXTRA) {
		take(r, take_be(r, 4));
		take(r, 4);
	}
	return flags;
}

static int lzop_block(const uint8_t *block, uint32_t packed, uint32_t unpacked,
		      struct out_buffer *out)
{
	lzo_uint got = unpacked;
	int err = 0;

	if (out_buffer_room(out, unpacked, &err) < unpacked)
		return err ? err : -EFBIG;
	if (packed == unpacked)
		memcpy(out->data + out->used, block, unpacked);
	else if (lzo1x_decompress_safe(block, packed, out->data + out->used, &got, NULL) !=
			 LZO_E_OK ||
		 got != unpacked)
		return -EILSEQ;
	out->used += unpacked;
	return 0;
}

int unpack_lzop(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	struct reader r = { .at = in, .left = bytes };
	uint32_t flags = lzop_header(&r);
	int err;

	if (lzo_init() != LZO_E_OK)
		return -ENOMEM;
	for (;;) {
		uint32_t unpacked = take_be(&r, 4), packed, adler = 1, crc = 0;
		const uint8_t *block;

		if (r.over)
			return -ENODATA;
		if (!unpacked)
			return 0;
		packed = take_be(&r, 4);
		if (flags & LZOP_F_ADLER32_D)
			adler = take_be(&r, 4);
		if (flags & LZOP_F_CRC32_D)
			crc = take_be(&r, 4);
		if (packed < unpacked)
			take(&r,
			     (flags & LZOP_F_ADLER32_C ? 4 : 0) + (flags & LZOP_F_CRC32_C ? 4 : 0));
		if (unpacked > LZOP_BLOCK_MAX || packed > unpacked)
			return r.over ? -ENODATA : -EILSEQ;
		block = take(&r, packed);
		if (!block)
			return -ENODATA;
		err = lzop_block(block, packed, unpacked, out);
		if (err)
			return err;
		block = out->data + out->used - unpacked;
		if ((flags & LZOP_F_ADLER32_D) && adler32(1, block, unpacked) != adler)
			return -EILSEQ;
		if ((flags & LZOP_F_CRC32_D) && crc32(0, block, unpacked) != crc)
			return -EILSEQ;
	}
}
