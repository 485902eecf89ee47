/* SPDX-License-Identifier: MIT */
/*
 * Limits on what one unprivileged domain may make the daemon hold. One set of limits for all; what
 * a domain uses stands in its struct domain.
 */
#ifndef XENSTORED_QUOTA_H
#define XENSTORED_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum quota {
	QUOTA_NODES,             /* nodes owned */
	QUOTA_NODE_SIZE,         /* bytes of one node's name, value and permissions */
	QUOTA_WATCHES,           /* watches registered */
	QUOTA_TRANSACTIONS,      /* transactions open */
	QUOTA_TRANSACTION_NODES, /* paths touched in one transaction */
	QUOTA_PERMISSIONS,       /* entries in one node's permissions */
	QUOTA_OUTSTANDING,       /* replies not yet taken before no more requests are read */
	QUOTA_MEMORY,            /* bytes of nodes, watches and transactions together */
	NR_QUOTAS
};

/* Limit values; 0 switches a limit off. */
struct quota_limits {
	uint32_t max[NR_QUOTAS];
};

/* What a domain uses of the limits that add up, and the limits it was told of in the log. */
struct quota_usage {
	uint32_t used[NR_QUOTAS];
	uint32_t logged; /* bit per quota */
};

extern const struct quota_limits quota_defaults;

const char *quota_name(enum quota quota);
/* The quota of that name, or -1. */
int quota_by_name(const char *name);

/*
 * Whether domain domid may have amount of a quota. A refusal is logged, once per domain and limit.
 * Domain 0 may always.
 */
bool quota_allows(const struct quota_limits *limits, struct quota_usage *usage, uint32_t domid,
		  enum quota quota, uint64_t amount);

#endif
