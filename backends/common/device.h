/* SPDX-License-Identifier: MIT */
/*
 * One backend device in its guest's process, and the xenbus state machine that drives it
 * (public/io/xenbus.h). The class (vbd, vif) supplies what happens at each transition; this file
 * owns the states, the xenstore nodes `state` and `hotplug-status`, and the watches.
 *
 *	attach  -> InitWait -> connect -> Connected -> disconnect -> Closing/Closed -> (InitWait...)
 *
 * connected <=> ops->connect() succeeded and ops->disconnect() has not run since.
 */
#ifndef BACKENDS_COMMON_DEVICE_H
#define BACKENDS_COMMON_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/common/loop.h"
#include "backends/common/message.h"
#include "backends/common/ports.h"
#include "backends/common/xenbus.h"
#include "dom0-tools/lib/log.h"

struct device;
struct xs_handle;

/* What a class does for its devices. All return 0 or a negative errno, said in the log by us. */
struct device_ops {
	/*
	 * Sets device->priv from fds and info (the fds are the class's to close from here on, also
	 * on failure). resume: an earlier process of ours died while it served this device, connect
	 * follows and must carry on with the ring as it is; otherwise writes the feature nodes to
	 * device->backend.
	 */
	int (*attach)(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info,
		      bool resume);
	/* Reads the frontend's nodes, maps rings, binds ports, starts to serve. */
	int (*connect)(struct device *dev);
	/* Stops serving and gives back everything that connect took. */
	void (*disconnect)(struct device *dev);
	/* Frees priv, closes the fds. Never called while connected. */
	void (*detach)(struct device *dev);
};

struct device {
	/* what the guest's process shares among its devices */
	struct loop *loop;
	struct ports *ports;
	struct xs_handle *xs;
	int gntdev;
	int channel; /* to the supervisor */

	const struct device_ops *ops;
	uint32_t domid; /* of the frontend */
	uint32_t devid;
	char backend[XENBUS_PATH_MAX];  /* directory, absolute */
	char frontend[XENBUS_PATH_MAX]; /* directory, absolute, below the guest's own */
	enum xenbus_state state;        /* as we wrote it last */
	bool connected;
	bool attached;
	struct rate_limit log_limit; /* the guest can connect as often as it likes */
	void *priv;                  /* the class's */
	struct device *next;
};

/*
 * Takes up the device: publishes it in InitWait, or, if it was connected when an earlier process
 * died, carries on. On failure hotplug-error says why and nothing is left but the struct. 0 or a
 * negative errno.
 */
int device_attach(struct device *dev, const int fds[MESSAGE_FDS_MAX], const void *info);
/* The device's directory is gone, or the process ends: stops everything. */
void device_detach(struct device *dev);

/*
 * Something about this device changed in xenstore, or the guest died. dev->attached is false
 * afterwards if the device is closed for good; the caller frees it then.
 */
void device_changed(struct device *dev);

/*
 * The frontend broke the protocol or the device cannot go on: disconnects, and tells the frontend
 * with Closing. why is for the log.
 */
void device_fail(struct device *dev, const char *why);

#endif
