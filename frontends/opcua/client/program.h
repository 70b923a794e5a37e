/* One run of keystore-opcua-client: what was asked, and how failures are told. */
#ifndef CLIENT_PROGRAM_H
#define CLIENT_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>

#include "options.h"

#define PROGRAM_NAME "keystore-opcua-client"

/* Stable: scripts rely on them, and keystore-opcua-client(1) lists them. As keystorectl(1) has them. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_UNAVAILABLE = 5,
	EXIT_BUSY = 6,
	EXIT_CONFLICT = 7,
	EXIT_UNSUPPORTED = 8,
	EXIT_REFUSED = 11, /* a certificate: the server's here, or ours there */
};

struct program {
	struct options options;
	const char *const *words; /* behind the command's name, NULL at the end */
	size_t word_count;
	const char *command; /* "push csr" */
	bool json;
	bool is_verbose;
	uint32_t timeout_ms;
};

/* The value of an option; NULL: not given. */
const char *program_option(const struct program *program, enum option option);
bool program_has(const struct program *program, enum option option);

/* Tells a failure in a sentence, with --json as an object too. Returns @code. */
enum exit_code program_fail(const struct program *program, enum exit_code code, const char *format,
			    ...) __attribute__((format(printf, 3, 4)));
/* The same with the name of what it is: "BadUserAccessDenied". */
enum exit_code program_fail_named(const struct program *program, enum exit_code code,
				  const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
enum exit_code program_no_memory(const struct program *program);

/* Something to know, to standard error; nothing fails. */
void program_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the object on a line and lets it go. EXIT_FAILED: no memory (@object NULL), or I/O. */
enum exit_code program_print_json(const struct program *program, json_t *object);

#endif
