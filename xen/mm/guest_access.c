/* SPDX-License-Identifier: MIT */
/* Copies to and from guest memory. With SMAP, user pages are open only during the copy. */
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "mm/guest_access.h"

static inline void user_access_begin(void)
{
	if (cpu_features.smap)
		__asm__ __volatile__("stac" ::: "memory");
}

static inline void user_access_end(void)
{
	if (cpu_features.smap)
		__asm__ __volatile__("clac" ::: "memory");
}

/* Bytes left when a fault ended the copy, 0 when all was copied. */
static size_t raw_copy(void *dst, const void *src, size_t len)
{
	size_t words = len / 8, rest = len % 8;

	user_access_begin();
	__asm__ __volatile__(
		"1:	rep movsq\n"
		"	mov %[rest], %%rcx\n"
		"2:	rep movsb\n"
		"	jmp 4f\n"
		"3:	lea 1(%%rcx), %%rcx\n" /* not all: the exact number is not needed */
		"4:\n" EXTABLE("1b", "3b") EXTABLE("2b", "3b")
		: "+D"(dst), "+S"(src), "+c"(words)
		: [rest] "r"(rest)
		: "memory");
	user_access_end();
	return words;
}

static size_t raw_clear(void *dst, size_t len)
{
	size_t words = len / 8, rest = len % 8;

	user_access_begin();
	__asm__ __volatile__("1:	rep stosq\n"
			     "	mov %[rest], %%rcx\n"
			     "2:	rep stosb\n"
			     "	jmp 4f\n"
			     "3:	lea 1(%%rcx), %%rcx\n"
			     "4:\n" EXTABLE("1b", "3b") EXTABLE("2b", "3b")
			     : "+D"(dst), "+c"(words)
			     : [rest] "r"(rest), "a"(0)
			     : "memory");
	user_access_end();
	return words;
}

int copy_from_guest(void *dst, const void *guest, size_t len)
{
	if (!guest_range_ok(guest, len) || raw_copy(dst, guest, len))
		return -EFAULT;
	return 0;
}

int copy_to_guest(void *guest, const void *src, size_t len)
{
	if (!guest_range_ok(guest, len) || raw_copy(guest, src, len))
		return -EFAULT;
	return 0;
}

int clear_guest(void *guest, size_t len)
{
	if (!guest_range_ok(guest, len) || raw_clear(guest, len))
		return -EFAULT;
	return 0;
}
