#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_file.h"
#include "command.h"
#include "files.h"
#include "json_pem.h"
#include "json_trust.h"
#include "table.h"

#define BIT(list)    (1u << (list))
#define LIST_TRUSTED (BIT(KS_TRUSTED_CERTS) | BIT(KS_TRUSTED_CRLS))
#define LIST_ISSUERS (BIT(KS_ISSUER_CERTS) | BIT(KS_ISSUER_CRLS))

static const struct {
	const char *name;
	unsigned lists;
} list_names[] = {
	{"trusted", LIST_TRUSTED},
	{"issuers", LIST_ISSUERS},
};

/* --list as bits; @otherwise without it. False: told. */
static bool take_lists(struct ctl *ctl, unsigned otherwise, unsigned *ret_lists)
{
	const char *name = ctl_option(ctl, OPTION_LIST);

	*ret_lists = otherwise;
	if (!name)
		return true;
	for (size_t i = 0; i < sizeof(list_names) / sizeof(list_names[0]); i++) {
		if (strcmp(list_names[i].name, name) == 0) {
			*ret_lists = list_names[i].lists;
			return true;
		}
	}
	for (int list = KS_TRUSTED_CERTS; list <= KS_ISSUER_CRLS; list++) {
		if (strcmp(trust_list_text((enum ks_trust_list)list), name) == 0) {
			*ret_lists = BIT(list);
			return true;
		}
	}
	(void)ctl_fail(ctl, EXIT_USAGE, "--list %s: not one of %s", name, option_help(OPTION_LIST));
	return false;
}

/* The list where an item goes, the one that has certificates where --list names both. */
static enum ks_trust_list list_for_items(unsigned lists)
{
	enum ks_trust_list list = KS_TRUSTED_CERTS;

	while (!(lists & BIT(list)))
		list++;
	return list;
}

/* The word after the group. False: told. */
static bool take_fingerprint(struct ctl *ctl, uint8_t fingerprint[FINGERPRINT_BYTES])
{
	const char *text = ctl->words[1];
	size_t digits = 0;

	/* As openssl shows it, too: with colons. */
	for (const char *at = text; *at; at++) {
		char digit[2] = {*at, '\0'};
		char *end;
		unsigned long value = strtoul(digit, &end, 16);

		if (*at == ':')
			continue;
		if (*end || digits == (size_t)2 * FINGERPRINT_BYTES) {
			digits = 0;
			break;
		}
		fingerprint[digits / 2] =
			(uint8_t)(digits % 2 ? fingerprint[digits / 2] | value : value << 4);
		digits++;
	}
	if (digits == (size_t)2 * FINGERPRINT_BYTES)
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE,
		       "%s is no fingerprint, which is 64 hexadecimal digits: trust list --json "
		       "shows them",
		       text);
	return false;
}

static const char *const heads[] = {"LIST", "SUBJECT", "ISSUER", "VALID TO", "NOTE", "FINGERPRINT"};

static bool add_row(struct table *table, const struct ks_trust_entry *entry)
{
	bool is_crl = entry->list == KS_TRUSTED_CRLS || entry->list == KS_ISSUER_CRLS;
	char *fingerprint = hex_text(entry->fingerprint, FINGERPRINT_BYTES);
	char end[TIME_BYTES] = "-";
	char note[64] = "";
	bool is_added;

	if (entry->not_after)
		time_text(entry->not_after, end);
	end[entry->not_after ? strlen("2026-01-01") : 1] = '\0';
	if (is_crl)
		snprintf(note, sizeof(note), "CRL%s%.24s, %llu revoked", *entry->serial ? " " : "",
			 entry->serial, (unsigned long long)entry->revocations);
	else if (entry->auto_accepted)
		snprintf(note, sizeof(note), "accepted by itself");
	else if (entry->is_ca)
		snprintf(note, sizeof(note), "CA");
	is_added = fingerprint &&
		   table_add(table, (const char *const[]){trust_list_text(entry->list),
							  is_crl ? "-" : entry->subject,
							  entry->issuer, end, note, fingerprint});
	free(fingerprint);
	return is_added;
}

/* Takes each entry of @lists into @table or @list, page by page. */
static enum exit_code collect(struct ctl *ctl, unsigned lists, struct table *table, json_t *list)
{
	enum exit_code code = EXIT_OK;
	uint64_t after = 0;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_trust_list(ctl->client, ctl->words[0], KS_TRUST_ALL, after, 0, &result) !=
		    KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->trust_entry_count && code == EXIT_OK; i++) {
			const struct ks_trust_entry *entry = &result->trust_entries[i];

			after = entry->id;
			if (!(lists & BIT(entry->list)))
				continue;
			if (table ? !add_row(table, entry)
				  : json_array_append_new(list, json_trust_entry(entry)) != 0)
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

static enum exit_code command_trust_list(struct ctl *ctl)
{
	struct table *table;
	enum exit_code code;
	unsigned lists;
	json_t *list;

	if (!take_lists(ctl, LIST_TRUSTED | LIST_ISSUERS, &lists))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = collect(ctl, lists, NULL, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "entries", list));
		json_decref(list);
		return code;
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = collect(ctl, lists, table, NULL);
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code finish(struct ctl *ctl, struct ks_result *result, const char *done,
			     size_t count)
{
	enum exit_code code = EXIT_OK;

	if (result->status != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->in_transaction)
		code = EXIT_OK;
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:I, s:o}", done, (json_int_t)count, "group",
						     json_text(ctl->words[0])));
	else
		printf("%s: %s %zu %s\n", ctl->words[0], done, count,
		       count == 1 ? "entry" : "entries");
	ks_result_free(result);
	return code;
}

/* What of --list and FILE makes up the request; @fill sends it. */
static enum exit_code with_items(struct ctl *ctl, bool replaces)
{
	struct ks_trust_item items[BUNDLE_MAX];
	struct ks_result *result = NULL;
	struct bundle_file file = {0};
	enum exit_code code;
	unsigned lists;

	if (!take_lists(ctl, LIST_TRUSTED, &lists))
		return EXIT_USAGE;
	code = bundle_file_read(ctl, ctl->words[1], &file);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		goto out;
	for (size_t i = 0; i < file.bundle.count; i++)
		items[i] = (struct ks_trust_item){
			.list = list_for_items(lists),
			.der = file.bundle.ders[i],
			.der_len = file.bundle.lens[i],
			.by_content = lists == LIST_TRUSTED || lists == LIST_ISSUERS,
		};
	if (replaces)
		(void)ks_trust_set(ctl->client, ctl->words[0], lists, items, file.bundle.count,
				   &result);
	else
		(void)ks_trust_add(ctl->client, ctl->words[0], items, file.bundle.count, &result);
	code = finish(ctl, result, replaces ? "set" : "added", file.bundle.count);
out:
	bundle_file_free(&file);
	return code;
}

static enum exit_code command_trust_add(struct ctl *ctl)
{
	return with_items(ctl, false);
}

static enum exit_code command_trust_set(struct ctl *ctl)
{
	return with_items(ctl, true);
}

/* The one list of --list, or whichever has the entry. False: told. */
static bool take_one_list(struct ctl *ctl, enum ks_trust_list *ret_list)
{
	unsigned lists;

	if (!take_lists(ctl, 0, &lists))
		return false;
	*ret_list = KS_TRUST_ALL;
	for (enum ks_trust_list list = KS_TRUSTED_CERTS; list <= KS_ISSUER_CRLS; list++)
		if (lists == BIT(list))
			*ret_list = list;
	if (!lists || *ret_list)
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "--list %s: name one list, like trusted-certs",
		       ctl_option(ctl, OPTION_LIST));
	return false;
}

static enum exit_code command_trust_remove(struct ctl *ctl)
{
	uint8_t fingerprint[FINGERPRINT_BYTES];
	struct ks_result *result = NULL;
	enum ks_trust_list list;
	enum exit_code code;

	if (!take_one_list(ctl, &list) || !take_fingerprint(ctl, fingerprint))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	(void)ks_trust_remove(ctl->client, ctl->words[0], list, fingerprint, &result);
	return finish(ctl, result, "removed", 1);
}

/* What the DER is of does not matter for its armour but for the name. */
static enum exit_code write_pem(struct ctl *ctl, const struct ks_result *result, bool is_crl)
{
	char *text = pem_text(is_crl ? PEM_STRING_X509_CRL : PEM_STRING_X509, result->data,
			      result->data_len);
	enum exit_code code;

	if (!text)
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	else if (ctl->json && !ctl_has(ctl, OPTION_OUT))
		code = ctl_print_json(ctl, json_pack("{s:s}", "pem", text));
	else
		code = file_write(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_TEXT,
				  (const uint8_t *)text, strlen(text));
	free(text);
	return code;
}

/* Which list has it: that says whether it is a CRL. */
static enum exit_code find_list(struct ctl *ctl, const uint8_t *fingerprint,
				enum ks_trust_list *list)
{
	uint64_t after = 0;
	bool more = !*list;
	enum exit_code code = EXIT_OK;

	while (more && !*list && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_trust_list(ctl->client, ctl->words[0], KS_TRUST_ALL, after, 0, &result) !=
		    KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->trust_entry_count && !*list; i++) {
			after = result->trust_entries[i].id;
			if (memcmp(result->trust_entries[i].fingerprint, fingerprint,
				   FINGERPRINT_BYTES) == 0)
				*list = result->trust_entries[i].list;
		}
		more = result->more;
		ks_result_free(result);
	}
	return code;
}

static enum exit_code command_trust_export(struct ctl *ctl)
{
	const char *format = ctl_option(ctl, OPTION_FORMAT);
	uint8_t fingerprint[FINGERPRINT_BYTES];
	struct ks_result *result = NULL;
	enum ks_trust_list list;
	enum exit_code code;
	bool is_der = format && strcmp(format, "der") == 0;

	if (format && !is_der && strcmp(format, "pem") != 0)
		return ctl_fail(ctl, EXIT_USAGE, "--format %s: not pem or der", format);
	if (!take_one_list(ctl, &list) || !take_fingerprint(ctl, fingerprint))
		return EXIT_USAGE;
	code = is_der ? file_check_output(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY)
		      : EXIT_OK;
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = find_list(ctl, fingerprint, &list);
	if (code != EXIT_OK)
		return code;
	if (ks_trust_export(ctl->client, ctl->words[0], list, fingerprint, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (is_der)
		code = file_write(ctl, ctl_option(ctl, OPTION_OUT), OUTPUT_BINARY, result->data,
				  result->data_len);
	else
		code = write_pem(ctl, result, list == KS_TRUSTED_CRLS || list == KS_ISSUER_CRLS);
	ks_result_free(result);
	return code;
}

const struct command commands_trust[] = {
	{
		.name = "trust list",
		.words = "GROUP",
		.word_count = 1,
		.options = HAS(LIST),
		.summary = "what a trust group trusts and knows",
		.run = command_trust_list,
	},
	{
		.name = "trust add",
		.words = "GROUP FILE",
		.word_count = 2,
		.options = HAS(LIST),
		.summary = "add a file's certificates and CRLs to a trust group",
		.help = "To the trusted ones, or with --list issuers to those that only help to "
			"build\n"
			"a chain. All of them or none. A CRL's issuer has to be there, or in the "
			"file;\n"
			"an older CRL of it goes.",
		.run = command_trust_add,
		.is_staged = true,
	},
	{
		.name = "trust set",
		.words = "GROUP FILE",
		.word_count = 2,
		.options = HAS(LIST),
		.summary = "replace a trust group's lists by what a file has",
		.help = "The trusted certificates and CRLs, or those that --list names.",
		.run = command_trust_set,
		.is_staged = true,
	},
	{
		.name = "trust remove",
		.words = "GROUP FINGERPRINT",
		.word_count = 2,
		.options = HAS(LIST),
		.summary = "remove an entry from a trust group",
		.help = "A CA's CRLs go with its certificate.",
		.run = command_trust_remove,
		.is_staged = true,
	},
	{
		.name = "trust export",
		.words = "GROUP FINGERPRINT",
		.word_count = 2,
		.options = HAS(LIST) | HAS(FORMAT) | HAS(OUT),
		.summary = "write an entry of a trust group to a file",
		.run = command_trust_export,
	},
	{.name = NULL},
};
