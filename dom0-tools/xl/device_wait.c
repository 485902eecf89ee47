/* SPDX-License-Identifier: MIT */
/*
 * Waiting for backends; see device_wait.h. A set of nodes is watched, each under its own token, and
 * struck off when it has the value that is waited for.
 */
#include "dom0-tools/xl/device_wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/io/xenbus.h>

#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/domain_tree.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

#define LABEL_MAX 64
#define TOKEN_MAX 40

struct awaited {
	char backend[STORE_PATH_MAX - 32];
	char label[LABEL_MAX]; /* "disk xvda", for messages */
	const char *daemon;    /* who serves it */
	bool done;
};

struct wait_set {
	struct control *control;
	const char *node; /* below each backend directory */
	struct awaited *devices;
	size_t count;
};

static void watch_path(const struct wait_set *set, size_t i, char path[STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "%s/%s", set->devices[i].backend, set->node);
}

/* Watches for all devices; the first event of each comes at once. */
static bool watch_all(const struct wait_set *set)
{
	char path[STORE_PATH_MAX], token[TOKEN_MAX];
	size_t i;

	for (i = 0; i < set->count; i++) {
		watch_path(set, i, path);
		snprintf(token, sizeof(token), "device-wait-%zu", i);
		if (!xs_watch(set->control->xs, path, token)) {
			report_error("cannot watch %s: %s", path, error_text(errno));
			return false;
		}
	}
	return true;
}

static void unwatch_all(const struct wait_set *set)
{
	char path[STORE_PATH_MAX], token[TOKEN_MAX];
	size_t i;

	for (i = 0; i < set->count; i++) {
		watch_path(set, i, path);
		snprintf(token, sizeof(token), "device-wait-%zu", i);
		xs_unwatch(set->control->xs, path, token);
	}
}

static size_t pending(const struct wait_set *set)
{
	size_t i, n = 0;

	for (i = 0; i < set->count; i++)
		n += !set->devices[i].done;
	return n;
}

/* The device that the event is about, or NULL when it is some other watch's. */
static struct awaited *event_device(const struct wait_set *set, char **event)
{
	size_t i;

	if (sscanf(event[XS_WATCH_TOKEN], "device-wait-%zu", &i) != 1 || i >= set->count)
		return NULL;
	return &set->devices[i];
}

static bool check_ready(struct control *control, const char *name, struct awaited *device)
{
	char *status, *error;
	bool failed;

	status = store_read(control->xs, XBT_NULL, "%s/hotplug-status", device->backend);
	failed = status && strcmp(status, "error") == 0;
	device->done = status && strcmp(status, "connected") == 0;
	free(status);
	if (!failed)
		return true;
	error = store_read(control->xs, XBT_NULL, "%s/hotplug-error", device->backend);
	report_error("%s: %s cannot be set up: %s", name, device->label,
		     error ? error : "the backend gives no reason; see its log in /var/log/xen");
	free(error);
	return false;
}

static void report_late(const struct wait_set *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (!set->devices[i].done)
			report_error("%s: no backend took %s within %d s; is %s running? see "
				     "/var/log/xen/%s.log",
				     name, set->devices[i].label, DEVICE_TIMEOUT_MS / 1000,
				     set->devices[i].daemon, set->devices[i].daemon);
	}
}

static bool wait_ready(const struct wait_set *set, const char *name, device_cancel_fn *cancelled)
{
	uint64_t deadline = monotonic_ms() + DEVICE_TIMEOUT_MS;
	struct awaited *device;
	bool ok;

	while (pending(set)) {
		char **event = store_next_event(set->control->xs, deadline);

		if (cancelled && cancelled()) {
			free(event);
			report_error("%s: interrupted while waiting for its devices", name);
			return false;
		}
		if (!event && errno == EINTR)
			continue;
		if (!event) {
			if (errno == ETIMEDOUT)
				report_late(set, name);
			else
				report_error("%s: lost xenstored while waiting for devices: %s",
					     name, error_text(errno));
			return false;
		}
		device = event_device(set, event);
		free(event);
		ok = !device || device->done || check_ready(set->control, name, device);
		if (!ok)
			return false;
	}
	return true;
}

bool device_wait_ready(struct control *control, uint32_t domid, const struct domain_config *config,
		       device_cancel_fn *cancelled)
{
	struct wait_set set = { .control = control, .node = "hotplug-status" };
	struct awaited *device;
	bool ok = false;
	size_t i;

	set.devices = calloc(config->disk_count + config->vif_count + 1, sizeof(*set.devices));
	if (!set.devices) {
		report_error("%s: out of memory", config->name);
		return false;
	}
	for (i = 0; i < config->disk_count; i++) {
		device = &set.devices[set.count++];
		snprintf(device->backend, sizeof(device->backend), "%s/vbd/%u/%u",
			 DOMAIN_TREE_BACKEND, domid, config->disks[i].devid);
		snprintf(device->label, LABEL_MAX, "disk %s", config->disks[i].vdev);
		device->daemon = "blkback";
	}
	for (i = 0; i < config->vif_count; i++) {
		device = &set.devices[set.count++];
		snprintf(device->backend, sizeof(device->backend), "%s/vif/%u/%d",
			 DOMAIN_TREE_BACKEND, domid, config->vifs[i].devid);
		snprintf(device->label, LABEL_MAX, "vif %d", config->vifs[i].devid);
		device->daemon = "netback";
	}
	if (set.count == 0 || watch_all(&set))
		ok = wait_ready(&set, config->name, cancelled);
	unwatch_all(&set);
	free(set.devices);
	return ok;
}

/* Closing one domain's devices: found again in each round of the transaction. */
struct closing {
	struct wait_set set;
	uint32_t domid;
};

static bool add_backend(struct wait_set *set, const char *backend, const char *kind,
			const char *devid)
{
	struct awaited *devices;

	devices = reallocarray(set->devices, set->count + 1, sizeof(*devices));
	if (!devices)
		return false;
	set->devices = devices;
	devices[set->count] = (struct awaited){ .daemon = "" };
	snprintf(devices[set->count].backend, sizeof(devices->backend), "%s", backend);
	snprintf(devices[set->count].label, LABEL_MAX, "%s %s", kind, devid);
	set->count++;
	return true;
}

/* One backend: told to close, unless it never had a driver or is closed already. */
static void close_backend(struct store_writer *writer, struct closing *closing, const char *kind,
			  const char *devid)
{
	char backend[STORE_PATH_MAX - 32], path[STORE_PATH_MAX];
	long state;

	snprintf(backend, sizeof(backend), "%s/%s/%u/%s", DOMAIN_TREE_BACKEND, kind, closing->domid,
		 devid);
	state = store_read_number(writer->xs, writer->t, "%s/state", backend);
	if (state < 0)
		return;
	store_put(writer, backend, "online", "0");
	if (state != XenbusStateClosed)
		store_put(writer, backend, "state", "%d", XenbusStateClosing);
	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/%s", closing->domid, kind, devid);
	store_remove(writer, path);
	if (state == XenbusStateClosed || state == XenbusStateInitialising)
		return;
	if (!add_backend(&closing->set, backend, kind, devid) && !writer->error)
		writer->error = ENOMEM;
}

static void close_body(struct store_writer *writer, void *arg)
{
	struct closing *closing = arg;
	unsigned int kinds_count, devices_count, i, j;
	char **kinds, **devices;

	closing->set.count = 0;
	kinds = store_list(writer->xs, writer->t, &kinds_count, "%s", DOMAIN_TREE_BACKEND);
	for (i = 0; i < kinds_count; i++) {
		/* The console has no state machine; it ends with the domain. */
		if (strcmp(kinds[i], "console") == 0)
			continue;
		devices = store_list(writer->xs, writer->t, &devices_count, "%s/%s/%u",
				     DOMAIN_TREE_BACKEND, kinds[i], closing->domid);
		for (j = 0; j < devices_count; j++)
			close_backend(writer, closing, kinds[i], devices[j]);
		free(devices);
	}
	free(kinds);
}

static void wait_closed(const struct wait_set *set, uint32_t domid)
{
	uint64_t deadline = monotonic_ms() + DEVICE_TIMEOUT_MS;
	struct awaited *device;
	size_t i;

	while (pending(set)) {
		char **event = store_next_event(set->control->xs, deadline);
		long state;

		if (!event && errno == EINTR)
			continue;
		if (!event)
			break;
		device = event_device(set, event);
		free(event);
		if (!device)
			continue;
		state = store_read_number(set->control->xs, XBT_NULL, "%s/state", device->backend);
		device->done = state < 0 || state == XenbusStateClosed;
	}
	for (i = 0; i < set->count; i++) {
		if (!set->devices[i].done)
			report_note("domain %u: the backend of %s did not close within %d s; its "
				    "nodes are removed",
				    domid, set->devices[i].label, DEVICE_TIMEOUT_MS / 1000);
	}
}

void device_close_all(struct control *control, uint32_t domid)
{
	struct closing closing = { .set = { .control = control, .node = "state" }, .domid = domid };
	char failed[STORE_PATH_MAX];
	int ret;

	ret = store_transaction(control->xs, close_body, &closing, failed);
	if (ret < 0)
		report_error("domain %u: cannot close its devices: %s: %s", domid, failed,
			     error_text(ret));
	else if (closing.set.devices && watch_all(&closing.set))
		wait_closed(&closing.set, domid);
	unwatch_all(&closing.set);
	free(closing.set.devices);
}
