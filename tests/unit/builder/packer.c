/* SPDX-License-Identifier: MIT */
/*
 * Packs test data through the libraries; lz4's legacy frame and lzop's container are written here.
 */
#include "tests/unit/builder/packer.h"

#include <assert.h>
#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define LZ4_BLOCK  (8u << 20)
#define LZOP_BLOCK (256u << 10)

static size_t pack_gzip(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	z_stream zs = { 0 };

	assert(deflateInit2(&zs, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	zs.next_in = (Bytef *)(uintptr_t)in;
	zs.avail_in = (unsigned int)bytes;
	zs.next_out = out;
	zs.avail_out = (unsigned int)room;
	assert(deflate(&zs, Z_FINISH) == Z_STREAM_END);
	deflateEnd(&zs);
	return zs.total_out;
}

static size_t pack_bzip2(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	unsigned int used = (unsigned int)room;

	assert(BZ2_bzBuffToBuffCompress((char *)out, &used, (char *)(uintptr_t)in,
					(unsigned int)bytes, 9, 0, 0) == BZ_OK);
	return used;
}

/* As the kernel does: x86 branch filter, CRC32. */
static size_t pack_xz(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	lzma_options_lzma options;
	lzma_filter filters[] = { { .id = LZMA_FILTER_X86 },
				  { .id = LZMA_FILTER_LZMA2, .options = &options },
				  { .id = LZMA_VLI_UNKNOWN } };
	size_t used = 0;

	assert(!lzma_lzma_preset(&options, 1));
	assert(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, in, bytes, out, &used,
					 room) == LZMA_OK);
	return used;
}

static size_t pack_lzma(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	lzma_stream ls = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	assert(!lzma_lzma_preset(&options, 1));
	assert(lzma_alone_encoder(&ls, &options) == LZMA_OK);
	ls.next_in = in;
	ls.avail_in = bytes;
	ls.next_out = out;
	ls.avail_out = room;
	assert(lzma_code(&ls, LZMA_FINISH) == LZMA_STREAM_END);
	lzma_end(&ls);
	return room - ls.avail_out;
}

static void put_be(uint8_t **at, uint32_t value, unsigned int bytes)
{
	while (bytes--)
		*(*at)++ = (uint8_t)(value >> 8 * bytes);
}

static size_t pack_lzo(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	static const uint8_t magic[] = { 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n' };
	void *work = malloc(LZO1X_1_MEM_COMPRESS);
	uint8_t *at = out;

	(void)room;
	assert(work && lzo_init() == LZO_E_OK);
	memcpy(at, magic, sizeof(magic));
	at += sizeof(magic);
	put_be(&at, 0x1030, 2);    /* version */
	put_be(&at, 0x2080, 2);    /* library */
	put_be(&at, 0x0940, 2);    /* needed to extract */
	put_be(&at, 1, 1);         /* method */
	put_be(&at, 5, 1);         /* level */
	put_be(&at, 1 | 0x100, 4); /* flags: adler32 and crc32 of what is unpacked */
	put_be(&at, 0100644, 4);   /* mode */
	put_be(&at, 0, 4);
	put_be(&at, 0, 4);
	put_be(&at, 4, 1); /* length of the name */
	memcpy(at, "test", 4);
	at += 4;
	put_be(&at, 0, 4); /* header checksum, which nobody checks */
	while (bytes) {
		size_t part = bytes < LZOP_BLOCK ? bytes : LZOP_BLOCK;
		uint8_t *sizes = at, *data = at + 16;
		lzo_uint packed = 0;

		assert(lzo1x_1_compress(in, part, data, &packed, work) == LZO_E_OK);
		if (packed >= part) {
			memcpy(data, in, part);
			packed = part;
		}
		put_be(&sizes, (uint32_t)part, 4);
		put_be(&sizes, (uint32_t)packed, 4);
		put_be(&sizes, (uint32_t)adler32(1, in, (unsigned int)part), 4);
		put_be(&sizes, (uint32_t)crc32(0, in, (unsigned int)part), 4);
		at = data + packed;
		in += part;
		bytes -= part;
	}
	put_be(&at, 0, 4);
	free(work);
	return (size_t)(at - out);
}

static void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static size_t pack_lz4(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	uint8_t *at = out + 4;

	put_le32(out, 0x184c2102);
	while (bytes) {
		size_t part = bytes < LZ4_BLOCK ? bytes : LZ4_BLOCK;
		int packed = LZ4_compress_default((const char *)in, (char *)at + 4, (int)part,
						  (int)(room - (size_t)(at - out) - 4));

		assert(packed > 0);
		put_le32(at, (uint32_t)packed);
		at += 4 + packed;
		in += part;
		bytes -= part;
	}
	return (size_t)(at - out);
}

static size_t pack_zstd(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
	size_t used = ZSTD_compress(out, room, in, bytes, 3);

	assert(!ZSTD_isError(used));
	return used;
}

const struct packer packers[PACKERS] = {
	{ "gzip", pack_gzip }, { "bzip2", pack_bzip2 }, { "xz", pack_xz },
	{ "lzma", pack_lzma }, { "lzo", pack_lzo },     { "lz4", pack_lz4 },
	{ "zstd", pack_zstd },
};
