/* SPDX-License-Identifier: MIT */
/* Hotplug scripts: see script.h. */
#include "backends/net/script.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"

/* The toolstack gives up after 10 s. */
#define SCRIPT_TIMEOUT_NS 9000000000ull

static void on_timeout(void *arg)
{
	struct script *script = arg;

	script->timed_out = true;
	kill(-script->helper.pid, SIGKILL);
}

static void on_end(void *arg, int wait_status)
{
	struct script *script = arg;
	struct source *src = script->src;
	int ret = 0;

	loop_timer_cancel(&src->sup->loop, &script->timeout);
	if (script->timed_out) {
		ret = -ETIMEDOUT;
		snprintf(src->error, sizeof(src->error), "hotplug script: did not end in time");
	} else if (WIFSIGNALED(wait_status)) {
		ret = -EIO;
		snprintf(src->error, sizeof(src->error), "hotplug script: killed by signal %d",
			 WTERMSIG(wait_status));
	} else if (WEXITSTATUS(wait_status)) {
		ret = -EIO;
		/* Xen's scripts leave their own words; keep those if there are any. */
		if (xenbus_read(src->sup->xs, src->path, "hotplug-error", src->error,
				sizeof(src->error)) < 0)
			snprintf(src->error, sizeof(src->error),
				 "hotplug script: exit status %d; see its own log",
				 WEXITSTATUS(wait_status));
	}
	if (ret < 0 && !script->online)
		log_error("%s: offline: %s", src->path, src->error);
	if (script->online)
		source_opened(src, ret);
	else
		source_released(src);
}

/* In the child. */
static void exec_script(const struct source *src, const char *path, const char *name, bool online)
{
	const char *relative = strstr(src->path, "/backend/");
	char handle[16], domid[16];

	daemon_child(src->sup->daemon);
	setpgid(0, 0);
	snprintf(handle, sizeof(handle), "%u", src->devid);
	snprintf(domid, sizeof(domid), "%u", src->guest->domid);
	setenv("script", path, 1);
	setenv("XENBUS_TYPE", "vif", 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	/* Relative to our own domain's directory. */
	setenv("XENBUS_PATH", relative ? relative + 1 : src->path, 1);
	setenv("vif", name, 1);
	setenv("domid", domid, 1);
	setenv("handle", handle, 1);
	execl(path, path, online ? "online" : "offline", "type_if=vif", (char *)NULL);
	_exit(127);
}

int script_run(struct script *script, struct source *src, const char *path, const char *name,
	       bool online)
{
	pid_t pid;

	if (access(path, X_OK) < 0) {
		int ret = -errno;

		snprintf(src->error, sizeof(src->error),
			 "hotplug script %s: %s; check script= of the vif", path, error_text(ret));
		return ret;
	}
	pid = fork();
	if (pid < 0) {
		int ret = -errno;

		snprintf(src->error, sizeof(src->error), "hotplug script %s: cannot be started: %s",
			 path, error_text(ret));
		return ret;
	}
	if (pid == 0)
		exec_script(src, path, name, online);
	setpgid(pid, pid);
	*script = (struct script){
		.src = src,
		.helper = { .pid = pid, .ended = on_end, .arg = script },
		.timeout = { .handle = on_timeout, .arg = script },
		.online = online,
	};
	supervisor_await(src->sup, &script->helper);
	loop_timer_set(&src->sup->loop, &script->timeout, SCRIPT_TIMEOUT_NS);
	return -EINPROGRESS;
}
