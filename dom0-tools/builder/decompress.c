/* SPDX-License-Identifier: MIT */
/*
 * One stream decoder for each compression library, behind a table keyed by magic number. Each runs
 * as a loop of "make room, let the library fill it", so that memory is bounded by out->limit.
 */
#include "dom0-tools/builder/decompress.h"

#include <bzlib.h>
#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "dom0-tools/builder/pages.h"

#define CHUNK_BYTES         (1u << 20)
#define LZMA_MEMORY_MAX     (512u << 20) /* dictionaries of hostile streams */
#define ZSTD_WINDOW_LOG_MAX 28           /* 256 MiB; kernels use up to 27 */

/* The next size that holds needed bytes, which are within the limit. */
static size_t next_size(const struct out_buffer *out, size_t needed)
{
	size_t size = out->size ? out->size : out->expected;

	if (!size)
		size = CHUNK_BYTES;
	while (size < needed)
		size *= 2;
	return size < out->limit ? size : out->limit;
}

size_t out_buffer_room(struct out_buffer *out, size_t want, int *err)
{
	size_t size;
	uint8_t *data;

	if (out->size - out->used >= want && want)
		return out->size - out->used;
	if (out->used >= out->limit) {
		*err = -EFBIG;
		return 0;
	}
	if (want > out->limit - out->used)
		want = out->limit - out->used;
	size = next_size(out, out->used + want);
	data = out->data ? pages_resize(out->data, out->size, size) : pages_alloc(size);
	if (!data) {
		*err = -ENOMEM;
		return 0;
	}
	out->data = data;
	out->size = size;
	return size - out->used;
}

void out_buffer_free(struct out_buffer *out)
{
	pages_free(out->data, out->size);
	out->data = NULL;
	out->size = 0;
	out->used = 0;
}

static unsigned int clamp_to_int(size_t n)
{
	return n > INT_MAX ? INT_MAX : (unsigned int)n;
}

static int unpack_gzip(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	z_stream zs = { 0 };
	int err = 0, ret;

	if (inflateInit2(&zs, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	zs.next_in = (Bytef *)(uintptr_t)in;
	zs.avail_in = clamp_to_int(bytes);
	do {
		unsigned int room = clamp_to_int(out_buffer_room(out, CHUNK_BYTES, &err));

		if (!room)
			break;
		zs.next_out = out->data + out->used;
		zs.avail_out = room;
		ret = inflate(&zs, Z_NO_FLUSH);
		out->used += room - zs.avail_out;
		if (ret == Z_MEM_ERROR)
			err = -ENOMEM;
		else if (ret == Z_BUF_ERROR || (ret == Z_OK && !zs.avail_in && zs.avail_out))
			err = -ENODATA;
		else if (ret != Z_OK && ret != Z_STREAM_END)
			err = -EILSEQ;
	} while (!err && ret != Z_STREAM_END);
	inflateEnd(&zs);
	return err;
}

static int unpack_bzip2(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	bz_stream bs = { 0 };
	int err = 0, ret;

	if (BZ2_bzDecompressInit(&bs, 0, 0) != BZ_OK)
		return -ENOMEM;
	bs.next_in = (char *)(uintptr_t)in;
	bs.avail_in = clamp_to_int(bytes);
	do {
		unsigned int room = clamp_to_int(out_buffer_room(out, CHUNK_BYTES, &err));

		if (!room)
			break;
		bs.next_out = (char *)out->data + out->used;
		bs.avail_out = room;
		ret = BZ2_bzDecompress(&bs);
		out->used += room - bs.avail_out;
		if (ret == BZ_MEM_ERROR)
			err = -ENOMEM;
		else if (ret == BZ_OK && !bs.avail_in && bs.avail_out)
			err = -ENODATA;
		else if (ret != BZ_OK && ret != BZ_STREAM_END)
			err = -EILSEQ;
	} while (!err && ret != BZ_STREAM_END);
	BZ2_bzDecompressEnd(&bs);
	return err;
}

static int lzma_error(lzma_ret ret)
{
	switch (ret) {
	case LZMA_OK:
	case LZMA_STREAM_END:
		return 0;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return -ENOMEM;
	case LZMA_BUF_ERROR:
		return -ENODATA;
	default:
		return -EILSEQ;
	}
}

static int run_lzma(lzma_stream *ls, const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	int err = 0;
	lzma_ret ret = LZMA_OK;

	ls->next_in = in;
	ls->avail_in = bytes;
	while (!err && ret != LZMA_STREAM_END) {
		size_t room = out_buffer_room(out, CHUNK_BYTES, &err);

		if (!room)
			break;
		ls->next_out = out->data + out->used;
		ls->avail_out = room;
		ret = lzma_code(ls, LZMA_RUN);
		out->used += room - ls->avail_out;
		err = lzma_error(ret);
		if (!err && ret == LZMA_OK && !ls->avail_in && ls->avail_out)
			err = -ENODATA;
	}
	lzma_end(ls);
	return err;
}

static int unpack_xz(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	lzma_stream ls = LZMA_STREAM_INIT;

	if (lzma_stream_decoder(&ls, LZMA_MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	return run_lzma(&ls, in, bytes, out);
}

static int unpack_lzma(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	lzma_stream ls = LZMA_STREAM_INIT;

	if (lzma_alone_decoder(&ls, LZMA_MEMORY_MAX) != LZMA_OK)
		return -ENOMEM;
	return run_lzma(&ls, in, bytes, out);
}

static int unpack_zstd(const uint8_t *in, size_t bytes, struct out_buffer *out)
{
	ZSTD_inBuffer src = { .src = in, .size = bytes };
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	int err = 0;
	size_t ret = 1;

	if (!ctx)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)))
		err = -EINVAL;
	while (!err && ret) {
		size_t room = out_buffer_room(out, CHUNK_BYTES, &err);
		ZSTD_outBuffer dst = { .dst = out->data + out->used, .size = room };

		if (!room)
			break;
		ret = ZSTD_decompressStream(ctx, &dst, &src);
		out->used += dst.pos;
		if (ZSTD_isError(ret))
			err = -EILSEQ;
		else if (ret && src.pos == src.size && dst.pos < dst.size)
			err = -ENODATA;
	}
	ZSTD_freeDCtx(ctx);
	return err;
}

static const struct decompressor decompressors[] = {
	{ "gzip", { 0x1f, 0x8b, 0x08 }, 3, unpack_gzip },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, unpack_bzip2 },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ "lzma", { 0x5d, 0, 0 }, 3, unpack_lzma },
	{ "lzo", { 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n' }, 9, unpack_lzop },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4_legacy },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
};

const struct decompressor *decompressor_find(const uint8_t *in, size_t bytes)
{
	for (size_t i = 0; i < sizeof(decompressors) / sizeof(decompressors[0]); i++) {
		const struct decompressor *d = &decompressors[i];

		if (bytes >= d->magic_bytes && !memcmp(in, d->magic, d->magic_bytes))
			return d;
	}
	return NULL;
}

const struct decompressor *decompressor_named(const char *name)
{
	for (size_t i = 0; i < sizeof(decompressors) / sizeof(decompressors[0]); i++)
		if (!strcmp(name, decompressors[i].name))
			return &decompressors[i];
	return NULL;
}
