/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices: which exist, and when what backs them is opened and released. The
 * processes that serve them are in guest.c. Invariants: a FAILED source has no resources;
 * a source is freed once its directory is gone and it is released, and guests only by
 * guest_tidy(), so the walks here may lose the element that they look at and no other.
 */
#include "backends/common/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/common/state_file.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/lib/xs.h"

/* How long to try to open what a predecessor's processes still hold. */
#define RETRY_NS    50000000ull
#define RETRIES_MAX 60

static void drop_resources(struct source *src)
{
	message_close_fds(src->fds);
	for (unsigned int i = 0; i < MESSAGE_FDS_MAX; i++)
		src->fds[i] = -1;
	free(src->priv);
	src->priv = NULL;
}

static void source_free(struct source *src)
{
	struct guest *guest = src->guest;

	for (struct source **p = &guest->sources; *p; p = &(*p)->next) {
		if (*p == src) {
			*p = src->next;
			break;
		}
	}
	log_debug("%s: forgotten", src->path);
	free(src);
	/* A new device may have come in its place already. */
	guest->rescan = true;
	loop_defer(&guest->sup->loop, &guest->sup->tidy_work);
}

/* Everything is given back: the toolstack may take the directory away, or already has. */
void source_released(struct source *src)
{
	drop_resources(src);
	state_file_remove(src);
	src->state = SOURCE_FAILED;
	if (!src->gone)
		xenbus_write(src->sup->xs, src->path, "state", "%d", XenbusStateClosed);
	else
		source_free(src);
}

static void source_release(struct source *src)
{
	if (src->state == SOURCE_READY) {
		src->state = SOURCE_RELEASING;
		src->served = false;
		if (!src->sup->cls->release || src->sup->cls->release(src) != -EINPROGRESS)
			source_released(src);
	} else if (src->state == SOURCE_FAILED) {
		source_released(src);
	}
	/* OPENING and RELEASING: source_opened() or source_released() comes back to it. */
}

/*
 * Whether opening failed because the processes of a supervisor that died just now are still on
 * their way out.
 */
static bool held_by_predecessor(const struct source *src, int ret)
{
	return src->taken_over && src->retries < RETRIES_MAX &&
	       (ret == -EBUSY || ret == -EWOULDBLOCK || ret == -EEXIST);
}

void source_opened(struct source *src, int ret)
{
	if (ret == 0) {
		src->state = SOURCE_READY;
		if (src->gone)
			source_release(src);
		else
			guest_serve(src);
		return;
	}
	drop_resources(src);
	if (held_by_predecessor(src, ret)) {
		src->retries++;
		loop_timer_set(&src->sup->loop, &src->retry, RETRY_NS);
		return;
	}
	state_file_remove(src);
	src->state = SOURCE_FAILED;
	log_error("%s: %s", src->path, src->error);
	if (src->gone) {
		source_free(src);
		return;
	}
	xenbus_write(src->sup->xs, src->path, "hotplug-error", "%s", src->error);
	xenbus_write(src->sup->xs, src->path, "hotplug-status", "error");
}

void source_closed(struct source *src)
{
	source_release(src);
}

static void source_open(void *arg)
{
	struct source *src = arg;
	int ret = src->sup->cls->open(src);

	if (ret != -EINPROGRESS)
		source_opened(src, ret);
}

/* A directory with state and frontend nodes is a device to serve, in whatever state it was left. */
static void source_add(struct guest *guest, uint32_t devid)
{
	struct supervisor *sup = guest->sup;
	struct source *src = calloc(1, sizeof(*src));
	unsigned int state;

	if (!src) {
		log_error("%s/%u/%u: no memory", sup->class_path, guest->domid, devid);
		return;
	}
	*src = (struct source){ .sup = sup, .guest = guest, .devid = devid, .fds = { -1, -1 } };
	snprintf(src->path, sizeof(src->path), "%s/%u/%u", sup->class_path, guest->domid, devid);
	state = xenbus_read_state(sup->xs, src->path);
	if (state == XenbusStateUnknown) {
		free(src);
		return;
	}
	src->next = guest->sources;
	guest->sources = src;
	if (state >= XenbusStateClosing && !xenbus_read_flag(sup->xs, src->path, "online", false)) {
		/* Left behind by a toolstack that had no backend to wait for. */
		src->state = SOURCE_FAILED;
		source_release(src);
		return;
	}
	src->state = SOURCE_OPENING;
	src->taken_over = state == XenbusStateConnected;
	src->retry = (struct loop_timer){ .handle = source_open, .arg = src };
	source_open(src);
}

/* The toolstack has removed the directory. */
static void source_gone(struct source *src)
{
	struct message msg = { .type = MESSAGE_DETACH, .devid = src->devid };

	src->gone = true;
	if (src->served)
		message_send(src->guest->channel.fd, &msg, NULL, 0);
	source_release(src);
}

/* Asks whether the toolstack wants an end that no process of the guest is there to give. */
static void source_check_closing(struct source *src)
{
	if (src->served || (src->state != SOURCE_READY && src->state != SOURCE_FAILED))
		return;
	if (xenbus_read_state(src->sup->xs, src->path) == XenbusStateClosing &&
	    !xenbus_read_flag(src->sup->xs, src->path, "online", false))
		source_release(src);
}

static struct source *source_find(struct guest *guest, uint32_t devid)
{
	for (struct source *src = guest->sources; src; src = src->next) {
		if (src->devid == devid)
			return src;
	}
	return NULL;
}

void source_check(struct guest *guest, uint32_t devid)
{
	struct source *src = source_find(guest, devid);

	if (!src) {
		source_add(guest, devid);
	} else if (src->gone) {
		/* Being released; tidying looks again after that. */
		return;
	} else if (!xenbus_exists(guest->sup->xs, src->path)) {
		source_gone(src);
	} else {
		source_check_closing(src);
	}
}

void source_scan(struct guest *guest)
{
	struct supervisor *sup = guest->sup;
	char path[XENBUS_PATH_MAX];
	unsigned int count = 0;
	char **names;

	guest->rescan = false;
	for (struct source *src = guest->sources, *next; src; src = next) {
		next = src->next;
		source_check(guest, src->devid);
	}
	snprintf(path, sizeof(path), "%s/%u", sup->class_path, guest->domid);
	names = xs_directory(sup->xs, XBT_NULL, path, &count);
	for (unsigned int i = 0; names && i < count; i++) {
		uint64_t devid;

		if (parse_number(names[i], UINT32_MAX, &devid) == 0 &&
		    !source_find(guest, (uint32_t)devid))
			source_add(guest, (uint32_t)devid);
	}
	free(names);
}
