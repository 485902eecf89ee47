/* SPDX-License-Identifier: MIT */
/*
 * The common skeleton of the dom0 daemons: options, going to the background once ready, pid file,
 * signals. The order of calls in main():
 *
 *	struct daemon d = { .name = "consoled", .summary = "guest consoles: pty and log files" };
 *	int ret = daemon_parse_options(&d, argc, argv);
 *	if (ret >= 0)
 *		return ret;
 *	if (daemon_start(&d) < 0)	// the background process goes on, the parent waits
 *		return 1;
 *	... set everything up; return 1 (after log_error) on failure: the parent exits 1 too ...
 *	if (daemon_ready(&d) < 0)	// the parent exits 0, stdio goes to /dev/null
 *		return 1;
 *	... loop; poll daemon_signal_fd() ...
 *	daemon_exit(&d);
 *
 * The process must be single-threaded until daemon_ready() returns.
 */
#ifndef DOM0_LIB_DAEMON_H
#define DOM0_LIB_DAEMON_H

#include <stdbool.h>

struct daemon {
	/* in, set by the program */
	const char *name;       /* "consoled" */
	const char *summary;    /* one line for --help */
	const char *extra_help; /* more option lines for --help, or NULL */
	/*
	 * Options of the program itself, or NULL: called for each argument that is none of the
	 * common ones. Returns how many elements of argv it used (argv[0] is the option), 0 when it
	 * does not know the option, negative after it has printed what is wrong with it.
	 */
	int (*extra_option)(struct daemon *d, int argc, char **argv);
	void *data; /* for extra_option */

	/* out of daemon_parse_options() */
	bool foreground;      /* -f */
	bool verbose;         /* -v */
	const char *pid_file; /* -p FILE, NULL without */

	/* internal */
	int ready_fd;
	int signal_fd;
	int lock_fd;
};

/*
 * Understands -f/--foreground, -v/--verbose, -p/--pid-file FILE, -h/--help and starts logging to
 * stderr. Returns -1 to go on, or the exit status to leave with (0 after --help, 2 on a bad
 * option).
 */
int daemon_parse_options(struct daemon *d, int argc, char **argv);

/*
 * Blocks SIGTERM, SIGINT, SIGHUP (they arrive on daemon_signal_fd()), ignores SIGPIPE, and unless
 * in the foreground forks: returns 0 in the new session's process only, while the parent waits for
 * daemon_ready() and exits with 0, or with 1 when the child ends before it.
 * A pid file that a live daemon holds locked is an error, said with log_error(): -EEXIST.
 */
int daemon_start(struct daemon *d);

/*
 * Ready to serve: writes the pid file; in the background it moves logging to
 * /var/log/xen/NAME.log and stdio to /dev/null, and lets the parent exit 0. 0 or a negative errno
 * (logged).
 */
int daemon_ready(struct daemon *d);

/* A signalfd for SIGTERM, SIGINT and SIGHUP, non-blocking, close-on-exec. */
int daemon_signal_fd(const struct daemon *d);
/* Takes one signal off it: its number, or 0 when none is pending. SIGHUP has already reopened the
 * log. */
int daemon_next_signal(const struct daemon *d);

/*
 * For a child that a daemon forks: gives up the parent's pid file and unblocks the signals. Call
 * before anything else in the child.
 */
void daemon_child(struct daemon *d);

/* Removes the pid file. */
void daemon_exit(struct daemon *d);

/* mkdir -p with mode 0755. 0 or a negative errno. */
int make_directories(const char *path);

#endif
