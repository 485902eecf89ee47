/* SPDX-License-Identifier: MIT */
/*
 * The event loop: see loop.h. Invariants: the timer list is sorted by deadline and holds exactly
 * the timers with deadline != 0; the work list holds exactly the works with queued set. No lock:
 * one thread.
 */
#include "backends/common/loop.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000ull

uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	loop->work_tail = &loop->work;
	return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int loop_add(struct loop *loop, struct loop_fd *lfd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = lfd };

	lfd->events = events;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, lfd->fd, &ev) < 0 ? -errno : 0;
}

int loop_modify(struct loop *loop, struct loop_fd *lfd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = lfd };

	if (lfd->events == events)
		return 0;
	lfd->events = events;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, lfd->fd, &ev) < 0 ? -errno : 0;
}

void loop_remove(struct loop *loop, struct loop_fd *lfd)
{
	if (lfd->fd < 0 || !lfd->handle)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, lfd->fd, NULL);
	for (int i = 0; i < loop->batch_count; i++) {
		if (loop->batch[i].data.ptr == lfd)
			loop->batch[i].data.ptr = NULL;
	}
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->deadline)
		return;
	for (struct loop_timer **p = &loop->timers; *p; p = &(*p)->next) {
		if (*p == timer) {
			*p = timer->next;
			break;
		}
	}
	timer->deadline = 0;
	timer->next = NULL;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t ns)
{
	struct loop_timer **p = &loop->timers;

	loop_timer_cancel(loop, timer);
	timer->deadline = monotonic_ns() + ns;
	while (*p && (*p)->deadline <= timer->deadline)
		p = &(*p)->next;
	timer->next = *p;
	*p = timer;
}

void loop_defer(struct loop *loop, struct loop_work *work)
{
	if (work->queued)
		return;
	work->queued = true;
	work->turn = loop->turn;
	work->next = NULL;
	*loop->work_tail = work;
	loop->work_tail = &work->next;
}

void loop_work_cancel(struct loop *loop, struct loop_work *work)
{
	struct loop_work **p = &loop->work;

	if (!work->queued)
		return;
	while (*p != work)
		p = &(*p)->next;
	*p = work->next;
	if (loop->work_tail == &work->next)
		loop->work_tail = p;
	work->queued = false;
}

static void run_timers(struct loop *loop)
{
	uint64_t now = monotonic_ns();

	while (loop->timers && loop->timers->deadline <= now) {
		struct loop_timer *timer = loop->timers;

		loop_timer_cancel(loop, timer);
		timer->handle(timer->arg);
	}
}

/* Runs what was queued before this turn's end; what is queued meanwhile waits for the next. */
static void run_work(struct loop *loop)
{
	uint64_t turn = loop->turn++;

	while (loop->work && loop->work->turn <= turn) {
		struct loop_work *work = loop->work;

		loop_work_cancel(loop, work);
		work->handle(work->arg);
	}
}

int loop_turn(struct loop *loop)
{
	struct timespec wait = { 0 }, *timeout = NULL;

	if (loop->work) {
		timeout = &wait;
	} else if (loop->timers) {
		uint64_t now = monotonic_ns(), deadline = loop->timers->deadline;
		uint64_t ns = deadline > now ? deadline - now : 0;

		wait.tv_sec = (time_t)(ns / NS_PER_SEC);
		wait.tv_nsec = (long)(ns % NS_PER_SEC);
		timeout = &wait;
	}

	loop->batch_count = epoll_pwait2(loop->epoll_fd, loop->batch, LOOP_BATCH, timeout, NULL);
	if (loop->batch_count < 0) {
		loop->batch_count = 0;
		if (errno != EINTR)
			return -errno;
	}
	for (int i = 0; i < loop->batch_count; i++) {
		struct loop_fd *lfd = loop->batch[i].data.ptr;

		if (lfd)
			lfd->handle(lfd->arg, loop->batch[i].events);
	}
	loop->batch_count = 0;
	run_timers(loop);
	run_work(loop);
	return 0;
}

int loop_run(struct loop *loop)
{
	int ret = 0;

	while (!loop->stop && ret == 0)
		ret = loop_turn(loop);
	return ret;
}
