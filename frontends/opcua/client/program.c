#include "program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"

#define MESSAGE_BYTES 2048

const char *program_option(const struct program *program, enum option option)
{
	return program->options.values[option];
}

bool program_has(const struct program *program, enum option option)
{
	return program->options.values[option] != NULL;
}

/* A server's texts may hold what a terminal would take for orders. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void print_failure(const struct program *program, enum exit_code code, const char *name,
			  char *message)
{
	json_t *object;

	make_printable(message);
	fprintf(stderr, PROGRAM_NAME ": %s\n", message);
	if (!program->json)
		return;
	object = json_pack("{s:{s:s, s:o, s:i}}", "error", "status", name, "message",
			   json_text(message), "exit_code", (int)code);
	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		putchar('\n');
	json_decref(object);
}

enum exit_code program_fail(const struct program *program, enum exit_code code, const char *format,
			    ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	print_failure(program, code, code == EXIT_USAGE ? "usage" : "failed", message);
	return code;
}

enum exit_code program_fail_named(const struct program *program, enum exit_code code,
				  const char *name, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	print_failure(program, code, name, message);
	return code;
}

enum exit_code program_no_memory(const struct program *program)
{
	return program_fail(program, EXIT_FAILED, "out of memory");
}

void program_note(const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	make_printable(message);
	fprintf(stderr, PROGRAM_NAME ": %s\n", message);
}

enum exit_code program_print_json(const struct program *program, json_t *object)
{
	int failed = object ? json_dumpf(object, stdout, JSON_COMPACT) : -1;

	json_decref(object);
	if (failed || putchar('\n') == EOF)
		return program_fail(program, EXIT_FAILED, "the result could not be written: %s",
				    object ? strerror(errno) : "out of memory");
	return EXIT_OK;
}
