/* SPDX-License-Identifier: MIT */
/*
 * The rate limit of a virtual interface: `rate` = "BYTES,MICROSECONDS", BYTES in each period. A
 * bucket that holds one period's worth fills evenly; a packet may leave as long as it is not empty
 * and may overdraw it, so large packets pass at small rates and the mean rate still holds.
 */
#ifndef BACKENDS_NET_CREDIT_H
#define BACKENDS_NET_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

struct credit {
	uint64_t bytes;     /* per period; 0: no limit */
	uint64_t period_ns; /* > 0 with a limit */
	int64_t tokens;     /* bytes, at most .bytes */
	uint64_t last_ns;   /* when tokens was right */
};

/* Understands "BYTES,MICROSECONDS", both up to 2^32 - 1; zero in either means no limit. 0 or
 * -EINVAL. */
int credit_parse(const char *text, uint64_t *bytes, uint64_t *usec);

/* A full bucket at now (ns). */
void credit_init(struct credit *credit, uint64_t bytes, uint64_t usec, uint64_t now);
/* Whether a packet may go at now. */
bool credit_ready(struct credit *credit, uint64_t now);
void credit_spend(struct credit *credit, uint64_t bytes);
/*
 * How long to wait from the time of the last credit_ready(), in ns; 0 if that was true. It is for a
 * quarter of a bucket, not for a single frame: few wake-ups, each for a batch.
 */
uint64_t credit_wait(const struct credit *credit);

#endif
