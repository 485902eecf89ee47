/* SPDX-License-Identifier: MIT */
/*
 * Nearest known word; see nearest.h. Restricted Damerau-Levenshtein distance over three rows.
 */
#include "dom0-tools/xl/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define MAX_WORD 64

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][MAX_WORD + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > MAX_WORD || lb > MAX_WORD)
		return UINT_MAX;
	for (j = 0; j <= lb; j++)
		last[j] = (unsigned int)j;
	for (i = 1; i <= la; i++) {
		now[0] = (unsigned int)i;
		for (j = 1; j <= lb; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
				      last[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

const char *nearest_word(const char *word, size_t count, const char *(*at)(size_t i, void *arg),
			 void *arg)
{
	unsigned int best = UINT_MAX, limit = (unsigned int)(strlen(word) + 2) / 3;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		const char *candidate = at(i, arg);
		unsigned int distance = edit_distance(word, candidate);

		if (distance < best) {
			best = distance;
			found = candidate;
		}
	}
	return best <= limit ? found : NULL;
}
