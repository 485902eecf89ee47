/* SPDX-License-Identifier: MIT */
/*
 * memory_op's parts. A command's progress travels in the bits of cmd above MEMOP_EXTENT_SHIFT when
 * it has to be continued.
 */
#ifndef OPS_MEMORY_OP_H
#define OPS_MEMORY_OP_H

#include "lib/types.h"

#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK     ((1ul << MEMOP_EXTENT_SHIFT) - 1)

struct domain;

/* The domain with this id (DOMID_SELF too) if the caller may control it, referenced; or NULL and
 * *error. */
struct domain *memory_op_domain(uint16_t domid, long *error);
/* Highest order that the caller may ask for. */
unsigned int memory_op_max_order(void);

/* ops/reservation.c: increase, decrease, populate. Result: extents done. */
long memory_reservation(unsigned int op, unsigned long start, void *arg);
/* ops/memory_exchange.c */
long memory_exchange(void *arg);
/* ops/memory_map.c */
long memory_get_map(void *arg);
long memory_get_machine_map(void *arg);
long memory_set_map(void *arg);
long memory_machphys_mapping(void *arg);
long memory_machphys_list(void *arg);

#endif
