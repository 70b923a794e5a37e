/* What comes from other CAs and goes to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "certs.h"
#include "certtext.h"
#include "command.h"
#include "files.h"
#include "json_cert.h"
#include "json_pem.h"
#include "progress.h"
#include "san.h"

#define FILE_BYTES_MAX 262144
#define DOING_BYTES    128

static enum exit_code show_import(const struct ctl *ctl, const struct ks_result *result)
{
	json_t *certs, *notes;

	if (ctl->in_transaction)
		return EXIT_OK;
	if (!ctl->json) {
		for (size_t i = 0; i < result->cert_count; i++) {
			if (i)
				putchar('\n');
			cert_print(&result->certs[i], stdout);
		}
		for (size_t i = 0; i < result->note_count; i++)
			printf("note: %s\n", result->notes[i]);
		return EXIT_OK;
	}
	certs = json_array();
	notes = json_array();
	for (size_t i = 0; i < result->cert_count; i++)
		json_append(&certs, json_cert(&result->certs[i]));
	for (size_t i = 0; i < result->note_count; i++)
		json_append(&notes, json_text(result->notes[i]));
	return ctl_print_json(ctl, json_pack("{s:o, s:o}", "certs", certs, "notes", notes));
}

/* The file and its password. */
static enum exit_code take_file(struct ctl *ctl, const char *path, struct file *ret_file,
				struct file *ret_password, struct ks_cert_file *ret_cert)
{
	enum exit_code code = file_read_password(ctl, PASSWORD_BYTES_MAX, ret_password);

	if (code == EXIT_OK)
		code = file_read(ctl, path, FILE_BYTES_MAX, ret_file);
	if (code != EXIT_OK)
		return code;
	ret_cert->bytes = ret_file->data;
	ret_cert->len = ret_file->len;
	ret_cert->password = (const char *)ret_password->data;
	ret_cert->key_name = ctl_option(ctl, OPTION_KEY);
	return EXIT_OK;
}

static enum exit_code command_cert_import(struct ctl *ctl)
{
	struct ks_cert_file cert = {.profile = ctl_option(ctl, OPTION_PROFILE)};
	struct progress progress = {.ctl = ctl, .show = show_import, .doing = "importing the file"};
	struct file file = {0}, password = {0};
	enum exit_code code;

	if (!cert_take_kind(ctl, &cert.kind))
		return EXIT_USAGE;
	code = take_file(ctl, ctl->words[0], &file, &password, &cert);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = progress_wait(&progress, ks_cert_import_start(ctl->client, &cert,
								     progress_done, &progress));
	file_free(&file);
	file_free(&password);
	return code;
}

static enum exit_code command_cert_replace(struct ctl *ctl)
{
	struct progress progress = {.ctl = ctl, .show = show_import};
	struct file file = {0}, password = {0};
	struct ks_cert_file cert = {0};
	char doing[DOING_BYTES];
	enum exit_code code;
	uint64_t id;

	if (!cert_take_id(ctl, &id))
		return EXIT_USAGE;
	snprintf(doing, sizeof(doing), "replacing certificate %s", ctl->words[0]);
	progress.doing = doing;
	code = take_file(ctl, ctl->words[1], &file, &password, &cert);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = progress_wait(&progress, ks_cert_replace_start(ctl->client, id, &cert,
								      progress_done, &progress));
	file_free(&file);
	file_free(&password);
	return code;
}

/* As --out says, or to standard output, where there is no JSON to be. */
static enum exit_code write_pem(const struct ctl *ctl, const char *pem)
{
	const char *out = ctl_option(ctl, OPTION_OUT);

	if (!out && ctl->json)
		return EXIT_OK;
	return file_write(ctl, out, OUTPUT_TEXT, (const uint8_t *)pem, strlen(pem));
}

static enum exit_code show_request(const struct ctl *ctl, const struct ks_result *result)
{
	const struct ks_cert *cert = &result->certs[0];
	char *pem = pem_text(PEM_STRING_X509_REQ, result->data, result->data_len);
	enum exit_code code;

	if (!pem)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = write_pem(ctl, pem);
	if (code == EXIT_OK && ctl->json)
		code = ctl_print_json(ctl,
				      json_pack("{s:o, s:s}", "cert", json_cert(cert), "csr", pem));
	else if (code == EXIT_OK && ctl_has(ctl, OPTION_OUT))
		cert_print(cert, stdout);
	else if (code == EXIT_OK)
		fprintf(stderr, "certificate %llu waits for the answer to this CSR\n",
			(unsigned long long)cert->id);
	free(pem);
	return code;
}

/* What it is to be for. False: told. */
static bool take_request(struct ctl *ctl, struct ks_cert_request *request, uint64_t *ret_id)
{
	const char *algorithm = ctl_option(ctl, OPTION_ALGORITHM);
	const char *id = ctl_option(ctl, OPTION_FOR);

	request->profile = ctl_option(ctl, OPTION_PROFILE);
	request->subject = ctl_option(ctl, OPTION_SUBJECT);
	request->key = ctl_option(ctl, OPTION_KEY);
	request->new_key = ctl_option(ctl, OPTION_NEW_KEY);
	request->algorithm = ks_algorithm_from_name(algorithm);
	if (id && !parse_id(id, ret_id))
		(void)ctl_fail(ctl, EXIT_USAGE, "--for %s: not a certificate's ID", id);
	else if (id && (request->profile || request->subject || ctl_has(ctl, OPTION_SAN)))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--for keeps profile, subject and names: leave them out");
	else if (!id && (!request->profile || !request->subject))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "cert request needs --profile and --subject, or --for ID");
	else if (!id && !request->key == !request->new_key)
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "cert request needs one of --key NAME, --new-key NAME");
	else if (!request->new_key != !algorithm)
		(void)ctl_fail(ctl, EXIT_USAGE, "--new-key and --algorithm go together");
	else if (algorithm && !request->algorithm)
		(void)ctl_fail(ctl, EXIT_USAGE, "--algorithm %s: not one of %s", algorithm,
			       option_help(OPTION_ALGORITHM));
	else
		return cert_take_hash(ctl, &request->hash) && ctl_padding(ctl, &request->padding);
	return false;
}

static enum exit_code command_cert_request(struct ctl *ctl)
{
	struct progress progress = {.ctl = ctl, .show = show_request, .doing = "making a CSR"};
	const char *list = ctl_option(ctl, OPTION_SAN);
	struct ks_cert_request request = {0};
	char problem[PROBLEM_BYTES];
	struct san san = {0};
	enum exit_code code;
	uint64_t id = 0;

	if (!take_request(ctl, &request, &id))
		return EXIT_USAGE;
	if (list && !san_parse(list, &san, problem, sizeof(problem)))
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	request.names = san.names;
	request.name_count = san.count;
	code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = progress_wait(&progress, ks_cert_request_start(ctl->client, id, &request,
								      progress_done, &progress));
	san_free(&san);
	return code;
}

static enum exit_code show_signed(const struct ctl *ctl, const struct ks_result *result)
{
	enum exit_code code = EXIT_OK;
	char *pem = NULL;

	if (ctl_has(ctl, OPTION_OUT)) {
		pem = pem_text(PEM_STRING_X509, result->certs[0].der, result->certs[0].der_len);
		if (!pem)
			return ctl_fail(ctl, EXIT_FAILED, "out of memory");
		code = write_pem(ctl, pem);
		free(pem);
	}
	return code == EXIT_OK ? cert_show_result(ctl, result) : code;
}

static enum exit_code command_ca_sign(struct ctl *ctl)
{
	struct ks_csr_order order = {.profile = ctl_option(ctl, OPTION_PROFILE)};
	struct progress progress = {.ctl = ctl, .show = show_signed, .doing = "signing"};
	const char *issuer = ctl_option(ctl, OPTION_ISSUER);
	struct file file = {0};
	enum exit_code code;

	if (!cert_take_validity(ctl, &order.validity) || !cert_take_hash(ctl, &order.hash) ||
	    !ctl_padding(ctl, &order.padding) || !cert_take_path_length(ctl, &order.ca_levels))
		return EXIT_USAGE;
	if (!parse_id(issuer, &order.issuer))
		return ctl_fail(ctl, EXIT_USAGE,
				"--issuer %s: not a certificate's ID: ca list shows them", issuer);
	code = file_read(ctl, ctl->words[0], FILE_BYTES_MAX, &file);
	order.csr = file.data;
	order.csr_len = file.len;
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = progress_wait(
			&progress, ks_ca_sign_start(ctl->client, &order, progress_done, &progress));
	file_free(&file);
	return code;
}

static enum exit_code command_ca_list(struct ctl *ctl)
{
	return cert_list(ctl, KS_CERT_CA);
}

const struct command commands_outside[] = {
	{
		.name = "cert import",
		.words = "FILE",
		.word_count = 1,
		.options = HAS(KIND) | HAS(PROFILE) | HAS(KEY) | HAS(PASSWORD_FILE),
		.summary = "take in certificates, and a private key, from a file",
		.help = "DER, PEM, PKCS#7 or PKCS#12. A private key goes into the TPM, under the\n"
			"name that --key gives. All of the file or nothing.",
		.run = command_cert_import,
		.is_staged = true,
	},
	{
		.name = "cert request",
		.words = "",
		.options = HAS(PROFILE) | HAS(SUBJECT) | HAS(SAN) | HAS(KEY) | HAS(NEW_KEY) |
			   HAS(ALGORITHM) | HAS(FOR) | HAS(HASH) | HAS(PADDING) | HAS(OUT),
		.summary = "make a CSR for a CA elsewhere",
		.help = "For a new certificate, or with --for for the next version of one. The\n"
			"answer comes in with cert replace; until then cert export writes the CSR\n"
			"again.",
		.run = command_cert_request,
	},
	{
		.name = "cert replace",
		.words = "ID FILE",
		.word_count = 2,
		.options = HAS(KEY) | HAS(PASSWORD_FILE),
		.summary = "a new version: a CSR's answer, or with its key",
		.help = "The ID stays. Issuers in the file are imported too.",
		.run = command_cert_replace,
		.is_staged = true,
	},
	{
		.name = "ca list",
		.words = "",
		.summary = "the CAs that are known here",
		.run = command_ca_list,
	},
	{
		.name = "ca sign",
		.words = "CSR-FILE",
		.word_count = 1,
		.options = HAS(ISSUER) | HAS(PROFILE) | HAS(DAYS) | HAS(NOT_BEFORE) |
			   HAS(NOT_AFTER) | HAS(HASH) | HAS(PADDING) | HAS(PATH_LENGTH) | HAS(OUT),
		.needs = HAS(ISSUER) | HAS(PROFILE),
		.summary = "issue a certificate for somebody else's CSR",
		.help = "Subject, names and key are the CSR's, the rest is the profile's.",
		.run = command_ca_sign,
	},
	{.name = NULL},
};
