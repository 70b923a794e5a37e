/* The command line, taken apart. Hides its syntax: options may be anywhere, =VALUE or apart. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option {
	OPTION_URL,
	OPTION_SERVICE,
	OPTION_SOCKET,
	OPTION_POLICY,
	OPTION_MODE,
	OPTION_USER,
	OPTION_PASSWORD_FILE,
	OPTION_USER_CERT,
	OPTION_TIMEOUT,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DEPTH,
	OPTION_ALL,
	OPTION_ATTRIBUTE,
	OPTION_TYPE,
	OPTION_INTERVAL,
	OPTION_COUNT,
	OPTION_SECONDS,
	OPTION_GROUP,
	OPTION_CERT_TYPE,
	OPTION_SUBJECT,
	OPTION_NEW_KEY,
	OPTION_OUT,
	OPTION_KEY,
	OPTION_KEY_PASSWORD_FILE,
	OPTION_LIST,
	OPTION_NO_APPLY,
	OPTIONS,
};

#define WORDS_MAX     64
#define PROBLEM_BYTES 256

struct options {
	const char *values[OPTIONS];	  /* NULL: not given; a flag's is "" */
	const char *words[WORDS_MAX + 1]; /* what is no option; NULL at the end */
	size_t word_count;
};

/* "--socket" */
const char *option_name(enum option option);
/* "PATH"; "": a flag. */
const char *option_usage(enum option option);
const char *option_help(enum option option);

/* Borrows from @argv. False: @problem (PROBLEM_BYTES) says what is wrong. */
[[nodiscard]] bool options_parse(int argc, char *const *argv, struct options *ret_options,
				 char *problem);

/* Values of options. They return false for what is no such value. */
[[nodiscard]] bool option_read_number(const char *text, uint64_t min, uint64_t max,
				      uint64_t *ret_number);
/* 0.001 to 86400 seconds. */
[[nodiscard]] bool option_read_seconds(const char *text, uint32_t *ret_ms);

#endif
