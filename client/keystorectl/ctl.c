#include "ctl.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"

#define MESSAGE_BYTES 1024

static const struct {
	enum ks_status status;
	enum exit_code code;
} exit_codes[] = {
	{KS_OK, EXIT_OK},
	{KS_INVALID, EXIT_USAGE},
	{KS_UNSUPPORTED, EXIT_UNSUPPORTED},
	{KS_DENIED, EXIT_DENIED},
	{KS_NOT_FOUND, EXIT_NOT_FOUND},
	{KS_EXISTS, EXIT_CONFLICT},
	{KS_LIMIT, EXIT_CONFLICT},
	{KS_CONFLICT, EXIT_CONFLICT},
	{KS_BUSY, EXIT_BUSY},
	{KS_DEADLINE, EXIT_BUSY},
	{KS_UNAVAILABLE, EXIT_UNAVAILABLE},
	{KS_UNREACHABLE, EXIT_UNAVAILABLE},
	{KS_DISCONNECTED, EXIT_UNAVAILABLE},
	{KS_DECRYPT_FAILED, EXIT_NOT_DECRYPTED},
};

enum exit_code exit_code_of(enum ks_status status)
{
	for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
		if (exit_codes[i].status == status)
			return exit_codes[i].code;
	return EXIT_FAILED;
}

const char *ctl_option(const struct ctl *ctl, enum option option)
{
	return ctl->arguments.values[option];
}

bool ctl_has(const struct ctl *ctl, enum option option)
{
	return ctl->arguments.values[option] != NULL;
}

static void print_failure(const struct ctl *ctl, enum exit_code code, const char *status,
			  const char *message)
{
	json_t *object;

	fprintf(stderr, "keystorectl: %s\n", message);
	if (!ctl->json)
		return;
	object = json_pack("{s:{s:s, s:o, s:i}}", "error", "status", status, "message",
			   json_text(message), "exit_code", (int)code);
	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		putchar('\n');
	json_decref(object);
}

enum exit_code ctl_fail(const struct ctl *ctl, enum exit_code code, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	print_failure(ctl, code, code == EXIT_USAGE ? "usage" : "failed", message);
	return code;
}

enum exit_code ctl_fail_result(const struct ctl *ctl, const struct ks_result *result)
{
	enum exit_code code = exit_code_of(result->status);

	print_failure(ctl, code, ks_status_name(result->status), result->message);
	return code;
}

void ctl_stage(struct ctl *ctl, bool in_transaction)
{
	const char *deadline = ctl_option(ctl, OPTION_DEADLINE);
	struct ks_options options = {.wait_for_tpm = ctl_has(ctl, OPTION_WAIT),
				     .in_transaction = in_transaction};

	if (deadline)
		(void)parse_seconds(deadline, &options.deadline_ms);
	ks_set_options(ctl->client, &options);
}

enum exit_code ctl_connect(struct ctl *ctl)
{
	const char *path = ctl_option(ctl, OPTION_SOCKET);
	const char *deadline = ctl_option(ctl, OPTION_DEADLINE);
	struct ks_options options = {.wait_for_tpm = ctl_has(ctl, OPTION_WAIT)};
	char message[MESSAGE_BYTES];
	enum ks_status status;

	/* A command of several on one connection. */
	if (ctl->client)
		return EXIT_OK;
	if (deadline && !parse_seconds(deadline, &options.deadline_ms))
		return ctl_fail(ctl, EXIT_USAGE,
				"--deadline %s: not a number of seconds from 0.001 to 86400",
				deadline);
	status = ks_connect(path, &ctl->client);
	if (status != KS_OK) {
		ks_connect_message(path, errno, message, sizeof(message));
		print_failure(ctl, exit_code_of(status), ks_status_name(status), message);
		return exit_code_of(status);
	}
	ks_set_options(ctl->client, &options);
	return token_load(ctl);
}

bool ctl_hash(const struct ctl *ctl, enum ks_hash *ret_hash)
{
	const char *name = ctl_option(ctl, OPTION_HASH);
	enum ks_hash hash = name ? ks_hash_from_name(name) : KS_HASH_SHA256;

	if (!hash) {
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--hash %s: not one of sha256, sha384, sha512, sha1", name);
		return false;
	}
	*ret_hash = hash;
	return true;
}

bool ctl_padding(const struct ctl *ctl, enum ks_padding *ret_padding)
{
	const char *name = ctl_option(ctl, OPTION_PADDING);

	if (!name) {
		*ret_padding = KS_PADDING_DEFAULT;
	} else if (strcmp(name, "pkcs1") == 0) {
		*ret_padding = KS_PADDING_PKCS1;
	} else if (strcmp(name, "pss") == 0) {
		*ret_padding = KS_PADDING_PSS;
	} else {
		(void)ctl_fail(ctl, EXIT_USAGE, "--padding %s: not pkcs1 or pss", name);
		return false;
	}
	return true;
}

bool ctl_operations(const struct ctl *ctl, enum option option, unsigned *ret_operations)
{
	const char *text = ctl_option(ctl, option);

	if (!text) {
		*ret_operations = 0;
		return true;
	}
	if (parse_operations(text, ret_operations))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s %s: not a list of sign and decrypt, like sign,decrypt",
		       option_name(option), text);
	return false;
}

enum exit_code ctl_print_json(const struct ctl *ctl, json_t *object)
{
	int failed = object ? json_dumpf(object, stdout, JSON_COMPACT) : -1;

	json_decref(object);
	if (failed || putchar('\n') == EOF)
		return ctl_fail(ctl, EXIT_FAILED, "the result could not be written: %s",
				object ? strerror(errno) : "out of memory");
	return EXIT_OK;
}
