#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certtext.h"
#include "command.h"
#include "crls.h"
#include "files.h"
#include "json_cert.h"
#include "json_pem.h"
#include "progress.h"
#include "table.h"

#define CRL_BYTES_MAX (16u * 1024 * 1024) /* more than the service makes */
#define REASONS                                                                                    \
	"keyCompromise, cACompromise, affiliationChanged, superseded,\ncessationOfOperation, "     \
	"certificateHold, removeFromCRL, privilegeWithdrawn,\naACompromise, unspecified"
#define ATTEMPTS 5 /* at a list that becomes another one meanwhile */

/* The word after the command. False: told. */
static bool take_id(struct ctl *ctl, uint64_t *ret_id)
{
	if (parse_id(ctl->words[0], ret_id))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s is no certificate's ID: cert list shows them",
		       ctl->words[0]);
	return false;
}

/* --reason, --version. False: told. */
static bool take_revocation(struct ctl *ctl, enum ks_reason *ret_reason, uint32_t *ret_version)
{
	const char *name = ctl_option(ctl, OPTION_REASON);
	const char *version = ctl_option(ctl, OPTION_OF_VERSION);
	int reason = name ? ks_reason_from_name(name) : KS_REASON_UNSPECIFIED;
	uint32_t number = 0;

	if (reason < 0)
		(void)ctl_fail(ctl, EXIT_USAGE, "--reason %s: not one of " REASONS, name);
	else if (version && (!parse_number(version, &number) || !number))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--of-version %s: not a version: cert show has them", version);
	if (reason < 0 || (version && !number))
		return false;
	*ret_reason = (enum ks_reason)reason;
	*ret_version = number;
	return true;
}

static enum exit_code command_cert_revoke(struct ctl *ctl)
{
	struct progress progress = {.ctl = ctl, .show = cert_show_result};
	enum ks_reason reason;
	enum exit_code code;
	uint32_t version;
	char doing[64];
	uint64_t id;

	if (!take_id(ctl, &id) || !take_revocation(ctl, &reason, &version))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	snprintf(doing, sizeof(doing), "revoking certificate %.32s", ctl->words[0]);
	progress.doing = doing;
	return progress_wait(&progress, ks_cert_revoke_start(ctl->client, id, version, reason,
							     progress_done, &progress));
}

static enum exit_code download_part(struct ctl *ctl, uint64_t id, struct download *download,
				    bool *ret_more, enum ks_status *ret_status)
{
	struct ks_result *result = NULL;
	enum exit_code code = EXIT_OK;
	uint8_t *more;

	*ret_status = ks_crl_export(ctl->client, id, download->len, download->number, &result);
	if (*ret_status != KS_OK) {
		/* Told only if it is not to be tried anew. */
		code = *ret_status == KS_CONFLICT ? EXIT_CONFLICT : ctl_fail_result(ctl, result);
		goto out;
	}
	if (result->data_total > CRL_BYTES_MAX || result->data_len == 0 ||
	    result->data_len > result->data_total - download->len) {
		code = ctl_fail(ctl, EXIT_FAILED, "the service sent a CRL that is out of shape");
		goto out;
	}
	more = realloc(download->der, download->len + result->data_len);
	if (!more) {
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		goto out;
	}
	memcpy(more + download->len, result->data, result->data_len);
	download->der = more;
	download->len += result->data_len;
	snprintf(download->number, sizeof(download->number), "%s", result->crl_number);
	*ret_more = download->len < result->data_total;
out:
	ks_result_free(result);
	return code;
}

/* Starts anew when the list becomes another one meanwhile. */
enum exit_code crl_download(struct ctl *ctl, uint64_t id, struct download *download)
{
	enum exit_code code = EXIT_OK;
	enum ks_status status = KS_OK;
	bool more = true;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		download->len = 0;
		download->number[0] = '\0';
		more = true;
		do
			code = download_part(ctl, id, download, &more, &status);
		while (code == EXIT_OK && more);
		if (status != KS_CONFLICT)
			return code;
	}
	return ctl_fail(ctl, EXIT_BUSY, "the CRL changes faster than it can be read: try again");
}

static enum exit_code write_crl(struct ctl *ctl, const struct download *download, bool is_der)
{
	const char *out = ctl_option(ctl, OPTION_OUT);
	char *pem = pem_text(PEM_STRING_X509_CRL, download->der, download->len);
	enum exit_code code = EXIT_FAILED;

	if (!pem) {
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		goto out;
	}
	if (out || !ctl->json)
		code = is_der ? file_write(ctl, out, OUTPUT_BINARY, download->der, download->len)
			      : file_write(ctl, out, OUTPUT_TEXT, (const uint8_t *)pem,
					   strlen(pem));
	if ((out && code != EXIT_OK) || !ctl->json)
		goto out;
	code = ctl_print_json(
		ctl,
		out ? json_pack("{s:s, s:o}", "number", download->number, "out", json_text(out))
		    : json_pack("{s:s, s:s}", "number", download->number, "pem", pem));
out:
	free(pem);
	return code;
}

static enum exit_code command_crl_export(struct ctl *ctl)
{
	const char *format = ctl_option(ctl, OPTION_FORMAT);
	bool is_der = format && strcmp(format, "der") == 0;
	struct download download = {0};
	enum exit_code code = EXIT_OK;
	uint64_t id;

	if (format && !is_der && strcmp(format, "pem") != 0)
		return ctl_fail(ctl, EXIT_USAGE, "--format %s: not one of pem, der", format);
	if (!take_id(ctl, &id))
		return EXIT_USAGE;
	if (is_der && !ctl->json)
		code = file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = crl_download(ctl, id, &download);
	if (code == EXIT_OK)
		code = write_crl(ctl, &download, is_der);
	free(download.der);
	return code;
}

static bool add_row(struct table *table, const struct ks_crl *crl)
{
	char since[TIME_BYTES];
	char until[TIME_BYTES];
	char entries[24];
	char id[24];

	time_text(crl->this_update, since);
	time_text(crl->next_update, until);
	snprintf(id, sizeof(id), "%llu", (unsigned long long)crl->ca_id);
	snprintf(entries, sizeof(entries), "%llu", (unsigned long long)crl->entries);
	return table_add(table, (const char *const[]){id, crl->ca, crl->number, entries, since,
						      until, crl->pending ? "pending" : "current"});
}

/* The lists of @result into @table or @list. */
static bool take_crls(const struct ks_result *result, struct table *table, json_t *list)
{
	for (size_t i = 0; i < result->crl_count; i++) {
		const struct ks_crl *crl = &result->crls[i];

		if (table ? !add_row(table, crl) : json_array_append_new(list, json_crl(crl)) != 0)
			return false;
	}
	return true;
}

static enum exit_code collect(struct ctl *ctl, struct table *table, json_t *list)
{
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_crl_list(ctl->client, after, &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		else if (!take_crls(result, table, list))
			code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		more = result->more;
		if (result->crl_count)
			after = result->crls[result->crl_count - 1].ca_id;
		ks_result_free(result);
	}
	return code;
}

static struct table *new_table(void)
{
	static const char *const heads[] = {"CA",   "SUBJECT", "NUMBER", "REVOKED",
					    "FROM", "UNTIL",   "STATE"};

	return table_new(heads, sizeof(heads) / sizeof(heads[0]));
}

static enum exit_code command_crl_list(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct table *table = NULL;
	json_t *list = NULL;

	if (code != EXIT_OK)
		return code;
	if (ctl->json)
		list = json_array();
	else
		table = new_table();
	code = list || table ? collect(ctl, table, list)
			     : ctl_fail(ctl, EXIT_FAILED, "out of memory");
	if (code == EXIT_OK && ctl->json)
		return ctl_print_json(ctl, json_pack("{s:o}", "crls", list));
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	json_decref(list);
	table_free(table);
	return code;
}

static enum exit_code show_crl(const struct ctl *ctl, const struct ks_result *result)
{
	const struct ks_crl *crl = result->crls;
	char until[TIME_BYTES];

	if (!result->crl_count)
		return ctl_fail(ctl, EXIT_FAILED, "the service sent no CRL");
	if (ctl->json)
		return ctl_print_json(ctl, json_crl(crl));
	time_text(crl->next_update, until);
	printf("CRL number %s of certificate %llu, until %s\n", crl->number,
	       (unsigned long long)crl->ca_id, until);
	return EXIT_OK;
}

static enum exit_code command_crl_renew(struct ctl *ctl)
{
	struct progress progress = {.ctl = ctl, .show = show_crl, .doing = "signing the CRL"};
	enum exit_code code;
	uint64_t id;

	if (!take_id(ctl, &id))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	return progress_wait(&progress,
			     ks_crl_renew_start(ctl->client, id, progress_done, &progress));
}

const struct command commands_crl[] = {
	{
		.name = "cert revoke",
		.words = "ID",
		.word_count = 1,
		.options = HAS(REASON) | HAS(OF_VERSION),
		.summary = "revoke what a CA here has issued",
		.help = "All of its versions, or one. The CA's CRL is signed anew at once. "
			"Reasons:\n" REASONS ".\nOnly certificateHold can be taken back, with "
			"--reason removeFromCRL.",
		.run = command_cert_revoke,
	},
	{
		.name = "crl list",
		.words = "",
		.summary = "the CRLs of the CAs whose keys are here",
		.run = command_crl_list,
	},
	{
		.name = "crl export",
		.words = "CA-ID",
		.word_count = 1,
		.options = HAS(FORMAT) | HAS(OUT),
		.summary = "write a CA's CRL to a file",
		.run = command_crl_export,
	},
	{
		.name = "crl renew",
		.words = "CA-ID",
		.word_count = 1,
		.summary = "sign a CA's CRL anew now",
		.help = "It happens by itself after a revocation, and when half of its time is "
			"over.",
		.run = command_crl_renew,
	},
	{.name = NULL},
};
