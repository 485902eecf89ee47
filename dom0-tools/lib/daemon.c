/* SPDX-License-Identifier: MIT */
/*
 * The daemons' skeleton. All state is in the caller's struct daemon. The pid file is locked with
 * flock(2) while the daemon lives, so a stale file of a dead one never blocks the next start.
 */
#include "dom0-tools/lib/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0-tools/lib/log.h"

static void print_help(const struct daemon *d)
{
	printf("%s: %s\n"
	       "Usage: %s [options]\n"
	       "  -f, --foreground      stay in the foreground, log to stderr\n"
	       "  -p, --pid-file FILE   write the process id to FILE and lock it\n"
	       "  -v, --verbose         log debug messages too\n"
	       "  -h, --help            this text\n"
	       "%s"
	       "In the background it logs to " XEN_LOG_DIR "/%s.log; SIGHUP reopens the log.\n",
	       d->name, d->summary, d->name, d->extra_help ? d->extra_help : "", d->name);
}

static bool is_option(const char *arg, const char *brief, const char *full)
{
	return !strcmp(arg, brief) || !strcmp(arg, full);
}

/* One argument of ours. How many elements it used; 0 unknown, -1 help printed, -2 bad. */
static int common_option(struct daemon *d, int argc, char **argv)
{
	if (is_option(argv[0], "-f", "--foreground")) {
		d->foreground = true;
		return 1;
	}
	if (is_option(argv[0], "-v", "--verbose")) {
		d->verbose = true;
		return 1;
	}
	if (is_option(argv[0], "-h", "--help")) {
		print_help(d);
		return -1;
	}
	if (!strncmp(argv[0], "--pid-file=", strlen("--pid-file="))) {
		d->pid_file = argv[0] + strlen("--pid-file=");
		return 1;
	}
	if (!is_option(argv[0], "-p", "--pid-file"))
		return 0;
	if (argc < 2) {
		fprintf(stderr, "%s: %s needs a file name\n", d->name, argv[0]);
		return -2;
	}
	d->pid_file = argv[1];
	return 2;
}

int daemon_parse_options(struct daemon *d, int argc, char **argv)
{
	d->ready_fd = -1;
	d->signal_fd = -1;
	d->lock_fd = -1;
	for (int i = 1; i < argc;) {
		int used = common_option(d, argc - i, argv + i);

		if (used == -1)
			return 0;
		if (used == -2)
			return 2;
		if (!used && d->extra_option) {
			used = d->extra_option(d, argc - i, argv + i);
			if (used < 0)
				return 2;
		}
		if (!used) {
			fprintf(stderr, "%s: unknown argument '%s'; try %s --help\n", d->name,
				argv[i], d->name);
			return 2;
		}
		i += used;
	}
	log_init(d->name, d->verbose);
	return -1;
}

/* Takes the lock on the pid file, before forking so that a second start fails at once. */
static int lock_pid_file(struct daemon *d)
{
	int fd, err;

	if (!d->pid_file)
		return 0;
	fd = open(d->pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0) {
		err = errno;
		log_error("cannot open pid file %s: %s", d->pid_file, error_text(err));
		return -err;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = errno;
		close(fd);
		if (err == EWOULDBLOCK)
			err = EEXIST;
		log_error("pid file %s: %s", d->pid_file,
			  err == EEXIST ? "another instance is running" : error_text(err));
		return -err;
	}
	d->lock_fd = fd;
	return 0;
}

static int set_up_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return d->signal_fd < 0 ? -errno : 0;
}

/* The parent: leaves when the child is ready or has ended. */
static void wait_for_child(int ready_fd, pid_t child)
{
	char byte;
	ssize_t got;
	int status;

	do {
		got = read(ready_fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(1);
}

int daemon_start(struct daemon *d)
{
	int fds[2];
	pid_t child;
	int ret = lock_pid_file(d);

	if (ret < 0)
		return ret;
	if (d->foreground) {
		ret = set_up_signals(d);
		if (ret < 0)
			log_error("cannot set up signals: %s", error_text(ret));
		return ret;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		ret = -errno;
		log_error("cannot go to the background: %s", error_text(ret));
		return ret;
	}
	child = fork();
	if (child < 0) {
		ret = -errno;
		log_error("cannot go to the background: %s", error_text(ret));
		close(fds[0]);
		close(fds[1]);
		return ret;
	}
	if (child > 0) {
		close(fds[1]);
		wait_for_child(fds[0], child);
	}
	close(fds[0]);
	d->ready_fd = fds[1];
	if (setsid() < 0)
		log_debug("setsid: %s", error_text(errno));
	ret = set_up_signals(d);
	if (ret < 0)
		log_error("cannot set up signals: %s", error_text(ret));
	return ret;
}

static int write_pid(struct daemon *d)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	ssize_t put;

	if (d->lock_fd < 0)
		return 0;
	if (ftruncate(d->lock_fd, 0) < 0)
		return -errno;
	put = pwrite(d->lock_fd, text, (size_t)len, 0);
	if (put < 0)
		return -errno;
	return put == len ? 0 : -EIO;
}

/* Log file instead of stderr, /dev/null instead of stdio, and the parent may go. */
static int leave_terminal(struct daemon *d)
{
	char path[PATH_MAX];
	int null_fd, ret;

	snprintf(path, sizeof(path), XEN_LOG_DIR "/%s.log", d->name);
	ret = log_to_file(path);
	if (ret < 0) {
		log_error("cannot log to %s: %s", path, error_text(ret));
		return ret;
	}
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		ret = -errno;
		log_error("cannot open /dev/null: %s", error_text(ret));
		return ret;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(null_fd, fd) < 0) {
			ret = -errno;
			log_error("cannot leave the terminal: %s", error_text(ret));
			close(null_fd);
			return ret;
		}
	}
	if (null_fd > STDERR_FILENO)
		close(null_fd);
	if (chdir("/") < 0)
		log_warn("cannot change to /: %s", error_text(errno));
	/* A parent that was killed meanwhile is no reason not to serve. */
	if (write(d->ready_fd, "1", 1) < 0)
		log_debug("the starting process is gone");
	close(d->ready_fd);
	d->ready_fd = -1;
	return 0;
}

int daemon_ready(struct daemon *d)
{
	int ret = write_pid(d);

	if (ret < 0) {
		log_error("cannot write pid file %s: %s", d->pid_file, error_text(ret));
		return ret;
	}
	if (!d->foreground)
		return leave_terminal(d);
	log_info("ready");
	return 0;
}

int daemon_signal_fd(const struct daemon *d)
{
	return d->signal_fd;
}

int daemon_next_signal(const struct daemon *d)
{
	struct signalfd_siginfo info;
	int ret;

	if (read(d->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	if (info.ssi_signo == SIGHUP) {
		ret = log_reopen();
		if (ret < 0)
			log_error("cannot reopen the log: %s", error_text(ret));
	}
	return (int)info.ssi_signo;
}

void daemon_child(struct daemon *d)
{
	sigset_t set;

	if (d->lock_fd >= 0)
		close(d->lock_fd);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	if (d->ready_fd >= 0)
		close(d->ready_fd);
	d->lock_fd = -1;
	d->signal_fd = -1;
	d->ready_fd = -1;
	d->pid_file = NULL;
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

void daemon_exit(struct daemon *d)
{
	if (d->lock_fd >= 0) {
		unlink(d->pid_file);
		close(d->lock_fd);
		d->lock_fd = -1;
	}
	log_info("stopped");
}

int make_directories(const char *path)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		dir[i] = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -errno;
		dir[i] = path[i];
	}
	return 0;
}
