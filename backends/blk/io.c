/* SPDX-License-Identifier: MIT */
/*
 * Performing block requests: Linux AIO with completion on an eventfd. With direct I/O everything
 * is asynchronous. Buffered reads and writes complete inside io_submit(); they do without the
 * eventfd and its wake-up, and are reaped at once. Flushes are always asynchronous.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <linux/falloc.h>
#include <linux/fs.h>

#include "backends/blk/vbd.h"

#define REAP_BATCH 64

void vbd_build_iov(struct blk_slot *slot, void *const pages[])
{
	struct iovec *iov = slot->iov;
	unsigned int n = 0;

	for (unsigned int i = 0; i < slot->req.nr_segments; i++) {
		const struct blk_segment *seg = &slot->req.segments[i];
		uint8_t *start = (uint8_t *)pages[i] + seg->offset;

		if (n && (uint8_t *)iov[n - 1].iov_base + iov[n - 1].iov_len == start) {
			iov[n - 1].iov_len += seg->len;
			continue;
		}
		iov[n].iov_base = start;
		iov[n].iov_len = seg->len;
		n++;
	}
	slot->nr_iov = n;
}

/* Says it in the log, unless this guest has made us say too much already. */
static void report(struct vbd *vbd, const struct blk_slot *slot, long res)
{
	static const char *const names[] = {
		[BLK_READ] = "read",   [BLK_WRITE] = "write",     [BLK_BARRIER] = "barrier write",
		[BLK_FLUSH] = "flush", [BLK_DISCARD] = "discard",
	};

	if (!rate_limit_take(&vbd->log_limit, 1))
		return;
	log_error("%s: %s of %llu bytes at %llu failed: %s", vbd->dev->backend,
		  names[slot->req.action], (unsigned long long)slot->req.len,
		  (unsigned long long)slot->req.offset,
		  res < 0 ? error_text(res) : "the image ends early");
}

/* The slot's current step has ended with res, a negative errno or a number of bytes. */
static void step_done(struct vbd *vbd, struct blk_slot *slot, long res)
{
	bool transfer = slot->step == STEP_TRANSFER && slot->req.action != BLK_DISCARD;

	if (res == -EOPNOTSUPP) {
		slot->status = BLKIF_RSP_EOPNOTSUPP;
	} else if (res < 0 || (transfer && (uint64_t)res != slot->req.len)) {
		report(vbd, slot, res);
		slot->status = BLKIF_RSP_ERROR;
	}
	if (slot->status == BLKIF_RSP_OKAY && slot->req.action == BLK_BARRIER &&
	    slot->step != STEP_FLUSH_AFTER) {
		slot->step++;
		slot_list_add(&vbd->ready, slot);
		return;
	}
	slot->step = STEP_DONE;
	slot_list_add(&vbd->done, slot);
}

static long discard(struct vbd *vbd, const struct blk_request *req)
{
	uint64_t range[2] = { req->offset, req->len };
	int ret;

	if (!req->len)
		return 0;
	if (vbd->disk.flags & DISK_BLOCKDEV)
		ret = ioctl(vbd->image, BLKDISCARD, range);
	else
		ret = fallocate(vbd->image, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)req->offset, (off_t)req->len);
	return ret < 0 ? -errno : 0;
}

/* Fills in slot->iocb for its step. */
static void prepare(struct vbd *vbd, struct blk_slot *slot)
{
	struct iocb *iocb = &slot->iocb;

	if (slot->step != STEP_TRANSFER)
		io_prep_fdsync(iocb, vbd->image);
	else if (blk_request_writes(&slot->req))
		io_prep_pwritev(iocb, vbd->image, slot->iov, (int)slot->nr_iov,
				(long long)slot->req.offset);
	else
		io_prep_preadv(iocb, vbd->image, slot->iov, (int)slot->nr_iov,
			       (long long)slot->req.offset);
	slot->synchronous = slot->step == STEP_TRANSFER && !(vbd->disk.flags & DISK_DIRECT);
	if (!slot->synchronous)
		io_set_eventfd(iocb, vbd->completions.fd);
	iocb->data = slot;
}

void vbd_submit(struct vbd *vbd)
{
	struct iocb *iocbs[JOURNAL_ENTRIES];
	unsigned int count = 0, sent = 0, wait = 0;

	for (unsigned int i = 0; i < vbd->ready.count; i++) {
		struct blk_slot *slot = vbd->ready.slots[i];

		if (slot->req.action == BLK_DISCARD) {
			step_done(vbd, slot, discard(vbd, &slot->req));
			continue;
		}
		prepare(vbd, slot);
		iocbs[count++] = &slot->iocb;
	}
	vbd->ready.count = 0;

	while (sent < count) {
		int ret = io_submit(vbd->aio, (long)(count - sent), iocbs + sent);

		if (ret == -EINTR)
			continue;
		if (ret <= 0) {
			/* This one cannot be submitted: it failed. The others may still. */
			step_done(vbd, iocbs[sent]->data, ret ? ret : -EIO);
			sent++;
			continue;
		}
		for (unsigned int end = sent + (unsigned int)ret; sent < end && sent < count;
		     sent++)
			wait += ((struct blk_slot *)iocbs[sent]->data)->synchronous;
		vbd->in_flight += (unsigned int)ret;
	}
	vbd_reap(vbd, wait);
}

void vbd_reap(struct vbd *vbd, unsigned int min)
{
	struct io_event events[REAP_BATCH];
	struct timespec zero = { 0 };
	int got;

	do {
		unsigned int wait = min < REAP_BATCH ? min : REAP_BATCH;

		if (!vbd->in_flight)
			return;
		got = io_getevents(vbd->aio, (long)wait, REAP_BATCH, events, wait ? NULL : &zero);
		if (got < 0 && got != -EINTR) {
			log_error("%s: cannot collect completions: %s", vbd->dev->backend,
				  error_text(got));
			return;
		}
		for (int i = 0; i < got; i++) {
			/* A negative errno arrives in an unsigned field. */
			vbd->in_flight--;
			step_done(vbd, events[i].data, (long)events[i].res);
			min -= min > 0;
		}
	} while (got == REAP_BATCH || min > 0);
}
