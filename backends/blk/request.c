/* SPDX-License-Identifier: MIT */
/* Decoding of block requests: see request.h. Stateless. */
#include "backends/blk/request.h"

#include <stddef.h>

/* Sets the byte range if all of it is on the disk. */
static int set_range(const struct disk *disk, uint64_t sector, uint64_t sectors,
		     struct blk_request *req)
{
	if (sectors > disk->sectors || sector > disk->sectors - sectors)
		return BLKIF_RSP_ERROR;
	req->offset = sector << SECTOR_SHIFT;
	req->len = sectors << SECTOR_SHIFT;
	return 0;
}

/* req->offset holds the first sector's number until the length is known. */
static int set_segments(const struct disk *disk, const struct blkif_request_segment *wire,
			uint64_t sector, struct blk_request *req)
{
	uint64_t sectors = 0;

	for (unsigned int i = 0; i < req->nr_segments; i++) {
		unsigned int first = wire[i].first_sect, last = wire[i].last_sect;

		if (first > last || last >= BLK_PAGE_SIZE / SECTOR_SIZE)
			return BLKIF_RSP_ERROR;
		req->segments[i] = (struct blk_segment){
			.ref = wire[i].gref,
			.offset = (uint16_t)(first * SECTOR_SIZE),
			.len = (uint16_t)((last - first + 1) * SECTOR_SIZE),
		};
		sectors += last - first + 1;
	}
	return set_range(disk, sector, sectors, req);
}

static int decode_rw(const struct disk *disk, const struct blkif_request *rw, uint8_t operation,
		     struct blk_request *req)
{
	switch (operation) {
	case BLKIF_OP_READ:
		req->action = BLK_READ;
		break;
	case BLKIF_OP_WRITE:
		req->action = BLK_WRITE;
		break;
	default:
		req->action = BLK_BARRIER;
		break;
	}
	if (req->action != BLK_READ && (disk->flags & DISK_READONLY))
		return BLKIF_RSP_ERROR;
	/* A barrier may come without data; it is then a flush. */
	if (rw->nr_segments == 0 && req->action == BLK_BARRIER) {
		req->action = BLK_FLUSH;
		return 0;
	}
	if (rw->nr_segments == 0 || rw->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return BLKIF_RSP_ERROR;
	req->nr_segments = rw->nr_segments;
	return set_segments(disk, rw->seg, rw->sector_number, req);
}

static int decode_indirect(const struct disk *disk, const struct blkif_request_indirect *ind,
			   struct blk_request *req)
{
	/* The answer names what was done, not how its segments came. */
	req->operation = ind->indirect_op;
	if (ind->indirect_op != BLKIF_OP_READ && ind->indirect_op != BLKIF_OP_WRITE)
		return BLKIF_RSP_EOPNOTSUPP;
	req->action = ind->indirect_op == BLKIF_OP_READ ? BLK_READ : BLK_WRITE;
	if (req->action != BLK_READ && (disk->flags & DISK_READONLY))
		return BLKIF_RSP_ERROR;
	if (ind->nr_segments == 0 || ind->nr_segments > BLK_SEGMENTS_MAX)
		return BLKIF_RSP_ERROR;
	req->nr_segments = ind->nr_segments;
	req->nr_indirect =
		(uint16_t)((ind->nr_segments + BLK_SEGMENTS_PER_PAGE - 1) / BLK_SEGMENTS_PER_PAGE);
	for (unsigned int i = 0; i < req->nr_indirect; i++)
		req->indirect_refs[i] = ind->indirect_grefs[i];
	/* The first sector; blk_request_segments() makes it the range. */
	req->offset = ind->sector_number;
	return 0;
}

int blk_request_segments(const struct disk *disk, const struct blkif_request_segment *wire,
			 struct blk_request *req)
{
	return set_segments(disk, wire, req->offset, req);
}

static int decode_discard(const struct disk *disk, const struct blkif_request_discard *discard,
			  struct blk_request *req)
{
	req->action = BLK_DISCARD;
	if (!(disk->flags & DISK_DISCARD) || (discard->flag & BLKIF_DISCARD_SECURE))
		return BLKIF_RSP_EOPNOTSUPP;
	if (disk->flags & DISK_READONLY)
		return BLKIF_RSP_ERROR;
	return set_range(disk, discard->sector_number, discard->nr_sectors, req);
}

int blk_request_decode(const struct disk *disk, const union blk_wire *wire, struct blk_request *req)
{
	uint8_t operation = wire->rw.operation;

	/* All forms have the id at the same place. */
	_Static_assert(offsetof(struct blkif_request, id) ==
			       offsetof(struct blkif_request_indirect, id),
		       "one place for id");
	_Static_assert(offsetof(struct blkif_request, id) ==
			       offsetof(struct blkif_request_discard, id),
		       "one place for id");
	req->id = wire->rw.id;
	req->operation = operation;
	req->offset = 0;
	req->len = 0;
	req->nr_segments = 0;
	req->nr_indirect = 0;

	switch (operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
	case BLKIF_OP_WRITE_BARRIER:
		return decode_rw(disk, &wire->rw, operation, req);
	case BLKIF_OP_FLUSH_DISKCACHE:
		req->action = BLK_FLUSH;
		return wire->rw.nr_segments ? BLKIF_RSP_ERROR : 0;
	case BLKIF_OP_DISCARD:
		return decode_discard(disk, &wire->discard, req);
	case BLKIF_OP_INDIRECT:
		return decode_indirect(disk, &wire->indirect, req);
	default:
		return BLKIF_RSP_EOPNOTSUPP;
	}
}
