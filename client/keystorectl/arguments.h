/* The command line, taken apart. Hides its syntax: options may be anywhere, =VALUE or apart. */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_DEADLINE,
	OPTION_WAIT,
	OPTION_ALGORITHM,
	OPTION_USAGE,
	OPTION_UID,
	OPTION_GID,
	OPTION_OPERATIONS,
	OPTION_PUBLIC,
	OPTION_REFERENCE,
	OPTION_TSS2,
	OPTION_PRIVATE,
	OPTION_PASSWORD_FILE,
	OPTION_IN,
	OPTION_OUT,
	OPTION_SUBJECT,
	OPTION_SAN,
	OPTION_HASH,
	OPTION_PADDING,
	OPTION_DIGEST,
	OPTION_DER,
	OPTION_HEX,
	OPTION_NAMES,
	OPTION_AFTER,
	OPTION_LIMIT,
	OPTION_PROFILE,
	OPTION_ISSUER,
	OPTION_SELF_SIGNED,
	OPTION_KEY,
	OPTION_NEW_KEY,
	OPTION_DAYS,
	OPTION_NOT_BEFORE,
	OPTION_NOT_AFTER,
	OPTION_FORMAT,
	OPTION_KIND,
	OPTION_RSA_SUBJECT,
	OPTION_EC_SUBJECT,
	OPTION_LAYOUT,
	OPTION_REASON,
	OPTION_OF_VERSION,
	OPTION_DAYS_BEFORE,
	OPTION_FRACTION,
	OPTION_OFF,
	OPTION_DEFAULT,
	OPTION_REKEY,
	OPTION_ADDRESSES,
	OPTION_LIST,
	OPTION_GROUP,
	OPTION_AUTO_ACCEPT,
	OPTION_CRLS,
	OPTION_CHAIN,
	OPTION_OWNER,
	OPTION_MODE,
	OPTION_RELOAD,
	OPTION_RUN,
	OPTION_DIR,
	OPTION_PURPOSE,
	OPTION_APPLICATION_URI,
	OPTION_HOST,
	OPTION_ANCHOR,
	OPTION_AT,
	OPTION_PATH_LENGTH,
	OPTION_FOR,
	OPTION_CERT,
	OPTION_ROLES,
	OPTION_RIGHTS,
	OPTION_STATE,
	OPTION_MUST_CHANGE,
	OPTION_NEW_PASSWORD,
	OPTION_NEW_PASSWORD_FILE,
	OPTION_SERVICE,
	OPTION_CONFIG,
	OPTION_USER,
	OPTION_DRY_RUN,
	OPTION_DNS,
	OPTION_IP,
	OPTION_CN,
	OPTION_NEWEST,
	OPTION_OPERATION,
	OPTION_OBJECT,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_COUNT,
};

#define WORDS_MAX     8
#define PROBLEM_BYTES 256

struct arguments {
	const char *values[OPTION_COUNT]; /* NULL: not given; a flag's is "" */
	const char *words[WORDS_MAX + 1]; /* what is no option; NULL at the end */
	size_t word_count;
};

/* "--socket" */
const char *option_name(enum option option);
/* "--socket PATH", what it does. */
const char *option_usage(enum option option);
const char *option_help(enum option option);

/* Borrows from @argv. False: @problem (PROBLEM_BYTES) says what is wrong. */
bool arguments_parse(int argc, char *const *argv, struct arguments *ret_arguments, char *problem);

/* Values of options. They return false for what is no such value. */
bool parse_operations(const char *text, unsigned *ret_operations); /* "sign,decrypt", "none" */
bool parse_seconds(const char *text, uint32_t *ret_ms);
bool parse_number(const char *text, uint32_t *ret_number);
bool parse_large(const char *text, uint64_t *ret_number);
bool parse_id(const char *text, uint64_t *ret_id);	 /* "7", "#7" */
bool parse_time(const char *text, int64_t *ret_seconds); /* "2026-03-01", "…T12:00:00Z" */

#endif
