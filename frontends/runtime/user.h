/* SPDX-License-Identifier: MIT */
/*
 * User mode: a second page table with pages that a guest's user programs run on. The hypervisor
 * changes to it when the guest returns to user mode by the iret hypercall, and back to the kernel's
 * table on every trap and system call. One user table, never taken down.
 */
#ifndef RUNTIME_USER_H
#define RUNTIME_USER_H

#include "lib/types.h"

#define USER_BASE  0x400000ul
#define USER_PAGES 512u

/* Makes the user table, empty, and the stack for traps from user mode. 0 or a negative errno. */
int user_init(void *kernel_stack_end);
/* Maps the page at va (from page_alloc()) at USER_BASE + index pages. 0 or a negative errno. */
int user_map(unsigned int index, const void *va, bool writable);

#endif
