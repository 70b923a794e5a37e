#include "client_log.h"

#include <stdio.h>

#include "program.h"

static void write_line(void *context, UA_LogLevel level, UA_LogCategory category,
		       const char *format, va_list arguments)
{
	char line[1024];

	(void)context;
	(void)category;
	if (level < UA_LOGLEVEL_INFO)
		return;
	vsnprintf(line, sizeof(line), format, arguments);
	program_note("%s", line);
}

static void write_nothing(void *context, UA_LogLevel level, UA_LogCategory category,
			  const char *format, va_list arguments)
{
	(void)context;
	(void)level;
	(void)category;
	(void)format;
	(void)arguments;
}

const UA_Logger *client_log(bool is_verbose)
{
	static const UA_Logger verbose = {.log = write_line};
	static const UA_Logger silent = {.log = write_nothing};

	return is_verbose ? &verbose : &silent;
}
