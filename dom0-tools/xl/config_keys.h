/* SPDX-License-Identifier: MIT */
/*
 * The keys of xl.cfg(5) that a PV guest's configuration does not use here: which are passed over
 * with a note, and which cannot be honoured and are refused. domain_config.c has the others.
 */
#ifndef DOM0_XL_CONFIG_KEYS_H
#define DOM0_XL_CONFIG_KEYS_H

#include <stddef.h>

enum unused_key_kind {
	UNUSED_HVM,     /* has a meaning for HVM and PVH guests only */
	UNUSED_TUNING,  /* a wish that changes nothing about what the guest can do */
	UNUSED_REFUSED, /* the guest would lack what was asked for; empty values pass */
};

struct unused_key {
	const char *name;
	enum unused_key_kind kind;
	const char *reason; /* for refused keys: why, and what to do */
};

extern const struct unused_key unused_keys[];
extern const size_t unused_key_count;

/* NULL when name is not in the table. */
const struct unused_key *unused_key_find(const char *name);

#endif
