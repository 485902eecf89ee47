/* SPDX-License-Identifier: MIT */
/*
 * One domain's turns; see lifecycle.h. The state of its file (saved_config.h) and what the
 * hypervisor says of it decide; nothing is remembered in this process, so that another one can go
 * on where it was killed.
 */
#include "dom0-tools/xld/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include <public/sched.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/device_wait.h"
#include "dom0-tools/xl/domain_create.h"
#include "dom0-tools/xl/domain_destroy.h"
#include "dom0-tools/xl/domain_tree.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/saved_config.h"

/* The domain that is worked on; all functions below are about it. */
struct work {
	struct control control;
	const uint8_t *uuid;
	struct domain_config config;
	bool has_config;
	struct xen_domctl_getdomaininfo info;
	bool exists;
};

bool lifecycle_wanted(const uint8_t uuid[16], const struct xen_domctl_getdomaininfo *info)
{
	enum saved_state state = saved_config_state(uuid);

	if (state == SAVED_NONE)
		return false;
	if (state != SAVED_CREATED)
		return true;
	return !info || (info->flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

static const char *name(const struct work *work)
{
	return work->has_config ? work->config.name : "domain";
}

static enum domain_event shutdown_event(int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		return EVENT_POWEROFF;
	case SHUTDOWN_reboot:
		return EVENT_REBOOT;
	case SHUTDOWN_watchdog:
		return EVENT_WATCHDOG;
	case SHUTDOWN_soft_reset:
		return EVENT_SOFT_RESET;
	default:
		return EVENT_CRASH;
	}
}

static const char *event_words(enum domain_event event)
{
	static const char *const words[EVENT_COUNT] = {
		[EVENT_POWEROFF] = "powered off",
		[EVENT_REBOOT] = "asked for a reboot",
		[EVENT_CRASH] = "crashed",
		[EVENT_WATCHDOG] = "was stopped by its watchdog",
		[EVENT_SOFT_RESET] = "asked for a soft reset",
	};

	return words[event];
}

/* Ends whatever is there of the domain, also nodes of one that the hypervisor has no more. */
static bool end(struct work *work)
{
	long leftover = domain_tree_find_uuid(work->control.xs, work->uuid);
	bool ok = true;

	if (work->exists)
		ok = domain_destroy(&work->control, work->info.domain);
	else if (leftover > 0)
		ok = domain_destroy(&work->control, (uint32_t)leftover);
	work->exists = false;
	return ok;
}

static int end_for_good(struct work *work)
{
	bool ok = end(work);

	if (ok)
		saved_config_remove(work->uuid);
	return ok ? 0 : 1;
}

/* Creates the domain from its configuration and lets it run. */
static int create(struct work *work)
{
	uint32_t domid;
	int ret;

	if (!domain_create(&work->control, &work->config, NULL, &domid)) {
		log_error("%s: cannot be started again; see above", name(work));
		return 1;
	}
	ret = dom_unpause(work->control.fd, domid);
	if (ret < 0) {
		log_error("%s: domain %u cannot run: %s", name(work), domid, error_text(ret));
		domain_destroy(&work->control, domid);
		saved_config_remove(work->uuid);
		return 1;
	}
	log_info("%s: runs again as domain %u", name(work), domid);
	return 0;
}

/* From UUID.restart on: whoever finds that file does this again, from the start. */
static int restart(struct work *work)
{
	int status;

	if (!end(work))
		return 1;
	saved_config_remove_state(work->uuid, SAVED_NEW);
	saved_config_remove_state(work->uuid, SAVED_CREATED);
	status = create(work);
	saved_config_remove_state(work->uuid, SAVED_RESTART);
	return status;
}

static int begin_restart(struct work *work)
{
	int ret = saved_config_move(work->uuid, SAVED_CREATED, SAVED_RESTART);

	if (ret < 0) {
		log_error("%s: cannot note its restart in %s: %s", name(work), saved_config_dir,
			  error_text(ret));
		return 1;
	}
	return restart(work);
}

/* The old domain stays for examination, under another name and UUID and without devices. */
static bool step_aside(struct work *work)
{
	char aside[DOMAIN_NAME_MAX + 32], stamp[32], failed[STORE_PATH_MAX];
	uint32_t domid = work->info.domain;
	time_t now = time(NULL);
	uint8_t uuid[16];
	struct tm tm;
	int ret;

	if (!gmtime_r(&now, &tm))
		memset(&tm, 0, sizeof(tm));
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(aside, sizeof(aside), "%s-%s", work->config.name, stamp);
	uuid_generate(uuid);
	device_close_all(&work->control, domid);
	ret = domain_tree_drop_devices(work->control.xs, domid, failed);
	if (ret == 0)
		ret = domain_tree_rename(work->control.xs, domid, aside, failed);
	if (ret == 0)
		ret = domain_tree_set_uuid(work->control.xs, domid, uuid, failed);
	if (ret < 0) {
		log_error("%s: cannot write %s: %s", name(work), failed, error_text(ret));
		return false;
	}
	ret = dom_set_handle(work->control.fd, domid, uuid);
	if (ret < 0) {
		log_error("%s: cannot change its uuid: %s", name(work), error_text(ret));
		return false;
	}
	log_info("%s: domain %u is kept as %s", name(work), domid, aside);
	work->exists = false;
	return true;
}

static int rename_restart(struct work *work)
{
	if (!step_aside(work))
		return 1;
	return begin_restart(work);
}

/* A domain that has shut down gets the action of its configuration. */
static int act(struct work *work)
{
	enum domain_event event = shutdown_event(dom_shutdown_reason(&work->info));
	enum domain_action action = work->config.on[event];

	log_info("%s: domain %u %s: %s", name(work), work->info.domain, event_words(event),
		 domain_action_name(action));
	switch (action) {
	case ACTION_DESTROY:
		saved_config_move(work->uuid, SAVED_CREATED, SAVED_DESTROY);
		return end_for_good(work);
	case ACTION_RESTART:
		return begin_restart(work);
	case ACTION_RENAME_RESTART:
		return rename_restart(work);
	case ACTION_PRESERVE:
		/* Without its file it is left alone from now on. */
		saved_config_remove(work->uuid);
		return 0;
	}
	return 1;
}

static int created(struct work *work)
{
	if (!work->exists) {
		log_info("%s: its domain is gone: removing what is left of it", name(work));
		return end_for_good(work);
	}
	/* A suspended domain waits for the tool that suspended it. */
	if (!(work->info.flags & XEN_DOMINF_shutdown) ||
	    dom_shutdown_reason(&work->info) == SHUTDOWN_suspend)
		return 0;
	return act(work);
}

static int run_locked(struct work *work, enum saved_state state)
{
	if (!work->has_config && state != SAVED_NEW) {
		log_error("the configuration of a domain in %s cannot be used; it is destroyed "
			  "when it ends",
			  saved_config_dir);
		return work->exists && !(work->info.flags & XEN_DOMINF_shutdown)
			       ? 0
			       : end_for_good(work);
	}
	switch (state) {
	case SAVED_NEW:
		log_warn("%s: its creation was cut off: undoing it", name(work));
		return end_for_good(work);
	case SAVED_DESTROY:
		log_warn("%s: its destruction was cut off: finishing it", name(work));
		return end_for_good(work);
	case SAVED_RESTART:
		/* Cut off right at its end? */
		if (work->exists && saved_config_exists(work->uuid, SAVED_CREATED) &&
		    !(work->info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_paused))) {
			saved_config_remove_state(work->uuid, SAVED_RESTART);
			return 0;
		}
		log_warn("%s: its restart was cut off: doing it again", name(work));
		return restart(work);
	case SAVED_CREATED:
		return created(work);
	case SAVED_NONE:
		break;
	}
	return 0;
}

int lifecycle_run(const uint8_t uuid[16])
{
	struct work work = { .uuid = uuid };
	enum saved_state state;
	int lock, status = 1;

	if (!control_open(&work.control))
		return 1;
	lock = saved_config_lock(uuid, &state);
	if (lock >= 0) {
		work.has_config = saved_config_load(uuid, state, &work.config);
		work.exists = control_find_uuid(&work.control, uuid, &work.info);
		status = run_locked(&work, state);
		if (work.has_config)
			domain_config_free(&work.config);
		close(lock);
	} else {
		status = 0;
	}
	control_close(&work.control);
	return status;
}
