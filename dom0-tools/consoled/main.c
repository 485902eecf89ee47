/* SPDX-License-Identifier: MIT */
/*
 * consoled: the consoles of all guests. One thread, one epoll loop: the store's events, the event
 * channels' pending ports, the ptys, and signals.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dom0-tools/consoled/registry.h"
#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/evtchn.h"
#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"
#include "xenstore/lib/xs.h"

#define DEFAULT_LOG_DIR XEN_LOG_DIR "/console"
#define DEFAULT_LOG_KIB 1024u
#define EVENTS_MAX      64
#define PORTS_A_TURN    64 /* before other sources get their turn */
#define STORE_RETRY_MS  1000
#define COMPARE_MS      5000
#define CONNECT_TRIES   30 /* at start, a second apart */

/* What is not a console in epoll: told apart by these addresses. */
static char store_source, evtchn_source, signal_source;

static int extra_option(struct daemon *d, int argc, char **argv)
{
	struct console_host *host = d->data;
	char *end;

	if (argc < 2 || (strcmp(argv[0], "--log-dir") != 0 && strcmp(argv[0], "--log-size") != 0))
		return 0;
	if (!strcmp(argv[0], "--log-dir")) {
		host->log_dir = argv[1];
		return 2;
	}
	errno = 0;
	host->log_bytes = strtoull(argv[1], &end, 10) * 1024;
	if (errno || *end || !host->log_bytes) {
		fprintf(stderr, "consoled: --log-size wants a number of KiB, not '%s'\n", argv[1]);
		return -1;
	}
	return 2;
}

static int add_source(const struct registry *registry, int fd, void *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(registry->host.epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Opens name through the given function, or says why not. */
static int open_device(const char *name, int (*open_fn)(void))
{
	int fd = open_fn();

	if (fd < 0)
		log_error("cannot open /dev/xen/%s: %s; is this dom0 and the xen-%s module loaded?",
			  name, error_text(fd), name);
	return fd;
}

static int open_devices(struct registry *registry, struct daemon *d)
{
	int ret;

	registry->privcmd = open_device("privcmd", privcmd_open);
	registry->host.gntdev = open_device("gntdev", gntdev_open);
	registry->host.evtchn = open_device("evtchn", evtchn_open);
	if (registry->privcmd < 0 || registry->host.gntdev < 0 || registry->host.evtchn < 0)
		return -ENODEV;
	registry->host.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (registry->host.epoll < 0) {
		ret = -errno;
		log_error("epoll: %s", error_text(ret));
		return ret;
	}
	ret = add_source(registry, registry->host.evtchn, &evtchn_source);
	if (!ret)
		ret = add_source(registry, daemon_signal_fd(d), &signal_source);
	if (ret)
		log_error("epoll: %s", error_text(ret));
	return ret;
}

static int connect_store(struct registry *registry)
{
	int ret = registry_connect(registry);

	if (!ret)
		ret = add_source(registry, xs_fileno(registry->store), &store_source);
	if (ret && registry->store)
		registry_disconnect(registry);
	return ret;
}

static int first_connect(struct registry *registry)
{
	int ret = connect_store(registry);

	for (int i = 0; ret && i < CONNECT_TRIES; i++) {
		log_debug("xenstored does not answer: %s", error_text(ret));
		sleep(1);
		ret = connect_store(registry);
	}
	if (ret)
		log_error("cannot reach xenstored: %s; start it first", error_text(ret));
	return ret;
}

static void take_ports(struct registry *registry)
{
	uint32_t ports[PORTS_A_TURN];
	int count = evtchn_pending_many(registry->host.evtchn, ports, PORTS_A_TURN);

	if (count < 0 && count != -EAGAIN)
		log_error("event channels: %s", error_text(count));
	for (int i = 0; i < count; i++) {
		struct console *console = registry_find_port(registry, (int)ports[i]);

		/* A port closed meanwhile has nobody to serve. */
		if (console)
			console_event(console);
	}
}

/* SIGHUP has reopened the daemon's own log; the guests' follow. */
static void reopen_logs(struct registry *registry)
{
	for (struct console *console = registry->consoles; console; console = console->next) {
		int ret = console->log.fd < 0 ? 0 : guest_log_reopen(&console->log);

		if (ret < 0)
			log_error("domain %u: cannot reopen %s: %s", console->domid,
				  console->log.path, error_text(ret));
	}
}

/* Whether to go on. */
static bool take_signal(struct registry *registry, struct daemon *d)
{
	int signal = daemon_next_signal(d);

	if (signal == SIGHUP)
		reopen_logs(registry);
	return signal != SIGTERM && signal != SIGINT;
}

/* What is due at certain times, in ms of the monotonic clock. */
struct schedule {
	uint64_t connect; /* the next try, while the store is lost */
	uint64_t compare; /* with the hypervisor, while there are consoles */
};

static int earlier(int wait, int ms)
{
	return wait < 0 || ms < wait ? ms : wait;
}

/* Does what is due. How long epoll may wait, in ms, -1 for ever. */
static int tick(struct registry *registry, struct schedule *next)
{
	uint64_t now = monotonic_ms();
	int wait = -1;

	if (!registry->store && now >= next->connect) {
		next->connect = now + STORE_RETRY_MS;
		if (!connect_store(registry))
			log_info("connected to xenstored again");
	}
	if (!registry->store)
		wait = STORE_RETRY_MS;
	if (registry->consoles && now >= next->compare) {
		next->compare = now + COMPARE_MS;
		registry_compare(registry);
	}
	if (registry->consoles)
		wait = earlier(wait, COMPARE_MS);
	for (struct console *console = registry->consoles; console; console = console->next) {
		int ms = console_tick(console);

		if (ms >= 0)
			wait = earlier(wait, ms);
	}
	return wait;
}

/*
 * One round. Store events come last: they may free a console that another event of the same batch
 * still points to.
 */
static bool handle_events(struct registry *registry, struct daemon *d,
			  const struct epoll_event *events, int count)
{
	bool go_on = true, store = false;

	for (int i = 0; i < count; i++) {
		void *source = events[i].data.ptr;

		if (source == &store_source)
			store = true;
		else if (source == &evtchn_source)
			take_ports(registry);
		else if (source == &signal_source)
			go_on = take_signal(registry, d);
		else
			console_pty(source, events[i].events);
	}
	if (store && registry->store)
		registry_store_events(registry);
	return go_on;
}

static int run(struct registry *registry, struct daemon *d)
{
	struct schedule next = { 0 };

	for (;;) {
		struct epoll_event events[EVENTS_MAX];
		int wait = tick(registry, &next);
		int count = epoll_wait(registry->host.epoll, events, EVENTS_MAX, wait);

		if (count < 0 && errno != EINTR) {
			log_error("epoll: %s", error_text(errno));
			return 1;
		}
		if (count > 0 && !handle_events(registry, d, events, count))
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct registry registry = {
		.host = { .log_dir = DEFAULT_LOG_DIR, .log_bytes = DEFAULT_LOG_KIB * 1024 },
		.privcmd = -1,
	};
	struct daemon d = {
		.name = "consoled",
		.summary = "a terminal and a log file for the console of each guest",
		.extra_help =
			"      --log-dir DIR     logs of guests go to DIR/guest-NAME.log "
			"(default " DEFAULT_LOG_DIR ")\n"
			"      --log-size KIB    a log is rotated at this size (default 1024)\n",
		.extra_option = extra_option,
		.data = &registry.host,
	};
	int ret = daemon_parse_options(&d, argc, argv);

	if (ret >= 0)
		return ret;
	if (daemon_start(&d) < 0)
		return 1;
	if (open_devices(&registry, &d) < 0 || first_connect(&registry) < 0 || daemon_ready(&d) < 0)
		return 1;
	ret = run(&registry, &d);
	registry_free(&registry);
	daemon_exit(&d);
	return ret;
}
