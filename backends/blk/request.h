/* SPDX-License-Identifier: MIT */
/*
 * Decoding of block requests (public/io/blkif.h): from the copy of what a frontend wrote to
 * something whose every number has been checked. Pure functions; the unit tests and fuzzers go
 * here first.
 */
#ifndef BACKENDS_BLK_REQUEST_H
#define BACKENDS_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <public/io/blkif.h>

#include "backends/blk/disk.h"

#define BLK_PAGE_SIZE         4096u
#define BLK_SEGMENTS_MAX      256u /* of an indirect request, as we advertise */
#define BLK_SEGMENTS_PER_PAGE (BLK_PAGE_SIZE / sizeof(struct blkif_request_segment))
#define BLK_INDIRECT_PAGES_MAX \
	((BLK_SEGMENTS_MAX + BLK_SEGMENTS_PER_PAGE - 1) / BLK_SEGMENTS_PER_PAGE)

/* A ring slot: the request as the frontend wrote it, in any of its forms. */
union blk_wire {
	struct blkif_request rw;
	struct blkif_request_discard discard;
	struct blkif_request_indirect indirect;
};

enum blk_action { BLK_READ, BLK_WRITE, BLK_BARRIER, BLK_FLUSH, BLK_DISCARD };

struct blk_segment {
	uint32_t ref;    /* of the guest's page */
	uint16_t offset; /* into it, bytes */
	uint16_t len;    /* bytes, offset + len <= 4096 */
};

struct blk_request {
	uint64_t id;       /* to be echoed */
	uint8_t operation; /* to be echoed */
	enum blk_action action;
	uint64_t offset; /* into the disk, bytes */
	uint64_t len;    /* bytes; offset + len is within the disk */
	uint16_t nr_segments;
	uint16_t nr_indirect; /* pages with the segments of an indirect request */
	uint32_t indirect_refs[BLK_INDIRECT_PAGES_MAX];
	struct blk_segment segments[BLK_SEGMENTS_MAX];
};

/*
 * Decodes and checks one request. 0; or the BLKIF_RSP_* to answer with: id and operation are valid
 * even then. If nr_indirect is set, fetch those pages and call blk_request_segments() next.
 */
int blk_request_decode(const struct disk *disk, const union blk_wire *wire,
		       struct blk_request *req);
/* The segments of an indirect request, count == req->nr_segments. 0 or BLKIF_RSP_*. */
int blk_request_segments(const struct disk *disk, const struct blkif_request_segment *wire,
			 struct blk_request *req);

static inline bool blk_request_writes(const struct blk_request *req)
{
	return req->action == BLK_WRITE || req->action == BLK_BARRIER;
}

#endif
