/* SPDX-License-Identifier: MIT */
/*
 * One virtual disk in its guest's process. vbd.c connects and disconnects it, queue.c takes
 * requests off the ring and answers them, io.c performs them.
 *
 * A request's way: ring -> slot (taken, journaled, decoded) -> staged (data of writes copied in)
 * -> submitted -> done (data of reads copied out) -> answered -> pushed, slot free. Data is only
 * copied when the guest's page is not mapped persistently.
 *
 * Bounds: at most ring.slots requests and BOUNCE_PAGES pages at any time, whatever a guest sends;
 * what does not fit waits in the ring. One thread, no locks.
 */
#ifndef BACKENDS_BLK_VBD_H
#define BACKENDS_BLK_VBD_H

#include <libaio.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "backends/blk/disk.h"
#include "backends/blk/journal.h"
#include "backends/blk/request.h"
#include "backends/common/device.h"
#include "backends/common/grant_cache.h"
#include "backends/common/page_pool.h"
#include "backends/common/ring.h"
#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"

#define BLK_RING_ORDER_MAX 4u
#define BLK_RING_PAGES_MAX (1u << BLK_RING_ORDER_MAX)
/* Pages that requests without persistent grants may occupy at a time. */
#define BOUNCE_PAGES       1024u
/* Guest pages kept mapped for a disk. */
#define PERSISTENT_PAGES   4096u
/* Segments of one grant copy call. */
#define COPY_BATCH         512u

/* The steps of a request on the disk; a barrier takes all three, others one. */
enum blk_step { STEP_FLUSH_BEFORE, STEP_TRANSFER, STEP_FLUSH_AFTER, STEP_DONE };

struct blk_slot {
	struct blk_request req;
	unsigned int index; /* in vbd.slots and in the journal */
	enum blk_step step;
	int16_t status; /* BLKIF_RSP_* so far */
	struct iocb iocb;
	bool synchronous; /* it completes inside io_submit() */
	unsigned int nr_iov;
	struct iovec iov[BLK_SEGMENTS_MAX];
	void *bounce[BLK_SEGMENTS_MAX]; /* by segment; NULL where the guest's page is mapped */
};

/* A list of slots, in order; no slot is in two. */
struct slot_list {
	unsigned int count;
	struct blk_slot *slots[JOURNAL_ENTRIES];
};

struct vbd {
	struct device *dev;
	struct disk disk;
	int image;
	struct journal *journal;
	bool resume; /* the next connect carries on with a dead process's ring */

	/* while connected */
	struct back_ring ring;
	void *ring_addr;
	unsigned int ring_pages;
	struct port port;
	struct loop_work work; /* another turn of the queue */
	struct grant_cache grants;
	struct page_pool bounce;

	io_context_t aio;
	struct loop_fd completions; /* eventfd */
	unsigned int in_flight;     /* submitted and not completed */

	struct blk_slot *slots;   /* [ring.slots] */
	struct slot_list free;    /* to take requests into */
	struct slot_list staged;  /* data to copy in, then to submit */
	struct slot_list ready;   /* to submit */
	struct slot_list done;    /* data to copy out, then to answer */
	struct blk_slot *barrier; /* the one in progress: nothing else is taken */
	bool blocked;             /* the last turn left requests in the ring */

	struct gntdev_copy copies[COPY_BATCH];
	struct blk_slot *copy_owner[COPY_BATCH];
	unsigned int nr_copies;

	struct rate_limit log_limit; /* for messages that the guest can provoke */
};

static inline void slot_list_add(struct slot_list *list, struct blk_slot *slot)
{
	list->slots[list->count++] = slot;
}

extern const struct device_ops vbd_ops;

/* queue.c: one turn: takes, performs and answers what it can, and comes back while there is more.
 */
void vbd_service(struct vbd *vbd);
/* Takes up again what a dead process left unanswered. 0 or a negative errno. */
int vbd_replay(struct vbd *vbd);
/* Gives back a slot's bounce pages. */
void vbd_release_pages(struct vbd *vbd, struct blk_slot *slot);

/* io.c: makes the iov of a read or write from mapped and bounce pages. */
void vbd_build_iov(struct blk_slot *slot, void *const pages[]);
/* Submits vbd->ready. */
void vbd_submit(struct vbd *vbd);
/* Moves what has completed to vbd->done (or on to its next step); waits for at least min. */
void vbd_reap(struct vbd *vbd, unsigned int min);

#endif
