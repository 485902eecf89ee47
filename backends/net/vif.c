/* SPDX-License-Identifier: MIT */
/*
 * Virtual interfaces as xenbus devices: what they offer, and how they connect to a frontend
 * (public/io/netif.h). Everything that connect takes, disconnect gives back, in reverse.
 */
#include "backends/net/vif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "backends/common/state_file.h"

/* What a frontend asks for, from its nodes. */
struct net_offer {
	uint32_t tx_ref, rx_ref;
	uint32_t tx_port, rx_port;
	bool split; /* two ports */
	struct vif_features features;
};

static int write_features(struct device *dev)
{
	static const struct xenbus_node nodes[] = {
		{ "feature-sg", "1" },
		{ "feature-gso-tcpv4", "1" },
		{ "feature-gso-tcpv6", "1" },
		{ "feature-ipv6-csum-offload", "1" },
		{ "feature-rx-copy", "1" },
		{ "feature-rx-flip", "0" },
		{ "feature-split-event-channels", "1" },
	};

	return xenbus_write_nodes(dev->xs, dev->backend, nodes, sizeof(nodes) / sizeof(nodes[0]));
}

static void on_tx(void *arg)
{
	vif_tx_service(arg);
}

static void on_rx(void *arg)
{
	vif_rx_service(arg);
}

/* The guest has one port for both. */
static void on_both(void *arg)
{
	struct vif *vif = arg;

	vif_rx_service(vif);
	if (vif->tx.ring_addr)
		vif_tx_service(vif);
}

static void on_tap(void *arg, uint32_t events)
{
	struct vif *vif = arg;

	if (events & EPOLLERR) {
		device_fail(vif->dev, "its interface is gone from dom0");
		return;
	}
	vif_rx_service(vif);
}

static void vif_detach(struct device *dev)
{
	struct vif *vif = dev->priv;

	state_file_unmap(vif->state, sizeof(*vif->state));
	close(vif->tap.fd);
	free(vif);
	dev->priv = NULL;
}

static int vif_attach(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info,
		      bool resume)
{
	struct vif *vif = calloc(1, sizeof(*vif));
	int ret = 0;

	if (vif)
		vif->state = state_file_map(fds[VIF_FD_STATE], sizeof(*vif->state));
	if (!vif || !vif->state) {
		ret = vif ? -errno : -ENOMEM;
		message_close_fds(fds);
		free(vif);
		return ret;
	}
	close(fds[VIF_FD_STATE]);
	vif->dev = dev;
	vif->tap = (struct loop_fd){ .fd = fds[VIF_FD_TAP], .handle = on_tap, .arg = vif };
	memcpy(&vif->info, info, sizeof(vif->info));
	vif->tx.port.local = -1;
	vif->rx.port.local = -1;
	vif->log_limit = (struct rate_limit){ .rate = 1, .burst = 10 };
	dev->priv = vif;
	/*
	 * Nothing to do for resume: responses come in the order of requests here, so the ring
	 * itself tells what is left. A frame may be sent twice; networks do that.
	 */
	ret = resume ? 0 : write_features(dev);
	if (ret < 0)
		vif_detach(dev);
	return ret;
}

static int read_ref(struct device *dev, const char *node, uint32_t *value)
{
	uint64_t number;
	int ret = xenbus_read_number(dev->xs, dev->frontend, node, UINT32_MAX, &number);

	if (ret == 0)
		*value = (uint32_t)number;
	return ret;
}

static void read_features(struct device *dev, struct vif_features *f)
{
	struct xs_handle *xs = dev->xs;
	const char *dir = dev->frontend;

	f->sg = xenbus_read_flag(xs, dir, "feature-sg", false);
	f->csum_v4 = !xenbus_read_flag(xs, dir, "feature-no-csum-offload", false);
	f->csum_v6 = xenbus_read_flag(xs, dir, "feature-ipv6-csum-offload", false);
	/* Large frames need several slots and leave their checksums blank. */
	f->gso_v4 = f->sg && f->csum_v4 && xenbus_read_flag(xs, dir, "feature-gso-tcpv4", false);
	f->gso_v6 = f->sg && f->csum_v6 && xenbus_read_flag(xs, dir, "feature-gso-tcpv6", false);
}

/* Reads and checks the frontend's nodes. */
static int read_offer(struct device *dev, struct net_offer *offer)
{
	int ret = read_ref(dev, "tx-ring-ref", &offer->tx_ref);

	if (ret == 0)
		ret = read_ref(dev, "rx-ring-ref", &offer->rx_ref);
	if (ret < 0)
		return ret;
	offer->split = read_ref(dev, "event-channel-tx", &offer->tx_port) == 0;
	if (offer->split)
		ret = read_ref(dev, "event-channel-rx", &offer->rx_port);
	else
		ret = read_ref(dev, "event-channel", &offer->tx_port);
	if (ret < 0)
		return ret;
	if (!xenbus_read_flag(dev->xs, dev->frontend, "request-rx-copy", false)) {
		log_error("%s: the frontend does not receive by copy", dev->backend);
		return -EPROTONOSUPPORT;
	}
	if (!xenbus_read_flag(dev->xs, dev->frontend, "feature-rx-notify", false)) {
		log_error("%s: the frontend does not tell when it has posted buffers",
			  dev->backend);
		return -EPROTONOSUPPORT;
	}
	read_features(dev, &offer->features);
	return 0;
}

/* Gives back whatever of a connection there is. */
static void vif_disconnect(struct device *dev)
{
	struct vif *vif = dev->priv;

	tap_set_carrier(vif->tap.fd, false);
	loop_remove(dev->loop, &vif->tap);
	ports_unbind(dev->ports, &vif->tx.port);
	ports_unbind(dev->ports, &vif->rx.port);
	loop_work_cancel(dev->loop, &vif->tx.work);
	loop_timer_cancel(dev->loop, &vif->tx.refill);
	if (vif->tx.ring_addr)
		gntdev_unmap(dev->gntdev, vif->tx.ring_addr, 1);
	if (vif->rx.ring_addr)
		gntdev_unmap(dev->gntdev, vif->rx.ring_addr, 1);
	free(vif->tx.arena);
	free(vif->rx.arena);
	vif->tx.ring_addr = vif->rx.ring_addr = NULL;
	vif->tx.arena = vif->rx.arena = NULL;
	vif->rx.held = NULL;
	vif->rx.nr_copies = 0;
	vif->tx.skipping = false;
}

static int map_ring(struct device *dev, uint32_t ref, uint32_t slot_size, void **addr,
		    struct back_ring *ring)
{
	*addr = gntdev_map(dev->gntdev, dev->domid, &ref, 1, PROT_READ | PROT_WRITE);
	if (!*addr)
		return -errno;
	ring_attach(ring, *addr, 1, slot_size);
	return 0;
}

static int bind_ports(struct vif *vif, const struct net_offer *offer)
{
	struct device *dev = vif->dev;
	int ret;

	vif->tx.port =
		(struct port){ .local = -1, .handle = offer->split ? on_tx : on_both, .arg = vif };
	vif->rx.port = (struct port){ .local = -1, .handle = on_rx, .arg = vif };
	ret = ports_bind(dev->ports, &vif->tx.port, dev->domid, offer->tx_port);
	if (ret == 0 && offer->split)
		ret = ports_bind(dev->ports, &vif->rx.port, dev->domid, offer->rx_port);
	return ret;
}

/*
 * Takes up rings that a process served until it died. Responses come in the order of requests here,
 * so beyond what it had begun to answer the rings themselves tell what is left. A frame may be sent
 * twice, or get lost; networks do that.
 */
static void resume_rings(struct vif *vif)
{
	outbox_recover(&vif->state->tx, &vif->tx.ring, sizeof(struct netif_tx_response));
	outbox_recover(&vif->state->rx, &vif->rx.ring, sizeof(struct netif_rx_response));
}

/* What the kernel may leave undone in frames for this guest; the rest it does itself. */
static unsigned int offload_flags(const struct vif_features *f)
{
	unsigned int flags = 0;

	if (f->csum_v4 || f->csum_v6)
		flags |= TUN_F_CSUM;
	if (f->gso_v4)
		flags |= TUN_F_TSO4;
	if (f->gso_v6)
		flags |= TUN_F_TSO6;
	return flags;
}

static int begin(struct vif *vif, const struct net_offer *offer)
{
	struct device *dev = vif->dev;
	int ret;

	vif->features = offer->features;
	vif->tx.arena = malloc(ARENA_BYTES);
	vif->rx.arena = malloc(ARENA_BYTES);
	if (!vif->tx.arena || !vif->rx.arena)
		return -ENOMEM;
	ret = map_ring(dev, offer->tx_ref, sizeof(union netif_tx_sring_entry), &vif->tx.ring_addr,
		       &vif->tx.ring);
	if (ret == 0)
		ret = map_ring(dev, offer->rx_ref, sizeof(union netif_rx_sring_entry),
			       &vif->rx.ring_addr, &vif->rx.ring);
	if (ret < 0)
		return ret;
	if (vif->resume)
		resume_rings(vif);
	vif->resume = false;
	outbox_reset(&vif->state->tx);
	outbox_reset(&vif->state->rx);
	ret = bind_ports(vif, offer);
	if (ret == 0)
		ret = tap_set_offload(vif->tap.fd, offload_flags(&vif->features));
	if (ret == 0)
		ret = tap_set_carrier(vif->tap.fd, true);
	return ret < 0 ? ret : loop_add(dev->loop, &vif->tap, EPOLLIN);
}

static int vif_connect(struct device *dev)
{
	struct vif *vif = dev->priv;
	struct net_offer offer = { 0 };
	int ret = read_offer(dev, &offer);

	if (ret < 0)
		return ret;
	vif->tx.work = (struct loop_work){ .handle = on_tx, .arg = vif };
	vif->tx.refill = (struct loop_timer){ .handle = on_tx, .arg = vif };
	credit_init(&vif->tx.credit, vif->info.rate_bytes, vif->info.rate_usec, monotonic_ns());
	ret = begin(vif, &offer);
	if (ret < 0) {
		vif_disconnect(dev);
		return ret;
	}
	/* The last words of an earlier process may have lacked their events, and frames may be
	   waiting in the ring for which no event will come. */
	ports_notify(dev->ports, &vif->tx.port);
	ports_notify(dev->ports, &vif->rx.port);
	loop_defer(dev->loop, &vif->tx.work);
	log_debug("%s: %s%s%s%s", dev->backend, offer.split ? "split events" : "one event channel",
		  vif->features.sg ? ", sg" : "", vif->features.gso_v4 ? ", gso v4" : "",
		  vif->features.gso_v6 ? ", gso v6" : "");
	return 0;
}

const struct device_ops vif_ops = {
	.attach = vif_attach,
	.connect = vif_connect,
	.disconnect = vif_disconnect,
	.detach = vif_detach,
};
