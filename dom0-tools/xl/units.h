/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units, as configuration files and command lines write them.
 */
#ifndef DOM0_XL_UNITS_H
#define DOM0_XL_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* A whole string as a signed number: decimal, 0octal or 0xhex. False if it is anything else. */
bool parse_integer(const char *text, int64_t *value);

/*
 * A size: a non-negative integer and an optional letter b, k, m, g or t (either case) for bytes,
 * KiB, MiB, GiB, TiB; without a letter the number counts units of default_unit bytes. The result is
 * in bytes. False when malformed or over 2^63 - 1.
 */
bool parse_size(const char *text, uint64_t default_unit, uint64_t *bytes);

/*
 * A network rate as in xl-network-configuration(5): N[G|M|K](B|b)/s[@N[m|u]s]. Decimal prefixes, B
 * for bytes and b for bits; the interval defaults to 50 ms. Gives the credit of one interval in
 * bytes and the interval in microseconds, as the backend's "rate" node has them.
 * NULL when understood, else what is wrong with it.
 */
const char *parse_rate(const char *text, uint64_t *credit_bytes, uint32_t *interval_us);

#endif
