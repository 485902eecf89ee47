/* SPDX-License-Identifier: MIT */
/* Searching bit maps. */
#include "lib/bitops.h"

static unsigned long find_next(const unsigned long *map, unsigned long size, unsigned long start,
			       unsigned long invert)
{
	unsigned long i = start / BITS_PER_LONG, word, bit;

	if (start >= size)
		return size;
	word = (map[i] ^ invert) & (~0ul << (start % BITS_PER_LONG));
	while (word == 0) {
		if (++i >= BITS_TO_LONGS(size))
			return size;
		word = map[i] ^ invert;
	}
	bit = i * BITS_PER_LONG + (unsigned long)__builtin_ctzl(word);
	return min(bit, size);
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	return find_next(map, size, start, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	return find_next(map, size, start, ~0ul);
}
