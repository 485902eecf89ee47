/* SPDX-License-Identifier: MIT */
/*
 * Virtual disks as xenbus devices: what they offer, and how they connect to a frontend
 * (public/io/blkif.h). Everything that connect takes, disconnect gives back, in reverse.
 */
#include "backends/blk/vbd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/io/protocols.h>

#include "backends/common/state_file.h"

/* What a frontend asks for, from its nodes. */
struct blk_offer {
	uint32_t ring_refs[BLK_RING_PAGES_MAX];
	unsigned int ring_pages;
	uint32_t port;
	bool persistent;
};

static int write_features(struct device *dev, const struct disk *disk)
{
	const struct {
		const char *node;
		uint64_t value;
		bool wanted;
	} features[] = {
		{ "sectors", disk->sectors, true },
		{ "sector-size", SECTOR_SIZE, true },
		{ "physical-sector-size", disk->physical_sector, true },
		{ "info",
		  (disk->flags & DISK_CDROM ? VDISK_CDROM : 0u) |
			  (disk->flags & DISK_REMOVABLE ? VDISK_REMOVABLE : 0u) |
			  (disk->flags & DISK_READONLY ? VDISK_READONLY : 0u),
		  true },
		{ "feature-flush-cache", 1, true },
		{ "feature-barrier", 1, true },
		{ "feature-persistent", 1, true },
		{ "feature-max-indirect-segments", BLK_SEGMENTS_MAX, true },
		{ "max-ring-page-order", BLK_RING_ORDER_MAX, true },
		{ "feature-discard", 1, disk->flags & DISK_DISCARD },
		{ "discard-granularity", disk->discard_granularity, disk->flags & DISK_DISCARD },
		{ "discard-alignment", 0, disk->flags & DISK_DISCARD },
	};
	struct xenbus_node nodes[sizeof(features) / sizeof(features[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (!features[i].wanted)
			continue;
		nodes[count].name = features[i].node;
		snprintf(nodes[count++].value, sizeof(nodes[0].value), "%llu",
			 (unsigned long long)features[i].value);
	}
	return xenbus_write_nodes(dev->xs, dev->backend, nodes, count);
}

static void on_event(void *arg)
{
	vbd_service(arg);
}

static void on_completion(void *arg, uint32_t events)
{
	struct vbd *vbd = arg;
	uint64_t count;

	(void)events;
	if (read(vbd->completions.fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		vbd_service(vbd);
}

static void vbd_detach(struct device *dev)
{
	struct vbd *vbd = dev->priv;

	state_file_unmap(vbd->journal, JOURNAL_BYTES);
	close(vbd->image);
	free(vbd);
	dev->priv = NULL;
}

static int vbd_attach(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info,
		      bool resume)
{
	struct vbd *vbd = calloc(1, sizeof(*vbd));
	int ret = 0;

	if (vbd)
		vbd->journal = state_file_map(fds[DISK_FD_JOURNAL], JOURNAL_BYTES);
	if (!vbd || !vbd->journal) {
		ret = vbd ? -errno : -ENOMEM;
		message_close_fds(fds);
		free(vbd);
		return ret;
	}
	close(fds[DISK_FD_JOURNAL]);
	vbd->dev = dev;
	vbd->image = fds[DISK_FD_IMAGE];
	memcpy(&vbd->disk, info, sizeof(vbd->disk));
	vbd->resume = resume;
	vbd->port.local = -1;
	vbd->log_limit = (struct rate_limit){ .rate = 1, .burst = 10 };
	dev->priv = vbd;
	if (!resume)
		ret = write_features(dev, &vbd->disk);
	if (ret < 0)
		vbd_detach(dev);
	return ret;
}

/* Reads and checks the frontend's nodes. */
static int read_offer(struct device *dev, struct blk_offer *offer)
{
	uint64_t value, order = 0;
	char protocol[32];
	int ret = xenbus_read(dev->xs, dev->frontend, "protocol", protocol, sizeof(protocol));

	if (ret != -ENOENT && (ret < 0 || strcmp(protocol, XEN_IO_PROTO_ABI_NATIVE) != 0)) {
		log_error("%s: the frontend's protocol is not %s", dev->backend,
			  XEN_IO_PROTO_ABI_NATIVE);
		return -EPROTONOSUPPORT;
	}
	ret = xenbus_read_number(dev->xs, dev->frontend, "event-channel", UINT32_MAX, &value);
	if (ret < 0)
		return ret;
	offer->port = (uint32_t)value;
	offer->persistent = xenbus_read_flag(dev->xs, dev->frontend, "feature-persistent", false);

	ret = xenbus_read_number(dev->xs, dev->frontend, "ring-page-order", BLK_RING_ORDER_MAX,
				 &order);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	offer->ring_pages = 1u << order;
	if (ret == -ENOENT) {
		ret = xenbus_read_number(dev->xs, dev->frontend, "ring-ref", UINT32_MAX, &value);
		offer->ring_refs[0] = (uint32_t)value;
		return ret;
	}
	for (unsigned int i = 0; i < offer->ring_pages; i++) {
		char node[24];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		ret = xenbus_read_number(dev->xs, dev->frontend, node, UINT32_MAX, &value);
		if (ret < 0)
			return ret;
		offer->ring_refs[i] = (uint32_t)value;
	}
	return 0;
}

static int start_aio(struct vbd *vbd)
{
	int ret;

	vbd->aio = NULL;
	ret = io_setup((int)vbd->ring.slots, &vbd->aio);
	if (ret < 0) {
		log_error("%s: no AIO context: %s; raise /proc/sys/fs/aio-max-nr",
			  vbd->dev->backend, error_text(ret));
		return ret;
	}
	vbd->completions = (struct loop_fd){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.handle = on_completion,
		.arg = vbd,
	};
	if (vbd->completions.fd < 0)
		return -errno;
	return loop_add(vbd->dev->loop, &vbd->completions, EPOLLIN);
}

static int allocate_slots(struct vbd *vbd)
{
	if (!vbd->ring.slots || vbd->ring.slots > JOURNAL_ENTRIES)
		return -EINVAL;
	vbd->slots = calloc(vbd->ring.slots, sizeof(*vbd->slots));
	if (!vbd->slots)
		return -ENOMEM;
	for (unsigned int i = vbd->ring.slots; i-- > 0;) {
		vbd->slots[i].index = i;
		slot_list_add(&vbd->free, &vbd->slots[i]);
	}
	return 0;
}

/* Gives back whatever of a connection there is. */
static void vbd_disconnect(struct device *dev)
{
	struct vbd *vbd = dev->priv;

	ports_unbind(dev->ports, &vbd->port);
	loop_work_cancel(dev->loop, &vbd->work);
	/* Waits for what is in flight: the time is the disk's, never the guest's. */
	if (vbd->aio)
		io_destroy(vbd->aio);
	vbd->aio = NULL;
	if (vbd->completions.handle) {
		loop_remove(dev->loop, &vbd->completions);
		close(vbd->completions.fd);
	}
	vbd->completions = (struct loop_fd){ 0 };
	journal_end(vbd->journal);
	grant_cache_clear(&vbd->grants);
	page_pool_close(&vbd->bounce);
	free(vbd->slots);
	vbd->slots = NULL;
	vbd->free.count = vbd->staged.count = vbd->ready.count = vbd->done.count = 0;
	vbd->in_flight = vbd->nr_copies = 0;
	vbd->barrier = NULL;
	if (vbd->ring_addr)
		gntdev_unmap(dev->gntdev, vbd->ring_addr, vbd->ring_pages);
	vbd->ring_addr = NULL;
}

static int begin(struct vbd *vbd, const struct blk_offer *offer)
{
	struct device *dev = vbd->dev;
	int ret = allocate_slots(vbd);

	if (ret == 0)
		ret = start_aio(vbd);
	if (ret == 0)
		ret = page_pool_init(&vbd->bounce, BOUNCE_PAGES);
	if (ret == 0)
		ret = grant_cache_init(&vbd->grants, dev->gntdev, dev->domid,
				       offer->persistent ? PERSISTENT_PAGES : 0);
	if (ret == 0)
		ret = ports_bind(dev->ports, &vbd->port, dev->domid, offer->port);
	if (ret < 0)
		return ret;
	if (vbd->resume) {
		ret = vbd_replay(vbd);
		/* Our last words before the death may have lacked their event. */
		ports_notify(dev->ports, &vbd->port);
	} else {
		journal_start(vbd->journal, vbd->ring.slots, vbd->ring.req_cons);
	}
	vbd->resume = false;
	return ret < 0 ? ret : 0;
}

static int vbd_connect(struct device *dev)
{
	struct vbd *vbd = dev->priv;
	struct blk_offer offer;
	int ret = read_offer(dev, &offer);

	if (ret < 0)
		return ret;
	vbd->ring_pages = offer.ring_pages;
	vbd->ring_addr = gntdev_map(dev->gntdev, dev->domid, offer.ring_refs, offer.ring_pages,
				    PROT_READ | PROT_WRITE);
	if (!vbd->ring_addr)
		return -errno;
	ring_attach(&vbd->ring, vbd->ring_addr, offer.ring_pages, sizeof(union blkif_sring_entry));
	vbd->port = (struct port){ .local = -1, .handle = on_event, .arg = vbd };
	vbd->work = (struct loop_work){ .handle = on_event, .arg = vbd };
	ret = begin(vbd, &offer);
	if (ret < 0) {
		vbd_disconnect(dev);
		return ret;
	}
	/* Requests may be there already, for which no event will come. */
	loop_defer(dev->loop, &vbd->work);
	log_debug("%s: %u slots%s", dev->backend, vbd->ring.slots,
		  offer.persistent ? ", persistent grants" : "");
	return 0;
}

const struct device_ops vbd_ops = {
	.attach = vbd_attach,
	.connect = vbd_connect,
	.disconnect = vbd_disconnect,
	.detach = vbd_detach,
};
