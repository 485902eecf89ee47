/* SPDX-License-Identifier: MIT */
/* Rate limiting: see credit.h. */
#include "backends/net/credit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backends/common/xenbus.h"

#define NS_PER_USEC 1000ull

int credit_parse(const char *text, uint64_t *bytes, uint64_t *usec)
{
	const char *comma = strchr(text, ',');
	char first[16];
	uint64_t b, u;

	if (!comma || (size_t)(comma - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(comma - text));
	first[comma - text] = '\0';
	if (parse_number(first, UINT32_MAX, &b) < 0 || parse_number(comma + 1, UINT32_MAX, &u) < 0)
		return -EINVAL;
	*bytes = u ? b : 0;
	*usec = b ? u : 0;
	return 0;
}

void credit_init(struct credit *credit, uint64_t bytes, uint64_t usec, uint64_t now)
{
	*credit = (struct credit){
		.bytes = usec ? bytes : 0,
		.period_ns = usec * NS_PER_USEC,
		.tokens = (int64_t)bytes,
		.last_ns = now,
	};
}

bool credit_ready(struct credit *credit, uint64_t now)
{
	unsigned __int128 earned;
	uint64_t room;

	if (!credit->bytes)
		return true;
	room = credit->bytes - (uint64_t)credit->tokens; /* tokens may be negative: wraps right */
	earned = (unsigned __int128)(now - credit->last_ns) * credit->bytes;
	if (earned / credit->period_ns >= room) {
		credit->tokens = (int64_t)credit->bytes;
		credit->last_ns = now;
	} else if (earned >= credit->period_ns) {
		credit->tokens += (int64_t)(earned / credit->period_ns);
		/* What did not make a whole byte yet counts next time. */
		credit->last_ns = now - (uint64_t)(earned % credit->period_ns) / credit->bytes;
	}
	return credit->tokens > 0;
}

void credit_spend(struct credit *credit, uint64_t bytes)
{
	if (credit->bytes)
		credit->tokens -= (int64_t)bytes;
}

uint64_t credit_wait(const struct credit *credit)
{
	unsigned __int128 missing;

	if (!credit->bytes || credit->tokens > 0)
		return 0;
	missing = (uint64_t)-credit->tokens + (credit->bytes + 3) / 4;
	return (uint64_t)((missing * credit->period_ns + credit->bytes - 1) / credit->bytes);
}
