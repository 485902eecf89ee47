/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units; see units.h. Overflow is an error, never a wrapped value.
 */
#include "dom0-tools/xl/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INTERVAL_US 50000
#define US_PER_SECOND       1000000

bool parse_integer(const char *text, int64_t *value)
{
	char *end;
	long long parsed;

	if (!isdigit((unsigned char)text[0]) &&
	    !((text[0] == '-' || text[0] == '+') && isdigit((unsigned char)text[1])))
		return false;
	errno = 0;
	parsed = strtoll(text, &end, 0);
	if (errno || *end)
		return false;
	*value = parsed;
	return true;
}

/* The digits at *text, which moves past them. */
static bool take_number(const char **text, int base, uint64_t *value)
{
	char *end;
	unsigned long long parsed;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	parsed = strtoull(*text, &end, base);
	if (errno)
		return false;
	*text = end;
	*value = parsed;
	return true;
}

bool parse_size(const char *text, uint64_t default_unit, uint64_t *bytes)
{
	static const char letters[] = "bkmgt";
	uint64_t number, unit = default_unit;

	if (!take_number(&text, 0, &number))
		return false;
	if (*text) {
		const char *letter = strchr(letters, tolower((unsigned char)*text));

		if (!letter || text[1])
			return false;
		unit = UINT64_C(1) << (10 * (letter - letters));
	}
	if (number > INT64_MAX / unit)
		return false;
	*bytes = number * unit;
	return true;
}

/* "@N", "@Nms", "@Nus", "@Ns": seconds without a prefix, as xl has it. */
static const char *parse_interval(const char *text, uint32_t *interval_us)
{
	uint64_t number, unit = US_PER_SECOND;

	if (!take_number(&text, 10, &number))
		return "the replenish interval after @ is not a number";
	if (*text == 'm' || *text == 'u') {
		unit = *text == 'm' ? 1000 : 1;
		text++;
	}
	if (strcmp(text, "s") != 0)
		return "the replenish interval needs a unit: s, ms or us";
	if (number == 0 || number > UINT32_MAX / unit)
		return "the replenish interval is 0 or longer than 71 minutes";
	*interval_us = (uint32_t)(number * unit);
	return NULL;
}

const char *parse_rate(const char *text, uint64_t *credit_bytes, uint32_t *interval_us)
{
	static const char prefixes[] = "KMG";
	uint64_t number, unit = 1, credit;
	const char *prefix, *error;

	if (!take_number(&text, 10, &number))
		return "a rate starts with a number, as in 10Mb/s";
	prefix = *text ? strchr(prefixes, *text) : NULL;
	if (prefix) {
		for (; prefix >= prefixes; prefix--)
			unit *= 1000;
		text++;
	}
	if (*text != 'b' && *text != 'B')
		return "a rate needs a unit: B, KB, MB, GB for bytes or b, Kb, Mb, Gb for bits";
	if (number > UINT64_MAX / unit / US_PER_SECOND)
		return "the rate is too large";
	number *= unit;
	if (*text == 'b')
		number /= 8;
	text++;
	if (strncmp(text, "/s", 2) != 0)
		return "a rate is per second: write /s after the unit";
	text += 2;
	*interval_us = DEFAULT_INTERVAL_US;
	if (*text == '@') {
		error = parse_interval(text + 1, interval_us);
		if (error)
			return error;
	} else if (*text) {
		return "unexpected text after /s; an interval is written as @20ms";
	}
	/* number is below 2^64 / 10^6: exact in two steps without overflow. */
	credit = number / US_PER_SECOND * *interval_us +
		 number % US_PER_SECOND * *interval_us / US_PER_SECOND;
	if (credit == 0)
		return "the rate is less than one byte in an interval";
	*credit_bytes = credit;
	return NULL;
}
