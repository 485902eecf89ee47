/* SPDX-License-Identifier: MIT */
/*
 * One guest's console: its ring, event channel, pseudo terminal, log file, and the bytes on their
 * way between them. All functions belong to the daemon's one thread.
 */
#ifndef CONSOLED_CONSOLE_H
#define CONSOLED_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/consoled/backlog.h"
#include "dom0-tools/consoled/guest_log.h"
#include "dom0-tools/consoled/ring.h"
#include "dom0-tools/lib/log.h"

/* What all consoles share. */
struct console_host {
	int gntdev;
	int evtchn;
	int epoll; /* the master of each pty is in it, with the console as data.ptr */
	const char *log_dir;
	uint64_t log_bytes;
};

struct console {
	struct console *next;
	struct console_host *host;
	uint32_t domid;
	char name[64];

	/* attached: ring, port and the pty are there */
	bool attached;
	struct xencons_interface *ring;
	uint32_t ring_ref; /* as in the store; ring and port are bound anew when these change */
	uint32_t remote_port;
	int port; /* ours */
	int master;
	int slave; /* held open so that the pty outlives its clients */
	char tty[64];
	uint32_t polled; /* epoll events of master */

	struct rate_limit rate; /* of turns; a turn moves at most one ring's worth */
	bool throttled;         /* the port stays masked until the next turn is due */
	struct rate_limit complaints;
	struct backlog backlog;
	struct guest_log log;
};

/* A console not attached yet. NULL when out of memory. */
struct console *console_new(struct console_host *host, uint32_t domid);
/* Moves what the ring still has to the log, then lets go of everything. */
void console_free(struct console *console);

/*
 * Binds to ring and port, with a new pty at the first time; name names the log file, "" for none.
 * Attaching again with the same ring_ref and port changes nothing. 0 or a negative errno, after
 * logging it.
 */
int console_attach(struct console *console, const char *name, uint32_t ring_ref, uint32_t port);

/* The guest's event: takes its output if it has a turn left, else waits for console_tick(). */
void console_event(struct console *console);
/* The pty's master is ready for events (EPOLLIN, EPOLLOUT). */
void console_pty(struct console *console, uint32_t events);
/*
 * Goes on with a throttled console when its time has come. The time in ms until it should be called
 * again, or -1 when it is not throttled.
 */
int console_tick(struct console *console);

#endif
