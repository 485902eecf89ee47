/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls and foreign memory for the toolstack, over /dev/xen/privcmd
 * (linux/include/uapi/xen/privcmd.h). Negative errno on failure.
 */
#ifndef DOM0_LIB_PRIVCMD_H
#define DOM0_LIB_PRIVCMD_H

#include <stddef.h>
#include <stdint.h>

int privcmd_open(void);
/* The hypercall's own result, or the negative errno. Unused arguments are 0. */
long privcmd_hypercall(int fd, unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
		       uint64_t a5);
/*
 * Memory that hypercalls may read and write: page aligned, locked, never moved by the kernel while
 * a hypercall runs. Hypercall arguments and what their handles point to must come from here.
 */
void *hypercall_buffer_alloc(int fd, size_t bytes);
void hypercall_buffer_free(int fd, void *addr, size_t bytes);
/*
 * Maps frames (gfns, for a PV domain its mfns) of domid, count of them, as one range. Fails whole:
 * NULL with errno set if any frame cannot be mapped.
 */
void *foreign_map(int fd, uint32_t domid, const uint64_t *frames, size_t count, int prot);
int foreign_unmap(void *addr, size_t count);

#endif
