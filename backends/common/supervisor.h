/* SPDX-License-Identifier: MIT */
/*
 * The supervisor of a backend program: finds the devices of its class in xenstore, opens what
 * backs them (with the privileges that takes), and keeps one unprivileged process for each guest
 * to serve them (process.h). It handles nothing that a guest wrote.
 *
 * A process that dies is started again, at once at first and then with growing pauses, and gets
 * the same resources; the guest's rings go on where they were.
 */
#ifndef BACKENDS_COMMON_SUPERVISOR_H
#define BACKENDS_COMMON_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backends/common/device.h"
#include "backends/common/loop.h"
#include "backends/common/message.h"

struct daemon;
struct source;
struct supervisor;
struct xs_handle;

struct backend_class {
	const char *name;    /* of the directory in xenstore: "vbd" */
	const char *program; /* "blkback" */
	const struct device_ops *ops;

	/*
	 * Opens what backs the device, from the nodes in src->path: fills src->fds, src->info and,
	 * if it likes, src->priv. 0; or -EINPROGRESS: source_opened() follows; or another negative
	 * errno with src->error saying all of it in one line for the user.
	 */
	int (*open)(struct source *src);
	/*
	 * Undoes what open() did beyond fds and priv, which are closed and freed afterwards (as
	 * they are after a failure of open). -EINPROGRESS: source_released() follows.
	 */
	int (*release)(struct source *src);
};

enum source_state {
	SOURCE_OPENING,
	SOURCE_READY,
	SOURCE_FAILED,    /* reported; waits for the toolstack to take it away */
	SOURCE_RELEASING, /* then to be closed or freed */
};

/* A device as the supervisor sees it. */
struct source {
	struct supervisor *sup;
	struct guest *guest;
	uint32_t devid;
	char path[XENBUS_PATH_MAX]; /* the backend directory, absolute */
	enum source_state state;
	bool gone;       /* the directory is: free it once released */
	bool taken_over; /* it was connected when we found it */
	unsigned int retries;
	struct loop_timer retry; /* while OPENING, what a dead supervisor may still hold */
	bool served;             /* the guest's process has it */
	int fds[MESSAGE_FDS_MAX];
	uint8_t info[MESSAGE_INFO_MAX];
	char error[384];
	void *priv; /* the class's, from malloc() */
	struct source *next;
};

struct guest {
	struct supervisor *sup;
	uint32_t domid;
	pid_t pid;                 /* 0: not running */
	struct loop_fd channel;    /* fd -1: not running */
	uint64_t started;          /* ns */
	unsigned int crashes;      /* in a row, each soon after its start */
	struct loop_timer restart; /* pending while it pauses after a crash */
	bool rescan;               /* its directory may have devices that we do not know */
	struct source *sources;
	struct guest *next;
};

/* Told when a helper process of the class (a hotplug script) has ended. */
struct helper {
	pid_t pid;
	void (*ended)(void *arg, int wait_status);
	void *arg;
	struct helper *next;
};

struct supervisor {
	const struct backend_class *cls;
	struct daemon *daemon;
	struct loop loop;
	struct xs_handle *xs;
	uint32_t own_domid;
	char class_path[64]; /* "/local/domain/0/backend/vbd" */
	struct loop_fd xs_lfd, child_lfd, signal_lfd;
	struct loop_work watch_work; /* more watch events wait */
	struct loop_work tidy_work;  /* guests without sources, or to look at again */
	bool swept;                  /* leftovers of an earlier supervisor are gone */
	struct guest *guests;
	struct helper *helpers;
};

/* The end of an open() or release() that was -EINPROGRESS. ret as open() would have returned. */
void source_opened(struct source *src, int ret);
void source_released(struct source *src);

/* Calls helper->ended when helper->pid, a child of ours, ends. */
void supervisor_await(struct supervisor *sup, struct helper *helper);

/* source.c: the devices of one guest, against what xenstore has now. */
void source_scan(struct guest *guest);
/* One device, known or not, that may have come, gone or been told to close. */
void source_check(struct guest *guest, uint32_t devid);
/* Its process has given up the device for good. */
void source_closed(struct source *src);

/* guest.c: guests and their processes. NULL when not known, or (guest_get) without memory. */
struct guest *guest_find(struct supervisor *sup, uint32_t domid);
struct guest *guest_get(struct supervisor *sup, uint32_t domid);
/* Hands a READY source to the guest's process, starting that first if need be. */
void guest_serve(struct source *src);
/* A process has ended, one of a guest's or not. */
void guest_ended(struct supervisor *sup, pid_t pid, int wait_status);
/* Ends the processes and frees the guests that have no sources left. */
void guest_tidy(struct supervisor *sup);

/*
 * The body of main() of a backend program, from daemon_start() to the exit status. daemon has its
 * options parsed.
 */
int supervisor_main(struct daemon *daemon, const struct backend_class *cls);

#endif
