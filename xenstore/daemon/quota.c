/* SPDX-License-Identifier: MIT */
/*
 * Names, defaults and the check of the per-domain limits.
 */
#include "xenstore/daemon/quota.h"

#include <stddef.h>
#include <string.h>

#include "dom0-tools/lib/log.h"

static const char *const names[NR_QUOTAS] = {
	[QUOTA_NODES] = "nodes",
	[QUOTA_NODE_SIZE] = "node-size",
	[QUOTA_WATCHES] = "watches",
	[QUOTA_TRANSACTIONS] = "transactions",
	[QUOTA_TRANSACTION_NODES] = "transaction-nodes",
	[QUOTA_PERMISSIONS] = "permissions",
	[QUOTA_OUTSTANDING] = "outstanding",
	[QUOTA_MEMORY] = "memory",
};

const struct quota_limits quota_defaults = {
	.max = {
		[QUOTA_NODES] = 1000,
		[QUOTA_NODE_SIZE] = 2048,
		[QUOTA_WATCHES] = 128,
		[QUOTA_TRANSACTIONS] = 10,
		[QUOTA_TRANSACTION_NODES] = 1024,
		[QUOTA_PERMISSIONS] = 5,
		[QUOTA_OUTSTANDING] = 20,
		[QUOTA_MEMORY] = 2 << 20,
	},
};

const char *quota_name(enum quota quota)
{
	return names[quota];
}

int quota_by_name(const char *name)
{
	for (int i = 0; i < NR_QUOTAS; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	return -1;
}

bool quota_allows(const struct quota_limits *limits, struct quota_usage *usage, uint32_t domid,
		  enum quota quota, uint64_t amount)
{
	uint32_t max = limits->max[quota];

	if (!domid || !max || amount <= max)
		return true;
	if (!(usage->logged & (1u << quota))) {
		usage->logged |= 1u << quota;
		log_warn("domain %u: refused, over the limit of %u %s; raise it with "
			 "xenstore-control quota set %s N",
			 domid, max, names[quota], names[quota]);
	}
	return false;
}
