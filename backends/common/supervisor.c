/* SPDX-License-Identifier: MIT */
/*
 * A backend program's main loop: xenstore watches in, ended children in, signals in; source.c and
 * guest.c do the rest. See supervisor.h.
 */
#include "backends/common/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backends/common/state_file.h"
#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/lib/xs.h"

/* Watch events handled in one turn of the loop. */
#define WATCH_BATCH  64
/* Between attempts to find xenstored again. */
#define RECONNECT_NS 50000000

static void scan_all(struct supervisor *sup)
{
	unsigned int count = 0;
	char **names;

	for (struct guest *guest = sup->guests; guest; guest = guest->next)
		source_scan(guest);
	names = xs_directory(sup->xs, XBT_NULL, sup->class_path, &count);
	for (unsigned int i = 0; names && i < count; i++) {
		struct guest *guest;
		uint64_t domid;

		if (parse_number(names[i], UINT16_MAX, &domid) < 0 ||
		    guest_find(sup, (uint32_t)domid))
			continue;
		guest = guest_get(sup, (uint32_t)domid);
		if (guest)
			source_scan(guest);
	}
	free(names);
	if (!sup->swept)
		state_file_sweep(sup);
	sup->swept = true;
}

static void on_watch(struct supervisor *sup, const char *path)
{
	size_t len = strlen(sup->class_path);
	unsigned int domid, devid;
	struct guest *guest;
	int used = 0, fields;

	if (strncmp(path, sup->class_path, len))
		return;
	path += len;
	if (!*path) {
		scan_all(sup);
		return;
	}
	fields = sscanf(path, "/%5u/%10u%n", &domid, &devid, &used);
	if (fields < 1)
		return;
	/* Of what is inside a device, only its state and its existence matter to us. */
	if (fields == 2 && path[used] && strcmp(path + used, "/state"))
		return;
	guest = guest_get(sup, domid);
	if (!guest)
		return;
	if (fields == 2)
		source_check(guest, devid);
	else
		source_scan(guest);
}

static int watch_xenstore(struct supervisor *sup);

static void take_signals(struct supervisor *sup)
{
	int sig;

	while ((sig = daemon_next_signal(sup->daemon)) > 0) {
		if (sig == SIGTERM || sig == SIGINT)
			sup->loop.stop = true;
	}
}

/*
 * xenstored has gone: waits for its successor. There is nothing else to do until then; the guests'
 * processes have lost it too, end, and are started again afterwards.
 */
static void reconnect(struct supervisor *sup)
{
	const struct timespec pause = { .tv_nsec = RECONNECT_NS };

	log_warn("lost xenstored: %s; waiting for it to come back", error_text(errno));
	loop_remove(&sup->loop, &sup->xs_lfd);
	xs_close(sup->xs);
	sup->xs = NULL;
	while (!sup->xs && !sup->loop.stop) {
		nanosleep(&pause, NULL);
		take_signals(sup);
		sup->xs = xs_open(0);
	}
	if (sup->xs && watch_xenstore(sup) < 0)
		sup->loop.stop = true;
	else if (sup->xs)
		log_info("connected to xenstored again");
}

static void take_watches(void *arg)
{
	struct supervisor *sup = arg;

	for (int i = 0; i < WATCH_BATCH; i++) {
		char **event = xs_check_watch(sup->xs);

		if (!event) {
			if (errno != EAGAIN)
				reconnect(sup);
			return;
		}
		on_watch(sup, event[XS_WATCH_PATH]);
		free(event);
	}
	loop_defer(&sup->loop, &sup->watch_work);
}

static void on_xenstore(void *arg, uint32_t events)
{
	(void)events;
	take_watches(arg);
}

static void on_tidy(void *arg)
{
	guest_tidy(arg);
}

void supervisor_await(struct supervisor *sup, struct helper *helper)
{
	helper->next = sup->helpers;
	sup->helpers = helper;
}

static void on_child(void *arg, uint32_t events)
{
	struct supervisor *sup = arg;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	while (read(sup->child_lfd.fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct helper **p = &sup->helpers;

		while (*p && (*p)->pid != pid)
			p = &(*p)->next;
		if (*p) {
			struct helper *helper = *p;

			*p = helper->next;
			helper->ended(helper->arg, status);
		} else {
			guest_ended(sup, pid, status);
		}
	}
}

static void on_signal(void *arg, uint32_t events)
{
	(void)events;
	take_signals(arg);
}

static int watch_children(struct supervisor *sup)
{
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	sup->child_lfd = (struct loop_fd){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
					   .handle = on_child,
					   .arg = sup };
	if (sup->child_lfd.fd < 0)
		return -errno;
	ret = loop_add(&sup->loop, &sup->child_lfd, EPOLLIN);
	if (ret < 0)
		return ret;
	sup->signal_lfd = (struct loop_fd){ .fd = daemon_signal_fd(sup->daemon),
					    .handle = on_signal,
					    .arg = sup };
	return loop_add(&sup->loop, &sup->signal_lfd, EPOLLIN);
}

/* With sup->xs connected. */
static int watch_xenstore(struct supervisor *sup)
{
	uint64_t own = 0;
	char *domid;
	int ret;

	/* Our own directory is what relative paths are relative to. */
	domid = xs_read(sup->xs, XBT_NULL, "domid", NULL);
	if (domid && parse_number(domid, UINT16_MAX, &own) < 0)
		log_warn("our own domid in xenstore is \"%s\", taking 0", domid);
	free(domid);
	sup->own_domid = (uint32_t)own;
	snprintf(sup->class_path, sizeof(sup->class_path), "/local/domain/%u/backend/%s",
		 sup->own_domid, sup->cls->name);
	sup->xs_lfd =
		(struct loop_fd){ .fd = xs_fileno(sup->xs), .handle = on_xenstore, .arg = sup };
	ret = loop_add(&sup->loop, &sup->xs_lfd, EPOLLIN);
	if (ret == 0 && !xs_watch(sup->xs, sup->class_path, "class"))
		ret = -errno;
	if (ret < 0)
		log_error("cannot watch %s: %s", sup->class_path, error_text(ret));
	return ret;
}

int supervisor_main(struct daemon *daemon, const struct backend_class *cls)
{
	struct supervisor sup = { .cls = cls, .daemon = daemon };
	int ret;

	if (daemon_start(daemon) < 0)
		return 1;
	sup.watch_work = (struct loop_work){ .handle = take_watches, .arg = &sup };
	sup.tidy_work = (struct loop_work){ .handle = on_tidy, .arg = &sup };
	ret = loop_init(&sup.loop);
	if (ret == 0)
		ret = watch_children(&sup);
	if (ret < 0) {
		log_error("cannot set up the event loop: %s", error_text(ret));
		return 1;
	}
	sup.xs = xs_open(0);
	if (!sup.xs) {
		log_error("cannot connect to xenstored: %s; is it running?", error_text(errno));
		return 1;
	}
	if (watch_xenstore(&sup) < 0 || daemon_ready(daemon) < 0)
		return 1;
	ret = loop_run(&sup.loop);
	if (ret < 0)
		log_error("the event loop failed: %s", error_text(ret));
	/*
	 * The guests' processes end with us; their devices stay connected in xenstore, and the next
	 * supervisor carries on with them.
	 */
	daemon_exit(daemon);
	return ret < 0;
}
