/* SPDX-License-Identifier: MIT */
/*
 * xld's processes; see children.h. A helper that dies is started again after a pause that doubles
 * while it keeps dying young, so that one that cannot run does not take the machine with it.
 */
#include "dom0-tools/xld/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0-tools/lib/log.h"
#include "dom0-tools/xld/lifecycle.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define STABLE_MS      30000 /* a helper that ran as long as this starts anew */
#define STOP_MS        5000

static int open_pidfd(pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0) {
		log_error("cannot watch process %d: %s", (int)pid, error_text(errno));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}

bool children_busy(const struct children *children, const uint8_t uuid[16])
{
	const struct worker *worker;

	for (worker = children->workers; worker; worker = worker->next) {
		if (!worker->tool_pid && memcmp(worker->uuid, uuid, sizeof(worker->uuid)) == 0)
			return true;
	}
	return false;
}

static bool add_worker(struct children *children, const uint8_t uuid[16], int pidfd, int tool_pid)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker) {
		log_error("out of memory");
		close(pidfd);
		return false;
	}
	memcpy(worker->uuid, uuid, sizeof(worker->uuid));
	worker->pidfd = pidfd;
	worker->tool_pid = tool_pid;
	worker->next = children->workers;
	children->workers = worker;
	return true;
}

bool children_watch_tool(struct children *children, const uint8_t uuid[16], int pid)
{
	const struct worker *worker;
	int pidfd;

	for (worker = children->workers; worker; worker = worker->next) {
		if (worker->tool_pid == pid &&
		    memcmp(worker->uuid, uuid, sizeof(worker->uuid)) == 0)
			return true;
	}
	pidfd = pidfd_open(pid, 0);
	return pidfd >= 0 && add_worker(children, uuid, pidfd, pid);
}

void children_forget_tools(struct children *children, const uint8_t uuid[16])
{
	struct worker **link = &children->workers, *worker;

	while ((worker = *link)) {
		if (!worker->tool_pid || memcmp(worker->uuid, uuid, sizeof(worker->uuid)) != 0) {
			link = &worker->next;
			continue;
		}
		*link = worker->next;
		close(worker->pidfd);
		free(worker);
	}
}

void children_start_worker(struct children *children, const uint8_t uuid[16])
{
	pid_t pid = fork();
	int pidfd;

	if (pid < 0) {
		log_error("cannot start a process for a domain: %s", error_text(errno));
		return;
	}
	if (pid == 0) {
		daemon_child(children->daemon);
		_exit(lifecycle_run(uuid));
	}
	pidfd = open_pidfd(pid);
	if (pidfd >= 0)
		add_worker(children, uuid, pidfd, 0);
}

bool children_add_helpers(struct children *children, char *list)
{
	char *name;

	while ((name = strsep(&list, ","))) {
		if (!*name)
			continue;
		if (children->helper_count == MAX_HELPERS)
			return false;
		children->helpers[children->helper_count++] =
			(struct helper){ .name = name, .pidfd = -1, .backoff_ms = BACKOFF_MIN_MS };
	}
	return true;
}

/* In the child: its messages go to its own log. */
static void exec_helper(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), XEN_LOG_DIR "/%s.log", name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execlp(name, name, "-f", (char *)NULL);
	fprintf(stderr, "xld: cannot run %s: %s\n", name, error_text(errno));
	_exit(127);
}

static void start_helper(struct children *children, struct helper *helper)
{
	pid_t pid = fork();

	helper->started_ms = monotonic_ms();
	if (pid == 0) {
		daemon_child(children->daemon);
		exec_helper(helper->name);
	}
	helper->pidfd = pid < 0 ? -1 : open_pidfd(pid);
	if (helper->pidfd < 0) {
		log_error("cannot start %s: %s", helper->name, error_text(errno));
		helper->start_at_ms = helper->started_ms + BACKOFF_MAX_MS;
		return;
	}
	log_info("%s: started as process %d", helper->name, (int)pid);
}

int children_start_helpers(struct children *children)
{
	uint64_t now = monotonic_ms(), next = UINT64_MAX;
	size_t i;

	for (i = 0; i < children->helper_count; i++) {
		struct helper *helper = &children->helpers[i];

		if (helper->pidfd >= 0)
			continue;
		if (helper->start_at_ms <= now)
			start_helper(children, helper);
		if (helper->pidfd < 0 && helper->start_at_ms < next)
			next = helper->start_at_ms;
	}
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)(next - now);
}

size_t children_poll(const struct children *children, struct pollfd *pfds, size_t max)
{
	const struct worker *worker;
	size_t count = 0, i;

	for (i = 0; i < children->helper_count && count < max; i++) {
		if (children->helpers[i].pidfd >= 0)
			pfds[count++] = (struct pollfd){ .fd = children->helpers[i].pidfd,
							 .events = POLLIN };
	}
	for (worker = children->workers; worker && count < max; worker = worker->next)
		pfds[count++] = (struct pollfd){ .fd = worker->pidfd, .events = POLLIN };
	return count;
}

/* Whether the process behind *pidfd has ended; closes it then. */
static bool has_ended(int *pidfd, siginfo_t *info)
{
	*info = (siginfo_t){ 0 };
	if (*pidfd < 0 || waitid(P_PIDFD, (id_t)*pidfd, info, WEXITED | WNOHANG) < 0 ||
	    info->si_pid == 0)
		return false;
	close(*pidfd);
	*pidfd = -1;
	return true;
}

static void helper_ended(struct helper *helper, const siginfo_t *info)
{
	uint64_t now = monotonic_ms();

	if (now - helper->started_ms >= STABLE_MS)
		helper->backoff_ms = BACKOFF_MIN_MS;
	log_error("%s: %s %d; starting it again in %u ms", helper->name,
		  info->si_code == CLD_EXITED ? "ended with status" : "killed by signal",
		  info->si_status, helper->backoff_ms);
	helper->start_at_ms = now + helper->backoff_ms;
	helper->backoff_ms *= 2;
	if (helper->backoff_ms > BACKOFF_MAX_MS)
		helper->backoff_ms = BACKOFF_MAX_MS;
}

static bool worker_has_ended(struct worker *worker)
{
	struct pollfd pfd = { .fd = worker->pidfd, .events = POLLIN };
	siginfo_t info;

	if (!worker->tool_pid) {
		if (!has_ended(&worker->pidfd, &info))
			return false;
		if (info.si_code != CLD_EXITED)
			log_error("the process of a domain was killed by signal %d",
				  info.si_status);
		return true;
	}
	if (poll(&pfd, 1, 0) != 1)
		return false;
	close(worker->pidfd);
	return true;
}

void children_reap(struct children *children, void (*ended)(const uint8_t uuid[16], void *arg),
		   void *arg)
{
	struct worker **link = &children->workers, *worker, *done = NULL;
	siginfo_t info;
	size_t i;

	for (i = 0; i < children->helper_count; i++) {
		if (has_ended(&children->helpers[i].pidfd, &info))
			helper_ended(&children->helpers[i], &info);
	}
	while ((worker = *link)) {
		if (!worker_has_ended(worker)) {
			link = &worker->next;
			continue;
		}
		*link = worker->next;
		worker->next = done;
		done = worker;
	}
	/* Only now, since it may start others. */
	while ((worker = done)) {
		done = worker->next;
		ended(worker->uuid, arg);
		free(worker);
	}
}

void children_stop(struct children *children)
{
	uint64_t deadline = monotonic_ms() + STOP_MS;
	siginfo_t info;
	size_t i;

	for (i = 0; i < children->helper_count; i++) {
		if (children->helpers[i].pidfd >= 0)
			pidfd_send_signal(children->helpers[i].pidfd, SIGTERM, NULL, 0);
	}
	for (i = 0; i < children->helper_count; i++) {
		struct helper *helper = &children->helpers[i];
		struct pollfd pfd = { .fd = helper->pidfd, .events = POLLIN };
		uint64_t now = monotonic_ms();

		if (helper->pidfd < 0)
			continue;
		if (poll(&pfd, 1, now < deadline ? (int)(deadline - now) : 0) != 1)
			pidfd_send_signal(helper->pidfd, SIGKILL, NULL, 0);
		waitid(P_PIDFD, (id_t)helper->pidfd, &info, WEXITED);
	}
}
