/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's guests: one process each, started when there is something to serve, started
 * again when it dies, ended with the last device. Invariant: pid != 0 <=> channel.fd >= 0 until
 * the process's death is known. Only guest_tidy() frees a guest.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/common/process.h"
#include "backends/common/supervisor.h"
#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/lib/xs.h"

/* A process that lived this long was not in a crash loop. */
#define STABLE_NS    10000000000ull
/* The pause after the second crash in a row; doubles up to the longest. */
#define PAUSE_NS     100000000ull
#define PAUSE_MAX_NS 10000000000ull

static void spawn(struct guest *guest);

struct guest *guest_find(struct supervisor *sup, uint32_t domid)
{
	struct guest *guest = sup->guests;

	while (guest && guest->domid != domid)
		guest = guest->next;
	return guest;
}

static void on_restart(void *arg)
{
	spawn(arg);
}

struct guest *guest_get(struct supervisor *sup, uint32_t domid)
{
	struct guest *guest = guest_find(sup, domid);

	if (guest)
		return guest;
	guest = calloc(1, sizeof(*guest));
	if (!guest) {
		log_error("domain %u: no memory", domid);
		return NULL;
	}
	guest->sup = sup;
	guest->domid = domid;
	guest->channel.fd = -1;
	guest->restart = (struct loop_timer){ .handle = on_restart, .arg = guest };
	guest->next = sup->guests;
	sup->guests = guest;
	/* Freed again unless a source appears. */
	loop_defer(&sup->loop, &sup->tidy_work);
	return guest;
}

static void close_channel(struct guest *guest)
{
	if (guest->channel.fd < 0)
		return;
	loop_remove(&guest->sup->loop, &guest->channel);
	close(guest->channel.fd);
	guest->channel.fd = -1;
	for (struct source *src = guest->sources; src; src = src->next)
		src->served = false;
}

static void on_message(void *arg, uint32_t events)
{
	struct guest *guest = arg;
	struct message msg;
	int fds[MESSAGE_FDS_MAX];
	int ret = message_receive(guest->channel.fd, &msg, fds);

	(void)events;
	message_close_fds(fds);
	if (ret == -EAGAIN || ret == -EINTR)
		return;
	if (ret <= 0) {
		/* Its end follows as SIGCHLD. */
		loop_remove(&guest->sup->loop, &guest->channel);
		return;
	}
	if (msg.type != MESSAGE_CLOSED)
		return;
	for (struct source *src = guest->sources; src; src = src->next) {
		if (src->devid == msg.devid && src->served) {
			source_closed(src);
			return;
		}
	}
}

/* In the child: keeps nothing of the supervisor but the log and its end of the channel. */
static void run_child(struct guest *guest, int channel)
{
	struct supervisor *sup = guest->sup;
	struct process_config config = {
		.ops = sup->cls->ops,
		.class_path = sup->class_path,
		.domid = guest->domid,
		.channel = channel,
	};

	daemon_child(sup->daemon);
	loop_close(&sup->loop);
	close(sup->child_lfd.fd);
	xs_daemon_destroy_postfork(sup->xs);
	for (struct guest *other = sup->guests; other; other = other->next) {
		if (other->channel.fd >= 0)
			close(other->channel.fd);
		for (struct source *src = other->sources; src; src = src->next)
			message_close_fds(src->fds);
	}
	_exit(process_run(&config));
}

static int start_process(struct guest *guest)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int ret = -errno;

		close(pair[0]);
		close(pair[1]);
		return ret;
	}
	if (pid == 0) {
		close(pair[0]);
		run_child(guest, pair[1]);
	}
	close(pair[1]);
	guest->pid = pid;
	guest->started = monotonic_ns();
	guest->channel = (struct loop_fd){ .fd = pair[0], .handle = on_message, .arg = guest };
	return loop_add(&guest->sup->loop, &guest->channel, EPOLLIN);
}

static void send_source(struct source *src)
{
	struct message msg = { .type = MESSAGE_ATTACH, .devid = src->devid };
	unsigned int nfds = 0;
	int ret;

	while (nfds < MESSAGE_FDS_MAX && src->fds[nfds] >= 0)
		nfds++;
	memcpy(msg.info, src->info, sizeof(msg.info));
	ret = message_send(src->guest->channel.fd, &msg, src->fds, nfds);
	if (ret < 0)
		log_error("%s: cannot hand it to process %d: %s", src->path, (int)src->guest->pid,
			  error_text(ret));
	else
		src->served = true;
}

static void pause_and_restart(struct guest *guest)
{
	uint64_t pause = 0;

	if (monotonic_ns() - guest->started > STABLE_NS)
		guest->crashes = 0;
	if (guest->crashes > 0)
		pause = guest->crashes < 8 ? PAUSE_NS << (guest->crashes - 1) : PAUSE_MAX_NS;
	guest->crashes++;
	loop_timer_set(&guest->sup->loop, &guest->restart,
		       pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS);
}

static void spawn(struct guest *guest)
{
	int ret = start_process(guest);

	if (ret < 0) {
		log_error("domain %u: cannot start its process: %s", guest->domid, error_text(ret));
		guest->started = monotonic_ns();
		if (guest->pid)
			kill(guest->pid, SIGKILL); /* restarts when that has ended */
		else
			pause_and_restart(guest);
		return;
	}
	log_debug("domain %u: process %d", guest->domid, (int)guest->pid);
	for (struct source *src = guest->sources; src; src = src->next) {
		if (src->state == SOURCE_READY)
			send_source(src);
	}
}

void guest_serve(struct source *src)
{
	struct guest *guest = src->guest;

	if (guest->pid)
		send_source(src);
	else if (!guest->restart.deadline)
		spawn(guest);
}

void guest_ended(struct supervisor *sup, pid_t pid, int wait_status)
{
	struct guest *guest = sup->guests;

	while (guest && guest->pid != pid)
		guest = guest->next;
	if (!guest) {
		log_debug("process %d ended", (int)pid);
		return;
	}
	close_channel(guest);
	guest->pid = 0;
	if (WIFSIGNALED(wait_status))
		log_error("domain %u: its process %d was killed by signal %d (%s), restarting it",
			  guest->domid, (int)pid, WTERMSIG(wait_status),
			  strsignal(WTERMSIG(wait_status)));
	else
		log_error("domain %u: its process %d ended with status %d, restarting it",
			  guest->domid, (int)pid, WEXITSTATUS(wait_status));
	pause_and_restart(guest);
	/* A device that is to be closed need not wait for the restart. */
	source_scan(guest);
}

void guest_tidy(struct supervisor *sup)
{
	struct guest **link = &sup->guests;

	while (*link) {
		struct guest *guest = *link;

		if (guest->rescan)
			source_scan(guest);
		if (guest->sources) {
			link = &guest->next;
			continue;
		}
		*link = guest->next;
		loop_timer_cancel(&sup->loop, &guest->restart);
		close_channel(guest); /* the process ends by itself */
		log_debug("domain %u: no devices left", guest->domid);
		free(guest);
	}
}
