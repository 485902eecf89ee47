/* SPDX-License-Identifier: MIT */
/*
 * shoji-vm: boots the whole platform in QEMU, for a person at a terminal or for a script.
 *
 * One run owns one temporary directory and one QEMU process; both are gone when it ends, whatever
 * ends it. Signals arrive through a descriptor in the one loop that also sees the script channel,
 * the machine's end and the time limit, so there are no handlers and no races between them.
 */
#include "dom0-tools/vm/channel.h"
#include "dom0-tools/vm/cpio.h"
#include "dom0-tools/vm/machine.h"
#include "dom0-tools/vm/options.h"
#include "dom0-tools/vm/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define EXIT_TIMEOUT      124
#define EXIT_NOT_UP       125
#define EXIT_SIGNAL_BASE  128
#define POWER_OFF_MS      30000
#define ARCHIVE_DISK_SIZE (4LL << 30)
#define TAIL_BYTES        6000

struct run {
	struct vm_options options;
	struct platform platform;
	struct channel channel;
	char dir[64]; /* temporary directory */
	char initramfs[96];
	char archive[96];
	char log[PATH_MAX];
	char vmlinux[PATH_MAX];
	char token[CHANNEL_TOKEN_LEN + 1];
	char *script;
	size_t script_len;
	bool interactive;
	bool log_is_temporary;
	bool terminal_saved;
	struct termios terminal;
	pid_t pid;
	int channel_fd;
	int signal_fd;
	int signal; /* the signal that ends this run, or 0 */
	int machine_status;
	bool timed_out;
	bool output_lost;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void remove_tree(const char *dir)
{
	char *roots[2] = { (char *)dir, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	if (!fts)
		return;
	while ((e = fts_read(fts))) {
		if (e->fts_info == FTS_DP)
			rmdir(e->fts_accpath);
		else if (e->fts_info != FTS_D)
			unlink(e->fts_accpath);
	}
	fts_close(fts);
}

static int complain(const char *what, const char *name, int rc)
{
	if (rc)
		fprintf(stderr, "shoji-vm: %s %s: %s\n", what, name, strerror(-rc));
	return rc;
}

static int block_signals(struct run *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signal_fd < 0 ? complain("signals", "", -errno) : 0;
}

static int make_temp_dir(struct run *r)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || strlen(tmp) > sizeof(r->dir) - 24)
		tmp = "/tmp";
	snprintf(r->dir, sizeof(r->dir), "%s/shoji-vm.XXXXXX", tmp);
	if (!mkdtemp(r->dir)) {
		int rc = -errno;

		complain("temporary directory", r->dir, rc);
		r->dir[0] = '\0';
		return rc;
	}
	snprintf(r->initramfs, sizeof(r->initramfs), "%s/initramfs", r->dir);
	snprintf(r->archive, sizeof(r->archive), "%s/out.tar", r->dir);
	return 0;
}

static int make_token(struct run *r)
{
	unsigned char raw[CHANNEL_TOKEN_LEN / 2];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return complain("token", "", -errno);
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(r->token + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

static int append_file(FILE *f, const char *path)
{
	static char buf[65536];
	FILE *in = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (!in)
		return -errno;
	while (!rc && (n = fread(buf, 1, sizeof(buf), in)))
		if (fwrite(buf, 1, n, f) != n)
			rc = -EIO;
	if (ferror(in))
		rc = -EIO;
	fclose(in);
	return rc;
}

/* Reads the script, a file or all of standard input, before anything is started for it. */
static int load_script(struct run *r)
{
	const char *name = r->options.script ? r->options.script : "standard input";
	FILE *in = r->options.script ? fopen(name, "re") : stdin;
	FILE *mem = in ? open_memstream(&r->script, &r->script_len) : NULL;
	char buf[4096];
	size_t n;
	int rc = 0;

	if (!mem)
		rc = -errno;
	while (!rc && (n = fread(buf, 1, sizeof(buf), in)))
		if (fwrite(buf, 1, n, mem) != n)
			rc = -ENOMEM;
	if (!rc && ferror(in))
		rc = -EIO;
	if (mem && fclose(mem) && !rc)
		rc = -ENOMEM;
	if (in && in != stdin)
		fclose(in);
	return complain("script", name, rc);
}

/* dom0's root, then the overlay and this run's own files as a second archive over it. */
static int make_initramfs(struct run *r)
{
	struct cpio c;
	FILE *f = fopen(r->initramfs, "we");
	int rc;

	if (!f)
		return complain("initramfs", r->initramfs, -errno);
	rc = complain("initramfs", r->platform.initramfs, append_file(f, r->platform.initramfs));
	while (!rc && ftell(f) % 4)
		putc(0, f);
	cpio_begin(&c, f);
	if (!rc && r->options.overlay)
		rc = cpio_add_tree(&c, r->options.overlay);
	if (!rc && !r->interactive) {
		rc = cpio_add_data(&c, "etc/shoji/token", S_IFREG | 0600, r->token,
				   strlen(r->token));
		rc = rc
			     ?: cpio_add_data(&c, "etc/shoji/script", S_IFREG | 0755, r->script,
					      r->script_len);
	}
	rc = rc ?: cpio_end(&c);
	if (fclose(f) && !rc)
		rc = complain("initramfs", r->initramfs, -errno);
	return rc;
}

static int make_archive_disk(struct run *r)
{
	int fd;
	int rc = 0;

	if (!r->options.out)
		return 0;
	if (mkdir(r->options.out, 0777) && errno != EEXIST)
		return complain("--out", r->options.out, -errno);
	if (access(r->options.out, W_OK | X_OK))
		return complain("--out", r->options.out, -errno);
	fd = open(r->archive, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, ARCHIVE_DISK_SIZE))
		rc = complain("disk for /out", r->archive, -errno);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int open_log(struct run *r)
{
	int fd;

	r->log_is_temporary = !r->options.console_log;
	if (r->options.console_log)
		snprintf(r->log, sizeof(r->log), "%s", r->options.console_log);
	else
		snprintf(r->log, sizeof(r->log), "%s/console", r->dir);
	fd = open(r->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return complain("console log", r->log, -errno);
	close(fd);
	return 0;
}

static void read_signals(struct run *r)
{
	struct signalfd_siginfo info;

	while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			r->signal = (int)info.ssi_signo;
		else if (r->pid > 0 && waitpid(r->pid, &r->machine_status, WNOHANG) == r->pid)
			r->pid = 0;
	}
}

/*
 * To standard output, in pieces that a pipe which is ready takes whole: a reader that has stopped
 * must not keep us from seeing a signal.
 */
static void write_output(void *arg, const char *data, size_t len)
{
	struct run *r = arg;
	struct pollfd fds[2] = { { STDOUT_FILENO, POLLOUT, 0 }, { r->signal_fd, POLLIN, 0 } };

	while (len && !r->output_lost && !r->signal) {
		ssize_t n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			r->output_lost = true;
		if (fds[1].revents)
			read_signals(r);
		if (!fds[0].revents)
			continue;
		n = write(STDOUT_FILENO, data, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			complain("standard", "output", -errno);
			r->output_lost = true;
		} else if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

/* Takes what the channel holds. False at its end. */
static bool read_channel(struct run *r)
{
	char buf[65536];
	ssize_t n = read(r->channel_fd, buf, sizeof(buf));

	if (n > 0)
		channel_feed(&r->channel, buf, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

static int poll_timeout(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	if (deadline == INT64_MAX)
		return -1;
	if (left < 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Waits until the machine has ended, or must. */
static void run_machine(struct run *r)
{
	int64_t limit = r->options.timeout_s ? now_ms() + r->options.timeout_s * 1000LL : INT64_MAX;
	int64_t power_off = INT64_MAX;
	struct pollfd fds[2] = { { r->signal_fd, POLLIN, 0 }, { r->channel_fd, POLLIN, 0 } };

	while (r->pid > 0 && !r->signal && !r->output_lost) {
		int n = poll(fds, 2, poll_timeout(limit < power_off ? limit : power_off));

		if (n < 0 && errno != EINTR)
			break;
		if (n == 0) {
			r->timed_out = power_off == INT64_MAX;
			if (!r->timed_out)
				fprintf(stderr,
					"shoji-vm: the machine did not power off within %d s "
					"of the script's end; it was killed\n",
					POWER_OFF_MS / 1000);
			break;
		}
		if (n > 0 && fds[1].revents && !read_channel(r))
			fds[1].fd = -1;
		if (n > 0 && fds[0].revents)
			read_signals(r);
		if (r->channel.state == CHANNEL_FAILED)
			break;
		if (r->channel.state == CHANNEL_ENDED && power_off == INT64_MAX)
			power_off = now_ms() + POWER_OFF_MS;
	}
	if (r->pid > 0)
		machine_kill(r->pid);
	r->pid = 0;
	while (fds[1].fd >= 0 && read_channel(r))
		;
}

/* Shows the console's end when only that can explain what happened. */
static void show_console_tail(const struct run *r)
{
	char buf[TAIL_BYTES];
	FILE *f = fopen(r->log, "re");
	size_t n;

	if (!f)
		return;
	if (fseek(f, -TAIL_BYTES, SEEK_END) == 0)
		fprintf(stderr, "[...]\n");
	else
		rewind(f);
	n = fread(buf, 1, sizeof(buf), f);
	fwrite(buf, 1, n, stderr);
	if (n && buf[n - 1] != '\n')
		fputc('\n', stderr);
	fclose(f);
}

static int extract_archive(const struct run *r)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("tar", "tar", "--no-same-owner", "-C", r->options.out, "-xf", r->archive,
		       (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int finish_script(struct run *r)
{
	if (r->options.out) {
		if (r->channel.archive != CHANNEL_OUT_OK) {
			fprintf(stderr, "shoji-vm: /out could not be archived in dom0\n");
			return EXIT_NOT_UP;
		}
		if (complain("--out", r->options.out, extract_archive(r)))
			return EXIT_NOT_UP;
	}
	return r->output_lost ? EXIT_NOT_UP : r->channel.status;
}

static int result(struct run *r)
{
	bool ended = r->channel.state == CHANNEL_ENDED;

	if (r->signal)
		return EXIT_SIGNAL_BASE + r->signal;
	if (r->interactive && r->timed_out) {
		fprintf(stderr, "\r\nshoji-vm: time-out after %u s\n", r->options.timeout_s);
		return EXIT_TIMEOUT;
	}
	if (r->interactive)
		return WIFEXITED(r->machine_status) ? WEXITSTATUS(r->machine_status) : EXIT_NOT_UP;
	if (ended)
		return finish_script(r);
	if (r->output_lost)
		return EXIT_NOT_UP;
	fputs("---- console\n", stderr);
	show_console_tail(r);
	fputs("----\n", stderr);
	if (r->timed_out) {
		fprintf(stderr, "shoji-vm: time-out: %s after %u s\n",
			r->channel.state == CHANNEL_BOOTING ? "the platform was not up"
							    : "the script had not ended",
			r->options.timeout_s);
		return EXIT_TIMEOUT;
	}
	if (r->channel.state == CHANNEL_FAILED)
		fprintf(stderr, "shoji-vm: the platform did not come up: %s\n", r->channel.message);
	else
		fprintf(stderr, "shoji-vm: the machine ended %s\n",
			r->channel.state == CHANNEL_BOOTING ? "before the platform was up"
							    : "before the script did");
	return EXIT_NOT_UP;
}

static int prepare(struct run *r)
{
	int rc = r->interactive ? 0 : load_script(r);

	rc = rc ?: block_signals(r);
	rc = rc ?: make_temp_dir(r);
	rc = rc ?: make_token(r);
	rc = rc ?: platform_find(&r->platform, r->options.hypervisor);
	rc = rc ?: platform_vmlinux(&r->platform, r->dir, r->vmlinux);
	rc = rc ?: make_initramfs(r);
	rc = rc ?: make_archive_disk(r);
	return rc ?: open_log(r);
}

static int run(struct run *r)
{
	struct machine_config cfg = {
		.options = &r->options,
		.hypervisor = r->platform.hypervisor,
		.vmlinux = r->vmlinux,
		.initramfs = r->initramfs,
		.interactive = r->interactive,
	};

	if (prepare(r))
		return EXIT_NOT_UP;
	cfg.console_log = r->interactive && r->log_is_temporary ? NULL : r->log;
	cfg.archive_disk = r->options.out ? r->archive : NULL;
	cfg.kvm = r->options.accel == VM_ACCEL_KVM ||
		  (r->options.accel == VM_ACCEL_AUTO && !r->options.icount &&
		   machine_kvm_works(r->dir));
	channel_init(&r->channel, r->token, write_output, r);
	r->pid = machine_start(&cfg, &r->channel_fd);
	if (r->pid < 0)
		return EXIT_NOT_UP;
	run_machine(r);
	if (r->terminal_saved)
		tcsetattr(STDIN_FILENO, TCSANOW, &r->terminal);
	return result(r);
}

int main(int argc, char **argv)
{
	static struct run r = { .channel_fd = -1, .signal_fd = -1 };
	int status;

	switch (vm_options_parse(&r.options, argc, argv)) {
	case VM_PARSE_HELP:
		return EXIT_SUCCESS;
	case VM_PARSE_ERROR:
		return EXIT_NOT_UP;
	case VM_PARSE_OK:
		break;
	}
	r.interactive = !r.options.script && isatty(STDIN_FILENO);
	r.terminal_saved = r.interactive && !tcgetattr(STDIN_FILENO, &r.terminal);
	status = run(&r);
	if (r.dir[0])
		remove_tree(r.dir);
	if (r.signal) {
		sigset_t set;

		sigfillset(&set);
		signal(r.signal, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		raise(r.signal);
	}
	return status;
}
