#include "data_problem.h"

#include <stdarg.h>
#include <stdio.h>

#define QUOTED_MAX 64

bool data_fail(char problem[DATA_PROBLEM_MAX], const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(problem, DATA_PROBLEM_MAX, format, list);
	va_end(list);
	return false;
}

bool data_is_quotable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= QUOTED_MAX;
}
