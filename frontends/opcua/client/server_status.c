#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "server_link.h"

#define DOING_BYTES 1024

const char *status_name(UA_StatusCode status)
{
	return UA_StatusCode_name(status);
}

enum exit_code server_fail(const struct program *program, UA_StatusCode status, const char *format,
			   ...)
{
	const char *name = status_name(status);
	const struct advice *advice = advice_find(name);
	char doing[DOING_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(doing, sizeof(doing), format, list);
	va_end(list);
	return program_fail_named(program, advice->code, name, "%s: %s%s%s", doing, name,
				  *advice->text ? ": " : "", advice->text);
}
