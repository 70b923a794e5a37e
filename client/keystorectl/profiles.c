/* cert profiles: what certificates can be for. */
#include <stdio.h>

#include "command.h"
#include "json_cert.h"
#include "json_key.h"
#include "table.h"

#define NAMES_BYTES 64

static const char *const heads[] = {"NAME", "FOR", "NEEDS", "KEY", "DAYS"};

#define COLUMNS (sizeof(heads) / sizeof(heads[0]))

/* "URI, IP or DNS" */
static void needs_text(const struct ks_profile *profile, char text[NAMES_BYTES])
{
	size_t len = 0;

	*text = '\0';
	for (enum ks_name_type type = KS_NAME_URI; type <= KS_NAME_OTHER; type++)
		if (profile->mandatory_names & 1u << type)
			len += (size_t)snprintf(text + len, NAMES_BYTES - len, "%s%s",
						len ? ", " : "", name_type_text(type));
	if (profile->needs_host)
		snprintf(text + len, NAMES_BYTES - len, "%sIP or DNS", len ? ", " : "");
}

static bool add_row(struct table *table, const struct ks_profile *profile)
{
	char needs[NAMES_BYTES];
	char days[16];

	needs_text(profile, needs);
	snprintf(days, sizeof(days), "%u", profile->default_days);
	return table_add(table,
			 (const char *const[]){profile->name, profile->title, needs,
					       algorithm_text(profile->default_algorithm), days});
}

static enum exit_code print_table(const struct ctl *ctl, const struct ks_result *result)
{
	struct table *table = table_new(heads, COLUMNS);
	bool is_made = table != NULL;

	for (size_t i = 0; i < result->profile_count && is_made; i++)
		is_made = add_row(table, &result->profiles[i]);
	if (is_made)
		table_print(table, stdout, 0);
	table_free(table);
	return is_made ? EXIT_OK : ctl_fail(ctl, EXIT_FAILED, "out of memory");
}

static enum exit_code print_json(const struct ctl *ctl, const struct ks_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->profile_count; i++)
		json_append(&list, json_profile(&result->profiles[i]));
	return ctl_print_json(ctl, json_pack("{s:o}", "profiles", list));
}

static enum exit_code command_cert_profiles(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_profile_list(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else
		code = ctl->json ? print_json(ctl, result) : print_table(ctl, result);
	ks_result_free(result);
	return code;
}

const struct command commands_profile[] = {
	{
		.name = "cert profiles",
		.words = "",
		.summary = "what certificates can be for, and what follows from it",
		.help = "NEEDS: the subject alternative names that it has to have. KEY and DAYS "
			"are\n"
			"what is usual.",
		.run = command_cert_profiles,
	},
	{.name = NULL},
};
