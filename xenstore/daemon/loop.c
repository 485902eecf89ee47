/* SPDX-License-Identifier: MIT */
/*
 * Waiting and taking turns. Connections are freed only in turns, never while a batch of epoll
 * events that may name them is being looked at.
 */
#include "xenstore/daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/hypervisor.h"
#include "xenstore/daemon/ring.h"
#include "xenstore/daemon/socket.h"

#define EVENTS_PER_WAIT 64

/* What epoll's data.ptr is for the descriptors that are not clients: these addresses. */
static char signal_source, listen_source, port_source;

static int add(const struct loop *loop, int fd, void *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	if (!epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return 0;
	log_error("cannot wait for events: %s", error_text(errno));
	return -errno;
}

int loop_open(struct loop *loop)
{
	int ret;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		log_error("cannot wait for events: %s", error_text(errno));
		return -errno;
	}
	ret = add(loop, daemon_signal_fd(loop->daemon), &signal_source);
	if (!ret)
		ret = add(loop, loop->listen_fd, &listen_source);
	if (!ret && loop->with_domains)
		ret = add(loop, xen_event_fd(), &port_source);
	if (ret)
		loop_close(loop);
	return ret;
}

void loop_close(struct loop *loop)
{
	close(loop->epoll_fd);
}

/* Wakes whom the pending ports belong to. */
static void take_ports(struct store *store)
{
	bool deaths = false;
	int port;

	while ((port = xen_next_port()) >= 0) {
		struct domain *domain;

		if (port == xen_death_port()) {
			deaths = true;
			continue;
		}
		domain = domain_by_port(store, (uint32_t)port);
		if (domain)
			conn_wake(domain->conn);
	}
	if (deaths)
		domains_check(store);
}

/* Whether a signal asks to stop. */
static bool take_signals(struct loop *loop)
{
	bool stop = false;
	int signal;

	while ((signal = daemon_next_signal(loop->daemon)))
		stop |= signal == SIGTERM || signal == SIGINT;
	return stop;
}

void loop_round(struct store *store)
{
	uint64_t round = store->round++;
	struct conn *conn;

	/* Those that wake from now on are of the next round. */
	while ((conn = TAILQ_FIRST(store->ready)) && conn->woken_in <= round) {
		TAILQ_REMOVE(store->ready, conn, ready_link);
		conn->ready = false;
		conn_turn(conn);
	}
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[EVENTS_PER_WAIT];
	bool stop = false;

	while (!stop) {
		int timeout = TAILQ_EMPTY(loop->store->ready) ? -1 : 0;
		int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_WAIT, timeout);

		if (count < 0 && errno != EINTR) {
			log_error("cannot wait for events: %s", error_text(errno));
			return -errno;
		}
		for (int i = 0; i < count; i++) {
			void *source = events[i].data.ptr;

			if (source == &signal_source)
				stop = take_signals(loop);
			else if (source == &listen_source)
				socket_accept(loop->store, loop->listen_fd, loop->epoll_fd);
			else if (source == &port_source)
				take_ports(loop->store);
			else
				socket_event(source);
		}
		loop_round(loop->store);
	}
	return 0;
}
