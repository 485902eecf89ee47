/* SPDX-License-Identifier: MIT */
/*
 * The processes that xld has an eye on: those that it starts, one for each domain that something is
 * to be done about; tools that are at work on a domain; and the helpers that it supervises. Each is
 * known by a pidfd, which becomes readable when it ends.
 */
#ifndef DOM0_XLD_CHILDREN_H
#define DOM0_XLD_CHILDREN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/lib/daemon.h"

#define MAX_HELPERS 16

struct worker {
	uint8_t uuid[16];
	int pidfd;
	int tool_pid; /* of a tool; 0 for a child */
	struct worker *next;
};

struct helper {
	const char *name; /* of the program, which is looked for in PATH */
	int pidfd;        /* -1 while it does not run */
	uint64_t started_ms;
	uint64_t start_at_ms; /* when it does not run: when to start it again */
	unsigned int backoff_ms;
};

struct children {
	struct daemon *daemon;
	struct worker *workers;
	struct helper helpers[MAX_HELPERS];
	size_t helper_count;
};

/* Whether a child is at work on the domain. */
bool children_busy(const struct children *children, const uint8_t uuid[16]);
/* A tool is at work on the domain: its end is to be noticed. False when it has ended already. */
bool children_watch_tool(struct children *children, const uint8_t uuid[16], int pid);
/* No tool is at work on the domain any more. */
void children_forget_tools(struct children *children, const uint8_t uuid[16]);
/* Starts a process for the domain. */
void children_start_worker(struct children *children, const uint8_t uuid[16]);
/* Adds the helpers of a comma-separated list; false when there are too many. The list is kept. */
bool children_add_helpers(struct children *children, char *list);
/* Starts the helpers whose time has come. Milliseconds until the next one's, -1 for none. */
int children_start_helpers(struct children *children);
/* Fills pfds with what to poll for, at most max of them; how many. */
size_t children_poll(const struct children *children, struct pollfd *pfds, size_t max);
/* Takes note of those that have ended, and calls ended for the domain of each. */
void children_reap(struct children *children, void (*ended)(const uint8_t uuid[16], void *arg),
		   void *arg);
/* Ends the helpers. Workers go on by themselves: what they do must not be cut off. */
void children_stop(struct children *children);

#endif
