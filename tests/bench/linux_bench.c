/* SPDX-License-Identifier: MIT */
/*
 * What a Linux process notices of the hypervisor below: the first and only program of a Linux guest
 * (or of a machine without a hypervisor), linked statically. Prints as the benchmark guest does
 * (guest_main.c), takes the same words samples= and effort= and bench= from the environment, which
 * the kernel fills from its command line, and powers off.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 101u
#define FAULT_PAGES 256u
#define PAGE        4096u

struct bench {
	const char *name;
	unsigned int ops;
	bool (*run)(unsigned int ops);
};

static const char *program;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool run_getppid(unsigned int ops)
{
	bool ok = true;

	for (unsigned int i = 0; i < ops; i++)
		ok &= syscall(SYS_getppid) >= 0;
	return ok;
}

static bool wait_child(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static bool run_fork(unsigned int ops)
{
	bool ok = true;

	for (unsigned int i = 0; i < ops; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		ok &= wait_child(pid);
	}
	return ok;
}

static bool run_exec(unsigned int ops)
{
	char *argv[] = { (char *)program, (char *)"--nothing", NULL };
	bool ok = true;

	for (unsigned int i = 0; i < ops; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execv(program, argv);
			_exit(1);
		}
		ok &= wait_child(pid);
	}
	return ok;
}

/* Fresh anonymous pages, each touched once: ops of them, in mappings of FAULT_PAGES. */
static bool run_fault(unsigned int ops)
{
	for (unsigned int done = 0; done < ops;) {
		unsigned int n = ops - done < FAULT_PAGES ? ops - done : FAULT_PAGES;
		volatile char *p = mmap(NULL, (size_t)n * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return false;
		for (unsigned int i = 0; i < n; i++)
			p[(size_t)i * PAGE] = 1;
		if (munmap((void *)p, (size_t)n * PAGE))
			return false;
		done += n;
	}
	return true;
}

/* A process that sends back what it gets, for as long as this one lives. */
static bool start_echo(int to[2], int from[2])
{
	pid_t pid;
	char c;

	if (pipe(to) || pipe(from))
		return false;
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		close(from[0]);
		while (read(to[0], &c, 1) == 1)
			if (write(from[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	return pid > 0;
}

/* A byte to another process and back. */
static bool run_pipe(unsigned int ops)
{
	static int to[2], from[2];
	static bool started;
	bool ok = true;
	char c = 0;

	if (!started)
		started = start_echo(to, from);
	for (unsigned int i = 0; i < ops && started; i++)
		ok &= write(to[1], &c, 1) == 1 && read(from[0], &c, 1) == 1;
	return started && ok;
}

static const struct bench benches[] = {
	{ "linux_syscall", 2000, run_getppid }, { "linux_fork_exit", 20, run_fork },
	{ "linux_fork_exec", 10, run_exec },    { "linux_mmap_fault", 512, run_fault },
	{ "linux_pipe", 200, run_pipe },
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned int number(const char *name, unsigned int fallback)
{
	const char *value = getenv(name);

	return value ? (unsigned int)strtoul(value, NULL, 10) : fallback;
}

/* Whether the comma-separated list, NULL for everything, has the word. */
static bool selected(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, word, len) && (p[len] == ',' || !p[len]))
			return true;
	return !list;
}

static void measure(const struct bench *b)
{
	static uint64_t times[SAMPLES_MAX];
	unsigned int samples = number("samples", 15);
	unsigned int ops = b->ops * number("effort", 100) / 100;
	unsigned int middle;
	double median, least;
	bool ok;

	if (samples < 1 || samples > SAMPLES_MAX)
		samples = SAMPLES_MAX;
	ops = ops ? ops : 1;
	ok = b->run(ops);
	for (unsigned int i = 0; i < samples && ok; i++) {
		uint64_t start = now_ns();

		ok = b->run(ops);
		times[i] = now_ns() - start;
	}
	if (!ok) {
		printf("bench %s error %s\n", b->name, strerror(errno));
		return;
	}
	qsort(times, samples, sizeof(times[0]), compare);
	middle = samples / 2;
	median = (double)times[middle];
	least = (double)times[0];
	printf("bench %s median %.3f min %.3f units 1 ops %u samples %u\n", b->name, median / ops,
	       least / ops, ops, samples);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--nothing"))
		return 0;
	program = argv[0];
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (selected(getenv("bench"), benches[i].name))
			measure(&benches[i]);
	printf("bench done\n");
	if (getpid() != 1)
		return 0;
	/* The console's reader has a moment: a machine that is off says no more. */
	sleep(1);
	reboot(RB_POWER_OFF);
	return 1;
}
