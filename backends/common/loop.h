/* SPDX-License-Identifier: MIT */
/*
 * The event loop of the backend programs: epoll for descriptors, one-shot timers, and deferred
 * work. Single-threaded: everything runs on the thread that calls loop_run(), and a handler may
 * add and remove any source, its own included. The structs are embedded in and owned by the
 * caller and must stay in place while registered.
 */
#ifndef BACKENDS_COMMON_LOOP_H
#define BACKENDS_COMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_BATCH 32

struct loop_fd {
	int fd;
	uint32_t events; /* EPOLL*, as registered */
	void (*handle)(void *arg, uint32_t events);
	void *arg;
};

struct loop_timer {
	uint64_t deadline; /* CLOCK_MONOTONIC, ns; 0 when not set */
	void (*handle)(void *arg);
	void *arg;
	struct loop_timer *next;
};

/* Work to do in the next turn of the loop, after all descriptors have had theirs. */
struct loop_work {
	bool queued;
	uint64_t turn; /* of the loop, when it was queued */
	void (*handle)(void *arg);
	void *arg;
	struct loop_work *next;
};

struct loop {
	int epoll_fd;
	bool stop;                           /* set by a handler: loop_run() returns */
	uint64_t turn;                       /* counts loop_turn() */
	struct loop_timer *timers;           /* by deadline, earliest first */
	struct loop_work *work, **work_tail; /* in order of loop_defer() */
	/* The events being dispatched: a source removed meanwhile is struck out. */
	struct epoll_event batch[LOOP_BATCH];
	int batch_count;
};

/* 0 or a negative errno. */
int loop_init(struct loop *loop);
void loop_close(struct loop *loop);

/* Watches lfd->fd for events (EPOLLIN, EPOLLOUT, 0 for errors only). 0 or a negative errno. */
int loop_add(struct loop *loop, struct loop_fd *lfd, uint32_t events);
int loop_modify(struct loop *loop, struct loop_fd *lfd, uint32_t events);
/* Harmless on one that was never added (fd < 0 or handle NULL). Does not close the fd. */
void loop_remove(struct loop *loop, struct loop_fd *lfd);

/* Fires once, ns from now; replaces an earlier setting. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/* Queues work once, however often it is called before the work runs. */
void loop_defer(struct loop *loop, struct loop_work *work);
void loop_work_cancel(struct loop *loop, struct loop_work *work);

/* One turn: waits at most until the next timer, or not at all when work is queued. 0 or -errno. */
int loop_turn(struct loop *loop);
/* Turns until stop is set. 0 or a negative errno. */
int loop_run(struct loop *loop);

/* CLOCK_MONOTONIC in ns. */
uint64_t monotonic_ns(void);

#endif
