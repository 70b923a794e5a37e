/* Sentences about what is wrong. Hides how text from outside is kept from spoiling them. */
#ifndef DATA_DATA_PROBLEM_H
#define DATA_DATA_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "data_block.h"

/* Always false. */
__attribute__((format(printf, 2, 3))) bool data_fail(char problem[DATA_PROBLEM_MAX],
						     const char *format, ...);

/* Whether @text is so short and plain that a sentence can quote it. */
bool data_is_quotable(const char *text, size_t len);

#endif
