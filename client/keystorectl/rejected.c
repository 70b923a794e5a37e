#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_file.h"
#include "command.h"
#include "json_trust.h"
#include "table.h"

static const char *const heads[] = {"ID", "GROUP", "SUBJECT", "REASON", "LAST SEEN", "COUNT"};

static bool add_row(struct table *table, const struct ks_rejected *rejected)
{
	char last[TIME_BYTES];
	char count[24];
	char id[24];

	time_text(rejected->last_seen, last);
	snprintf(id, sizeof(id), "%llu", (unsigned long long)rejected->id);
	snprintf(count, sizeof(count), "%llu", (unsigned long long)rejected->count);
	return table_add(table,
			 (const char *const[]){id, rejected->group, rejected->subject,
					       ks_verdict_name(rejected->reason), last, count});
}

static enum exit_code collect(struct ctl *ctl, struct table *table, json_t *list)
{
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_rejected_list(ctl->client, ctl_option(ctl, OPTION_GROUP), after, false,
				     &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->rejected_count && code == EXIT_OK; i++) {
			after = result->rejected[i].id;
			if (table ? !add_row(table, &result->rejected[i])
				  : json_array_append_new(list,
							  json_rejected(&result->rejected[i])) != 0)
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

static enum exit_code command_rejected_list(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct table *table;
	json_t *list;

	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = collect(ctl, NULL, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "rejected", list));
		json_decref(list);
		return code;
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = collect(ctl, table, NULL);
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code finish(struct ctl *ctl, struct ks_result *result, const char *done,
			     const char *what)
{
	enum exit_code code = EXIT_OK;

	if (result->status != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->in_transaction)
		code = EXIT_OK;
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:s}", done, what));
	else
		printf("%s %s\n", done, what);
	ks_result_free(result);
	return code;
}

/* Connects too. */
static enum exit_code take_id(struct ctl *ctl, uint64_t *ret_id)
{
	if (!parse_id(ctl->words[0], ret_id))
		return ctl_fail(ctl, EXIT_USAGE,
				"%s is no refused certificate's ID: rejected list shows them",
				ctl->words[0]);
	return ctl_connect(ctl);
}

static enum exit_code command_rejected_trust(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	uint64_t id = 0;
	enum exit_code code = take_id(ctl, &id);

	if (code != EXIT_OK)
		return code;
	(void)ks_rejected_trust(ctl->client, id, &result);
	return finish(ctl, result, "trusted", ctl->words[0]);
}

static enum exit_code command_rejected_delete(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	uint64_t id = 0;
	enum exit_code code = take_id(ctl, &id);

	if (code != EXIT_OK)
		return code;
	(void)ks_rejected_delete(ctl->client, id, NULL, &result);
	return finish(ctl, result, "deleted", ctl->words[0]);
}

static enum exit_code command_rejected_clear(struct ctl *ctl)
{
	const char *group = ctl_option(ctl, OPTION_GROUP);
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	(void)ks_rejected_delete(ctl->client, 0, group, &result);
	return finish(ctl, result, "deleted", "all that were refused");
}

static enum exit_code show_verdict(struct ctl *ctl, const struct ks_verdict *verdict)
{
	bool is_accepted = verdict->reason == KS_VERDICT_ACCEPTED;
	enum exit_code code;

	if (!ctl->json) {
		printf("%s: %s\n",
		       is_accepted ? verdict->auto_accepted ? "accepted by itself" : "accepted"
				   : "refused",
		       verdict->message);
		return is_accepted ? EXIT_OK : EXIT_REFUSED;
	}
	code = ctl_print_json(ctl, json_verdict(verdict));
	return code == EXIT_OK && !is_accepted ? EXIT_REFUSED : code;
}

/* --purpose, --application-uri, --at, --host, --anchor. False: told. */
static bool take_question(struct ctl *ctl, struct ks_validation *validation)
{
	static const char *const purposes[] = {
		[KS_PURPOSE_ANY] = "any",
		[KS_PURPOSE_TLS_CLIENT] = "tls-client",
		[KS_PURPOSE_TLS_SERVER] = "tls-server",
		[KS_PURPOSE_OPCUA] = "opcua",
	};
	const char *purpose = ctl_option(ctl, OPTION_PURPOSE);
	const char *anchor = ctl_option(ctl, OPTION_ANCHOR);
	const char *at = ctl_option(ctl, OPTION_AT);

	for (int i = KS_PURPOSE_ANY; purpose && i <= KS_PURPOSE_OPCUA; i++)
		if (strcmp(purposes[i], purpose) == 0)
			validation->purpose = (enum ks_purpose)i;
	validation->application_uri = ctl_option(ctl, OPTION_APPLICATION_URI);
	validation->host = ctl_option(ctl, OPTION_HOST);
	if (purpose && !validation->purpose)
		(void)ctl_fail(ctl, EXIT_USAGE, "--purpose %s: not one of %s", purpose,
			       option_help(OPTION_PURPOSE));
	else if (at && !parse_time(at, &validation->at))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--at %s: not a time like 2026-03-01 or 2026-03-01T12:00:00Z", at);
	else if (anchor && (!parse_id(anchor, &validation->anchor_id) || !validation->anchor_id))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--anchor %s: not a certificate's ID: cert list shows them", anchor);
	else
		return true;
	return false;
}

static enum exit_code ask(struct ctl *ctl, struct ks_validation *validation)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_validate(ctl->client, validation, &result) == KS_OK)
		code = show_verdict(ctl, result->verdict);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

/* What came along with the candidate. */
static void add_chain(struct ks_validation *validation, const struct bundle *bundle, size_t first,
		      const uint8_t **ders, size_t *lens)
{
	for (size_t i = first; i < bundle->count; i++) {
		ders[validation->chain_count] = bundle->ders[i];
		lens[validation->chain_count++] = bundle->lens[i];
	}
}

static enum exit_code command_validate(struct ctl *ctl)
{
	const char *chain = ctl_option(ctl, OPTION_CHAIN);
	struct ks_validation validation = {.service = ctl_option(ctl, OPTION_SERVICE)};
	const char *const *words = ctl->words;
	const uint8_t *ders[2 * BUNDLE_MAX];
	size_t lens[2 * BUNDLE_MAX];
	struct bundle_file file = {0};
	struct bundle_file along = {0};
	enum exit_code code;

	if (!validation.service)
		validation.group = *words++;
	if (!take_question(ctl, &validation))
		return EXIT_USAGE;
	code = bundle_file_read(ctl, words[0], &file);
	if (code == EXIT_OK && chain)
		code = bundle_file_read(ctl, chain, &along);
	if (code == EXIT_OK) {
		/* Behind the first stand those that came along, as a TLS server sends them. */
		add_chain(&validation, &file.bundle, 1, ders, lens);
		add_chain(&validation, &along.bundle, 0, ders, lens);
		validation.candidate = file.bundle.ders[0];
		validation.candidate_len = file.bundle.lens[0];
		validation.chain = ders;
		validation.chain_lens = lens;
		code = ask(ctl, &validation);
	}
	bundle_file_free(&file);
	bundle_file_free(&along);
	return code;
}

const struct command commands_rejected[] = {
	{
		.name = "validate",
		.words = "GROUP FILE",
		.word_count = 2,
		.options = HAS(SERVICE) | HAS(CHAIN) | HAS(PURPOSE) | HAS(APPLICATION_URI) |
			   HAS(HOST) | HAS(ANCHOR) | HAS(AT),
		.instead = HAS(SERVICE),
		.summary = "ask whether a trust group accepts a certificate",
		.help = "The first certificate of FILE; the others came along. With --service "
			"instead of\n"
			"GROUP it is asked as the service asks. What is refused goes to the "
			"rejected\n"
			"list, unless --at asks about another time, or nothing but --host or "
			"--anchor is\n"
			"not met.",
		.run = command_validate,
	},
	{
		.name = "rejected list",
		.words = "",
		.options = HAS(GROUP),
		.summary = "certificates that were refused, and why",
		.run = command_rejected_list,
	},
	{
		.name = "rejected trust",
		.words = "ID",
		.word_count = 1,
		.summary = "trust a certificate that was refused",
		.run = command_rejected_trust,
		.is_staged = true,
	},
	{
		.name = "rejected delete",
		.words = "ID",
		.word_count = 1,
		.summary = "remove a certificate from the rejected list",
		.run = command_rejected_delete,
	},
	{
		.name = "rejected clear",
		.words = "",
		.options = HAS(GROUP),
		.summary = "empty the rejected list",
		.run = command_rejected_clear,
	},
	{.name = NULL},
};
