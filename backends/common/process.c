/* SPDX-License-Identifier: MIT */
/* The process of one guest: see process.h. Owns the guest's list of devices. */
#include "backends/common/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/common/privileges.h"
#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/lib/xs.h"

/* Watch events handled in one turn of the loop. */
#define WATCH_BATCH   32
#define RELEASE_TOKEN "released"

struct process {
	const struct process_config *config;
	struct loop loop;
	struct ports ports;
	struct xs_handle *xs;
	int gntdev;
	struct loop_fd xs_lfd, channel_lfd;
	struct loop_work watch_work;
	struct device *devices;
	int status;
};

static void stop(struct process *p, int status)
{
	p->status = status;
	p->loop.stop = true;
}

static void forget_unattached(struct process *p)
{
	struct device **link = &p->devices;

	while (*link) {
		struct device *dev = *link;

		if (dev->attached) {
			link = &dev->next;
			continue;
		}
		*link = dev->next;
		free(dev);
	}
}

static void on_watch(struct process *p, const char *token)
{
	bool all = strcmp(token, RELEASE_TOKEN) == 0;
	uint64_t devid = 0;

	if (!all && parse_number(token, UINT32_MAX, &devid) < 0)
		return;
	for (struct device *dev = p->devices; dev; dev = dev->next) {
		if (dev->attached && (all || dev->devid == devid))
			device_changed(dev);
	}
	forget_unattached(p);
}

static void take_watches(void *arg)
{
	struct process *p = arg;

	for (int i = 0; i < WATCH_BATCH; i++) {
		char **event = xs_check_watch(p->xs);

		if (!event) {
			if (errno != EAGAIN) {
				log_error("lost xenstore: %s", error_text(errno));
				stop(p, 1);
			}
			return;
		}
		on_watch(p, event[XS_WATCH_TOKEN]);
		free(event);
	}
	loop_defer(&p->loop, &p->watch_work);
}

static void on_xenstore(void *arg, uint32_t events)
{
	(void)events;
	take_watches(arg);
}

static void attach(struct process *p, const struct message *msg, const int fds[MESSAGE_FDS_MAX])
{
	struct device *dev = calloc(1, sizeof(*dev));

	if (!dev) {
		log_error("no memory for device %u", msg->devid);
		message_close_fds(fds);
		return;
	}
	dev->loop = &p->loop;
	dev->ports = &p->ports;
	dev->xs = p->xs;
	dev->gntdev = p->gntdev;
	dev->channel = p->config->channel;
	dev->ops = p->config->ops;
	dev->domid = p->config->domid;
	dev->devid = msg->devid;
	dev->log_limit = (struct rate_limit){ .rate = 1, .burst = 20 };
	snprintf(dev->backend, sizeof(dev->backend), "%s/%u/%u", p->config->class_path, dev->domid,
		 dev->devid);
	if (device_attach(dev, fds, msg->info) < 0) {
		const struct message closed = { .type = MESSAGE_CLOSED, .devid = msg->devid };

		message_send(p->config->channel, &closed, NULL, 0);
		free(dev);
		return;
	}
	dev->next = p->devices;
	p->devices = dev;
	/* xenstored fires every new watch once, so the first look at the states follows. */
}

static void on_channel(void *arg, uint32_t events)
{
	struct process *p = arg;
	struct message msg;
	int fds[MESSAGE_FDS_MAX];
	int ret = message_receive(p->config->channel, &msg, fds);

	(void)events;
	if (ret == -EAGAIN || ret == -EINTR)
		return;
	if (ret <= 0) {
		if (ret < 0)
			log_error("lost the supervisor: %s", error_text(ret));
		stop(p, ret < 0);
		return;
	}
	if (msg.type == MESSAGE_ATTACH) {
		attach(p, &msg, fds);
		return;
	}
	message_close_fds(fds);
	for (struct device *dev = p->devices; dev; dev = dev->next) {
		if (msg.type == MESSAGE_DETACH && dev->devid == msg.devid)
			device_detach(dev);
	}
	forget_unattached(p);
}

static int set_up(struct process *p)
{
	int ret = loop_init(&p->loop);

	if (ret < 0)
		return ret;
	ret = ports_init(&p->ports, &p->loop);
	if (ret < 0) {
		log_error("cannot open /dev/xen/evtchn: %s", error_text(ret));
		return ret;
	}
	ret = ports_restrict(&p->ports, p->config->domid);
	if (ret < 0)
		log_warn("cannot restrict event channels to domain %u: %s", p->config->domid,
			 error_text(ret));
	p->gntdev = gntdev_open();
	if (p->gntdev < 0) {
		log_error("cannot open /dev/xen/gntdev: %s", error_text(p->gntdev));
		return p->gntdev;
	}
	p->xs = xs_open(0);
	if (!p->xs || !xs_watch(p->xs, "@releaseDomain", RELEASE_TOKEN)) {
		ret = -errno;
		log_error("cannot connect to xenstored: %s", error_text(ret));
		return ret;
	}
	ret = privileges_drop(p->config->domid);
	if (ret < 0) {
		log_error("cannot drop privileges: %s", error_text(ret));
		return ret;
	}

	p->watch_work = (struct loop_work){ .handle = take_watches, .arg = p };
	p->xs_lfd = (struct loop_fd){ .fd = xs_fileno(p->xs), .handle = on_xenstore, .arg = p };
	p->channel_lfd =
		(struct loop_fd){ .fd = p->config->channel, .handle = on_channel, .arg = p };
	ret = loop_add(&p->loop, &p->xs_lfd, EPOLLIN);
	return ret < 0 ? ret : loop_add(&p->loop, &p->channel_lfd, EPOLLIN);
}

int process_run(const struct process_config *config)
{
	struct process p = { .config = config };

	if (set_up(&p) < 0)
		return 1;
	if (loop_run(&p.loop) < 0) {
		log_error("the event loop failed");
		p.status = 1;
	}
	/*
	 * With the supervisor gone the devices may still be in use by the guest: the kernel unmaps
	 * and unbinds as we end, and a successor carries on from the rings as they are.
	 */
	return p.status;
}
