/* SPDX-License-Identifier: MIT */
/*
 * Stands in for xen/mm/guest_words.h when the hypervisor's sources are compiled for the host: guest
 * memory is what the test's copy_from_guest() and copy_to_guest() say.
 */
#ifndef MM_GUEST_WORDS_H
#define MM_GUEST_WORDS_H

#include "mm/guest_access.h"

static inline bool guest_words_begin(const void *addr, size_t len)
{
	return guest_range_ok(addr, len);
}

static inline void guest_words_end(void)
{
}

#define guest_get_word(value, ptr, fault)                          \
	do {                                                       \
		_Static_assert(sizeof(value) == 8, "a word");      \
		if (copy_from_guest(&(value), ptr, sizeof(value))) \
			goto fault;                                \
	} while (0)

#define guest_put_word(value, ptr, fault)                      \
	do {                                                   \
		uint64_t word_ = (uint64_t)(value);            \
                                                               \
		if (copy_to_guest(ptr, &word_, sizeof(word_))) \
			goto fault;                            \
	} while (0)

#endif
