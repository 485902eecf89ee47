/* SPDX-License-Identifier: MIT */
/*
 * The benchmark guest: runs the benchmarks that its command line names and prints a line for each:
 *
 *	bench NAME median NS min NS units N ops N samples N
 *	bench NAME error WHAT
 *	bench NAME skipped WHY
 *
 * and "bench done" at the end. Times are of one operation. Words of the command line:
 *
 *	bench=NAME,NAME...  only these (default: all)
 *	samples=N           samples of each (default 15)
 *	effort=PERCENT      operations in a sample, of what the benchmark asks for (default 100)
 *	role=peer, role=work  see guest_peer.h
 */
#include "frontends/runtime/clock.h"
#include "frontends/runtime/runtime.h"
#include "tests/bench/guest_bench.h"
#include "tests/bench/guest_peer.h"

#define SAMPLES_MAX  101u
#define CLOCK_READS  64u
#define FRACTION(ps) ((ps) / 1000), ((ps) % 1000)

static const struct bench *const suites[] = { bench_cpu, bench_memory, bench_events, bench_grants };
static uint64_t clock_cost; /* of one reading, ns */
static const char *failure;
static long failure_rc;

void bench_fail(const char *what, long rc)
{
	if (!failure) {
		failure = what;
		failure_rc = rc;
	}
}

/* Some hypervisors emulate rdtsc for guests: what a reading costs is not the benchmark's. */
static void measure_clock(void)
{
	clock_cost = ~0ul;
	for (unsigned int i = 0; i < CLOCK_READS; i++) {
		uint64_t start = clock_now();

		clock_cost = min(clock_cost, clock_now() - start);
	}
}

static uint64_t number(const char *name, uint64_t fallback)
{
	const char *value = command_line_get(name);

	return value ? strtoull(value, NULL, 10) : fallback;
}

/* Whether the comma-separated list, NULL for everything, has the word. */
static bool selected(const char *list, const char *word)
{
	size_t len = strlen(word);

	if (!list)
		return true;
	while (*list) {
		if (strncmp(list, word, len) == 0 && (list[len] == ',' || list[len] == 0))
			return true;
		while (*list && *list != ',')
			list++;
		list += *list == ',';
	}
	return false;
}

static uint64_t sample(const struct bench *b, unsigned int ops)
{
	uint64_t start = clock_now(), own = b->run(ops), time = clock_now() - start;

	if (own)
		return own;
	return time > clock_cost ? time - clock_cost : 0;
}

static void sort(uint64_t *values, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		uint64_t value = values[i];
		unsigned int j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

/* The first sample only warms up. */
static void measure(const struct bench *b, unsigned int ops, unsigned int samples)
{
	static uint64_t times[SAMPLES_MAX];
	uint64_t median, least;

	(void)sample(b, ops);
	for (unsigned int i = 0; i < samples && !failure; i++)
		times[i] = sample(b, ops);
	if (failure) {
		printf("bench %s error %s: %ld\n", b->name, failure, failure_rc);
		return;
	}
	sort(times, samples);
	median = times[samples / 2] * 1000 / ops;
	least = times[0] * 1000 / ops;
	printf("bench %s median %lu.%03lu min %lu.%03lu units %u ops %u samples %u\n", b->name,
	       FRACTION(median), FRACTION(least), b->units, ops, samples);
}

static void run_one(const struct bench *b)
{
	unsigned int samples =
		(unsigned int)min(max(number("samples", 15), 1ul), (uint64_t)SAMPLES_MAX);
	unsigned int ops = (unsigned int)(b->ops * number("effort", 100) / 100);
	int rc = 0;

	failure = NULL;
	if (b->needs_peer && !peer_connected()) {
		printf("bench %s skipped no peer\n", b->name);
		return;
	}
	if (b->setup)
		rc = b->setup();
	if (rc)
		printf("bench %s error setup: %d\n", b->name, rc);
	else
		measure(b, max(ops, 2u) & ~1u, samples);
	if (!rc && b->teardown)
		b->teardown();
}

static void run_selected(void)
{
	static char list[256];
	const char *names = command_line_get("bench");

	if (names) {
		strlcpy(list, names, sizeof(list));
		names = list;
	}
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		for (const struct bench *b = suites[i]; b->name; b++)
			if (selected(names, b->name))
				run_one(b);
}

int guest_main(void)
{
	const char *role = command_line_get("role");

	if (role && strcmp(role, "peer") == 0)
		return peer_serve();
	if (role && strcmp(role, "work") == 0)
		return peer_work();
	measure_clock();
	peer_connect();
	run_selected();
	printf("bench done\n");
	return 0;
}
