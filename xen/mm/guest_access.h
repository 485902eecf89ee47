/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing a guest's memory through the running vCPU's page tables. All guest pointers
 * go through here: the range is checked against the hypervisor's slots, and a fault in it becomes
 * -EFAULT through the exception table.
 */
#ifndef MM_GUEST_ACCESS_H
#define MM_GUEST_ACCESS_H

#include "lib/errno.h"
#include "lib/types.h"
#include "mm/layout.h"

/* The range does not touch hypervisor space and does not wrap. */
static inline bool guest_range_ok(const void *addr, size_t len)
{
	uint64_t start = (uint64_t)addr, end = start + len;

	return end >= start && (end <= HV_VIRT_START || start >= HV_VIRT_END);
}

/* 0, or -EFAULT if any byte cannot be accessed; then part of dst may have been written. */
int __must_check copy_from_guest(void *dst, const void *guest, size_t len);
int __must_check copy_to_guest(void *guest, const void *src, size_t len);
int __must_check clear_guest(void *guest, size_t len);

/* The address of a word in a structure in guest memory, which may well lie at address 0. */
#define guest_field(ptr, member) \
	((uint64_t *)((uint64_t)(ptr) + offsetof(__typeof__(*(ptr)), member)))

/* Element index i of an array in guest memory, checking that the index does not overflow. */
#define copy_from_guest_offset(dst, array, i, n) \
	guest_copy_array_from(dst, (const void *)(array), i, n, sizeof(*(array)))
#define copy_to_guest_offset(array, i, src, n) \
	guest_copy_array_to((void *)(array), i, src, n, sizeof(*(array)))

static inline int __must_check guest_copy_array_from(void *dst, const void *array, size_t i,
						     size_t n, size_t size)
{
	size_t off, len;

	if (__builtin_mul_overflow(i, size, &off) || __builtin_mul_overflow(n, size, &len))
		return -EFAULT;
	if (__builtin_add_overflow((uint64_t)array, off, &off))
		return -EFAULT;
	return copy_from_guest(dst, (const void *)off, len);
}

static inline int __must_check guest_copy_array_to(void *array, size_t i, const void *src, size_t n,
						   size_t size)
{
	size_t off, len;

	if (__builtin_mul_overflow(i, size, &off) || __builtin_mul_overflow(n, size, &len))
		return -EFAULT;
	if (__builtin_add_overflow((uint64_t)array, off, &off))
		return -EFAULT;
	return copy_to_guest((void *)off, src, len);
}

#endif
