/* SPDX-License-Identifier: MIT */
/*
 * A guest without a hypervisor, for the backends' unit tests: pages that it has granted, in place
 * of dom0-tools/lib/gntdev.c, and event channels that are only counted, in place of evtchn.c. Grant
 * reference n is page n of its memory, unless revoked.
 */
#ifndef TESTS_UNIT_BACKENDS_MOCK_GUEST_H
#define TESTS_UNIT_BACKENDS_MOCK_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGES 1024u
#define GUEST_PAGE  4096u

struct mock_guest {
	int memory;     /* memfd */
	uint8_t *pages; /* the guest's own mapping */
	bool revoked[GUEST_PAGES];
	size_t mapped; /* pages that the backend has mapped now */
	size_t copies; /* operations so far */
	size_t copy_calls;
	unsigned int events; /* sent to the guest */
	unsigned int next_port;
	bool bound[64];
};

extern struct mock_guest guest;

/* Fresh memory, zero, nothing revoked. Call first in each test. */
void mock_guest_reset(void);
void *mock_guest_page(uint32_t ref);

#endif
