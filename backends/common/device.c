/* SPDX-License-Identifier: MIT */
/*
 * The xenbus state machine of one backend device: see device.h. It is level-triggered: whatever
 * watch fired, both ends' states are read and the one right step is taken, so lost, merged or
 * repeated events do no harm.
 */
#include "backends/common/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xenstore/lib/xs.h"

static void set_state(struct device *dev, enum xenbus_state state)
{
	int ret;

	if (dev->state == state)
		return;
	dev->state = state;
	log_debug("%s: %s", dev->backend, xenbus_state_name(state));
	ret = xenbus_write(dev->xs, dev->backend, "state", "%d", (int)state);
	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write the state: %s", dev->backend, error_text(ret));
}

static void disconnect(struct device *dev)
{
	if (!dev->connected)
		return;
	dev->connected = false;
	dev->ops->disconnect(dev);
	if (rate_limit_take(&dev->log_limit, 1))
		log_info("%s: disconnected", dev->backend);
}

void device_fail(struct device *dev, const char *why)
{
	if (rate_limit_take(&dev->log_limit, 1))
		log_error("%s: %s; the device is closed", dev->backend, why);
	disconnect(dev);
	set_state(dev, XenbusStateClosing);
}

static void connect(struct device *dev)
{
	int ret = dev->ops->connect(dev);

	if (ret < 0) {
		char why[128];

		snprintf(why, sizeof(why), "cannot connect to the frontend: %s", error_text(ret));
		device_fail(dev, why);
		return;
	}
	dev->connected = true;
	set_state(dev, XenbusStateConnected);
	if (rate_limit_take(&dev->log_limit, 1))
		log_info("%s: connected", dev->backend);
}

static void watch(struct device *dev, bool on)
{
	const char *const dirs[] = { dev->frontend, dev->backend };
	char path[XENBUS_PATH_MAX + 8], token[16];

	snprintf(token, sizeof(token), "%u", dev->devid);
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/state", dirs[i]);
		if (!on)
			xs_unwatch(dev->xs, path, token);
		else if (!xs_watch(dev->xs, path, token))
			log_error("cannot watch %s: %s", path, error_text(errno));
	}
}

/* Both ends are through: ready for the next connection, or, when it is taken offline, finished. */
static void closed(struct device *dev)
{
	struct message msg = { .type = MESSAGE_CLOSED, .devid = dev->devid };
	int ret;

	disconnect(dev);
	if (xenbus_read_flag(dev->xs, dev->backend, "online", false)) {
		set_state(dev, XenbusStateClosed);
		return;
	}
	device_detach(dev);
	ret = message_send(dev->channel, &msg, NULL, 0);
	if (ret < 0)
		log_error("%s: cannot report the end: %s", dev->backend, error_text(ret));
}

/* The frontend's state, Closed when the guest that had it is no more. */
static unsigned int frontend_state(struct device *dev)
{
	/* Before its time, as the toolstack builds it, a guest is not there either. */
	bool began = dev->connected || dev->state == XenbusStateClosing;

	if (began && dev->domid != 0 && !xs_is_domain_introduced(dev->xs, dev->domid))
		return XenbusStateClosed;
	return xenbus_read_state(dev->xs, dev->frontend);
}

void device_changed(struct device *dev)
{
	unsigned int own = xenbus_read_state(dev->xs, dev->backend);
	unsigned int state;

	if (own == XenbusStateUnknown)
		return; /* the directory is gone: the supervisor will tell */
	/* The toolstack asks for an end: from here on only what leads there. */
	if (own == XenbusStateClosing)
		dev->state = XenbusStateClosing;

	state = frontend_state(dev);
	switch (state) {
	case XenbusStateInitialising:
	case XenbusStateInitWait:
		disconnect(dev);
		if (!xenbus_read_flag(dev->xs, dev->backend, "online", false))
			closed(dev);
		else
			set_state(dev, XenbusStateInitWait);
		break;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (dev->state == XenbusStateInitWait)
			connect(dev);
		break;
	case XenbusStateClosing:
		disconnect(dev);
		if (dev->state != XenbusStateClosed)
			set_state(dev, XenbusStateClosing);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		closed(dev);
		break;
	default:
		break;
	}
}

static int read_frontend_path(struct device *dev)
{
	char own[48];
	int ret = xenbus_read(dev->xs, dev->backend, "frontend", dev->frontend,
			      sizeof(dev->frontend));

	if (ret < 0)
		return ret;
	snprintf(own, sizeof(own), "/local/domain/%u/", dev->domid);
	return strncmp(dev->frontend, own, strlen(own)) ? -EINVAL : 0;
}

/* Whether an earlier process of ours served a frontend that has not noticed its death. */
static bool was_connected(struct device *dev)
{
	return dev->state == XenbusStateConnected && frontend_state(dev) == XenbusStateConnected;
}

int device_attach(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info)
{
	bool resume;
	int ret = read_frontend_path(dev);

	dev->state = (enum xenbus_state)xenbus_read_state(dev->xs, dev->backend);
	resume = ret == 0 && was_connected(dev);
	if (ret == 0)
		ret = dev->ops->attach(dev, fds, info, resume);
	else
		message_close_fds(fds);
	if (ret < 0) {
		log_error("%s: cannot attach: %s", dev->backend, error_text(ret));
		xenbus_write(dev->xs, dev->backend, "hotplug-error", "%s: cannot attach: %s",
			     dev->backend, error_text(ret));
		xenbus_write(dev->xs, dev->backend, "hotplug-status", "error");
		return ret;
	}
	dev->attached = true;
	if (resume) {
		connect(dev);
	} else if (dev->state == XenbusStateInitialising) {
		const struct xenbus_node ready[] = { { "hotplug-status", "connected" },
						     { "state", "2" } };

		_Static_assert(XenbusStateInitWait == 2, "as written above");
		dev->state = XenbusStateInitWait;
		xenbus_write_nodes(dev->xs, dev->backend, ready, 2);
	}
	watch(dev, true);
	return 0;
}

void device_detach(struct device *dev)
{
	if (!dev->attached)
		return;
	watch(dev, false);
	disconnect(dev);
	dev->ops->detach(dev);
	dev->attached = false;
}
