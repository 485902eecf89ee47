/* SPDX-License-Identifier: MIT */
/*
 * The nearest known word to one that is not known, for "did you mean" messages.
 */
#ifndef DOM0_XL_NEAREST_H
#define DOM0_XL_NEAREST_H

#include <stddef.h>

/*
 * Edits (insert, delete, replace, swap of neighbours) that turn a into b, without regard to case;
 * a large number when one of them is too long to compare.
 */
unsigned int edit_distance(const char *a, const char *b);

/*
 * Which of count words is nearest to word; at(i, arg) gives the i-th. NULL when none is near enough
 * to be what was meant.
 */
const char *nearest_word(const char *word, size_t count, const char *(*at)(size_t i, void *arg),
			 void *arg);

#endif
