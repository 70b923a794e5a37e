#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "certtext.h"
#include "checks.h"
#include "command.h"
#include "files.h"
#include "json_cert.h"
#include "json_pem.h"
#include "progress.h"
#include "san.h"
#include "table.h"

#define DOING_BYTES	128
#define PATH_LENGTH_MAX 15

bool cert_take_validity(struct ctl *ctl, struct ks_validity *ret_validity)
{
	static const enum option options[] = {OPTION_NOT_BEFORE, OPTION_NOT_AFTER};
	const char *days = ctl_option(ctl, OPTION_DAYS);
	struct ks_validity validity = {0};
	int64_t *const times[] = {&validity.not_before, &validity.not_after};

	if (days && (!parse_number(days, &validity.days) || !validity.days)) {
		(void)ctl_fail(ctl, EXIT_USAGE, "--days %s: not a number of days", days);
		return false;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *text = ctl_option(ctl, options[i]);

		if (text && !parse_time(text, times[i])) {
			(void)ctl_fail(ctl, EXIT_USAGE,
				       "%s %s: not a time like 2026-03-01 or 2026-03-01T12:00:00Z",
				       option_name(options[i]), text);
			return false;
		}
	}
	*ret_validity = validity;
	return true;
}

bool cert_take_id(struct ctl *ctl, uint64_t *ret_id)
{
	if (parse_id(ctl->words[0], ret_id))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s is no certificate's ID: cert list shows them",
		       ctl->words[0]);
	return false;
}

bool cert_take_hash(struct ctl *ctl, enum ks_hash *ret_hash)
{
	if (ctl_has(ctl, OPTION_HASH))
		return ctl_hash(ctl, ret_hash);
	*ret_hash = KS_HASH_DEFAULT;
	return true;
}

bool cert_take_path_length(struct ctl *ctl, uint32_t *ret_levels)
{
	const char *text = ctl_option(ctl, OPTION_PATH_LENGTH);
	uint32_t length = 0;

	if (text && (!parse_number(text, &length) || length > PATH_LENGTH_MAX)) {
		(void)ctl_fail(ctl, EXIT_USAGE, "--path-length %s: not a number from 0 to %d", text,
			       PATH_LENGTH_MAX);
		return false;
	}
	*ret_levels = text ? length + 1 : 0;
	return true;
}

static enum exit_code command_project_init(struct ctl *ctl)
{
	struct ks_project project = {.rsa_subject = ctl_option(ctl, OPTION_RSA_SUBJECT),
				     .ec_subject = ctl_option(ctl, OPTION_EC_SUBJECT)};
	struct progress progress = {.ctl = ctl,
				    .show = cert_show_results,
				    .doing = "making the project's CAs in the TPM"};
	struct ks_validity validity;
	enum exit_code code;

	if (!cert_take_validity(ctl, &validity))
		return EXIT_USAGE;
	project.days = validity.days;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	return progress_wait(
		&progress, ks_project_init_start(ctl->client, &project, progress_done, &progress));
}

/* Which key and which issuer. False: told. */
static bool take_parties(struct ctl *ctl, struct ks_cert_request *request)
{
	const char *algorithm = ctl_option(ctl, OPTION_ALGORITHM);
	const char *issuer = ctl_option(ctl, OPTION_ISSUER);

	request->key = ctl_option(ctl, OPTION_KEY);
	request->new_key = ctl_option(ctl, OPTION_NEW_KEY);
	request->algorithm = ks_algorithm_from_name(algorithm);
	if (!issuer == !ctl_has(ctl, OPTION_SELF_SIGNED))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "cert create needs one of --issuer ID, --self-signed");
	else if (issuer && !parse_id(issuer, &request->issuer))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--issuer %s: not a certificate's ID: cert list --kind ca shows "
			       "them",
			       issuer);
	else if (!request->key == !request->new_key)
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "cert create needs one of --key NAME, --new-key NAME");
	else if (!request->new_key != !algorithm)
		(void)ctl_fail(ctl, EXIT_USAGE, "--new-key and --algorithm go together");
	else if (algorithm && !request->algorithm)
		(void)ctl_fail(ctl, EXIT_USAGE, "--algorithm %s: not one of %s", algorithm,
			       option_help(OPTION_ALGORITHM));
	else
		return true;
	return false;
}

static enum exit_code command_cert_create(struct ctl *ctl)
{
	struct ks_cert_request request = {.profile = ctl_option(ctl, OPTION_PROFILE),
					  .subject = ctl_option(ctl, OPTION_SUBJECT)};
	struct progress progress = {.ctl = ctl, .show = cert_show_result};
	const char *list = ctl_option(ctl, OPTION_SAN);
	char problem[PROBLEM_BYTES];
	struct san san = {0};
	char doing[DOING_BYTES];
	enum exit_code code;

	if (!take_parties(ctl, &request) || !cert_take_validity(ctl, &request.validity) ||
	    !cert_take_hash(ctl, &request.hash) || !ctl_padding(ctl, &request.padding) ||
	    !cert_take_path_length(ctl, &request.ca_levels))
		return EXIT_USAGE;
	if (list && !san_parse(list, &san, problem, sizeof(problem)))
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	request.names = san.names;
	request.name_count = san.count;
	code = ctl_connect(ctl);
	if (code == EXIT_OK && ctl_has(ctl, OPTION_DRY_RUN)) {
		code = check_draft(ctl, &request);
	} else if (code == EXIT_OK) {
		snprintf(doing, sizeof(doing), "making a certificate for %.64s",
			 request.key ? request.key : request.new_key);
		progress.doing = doing;
		code = progress_wait(&progress, ks_cert_create_start(ctl->client, &request,
								     progress_done, &progress));
	}
	san_free(&san);
	return code;
}

bool cert_take_kind(struct ctl *ctl, enum ks_cert_kind *ret_kind)
{
	static const struct {
		const char *name;
		enum ks_cert_kind kind;
	} kinds[] = {
		{"ca", KS_CERT_CA},
		{"device", KS_CERT_DEVICE},
		{"trusted", KS_CERT_TRUSTED},
	};
	const char *name = ctl_option(ctl, OPTION_KIND);

	if (!name) {
		*ret_kind = KS_CERT_ALL;
		return true;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			*ret_kind = kinds[i].kind;
			return true;
		}
	}
	(void)ctl_fail(ctl, EXIT_USAGE, "--kind %s: not one of ca, device, trusted", name);
	return false;
}

/* Takes each certificate into @table or @list, page by page. */
static enum exit_code collect(struct ctl *ctl, enum ks_cert_kind kind, struct table *table,
			      json_t *list)
{
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_cert_list(ctl->client, kind, after, 0, &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->cert_count && code == EXIT_OK; i++) {
			const struct ks_cert *cert = &result->certs[i];

			after = cert->id;
			if (table ? !cert_add_row(table, cert)
				  : json_array_append_new(list, json_cert(cert)) != 0)
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

enum exit_code cert_list(struct ctl *ctl, enum ks_cert_kind kind)
{
	struct table *table;
	enum exit_code code;
	json_t *list;

	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = collect(ctl, kind, NULL, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "certs", list));
		json_decref(list);
		return code;
	}
	table = table_new(cert_heads, CERT_COLUMNS);
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = collect(ctl, kind, table, NULL);
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code command_cert_list(struct ctl *ctl)
{
	enum ks_cert_kind kind = 0;

	return cert_take_kind(ctl, &kind) ? cert_list(ctl, kind) : EXIT_USAGE;
}

/* One certificate, told by @tell. */
static enum exit_code show(struct ctl *ctl, enum exit_code (*tell)(const struct ctl *ctl,
								   const struct ks_result *result))
{
	struct ks_result *result = NULL;
	enum exit_code code;
	uint64_t id;

	if (!cert_take_id(ctl, &id))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_cert_show(ctl->client, id, &result) == KS_OK)
		code = tell(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

static enum exit_code command_cert_show(struct ctl *ctl)
{
	return show(ctl, cert_show_result);
}

static enum exit_code command_cert_history(struct ctl *ctl)
{
	return show(ctl, cert_show_history);
}

static const struct format {
	const char *name;
	enum ks_cert_format format;
	bool is_binary;
} formats[] = {
	{"pem", KS_CERT_PEM, false},	     {"der", KS_CERT_DER, true},
	{"chain", KS_CERT_CHAIN_PEM, false}, {"p7b", KS_CERT_P7B, true},
	{"p7b-pem", KS_CERT_P7B_PEM, false}, {"p12", 0, true},
	{"csr", KS_CERT_CSR, false},	     {"csr-der", KS_CERT_CSR_DER, true},
};

static enum exit_code finish_export(struct ctl *ctl, const struct ks_result *result, bool is_binary)
{
	const char *out = ctl_option(ctl, OPTION_OUT);
	enum exit_code code = EXIT_OK;
	json_t *object;

	if (result->status != KS_OK)
		return ctl_fail_result(ctl, result);
	if (out || !ctl->json)
		code = file_write(ctl, out, is_binary ? OUTPUT_BINARY : OUTPUT_TEXT, result->data,
				  result->data_len);
	if (code != EXIT_OK || !ctl->json)
		return code;
	if (out) {
		object = json_pack("{s:o}", "out", json_text(out));
	} else if (is_binary) {
		char *text = base64_text(result->data, result->data_len);

		object = text ? json_pack("{s:s}", "der", text) : NULL;
		free(text);
	} else {
		object = json_pack("{s:s%}", "pem", (const char *)result->data, result->data_len);
	}
	return ctl_print_json(ctl, object);
}

/* NULL: told. */
static const struct format *take_format(struct ctl *ctl)
{
	static const struct format private_key = {"", KS_CERT_PRIVATE_KEY, false};
	const char *name = ctl_option(ctl, OPTION_FORMAT);

	if (ctl_has(ctl, OPTION_PRIVATE))
		return &private_key;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name ? name : "pem") == 0)
			return &formats[i];
	}
	(void)ctl_fail(ctl, EXIT_USAGE,
		       "--format %s: not one of pem, der, chain, p7b, p7b-pem, p12, csr, csr-der",
		       name);
	return NULL;
}

static enum exit_code command_cert_export(struct ctl *ctl)
{
	const struct format *format = take_format(ctl);
	struct ks_result *result = NULL;
	struct file password = {0};
	enum exit_code code = EXIT_OK;
	uint64_t id;

	if (!format || !cert_take_id(ctl, &id))
		return EXIT_USAGE;
	if (ctl_has(ctl, OPTION_PASSWORD_FILE) && format->format)
		return ctl_fail(ctl, EXIT_USAGE, "--password-file goes with --format p12");
	if (format->is_binary && !ctl->json)
		code = file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY);
	if (code == EXIT_OK)
		code = file_read_password(ctl, PASSWORD_BYTES_MAX, &password);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK) {
		if (format->format)
			(void)ks_cert_export(ctl->client, id, format->format, &result);
		else
			(void)ks_cert_export_pkcs12(ctl->client, id, (const char *)password.data,
						    &result);
		code = finish_export(ctl, result, format->is_binary);
	}
	ks_result_free(result);
	file_free(&password);
	return code;
}

static enum exit_code command_cert_renew(struct ctl *ctl)
{
	const char *algorithm = ctl_option(ctl, OPTION_ALGORITHM);
	struct progress progress = {.ctl = ctl, .show = cert_show_result};
	bool is_rekey = ctl_has(ctl, OPTION_REKEY);
	struct ks_validity validity;
	char doing[DOING_BYTES];
	enum ks_status started;
	enum exit_code code;
	enum ks_hash hash;
	uint64_t id;

	if (!cert_take_id(ctl, &id) || !cert_take_validity(ctl, &validity) ||
	    !cert_take_hash(ctl, &hash))
		return EXIT_USAGE;
	if (algorithm && !is_rekey)
		return ctl_fail(ctl, EXIT_USAGE, "--algorithm is for a new key: give --rekey too");
	if (algorithm && !ks_algorithm_from_name(algorithm))
		return ctl_fail(ctl, EXIT_USAGE, "--algorithm %s: not one of %s", algorithm,
				option_help(OPTION_ALGORITHM));
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	snprintf(doing, sizeof(doing), "renewing certificate %s", ctl->words[0]);
	progress.doing = doing;
	started = is_rekey ? ks_cert_rekey_start(ctl->client, id, &validity, hash,
						 ks_algorithm_from_name(algorithm), progress_done,
						 &progress)
			   : ks_cert_renew_start(ctl->client, id, &validity, hash, progress_done,
						 &progress);
	return progress_wait(&progress, started);
}

static enum exit_code command_cert_delete(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code;
	uint64_t id;

	if (!cert_take_id(ctl, &id))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_cert_delete(ctl->client, id, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->in_transaction)
		code = EXIT_OK;
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:I}", "deleted", (json_int_t)id));
	else
		printf("deleted certificate %llu\n", (unsigned long long)id);
	ks_result_free(result);
	return code;
}

const struct command commands_cert[] = {
	{
		.name = "project init",
		.words = "",
		.options = HAS(RSA_SUBJECT) | HAS(EC_SUBJECT) | HAS(DAYS),
		.summary = "make the RSA and the P-256 CA of a project in the TPM",
		.help = "Both or none. An RSA key takes a TPM chip 2 to 10 seconds and more.",
		.run = command_project_init,
	},
	{
		.name = "cert create",
		.words = "",
		.options = HAS(PROFILE) | HAS(SUBJECT) | HAS(SAN) | HAS(ISSUER) | HAS(SELF_SIGNED) |
			   HAS(KEY) | HAS(NEW_KEY) | HAS(ALGORITHM) | HAS(DAYS) | HAS(NOT_BEFORE) |
			   HAS(NOT_AFTER) | HAS(HASH) | HAS(PADDING) | HAS(PATH_LENGTH) |
			   HAS(DRY_RUN),
		.needs = HAS(PROFILE) | HAS(SUBJECT),
		.summary = "make a certificate, by a CA or self-signed",
		.help = "One of --issuer, --self-signed; one of --key, --new-key. Profiles:\n"
			"opcua-server, opcua-client, opcua-client-server, web-server, tls-server,\n"
			"tls-client, tls-client-server, pg-hmi, syslog-client, ca.",
		.run = command_cert_create,
		.is_staged = true,
	},
	{
		.name = "cert list",
		.words = "",
		.options = HAS(KIND),
		.summary = "the certificates that this user may see",
		.run = command_cert_list,
	},
	{
		.name = "cert show",
		.words = "ID",
		.word_count = 1,
		.summary = "all facts of a certificate, and its history",
		.run = command_cert_show,
	},
	{
		.name = "cert history",
		.words = "ID",
		.word_count = 1,
		.summary = "a certificate's versions, the latest first",
		.run = command_cert_history,
	},
	{
		.name = "cert export",
		.words = "ID",
		.word_count = 1,
		.options = HAS(FORMAT) | HAS(PASSWORD_FILE) | HAS(PRIVATE) | HAS(OUT),
		.summary = "write a certificate to a file",
		.help = "Formats: pem, der, chain (PEM with issuers), p7b, p7b-pem, p12 (both "
			"with\n"
			"issuers; never a key), csr, csr-der (what waits for its answer).",
		.run = command_cert_export,
	},
	{
		.name = "cert renew",
		.words = "ID",
		.word_count = 1,
		.options = HAS(DAYS) | HAS(NOT_BEFORE) | HAS(NOT_AFTER) | HAS(HASH) | HAS(REKEY) |
			   HAS(ALGORITHM),
		.summary = "the same certificate with a new validity",
		.help = "ID, subject and names stay, the key too without --rekey. What it was so\n"
			"far is kept, and the key that it had.",
		.run = command_cert_renew,
	},
	{
		.name = "cert delete",
		.words = "ID",
		.word_count = 1,
		.summary = "delete a certificate with its history",
		.help = "Its key stays. A CA that has issued others is not deleted.",
		.run = command_cert_delete,
		.is_staged = true,
	},
	{.name = NULL},
};
