/* SPDX-License-Identifier: MIT */
/*
 * A few words of guest memory, read or written in line: for the paths that are taken at every
 *entry. Everything else uses mm/guest_access.h.
 *
 *	if (!guest_words_begin(ptr, sizeof(*ptr)))
 *		goto fault;
 *	guest_get_word(a, guest_field(ptr, a), bad);
 *	guest_get_word(b, guest_field(ptr, b), bad);
 *	guest_words_end();
 *	...
 * bad:
 *	guest_words_end();
 *
 * Between begin and end user pages are open: nothing but these accesses stands there.
 */
#ifndef MM_GUEST_WORDS_H
#define MM_GUEST_WORDS_H

#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "mm/guest_access.h"

/* False if the range is not the guest's; then end must not follow. */
static inline bool guest_words_begin(const void *addr, size_t len)
{
	if (unlikely(!guest_range_ok(addr, len)))
		return false;
	if (cpu_features.smap)
		__asm__ __volatile__("stac" ::: "memory");
	return true;
}

static inline void guest_words_end(void)
{
	if (cpu_features.smap)
		__asm__ __volatile__("clac" ::: "memory");
}

/* value = *ptr, or on to the label if that faults. Both are 64 bits wide. */
#define guest_get_word(value, ptr, fault)                                      \
	__asm__ goto("1:	movq %1, %0\n" EXTABLE("1b", "%l[" #fault "]") \
		     : "=r"(value)                                             \
		     : "m"(*(ptr))                                             \
		     :                                                         \
		     : fault)

/* *ptr = value, a register or a constant of 32 bits. */
#define guest_put_word(value, ptr, fault)                                      \
	__asm__ goto("1:	movq %0, %1\n" EXTABLE("1b", "%l[" #fault "]") \
		     :                                                         \
		     : "er"((uint64_t)(value)), "m"(*(ptr))                    \
		     : "memory"                                                \
		     : fault)

#endif
