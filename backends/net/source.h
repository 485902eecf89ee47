/* SPDX-License-Identifier: MIT */
/*
 * Opening what backs a virtual interface, in the supervisor: from the nodes `vifname`, `handle`,
 * `bridge`, `script`, `rate`, `mtu` and `mac` to a TAP interface that is attached to the network.
 */
#ifndef BACKENDS_NET_SOURCE_H
#define BACKENDS_NET_SOURCE_H

#include <stdint.h>

#include "backends/net/tap.h"

struct source;

/* Handed to the guest's process with the TAP descriptor. */
struct vif_info {
	char name[TAP_NAME_MAX];
	uint8_t mac[6]; /* of the guest */
	uint16_t pad;
	uint64_t rate_bytes, rate_usec; /* 0: no limit */
};

/* The descriptors handed over. */
enum { VIF_FD_TAP, VIF_FD_STATE };

/* backend_class.open and .release. */
int net_source_open(struct source *src);
int net_source_release(struct source *src);

#endif
