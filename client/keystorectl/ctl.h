/* One run of keystorectl: what was asked, the connection, and how failures are told. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arguments.h"
#include "json_text.h"
#include "keystore.h"

/* Stable: scripts rely on them, and keystorectl(1) lists them. */
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
	EXIT_NOT_DECRYPTED = 9,
	EXIT_NOT_INTACT = 10,
	EXIT_REFUSED = 11,
};

struct ctl {
	struct arguments arguments;
	const char *const *words; /* after the command's name, NULL at the end */
	const char *command;	  /* "key create" */
	bool json;
	struct ks_client *client; /* NULL before ctl_connect() */
	bool in_transaction;	  /* what it does is only staged, and nothing is told of it */
};

/* The value of an option; NULL: not given. */
const char *ctl_option(const struct ctl *ctl, enum option option);
bool ctl_has(const struct ctl *ctl, enum option option);

/* Options that several commands have. False: told, and the caller ends with EXIT_USAGE. */
bool ctl_hash(const struct ctl *ctl, enum ks_hash *ret_hash);
bool ctl_padding(const struct ctl *ctl, enum ks_padding *ret_padding);
bool ctl_operations(const struct ctl *ctl, enum option option, unsigned *ret_operations);

/* Connects, with --socket, --deadline and --wait. EXIT_OK, or it was told. */
enum exit_code ctl_connect(struct ctl *ctl);

/* Whether changes are staged from now on. */
void ctl_stage(struct ctl *ctl, bool in_transaction);

/* Tells a failure in a sentence, with --json as an object too. Returns @code. */
enum exit_code ctl_fail(const struct ctl *ctl, enum exit_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum exit_code ctl_fail_result(const struct ctl *ctl, const struct ks_result *result);

enum exit_code exit_code_of(enum ks_status status);

/* Prints the object on a line and lets it go. EXIT_FAILED: no memory (@object NULL), or I/O. */
enum exit_code ctl_print_json(const struct ctl *ctl, json_t *object);

#endif
