#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "command.h"
#include "json_service.h"
#include "table.h"

static const char *const heads[] = {"NAME",	   "KIND", "CERT", "COMMON NAME",
				    "TRUST GROUP", "UID",  "GID"};

static bool add_row(struct table *table, const struct ks_assignment *service)
{
	char cert[24] = "-";
	char uid[16] = "-";
	char gid[16] = "-";

	if (service->cert_id)
		snprintf(cert, sizeof(cert), "%llu", (unsigned long long)service->cert_id);
	if (service->has_uid)
		snprintf(uid, sizeof(uid), "%u", service->uid);
	if (service->has_gid)
		snprintf(gid, sizeof(gid), "%u", service->gid);
	return table_add(
		table, (const char *const[]){service->name, service_kind_text(service->kind), cert,
					     *service->common_name ? service->common_name : "-",
					     *service->group ? service->group : "-", uid, gid});
}

/* Takes each service into @table or @list, page by page; @name NULL: all. */
static enum exit_code collect(struct ctl *ctl, const char *name, struct table *table, json_t *list)
{
	enum exit_code code = EXIT_OK;
	char *after = NULL;
	bool is_found = !name;
	bool more = true;

	while (more && code == EXIT_OK) {
		struct ks_result *result = NULL;

		if (ks_service_list(ctl->client, after, &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->assignment_count && code == EXIT_OK; i++) {
			const struct ks_assignment *service = &result->assignments[i];

			free(after);
			after = strdup(service->name);
			if (name && strcmp(name, service->name) != 0)
				continue;
			is_found = true;
			if (!after ||
			    (table ? !add_row(table, service)
				   : json_array_append_new(list, json_service(service)) != 0))
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		}
		more = result->more;
		ks_result_free(result);
	}
	free(after);
	if (code == EXIT_OK && !is_found)
		code = ctl_fail(ctl, EXIT_NOT_FOUND,
				"there is no service \"%s\": service list shows them", name);
	return code;
}

static enum exit_code show(struct ctl *ctl, const char *name)
{
	enum exit_code code = ctl_connect(ctl);
	struct table *table;
	json_t *list;

	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = collect(ctl, name, NULL, list);
		if (code == EXIT_OK && name)
			code = ctl_print_json(ctl, json_incref(json_array_get(list, 0)));
		else if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "services", list));
		json_decref(list);
		return code;
	}
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = collect(ctl, name, table, NULL);
	if (code == EXIT_OK)
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code command_service_list(struct ctl *ctl)
{
	return show(ctl, NULL);
}

static enum exit_code command_service_show(struct ctl *ctl)
{
	return show(ctl, ctl->words[0]);
}

#define CERT_OF_KEY "key:" /* of the option --cert */

static bool is_none(const char *text)
{
	return strcmp(text, "none") == 0;
}

/* False: told. */
static bool take_id(struct ctl *ctl, enum option option, bool is_group, bool *ret_has,
		    uint32_t *ret_id)
{
	const char *text = ctl_option(ctl, option);

	*ret_has = !is_none(text);
	return is_none(text) || account_id(ctl, text, is_group, ret_id);
}

/* What the options say. False: told. */
static bool take_options(struct ctl *ctl, struct ks_assignment *service, unsigned *ret_fields)
{
	const char *kind = ctl_option(ctl, OPTION_KIND);
	const char *cert = ctl_option(ctl, OPTION_CERT);
	const char *group = ctl_option(ctl, OPTION_GROUP);
	unsigned fields = 0;

	service->kind = ks_service_kind_from_name(kind);
	if (kind && !service->kind) {
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--kind %s: not one of opcua-server, opcua-client, web-server, ouc, "
			       "pg-hmi, syslog, custom",
			       kind);
		return false;
	}
	if (cert && strncmp(cert, CERT_OF_KEY, strlen(CERT_OF_KEY)) == 0) {
		service->cert_key = cert + strlen(CERT_OF_KEY);
	} else if (cert && !is_none(cert) && !parse_id(cert, &service->cert_id)) {
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--cert %s: not a certificate's ID, not " CERT_OF_KEY
			       "NAME, and not none: cert list shows them",
			       cert);
		return false;
	}
	service->group = group && !is_none(group) ? group : "";
	if (ctl_has(ctl, OPTION_UID) &&
	    !take_id(ctl, OPTION_UID, false, &service->has_uid, &service->uid))
		return false;
	if (ctl_has(ctl, OPTION_GID) &&
	    !take_id(ctl, OPTION_GID, true, &service->has_gid, &service->gid))
		return false;
	fields |= kind ? KS_FIELD_KIND : 0;
	fields |= cert ? KS_FIELD_CERT : 0;
	fields |= group ? KS_FIELD_GROUP : 0;
	fields |= ctl_has(ctl, OPTION_UID) ? KS_FIELD_UID : 0;
	fields |= ctl_has(ctl, OPTION_GID) ? KS_FIELD_GID : 0;
	*ret_fields = fields;
	return true;
}

static enum exit_code show_result(struct ctl *ctl, const struct ks_result *result)
{
	struct table *table;
	enum exit_code code = EXIT_OK;

	if (!result->assignment_count)
		return EXIT_OK;
	if (ctl->json)
		return ctl_print_json(ctl, json_service(&result->assignments[0]));
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table || !add_row(table, &result->assignments[0]))
		code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	else
		table_print(table, stdout, 0);
	table_free(table);
	return code;
}

static enum exit_code set(struct ctl *ctl, bool create)
{
	struct ks_assignment service = {.name = ctl->words[0]};
	struct ks_result *result = NULL;
	unsigned fields = 0;
	enum exit_code code;

	if (!take_options(ctl, &service, &fields))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_service_set(ctl->client, &service, fields, create, &result) == KS_OK)
		code = show_result(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

static enum exit_code command_service_create(struct ctl *ctl)
{
	return set(ctl, true);
}

static enum exit_code command_service_set(struct ctl *ctl)
{
	return set(ctl, false);
}

static enum exit_code command_service_remove(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_service_remove(ctl->client, ctl->words[0], &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->in_transaction)
		code = EXIT_OK;
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:o}", "removed", json_text(ctl->words[0])));
	else
		printf("removed service %s\n", ctl->words[0]);
	ks_result_free(result);
	return code;
}

const struct command commands_assign[] = {
	{
		.name = "service list",
		.words = "",
		.summary = "the services that this user may see",
		.run = command_service_list,
	},
	{
		.name = "service show",
		.words = "NAME",
		.word_count = 1,
		.summary = "one service and what is assigned to it",
		.run = command_service_show,
	},
	{
		.name = "service create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(KIND) | HAS(CERT) | HAS(GROUP) | HAS(UID) | HAS(GID),
		.needs = HAS(KIND),
		.summary = "make a service, and assign to it",
		.help = "Kinds: opcua-server, opcua-client, web-server, ouc, pg-hmi, syslog, "
			"custom.\n"
			"The user and the group (--uid, --gid) may use the certificate's key and\n"
			"validate with the trust group, without further grants. One service, one "
			"key.",
		.run = command_service_create,
		.is_staged = true,
	},
	{
		.name = "service set",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(KIND) | HAS(CERT) | HAS(GROUP) | HAS(UID) | HAS(GID),
		.summary = "change what is assigned to a service",
		.help = "What is not named stays; none takes it away.",
		.run = command_service_set,
		.is_staged = true,
	},
	{
		.name = "service remove",
		.words = "NAME",
		.word_count = 1,
		.summary = "remove a service",
		.help = "Its certificate, key and trust group stay.",
		.run = command_service_remove,
		.is_staged = true,
	},
	{.name = NULL},
};
