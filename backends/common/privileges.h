/* SPDX-License-Identifier: MIT */
/* Giving up what the process of a guest does not need. */
#ifndef BACKENDS_COMMON_PRIVILEGES_H
#define BACKENDS_COMMON_PRIVILEGES_H

#include <stdint.h>

/*
 * For good: own user and group ids for each guest (so that the processes of two guests cannot
 * reach each other), no capabilities, no new privileges, no further processes, no core dumps (they
 * would hold guest memory), ends with its parent. 0 or a negative errno, the process must not go on
 * then.
 */
int privileges_drop(uint32_t domid);

#endif
