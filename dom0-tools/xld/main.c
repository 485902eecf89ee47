/* SPDX-License-Identifier: MIT */
/*
 * xld: watches over the life of domains. Woken by xenstored when a domain has shut down or died, by
 * the kernel when a tool has changed a domain's file (saved_config.h), and by its own children; it
 * then looks at all domains and starts a process for each that needs something done. It keeps no
 * state of its own that a restart would lose.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/saved_config.h"
#include "dom0-tools/xld/children.h"
#include "dom0-tools/xld/lifecycle.h"

#define MAX_POLL     256
#define RECONNECT_MS 1000
#define PID_FILE     XEN_RUN_DIR "/xld.pid"
#define BOOT_ID_FILE XEN_STATE_DIR "/boot-id"

struct xld {
	struct daemon daemon;
	struct control control;
	struct children children;
	int inotify;
};

static void report_to_log(bool is_error, const char *text)
{
	if (is_error)
		log_error("%s", text);
	else
		log_info("%s", text);
}

static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, (int)size, file))
		line[0] = '\0';
	fclose(file);
}

/* Files from before the host's last boot tell of domains that ended with it. */
static void forget_earlier_boot(void)
{
	char now[64], before[64];
	uint8_t(*uuids)[16];
	size_t count, i;
	FILE *file;

	read_line("/proc/sys/kernel/random/boot_id", now, sizeof(now));
	read_line(BOOT_ID_FILE, before, sizeof(before));
	if (strcmp(now, before) == 0)
		return;
	if (*before && saved_config_list(&uuids, &count) == 0) {
		for (i = 0; i < count; i++)
			saved_config_remove(uuids[i]);
		free(uuids);
	}
	file = fopen(BOOT_ID_FILE, "we");
	if (!file || fputs(now, file) == EOF)
		log_error("cannot write %s: %s", BOOT_ID_FILE, error_text(errno));
	if (file)
		fclose(file);
}

/* One domain: info is the hypervisor's, NULL when it has none with this UUID. */
static void look_at(struct xld *xld, const uint8_t uuid[16],
		    const struct xen_domctl_getdomaininfo *info)
{
	int pid;

	if (!lifecycle_wanted(uuid, info)) {
		children_forget_tools(&xld->children, uuid);
		return;
	}
	if (children_busy(&xld->children, uuid))
		return;
	/* Whoever is at work on it may die; until then it is theirs. */
	pid = saved_config_holder(uuid);
	if (pid > 0 && children_watch_tool(&xld->children, uuid, pid))
		return;
	children_start_worker(&xld->children, uuid);
}

static void look_again(const uint8_t uuid[16], void *arg)
{
	struct xen_domctl_getdomaininfo info;
	struct xld *xld = arg;
	bool exists = control_find_uuid(&xld->control, uuid, &info);

	look_at(xld, uuid, exists ? &info : NULL);
}

static const struct xen_domctl_getdomaininfo *
find_info(const struct xen_domctl_getdomaininfo *infos, int count, const uint8_t uuid[16])
{
	int i;

	for (i = 0; i < count; i++) {
		if (memcmp(infos[i].handle, uuid, sizeof(infos[i].handle)) == 0 &&
		    !(infos[i].flags & XEN_DOMINF_dying))
			return &infos[i];
	}
	return NULL;
}

/* Looks at every domain that has a file. */
static void scan(struct xld *xld)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	uint8_t(*uuids)[16];
	size_t count, i;
	/* First the files: a domain whose file is there has been created. */
	int ret = saved_config_list(&uuids, &count), domains;

	if (ret < 0) {
		log_error("cannot read %s: %s", saved_config_dir, error_text(ret));
		return;
	}
	domains = dom_list_all(xld->control.fd, &infos);
	if (domains < 0)
		log_error("cannot list the domains: %s", error_text(domains));
	for (i = 0; i < count && domains >= 0; i++)
		look_at(xld, uuids[i], find_info(infos, domains, uuids[i]));
	free(infos);
	free(uuids);
}

static bool open_inotify(struct xld *xld)
{
	int ret = make_directories(saved_config_dir);

	xld->inotify = ret < 0 ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (xld->inotify >= 0 &&
	    inotify_add_watch(xld->inotify, saved_config_dir, IN_CREATE | IN_MOVED_TO) >= 0)
		return true;
	log_error("cannot watch %s: %s", saved_config_dir, error_text(ret < 0 ? ret : errno));
	return false;
}

static bool watch_domains(struct xld *xld)
{
	if (xs_watch(xld->control.xs, "@releaseDomain", "release"))
		return true;
	log_error("xenstored refuses a watch: %s", error_text(errno));
	return false;
}

static bool set_up(struct xld *xld)
{
	if (!open_inotify(xld) || !control_open(&xld->control) || !watch_domains(xld))
		return false;
	forget_earlier_boot();
	return true;
}

/* True when there were any events of xenstored. */
static bool drain_store(struct xld *xld)
{
	bool any = false;
	char **event;

	if (!xld->control.xs)
		return false;
	while ((event = xs_check_watch(xld->control.xs))) {
		free(event);
		any = true;
	}
	if (errno != EAGAIN) {
		log_error("lost xenstored: %s; waiting for it to come back", error_text(errno));
		xs_close(xld->control.xs);
		xld->control.xs = NULL;
	}
	return any;
}

/* After xenstored was lost: true once it is back, and then everything has to be looked at. */
static bool reconnect(struct xld *xld)
{
	if (xld->control.xs || !control_try_store(&xld->control))
		return false;
	if (!watch_domains(xld)) {
		xs_close(xld->control.xs);
		xld->control.xs = NULL;
		return false;
	}
	log_info("connected to xenstored again");
	return true;
}

/* Looks at the domains whose files have changed; all of them if the kernel lost count. */
static void drain_inotify(struct xld *xld)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	uint8_t uuid[16];
	ssize_t bytes, at;

	while ((bytes = read(xld->inotify, events, sizeof(events))) > 0) {
		for (at = 0; at < bytes; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(events + at);
			if (event->mask & IN_Q_OVERFLOW)
				scan(xld);
			else if (event->len && saved_config_parse_name(event->name, uuid))
				look_again(uuid, xld);
		}
	}
}

/* How long to wait, ms: to the next helper's start, or to the next try to reach xenstored. */
static int next_timeout(struct xld *xld)
{
	int timeout = children_start_helpers(&xld->children);

	if (!xld->control.xs && (timeout < 0 || timeout > RECONNECT_MS))
		return RECONNECT_MS;
	return timeout;
}

/* One wait for anything; false when xld is to end, with *status. */
static bool turn(struct xld *xld, int *status)
{
	struct pollfd pfds[MAX_POLL] = {
		{ .fd = daemon_signal_fd(&xld->daemon), .events = POLLIN },
		{ .fd = xld->inotify, .events = POLLIN },
		{ .fd = xld->control.xs ? xs_fileno(xld->control.xs) : -1, .events = POLLIN },
	};
	int timeout = next_timeout(xld);
	size_t count = 3 + children_poll(&xld->children, pfds + 3, MAX_POLL - 3);
	int signal_number;
	bool look;

	if (poll(pfds, count, timeout) < 0 && errno != EINTR) {
		log_error("cannot wait for events: %s", error_text(errno));
		*status = 1;
		return false;
	}
	signal_number = daemon_next_signal(&xld->daemon);
	if (signal_number == SIGTERM || signal_number == SIGINT) {
		*status = 0;
		return false;
	}
	drain_inotify(xld);
	children_reap(&xld->children, look_again, xld);
	look = drain_store(xld);
	look |= reconnect(xld);
	if (look && xld->control.xs)
		scan(xld);
	return true;
}

static int supervise_option(struct daemon *daemon, int argc, char **argv)
{
	struct xld *xld = daemon->data;
	static const char equals[] = "--supervise=";
	char *list;
	int used;

	if (strcmp(argv[0], "--supervise") == 0 && argc > 1) {
		list = argv[1];
		used = 2;
	} else if (strncmp(argv[0], equals, sizeof(equals) - 1) == 0) {
		list = argv[0] + sizeof(equals) - 1;
		used = 1;
	} else {
		return 0;
	}
	if (children_add_helpers(&xld->children, list))
		return used;
	fprintf(stderr, "xld: at most %d helpers can be supervised\n", MAX_HELPERS);
	return -1;
}

int main(int argc, char **argv)
{
	struct xld xld = {
		.daemon = { .name = "xld",
			    .summary = "restarts and removes domains, and keeps helpers running",
			    .extra_help =
				    "  --supervise LIST    start these programs (separated by "
				    "commas) with -f,\n"
				    "                      and again whenever they end\n",
			    .extra_option = supervise_option },
		.control = { .fd = -1 },
	};
	int ret, status = 1;

	xld.daemon.data = &xld;
	xld.children.daemon = &xld.daemon;
	ret = daemon_parse_options(&xld.daemon, argc, argv);
	if (ret >= 0)
		return ret;
	report_set_sink(report_to_log);
	/* There must be one only, whether or not it was asked for a file. */
	if (!xld.daemon.pid_file && make_directories(XEN_RUN_DIR) == 0)
		xld.daemon.pid_file = PID_FILE;
	if (daemon_start(&xld.daemon) < 0 || !set_up(&xld))
		return 1;
	if (daemon_ready(&xld.daemon) < 0)
		return 1;
	scan(&xld);
	while (turn(&xld, &status))
		;
	children_stop(&xld.children);
	control_close(&xld.control);
	daemon_exit(&xld.daemon);
	return status;
}
