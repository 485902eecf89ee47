/* SPDX-License-Identifier: MIT */
/*
 * Moves bytes between a guest's ring, its pty and its log. The guest cannot make us do more than
 * TURNS_PER_SECOND turns: a port that fires more often stays masked until the next turn is due, and
 * the guest waits with a full ring.
 */
#include "dom0-tools/consoled/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <public/grant_table.h>

#include "dom0-tools/lib/evtchn.h"
#include "dom0-tools/lib/gntdev.h"

#define TURNS_PER_SECOND 100u /* with 2 KiB a turn: 200 KiB/s of console */
#define TURNS_BURST      50u
#define COMPLAINTS_BURST 5u /* then one in... */
#define COMPLAINTS_RATE  1u /* ...a second */
#define TICK_MS          10

struct console *console_new(struct console_host *host, uint32_t domid)
{
	struct console *console = calloc(1, sizeof(*console));

	if (!console)
		return NULL;
	console->host = host;
	console->domid = domid;
	console->port = -1;
	console->master = -1;
	console->slave = -1;
	console->log.fd = -1;
	console->rate.rate = TURNS_PER_SECOND;
	console->rate.burst = TURNS_BURST;
	console->complaints.rate = COMPLAINTS_RATE;
	console->complaints.burst = COMPLAINTS_BURST;
	return console;
}

/* What a guest can provoke must not fill dom0's log. */
static bool may_complain(struct console *console)
{
	return rate_limit_take(&console->complaints, 1) == 1;
}

static void poll_pty(struct console *console)
{
	uint32_t events = console->backlog.used ? EPOLLOUT : 0;
	struct epoll_event event = { .data.ptr = console };

	if (console->ring && ring_input_room(console->ring))
		events |= EPOLLIN;
	if (events == console->polled)
		return;
	event.events = events;
	if (epoll_ctl(console->host->epoll, EPOLL_CTL_MOD, console->master, &event) < 0)
		log_error("domain %u: cannot wait for its terminal: %s", console->domid,
			  error_text(errno));
	else
		console->polled = events;
}

static void flush_to_pty(struct console *console)
{
	const char *data;
	size_t bytes;

	while (data = backlog_peek(&console->backlog, &bytes), bytes) {
		ssize_t put = write(console->master, data, bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		backlog_drop(&console->backlog, (size_t)put);
	}
}

/* Output goes to the log and towards the pty. */
static void deliver(struct console *console, const char *data, size_t bytes)
{
	int ret = guest_log_write(&console->log, data, bytes);

	if (ret < 0 && may_complain(console))
		log_error("domain %u: cannot write %s: %s", console->domid, console->log.path,
			  error_text(ret));
	/*
	 * Nobody reads, and something has to go: half of the backlog, so that this is rare, and
	 * what waits in the pty, which is older still. A client will see one piece without a gap.
	 */
	if (console->backlog.used + bytes > BACKLOG_BYTES) {
		backlog_drop(&console->backlog, console->backlog.used / 2);
		tcflush(console->slave, TCIFLUSH);
	}
	backlog_push(&console->backlog, data, bytes);
	flush_to_pty(console);
}

/* One turn: at most one ring full of output. Whether there was any. */
static bool take_output(struct console *console)
{
	char buffer[sizeof(console->ring->out)];
	long got = ring_take_output(console->ring, buffer, sizeof(buffer));

	if (got < 0) {
		if (may_complain(console))
			log_warn("domain %u: nonsense in its console ring, output skipped",
				 console->domid);
		return true;
	}
	if (got)
		deliver(console, buffer, (size_t)got);
	return got > 0;
}

static void notify(struct console *console)
{
	int ret = evtchn_notify(console->host->evtchn, (uint32_t)console->port);

	if (ret < 0 && may_complain(console))
		log_warn("domain %u: cannot notify it: %s", console->domid, error_text(ret));
}

void console_event(struct console *console)
{
	int ret;

	if (!console->attached)
		return;
	if (!rate_limit_take(&console->rate, 1)) {
		console->throttled = true;
		return;
	}
	console->throttled = false;
	if (take_output(console))
		notify(console);
	poll_pty(console);
	ret = evtchn_unmask(console->host->evtchn, (uint32_t)console->port);
	if (ret < 0 && may_complain(console))
		log_error("domain %u: cannot unmask its event channel: %s", console->domid,
			  error_text(ret));
}

int console_tick(struct console *console)
{
	if (console->throttled)
		console_event(console);
	return console->throttled ? TICK_MS : -1;
}

static void take_input(struct console *console)
{
	char buffer[sizeof(console->ring->in)];
	size_t room = ring_input_room(console->ring);
	ssize_t got;

	if (!room)
		return;
	got = read(console->master, buffer, room);
	if (got <= 0)
		return;
	/* The guest can only make the room larger, or break its own ring. */
	ring_put_input(console->ring, buffer, (size_t)got);
	notify(console);
}

void console_pty(struct console *console, uint32_t events)
{
	if (!console->attached)
		return;
	if (events & EPOLLIN)
		take_input(console);
	if (events & EPOLLOUT)
		flush_to_pty(console);
	poll_pty(console);
}

static int open_pty(struct console *console)
{
	struct termios termios;
	struct epoll_event event = { .data.ptr = console };
	int ret;

	console->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (console->master < 0 || grantpt(console->master) < 0 || unlockpt(console->master) < 0)
		return -errno;
	ret = ptsname_r(console->master, console->tty, sizeof(console->tty));
	if (ret)
		return -ret;
	console->slave = open(console->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console->slave < 0 || tcgetattr(console->slave, &termios) < 0)
		return -errno;
	cfmakeraw(&termios);
	if (tcsetattr(console->slave, TCSANOW, &termios) < 0)
		return -errno;
	console->polled = 0;
	return epoll_ctl(console->host->epoll, EPOLL_CTL_ADD, console->master, &event) < 0 ? -errno
											   : 0;
}

static void close_pty(struct console *console)
{
	/* Closing the only descriptor of the master also takes it out of epoll. */
	if (console->master >= 0)
		close(console->master);
	if (console->slave >= 0)
		close(console->slave);
	console->master = -1;
	console->slave = -1;
	console->tty[0] = '\0';
}

static void detach_ring(struct console *console)
{
	console->attached = false;
	console->throttled = false;
	if (console->port >= 0)
		evtchn_unbind(console->host->evtchn, (uint32_t)console->port);
	console->port = -1;
	if (console->ring)
		gntdev_unmap(console->host->gntdev, console->ring, 1);
	console->ring = NULL;
}

static int attach_ring(struct console *console, uint32_t port)
{
	const uint32_t ref = GNTTAB_RESERVED_CONSOLE;

	console->ring =
		gntdev_map(console->host->gntdev, console->domid, &ref, 1, PROT_READ | PROT_WRITE);
	if (!console->ring)
		return -errno;
	console->port = evtchn_bind_interdomain(console->host->evtchn, console->domid, port);
	return console->port < 0 ? console->port : 0;
}

static void open_log(struct console *console, const char *name)
{
	int ret;

	if (console->log.fd >= 0)
		return;
	if (*name)
		snprintf(console->name, sizeof(console->name), "%s", name);
	else
		snprintf(console->name, sizeof(console->name), "%u", console->domid);
	ret = guest_log_open(&console->log, console->host->log_dir, console->name,
			     console->host->log_bytes);
	if (ret < 0)
		log_error("domain %u: no log of its console: cannot open %s: %s", console->domid,
			  console->log.path, error_text(ret));
}

int console_attach(struct console *console, const char *name, uint32_t ring_ref, uint32_t port)
{
	int ret;

	if (console->attached && console->ring_ref == ring_ref && console->remote_port == port)
		return 0;
	detach_ring(console);
	ret = attach_ring(console, port);
	if (ret < 0) {
		log_error("domain %u: cannot reach its console ring: %s", console->domid,
			  error_text(ret));
		detach_ring(console);
		return ret;
	}
	if (console->master < 0) {
		ret = open_pty(console);
		if (ret < 0) {
			log_error("domain %u: cannot make a terminal for it: %s", console->domid,
				  error_text(ret));
			close_pty(console);
			detach_ring(console);
			return ret;
		}
	}
	open_log(console, name);
	console->ring_ref = ring_ref;
	console->remote_port = port;
	console->attached = true;
	log_info("domain %u (%s): console at %s", console->domid, console->name, console->tty);
	/* What it wrote before we came. */
	if (take_output(console))
		notify(console);
	poll_pty(console);
	return 0;
}

void console_free(struct console *console)
{
	if (console->attached)
		take_output(console);
	detach_ring(console);
	close_pty(console);
	guest_log_close(&console->log);
	free(console);
}
