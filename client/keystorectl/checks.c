/* cert check: which rules certificates break. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "command.h"
#include "files.h"
#include "json_cert.h"
#include "table.h"

#define FILE_BYTES_MAX 262144

/* What all pages brought together. */
struct outcome {
	uint64_t checked;
	uint64_t errors;
	uint64_t warnings;
	json_t *list; /* --json; else printed as it comes */
};

static void print_finding(const struct ks_check_finding *finding)
{
	char label[32] = "";

	if (finding->id)
		snprintf(label, sizeof(label), "%llu", (unsigned long long)finding->id);
	fact_print(stdout, label, "%s %s%s%s%s: %s", severity_text(finding->severity),
		   finding->rule, *finding->clause ? " (" : "", finding->clause,
		   *finding->clause ? ")" : "", finding->text);
}

static void take(const struct ks_check *check, struct outcome *outcome)
{
	outcome->checked += check->checked;
	for (size_t i = 0; i < check->finding_count; i++) {
		const struct ks_check_finding *finding = &check->findings[i];

		if (finding->severity == KS_ERROR)
			outcome->errors++;
		else
			outcome->warnings++;
		if (outcome->list)
			json_array_append_new(outcome->list, json_check_finding(finding));
		else
			print_finding(finding);
	}
}

static enum exit_code check_stored(struct ctl *ctl, uint64_t id, struct outcome *outcome)
{
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_cert_check(ctl->client, id, after, &result) != KS_OK) {
			code = ctl_fail_result(ctl, result);
		} else {
			take(result->check, outcome);
			after = result->check->last;
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

/*
 * The first certificate of a PEM file as DER, or else the file as it is: whether that is one,
 * the service says. free() it. NULL: no memory.
 */
static uint8_t *certificate_of(const struct file *file, size_t *ret_len)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
	char *name = NULL;
	unsigned char *data = NULL;
	const uint8_t *found = file->data;
	long len = (long)file->len;
	bool is_pem =
		bio && PEM_bytes_read_bio(&data, &len, &name, PEM_STRING_X509, bio, NULL, NULL) > 0;
	uint8_t *der;

	if (is_pem)
		found = data;
	der = malloc(len > 0 ? (size_t)len : 1);
	if (der) {
		memcpy(der, found, (size_t)len);
		*ret_len = (size_t)len;
	}
	OPENSSL_free(name);
	OPENSSL_free(data);
	BIO_free(bio);
	ERR_clear_error();
	return der;
}

static enum exit_code check_file(struct ctl *ctl, const char *path, struct outcome *outcome)
{
	struct ks_result *result = NULL;
	struct file file = {0};
	uint8_t *der = NULL;
	size_t len = 0;
	enum exit_code code = file_read(ctl, path, FILE_BYTES_MAX, &file);

	if (code != EXIT_OK)
		return code;
	der = certificate_of(&file, &len);
	if (!der)
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	else if (!len)
		code = ctl_fail(ctl, EXIT_USAGE, "%s is empty", path);
	else if (ks_cert_check_der(ctl->client, der, len, ctl_option(ctl, OPTION_PROFILE),
				   &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else
		take(result->check, outcome);
	ks_result_free(result);
	free(der);
	file_free(&file);
	return code;
}

static enum exit_code tell(const struct ctl *ctl, const struct outcome *outcome)
{
	if (outcome->list) {
		json_t *object =
			json_pack("{s:I, s:I, s:I, s:O}", "checked", (json_int_t)outcome->checked,
				  "errors", (json_int_t)outcome->errors, "warnings",
				  (json_int_t)outcome->warnings, "findings", outcome->list);
		enum exit_code code = ctl_print_json(ctl, object);

		if (code != EXIT_OK)
			return code;
	} else {
		printf("%llu %s checked: %llu errors, %llu warnings\n",
		       (unsigned long long)outcome->checked,
		       outcome->checked == 1 ? "certificate" : "certificates",
		       (unsigned long long)outcome->errors, (unsigned long long)outcome->warnings);
	}
	return outcome->errors ? EXIT_NOT_INTACT : EXIT_OK;
}

enum exit_code check_draft(struct ctl *ctl, const struct ks_cert_request *request)
{
	struct outcome outcome = {.list = ctl->json ? json_array() : NULL};
	struct ks_result *result = NULL;
	enum exit_code code = EXIT_OK;

	if (ks_cert_draft(ctl->client, request, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else
		take(result->check, &outcome);
	ks_result_free(result);
	if (code == EXIT_OK)
		code = tell(ctl, &outcome);
	json_decref(outcome.list);
	return code;
}

static enum exit_code command_cert_check(struct ctl *ctl)
{
	const char *what = ctl->words[0];
	struct outcome outcome = {0};
	uint64_t id = 0;
	bool is_stored = strcmp(what, "all") == 0 || parse_id(what, &id);
	enum exit_code code;

	if (is_stored && ctl_has(ctl, OPTION_PROFILE))
		return ctl_fail(ctl, EXIT_USAGE,
				"--profile is for a certificate in a file: that of certificate %s "
				"is known",
				what);
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	outcome.list = ctl->json ? json_array() : NULL;
	code = is_stored ? check_stored(ctl, id, &outcome) : check_file(ctl, what, &outcome);
	if (code == EXIT_OK)
		code = tell(ctl, &outcome);
	json_decref(outcome.list);
	return code;
}

const struct command commands_check[] = {
	{
		.name = "cert check",
		.words = "ID|all|FILE",
		.word_count = 1,
		.options = HAS(PROFILE),
		.summary = "which rules certificates break",
		.help = "Exit code 10: some are broken so that a peer may refuse the certificate.",
		.run = command_cert_check,
	},
	{.name = NULL},
};
