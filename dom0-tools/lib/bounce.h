/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls with one structure as argument, and arrays that such structures point to: copied into
 * hypercall memory, the call made, copied back. For the files of this folder.
 */
#ifndef DOM0_LIB_BOUNCE_H
#define DOM0_LIB_BOUNCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * op(cmd, arg): arg of bytes is copied in and, unless the call failed, out again. Returns the
 * hypercall's result. memory_op, event_channel_op, xen_version, sched_op have this shape.
 */
long hypercall_cmd_arg(int fd, unsigned int op, uint64_t cmd, void *arg, size_t bytes);
/* op(arg), for domctl and sysctl. Out is copied back even when the call failed. */
long hypercall_arg(int fd, unsigned int op, void *arg, size_t bytes);

/* Hypercall memory with a copy of data (data NULL: zeroes). NULL with errno set. */
void *bounce_in(int fd, const void *data, size_t bytes);
/* Copies back when data is not NULL, and frees. */
void bounce_out(int fd, void *buffer, void *data, size_t bytes);

#endif
