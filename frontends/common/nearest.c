#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WORD_MAX 64

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

unsigned nearest_distance(const char *one, const char *other)
{
	size_t one_len = strlen(one);
	size_t other_len = strlen(other);
	unsigned row[WORD_MAX + 1];

	if (one_len > WORD_MAX || other_len > WORD_MAX)
		return NEAREST_MAX + 1;
	/* Wagner and Fischer's matrix, of which one row is kept. */
	for (size_t j = 0; j <= other_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < one_len; i++) {
		unsigned before = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < other_len; j++) {
			unsigned above = row[j + 1];
			bool differs =
				tolower((unsigned char)one[i]) != tolower((unsigned char)other[j]);

			row[j + 1] = least(above + 1, row[j] + 1, before + differs);
			before = above;
		}
	}
	/* In a short word, three other letters make another one. */
	return row[other_len] * 2 > one_len ? NEAREST_MAX + 1 : row[other_len];
}
