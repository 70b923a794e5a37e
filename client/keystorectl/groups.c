#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json_trust.h"
#include "table.h"

static const char *const heads[] = {"NAME",	    "AUTO-ACCEPT",  "CRLS",	  "TRUSTED CERTS",
				    "TRUSTED CRLS", "ISSUER CERTS", "ISSUER CRLS"};

static bool add_row(struct table *table, const struct ks_trust_group *group)
{
	const uint64_t counts[] = {group->trusted_certs, group->trusted_crls, group->issuer_certs,
				   group->issuer_crls};
	char texts[4][24];

	for (size_t i = 0; i < 4; i++)
		snprintf(texts[i], sizeof(texts[i]), "%llu", (unsigned long long)counts[i]);
	return table_add(table,
			 (const char *const[]){group->name, group->auto_accept ? "on" : "off",
					       crl_policy_text(group->crls), texts[0], texts[1],
					       texts[2], texts[3]});
}

static enum exit_code show(struct ctl *ctl, const struct ks_result *result)
{
	enum exit_code code = EXIT_OK;
	struct table *table;
	json_t *list;

	if (ctl->json) {
		list = json_array();
		for (size_t i = 0; i < result->group_count; i++)
			json_append(&list, json_trust_group(&result->groups[i]));
		return ctl_print_json(ctl, json_pack("{s:o}", "groups", list));
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	for (size_t i = 0; table && i < result->group_count && code == EXIT_OK; i++)
		if (!add_row(table, &result->groups[i]))
			code = EXIT_FAILED;
	if (!table || code != EXIT_OK)
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	else
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code command_group_list(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_group_list(ctl->client, NULL, &result) == KS_OK)
		code = show(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

/* --auto-accept and --crls. False: told. */
static bool take_switches(struct ctl *ctl, struct ks_group_change *change)
{
	const char *accept = ctl_option(ctl, OPTION_AUTO_ACCEPT);
	const char *crls = ctl_option(ctl, OPTION_CRLS);

	if (accept && strcmp(accept, "on") != 0 && strcmp(accept, "off") != 0) {
		(void)ctl_fail(ctl, EXIT_USAGE, "--auto-accept %s: not on or off", accept);
		return false;
	}
	if (accept)
		change->auto_accept = strcmp(accept, "on") == 0 ? KS_ON : KS_OFF;
	for (int i = KS_CRLS_REQUIRED; crls && i <= KS_CRLS_NONE; i++)
		if (strcmp(crl_policy_text((enum ks_crl_policy)i), crls) == 0)
			change->crls = (enum ks_crl_policy)i;
	if (!crls || change->crls)
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "--crls %s: not one of %s", crls, option_help(OPTION_CRLS));
	return false;
}

static enum exit_code change_group(struct ctl *ctl, struct ks_group_change *change)
{
	struct ks_result *result = NULL;
	enum exit_code code;

	if (!take_switches(ctl, change))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_group_set(ctl->client, ctl->words[0], change, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->in_transaction)
		code = EXIT_OK;
	else if (!change->remove)
		code = show(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:o}", "deleted", json_text(ctl->words[0])));
	else
		printf("deleted trust group %s\n", ctl->words[0]);
	ks_result_free(result);
	return code;
}

static enum exit_code command_group_set(struct ctl *ctl)
{
	return change_group(ctl, &(struct ks_group_change){0});
}

static enum exit_code command_group_create(struct ctl *ctl)
{
	return change_group(ctl, &(struct ks_group_change){.create = true});
}

static enum exit_code command_group_delete(struct ctl *ctl)
{
	return change_group(ctl, &(struct ks_group_change){.remove = true});
}

const struct command commands_group[] = {
	{
		.name = "group list",
		.words = "",
		.summary = "the trust groups that this user may see or use",
		.run = command_group_list,
	},
	{
		.name = "group create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(AUTO_ACCEPT) | HAS(CRLS),
		.summary = "make a trust group",
		.run = command_group_create,
	},
	{
		.name = "group set",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(AUTO_ACCEPT) | HAS(CRLS),
		.summary = "turn the switches of a trust group",
		.help = "--auto-accept on trusts each certificate that nobody knows yet and that "
			"has no\n"
			"other fault, once and for all: for commissioning, never in production.",
		.run = command_group_set,
		.is_staged = true,
	},
	{
		.name = "group delete",
		.words = "NAME",
		.word_count = 1,
		.summary = "delete a trust group with its lists",
		.run = command_group_delete,
	},
	{.name = NULL},
};
