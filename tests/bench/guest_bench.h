/* SPDX-License-Identifier: MIT */
/*
 * What a benchmark of the guest is. The harness (guest_main.c) calls run() several times, each for
 * a number of operations, and reports the median and the least time of one.
 */
#ifndef TESTS_BENCH_GUEST_BENCH_H
#define TESTS_BENCH_GUEST_BENCH_H

#include "lib/types.h"

struct bench {
	const char *name;
	unsigned int ops;   /* operations in one sample */
	unsigned int units; /* pages, entries or calls in one operation */
	bool needs_peer;    /* a second domain: see guest_peer.h */
	int (*setup)(void); /* NULL: nothing to do; 0, or a negative errno */
	/* Does ops operations. Its own measure of their time in ns, or 0: the harness's counts. */
	uint64_t (*run)(unsigned int ops);
	void (*teardown)(void);
};

/* Ends with an entry without a name. */
extern const struct bench bench_cpu[], bench_memory[], bench_events[], bench_grants[];

/* Called by run() when the hypervisor refuses something: the benchmark reports that and no time. */
void bench_fail(const char *what, long rc);

/* For each operation: the cheapest check that it worked. */
#define BENCH_CHECK(what, rc)                            \
	do {                                             \
		long bench_rc_ = (rc);                   \
                                                         \
		if (__builtin_expect(bench_rc_ != 0, 0)) \
			bench_fail(what, bench_rc_);     \
	} while (0)

#endif
