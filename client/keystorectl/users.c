#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json_user.h"
#include "password.h"
#include "table.h"
#include "usertext.h"

#define ROLES_MAX 64 /* more than the service takes */

/* Words of a list, apart from each other. */
struct list {
	char *text;
	const char *words[ROLES_MAX];
	size_t count;
};

/* "none" is no word. False: no memory. */
static bool list_split(const char *text, struct list *list)
{
	char *state = NULL;

	list->text = strdup(text);
	if (!list->text)
		return false;
	if (strcmp(text, "none") == 0)
		return true;
	for (char *word = strtok_r(list->text, ",", &state); word && list->count < ROLES_MAX;
	     word = strtok_r(NULL, ",", &state))
		list->words[list->count++] = word;
	return true;
}

/* What --roles and --state say. False: told. */
static bool take_change(struct ctl *ctl, struct ks_user_change *change, struct list *roles)
{
	const char *text = ctl_option(ctl, OPTION_ROLES);
	const char *state = ctl_option(ctl, OPTION_STATE);

	if (text && !list_split(text, roles)) {
		(void)ctl_fail(ctl, EXIT_FAILED, "out of memory");
		return false;
	}
	if (state && strcmp(state, "enabled") != 0 && strcmp(state, "disabled") != 0) {
		(void)ctl_fail(ctl, EXIT_USAGE, "--state %s: not enabled or disabled", state);
		return false;
	}
	change->set_roles = text != NULL;
	change->roles = roles->words;
	change->role_count = roles->count;
	change->set_disabled = state != NULL;
	change->disabled = state && *state == 'd';
	change->must_change = ctl_has(ctl, OPTION_MUST_CHANGE);
	return true;
}

typedef enum ks_status user_call(struct ks_client *client, const char *name,
				 const struct ks_user_change *change,
				 struct ks_result **ret_result);

/* Reads the password where there is one to be read, and shows the user that comes of it. */
static enum exit_code change_user(struct ctl *ctl, user_call *call, bool reads_password)
{
	struct ks_user_change change = {0};
	struct ks_result *result = NULL;
	struct file password = {0};
	struct list roles = {0};
	enum exit_code code = EXIT_USAGE;

	if (!take_change(ctl, &change, &roles))
		goto out;
	code = EXIT_OK;
	if (reads_password)
		code = password_read(ctl, OPTION_PASSWORD_FILE, "Password of the user: ", true,
				     &password);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		goto out;
	change.password = password.data;
	change.password_len = password.len;
	if (call(ctl->client, ctl->words[0], &change, &result) == KS_OK)
		code = user_print(ctl, &result->users[0]);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
out:
	file_free(&password);
	free(roles.text);
	return code;
}

static enum exit_code command_user_create(struct ctl *ctl)
{
	return change_user(ctl, ks_user_create, true);
}

static enum exit_code command_user_set(struct ctl *ctl)
{
	bool reads_password =
		ctl_has(ctl, OPTION_PASSWORD_FILE) || ctl_has(ctl, OPTION_NEW_PASSWORD);

	if (!reads_password && !ctl_has(ctl, OPTION_ROLES) && !ctl_has(ctl, OPTION_STATE))
		return ctl_fail(ctl, EXIT_USAGE,
				"user set needs one of --roles LIST, --state NAME, --new-password, "
				"--password-file FILE");
	if (ctl_has(ctl, OPTION_MUST_CHANGE) && !reads_password)
		return ctl_fail(ctl, EXIT_USAGE, "--must-change goes with a new password");
	return change_user(ctl, ks_user_set, reads_password);
}

static enum ks_status recover(struct ks_client *client, const char *name,
			      const struct ks_user_change *change, struct ks_result **ret_result)
{
	/* It asks who runs it, and not who is logged in. */
	ks_set_token(client, NULL, 0);
	return ks_user_recover(client, name, change->password, change->password_len, ret_result);
}

static enum exit_code command_user_recover(struct ctl *ctl)
{
	return change_user(ctl, recover, true);
}

static enum exit_code command_user_verify(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	struct file password = {0};
	enum exit_code code =
		password_read(ctl, OPTION_PASSWORD_FILE, "Password: ", false, &password);

	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK) {
		/* Whose password it is does not depend on who is logged in. */
		ks_set_token(ctl->client, NULL, 0);
		if (ks_user_verify(ctl->client, ctl->words[0], password.data, password.len, NULL,
				   &result) == KS_OK)
			code = user_print(ctl, &result->users[0]);
		else
			code = ctl_fail_result(ctl, result);
	}
	ks_result_free(result);
	file_free(&password);
	return code;
}

static bool add_row(struct table *table, const struct ks_user *user)
{
	char login[TIME_BYTES] = "never";
	char *roles = names_text(user->roles, user->role_count);
	bool is_added;

	if (user->last_login)
		time_text(user->last_login, login);
	is_added = roles && table_add(table, (const char *const[]){
						     user->name, roles,
						     user->disabled	 ? "disabled"
						     : user->must_change ? "password to be changed"
									 : "enabled",
						     login});
	free(roles);
	return is_added;
}

/* Page by page, into @list or @table. */
static enum exit_code each_user(struct ctl *ctl, json_t *list, struct table *table)
{
	char after[128] = "";
	bool more = true;

	while (more) {
		struct ks_result *result = NULL;

		if (ks_user_list(ctl->client, after, 0, &result) != KS_OK) {
			enum exit_code code = ctl_fail_result(ctl, result);

			ks_result_free(result);
			return code;
		}
		for (size_t i = 0; i < result->user_count; i++) {
			snprintf(after, sizeof(after), "%s", result->users[i].name);
			if (list)
				json_array_append_new(list, json_user(&result->users[i]));
			else if (!add_row(table, &result->users[i]))
				more = false;
		}
		more = more && result->more;
		ks_result_free(result);
	}
	return EXIT_OK;
}

static enum exit_code command_user_list(struct ctl *ctl)
{
	static const char *const heads[] = {"NAME", "ROLES", "STATE", "LAST LOGIN"};
	enum exit_code code = ctl_connect(ctl);
	struct table *table = NULL;
	json_t *list = NULL;

	if (code != EXIT_OK)
		return code;
	if (ctl->json)
		list = json_array();
	else
		table = table_new(heads, 4);
	if (!list && !table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = each_user(ctl, list, table);
	if (code == EXIT_OK && list)
		code = ctl_print_json(ctl, json_pack("{s:O}", "users", list));
	else if (code == EXIT_OK)
		table_print(table, stdout, 0);
	json_decref(list);
	table_free(table);
	return code;
}

/* For commands whose answer is that it was done. */
static enum exit_code done(struct ctl *ctl, enum ks_status status, struct ks_result *result,
			   const char *what)
{
	enum exit_code code = EXIT_OK;

	if (status != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:o}", what, json_text(ctl->words[0])));
	ks_result_free(result);
	return code;
}

static enum exit_code command_user_delete(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	enum ks_status status = ks_user_delete(ctl->client, ctl->words[0], &result);

	return done(ctl, status, result, "deleted");
}

static enum exit_code print_roles(const struct ctl *ctl, const struct ks_result *result)
{
	static const char *const heads[] = {"ROLE", "USERS", "RIGHTS"};
	struct table *table;
	json_t *list;

	if (ctl->json) {
		list = json_array();
		for (size_t i = 0; i < result->role_count; i++)
			json_append(&list, json_role(&result->roles[i]));
		return ctl_print_json(ctl, json_pack("{s:o}", "roles", list));
	}
	table = table_new(heads, 3);
	for (size_t i = 0; table && i < result->role_count; i++) {
		char *rights = rights_text(result->roles[i].rights);
		char users[24];

		snprintf(users, sizeof(users), "%llu", (unsigned long long)result->roles[i].users);
		if (!rights || !table_add(table, (const char *const[]){result->roles[i].name, users,
								       rights})) {
			table_free(table);
			table = NULL;
		}
		free(rights);
	}
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	table_print(table, stdout, 0);
	table_free(table);
	return EXIT_OK;
}

static enum exit_code command_role_list(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_role_list(ctl->client, &result) == KS_OK)
		code = print_roles(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

/* --rights. False: told. */
static bool take_rights(struct ctl *ctl, unsigned *ret_rights)
{
	struct list list = {0};
	unsigned rights = 0;
	bool is_good = list_split(ctl_option(ctl, OPTION_RIGHTS), &list);

	if (!is_good)
		(void)ctl_fail(ctl, EXIT_FAILED, "out of memory");
	for (size_t i = 0; is_good && i < list.count; i++) {
		unsigned right = ks_right_from_name(list.words[i]);

		is_good = right != 0;
		rights |= right;
		if (!is_good)
			(void)ctl_fail(ctl, EXIT_USAGE,
				       "--rights: there is no right '%s'; role list shows them",
				       list.words[i]);
	}
	free(list.text);
	*ret_rights = rights;
	return is_good;
}

static enum exit_code command_role_set(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code;
	unsigned rights;

	if (!take_rights(ctl, &rights))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_role_set(ctl->client, ctl->words[0], rights, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json && result->role_count)
		code = ctl_print_json(ctl, json_role(&result->roles[0]));
	ks_result_free(result);
	return code;
}

static enum exit_code command_role_delete(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	enum ks_status status = ks_role_delete(ctl->client, ctl->words[0], &result);

	return done(ctl, status, result, "deleted");
}

static enum exit_code print_mode(struct ctl *ctl, enum ks_status status, struct ks_result *result)
{
	enum exit_code code = EXIT_OK;

	if (status != KS_OK) {
		code = ctl_fail_result(ctl, result);
	} else {
		const char *mode = result->mode == KS_MODE_PROJECT ? "project" : "local";

		if (ctl->json)
			code = ctl_print_json(ctl, json_pack("{s:s}", "mode", mode));
		else
			puts(mode);
	}
	ks_result_free(result);
	return code;
}

static enum exit_code command_mode_show(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	enum ks_status status = ks_mode_show(ctl->client, &result);

	return print_mode(ctl, status, result);
}

static enum exit_code command_mode_set(struct ctl *ctl)
{
	bool is_project = strcmp(ctl->words[0], "project") == 0;
	struct ks_result *result = NULL;
	enum exit_code code;

	if (!is_project && strcmp(ctl->words[0], "local") != 0)
		return ctl_fail(ctl, EXIT_USAGE, "mode set %s: not local or project",
				ctl->words[0]);
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	enum ks_status status =
		ks_mode_set(ctl->client, is_project ? KS_MODE_PROJECT : KS_MODE_LOCAL, &result);

	return print_mode(ctl, status, result);
}

const struct command commands_user[] = {
	{
		.name = "user create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(ROLES) | HAS(PASSWORD_FILE) | HAS(MUST_CHANGE),
		.summary = "a user with a password and roles",
		.help = "The first one is made by root and is an administrator: from then on "
			"managing\ntakes a login.",
		.run = command_user_create,
	},
	{
		.name = "user list",
		.words = "",
		.summary = "the users and their roles",
		.run = command_user_list,
	},
	{
		.name = "user set",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(ROLES) | HAS(STATE) | HAS(PASSWORD_FILE) | HAS(NEW_PASSWORD) |
			   HAS(MUST_CHANGE),
		.summary = "other roles, a new password, disabled or enabled",
		.run = command_user_set,
	},
	{
		.name = "user delete",
		.words = "NAME",
		.word_count = 1,
		.summary = "delete a user",
		.run = command_user_delete,
	},
	{
		.name = "user recover",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(PASSWORD_FILE),
		.summary = "for root: a new password for an administrator",
		.help = "Or, where no administrator can log in, a new administrator.",
		.run = command_user_recover,
	},
	{
		.name = "user verify",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(PASSWORD_FILE),
		.summary = "check a user's password without a login",
		.help = "For programs with logins of their own. The password is typed, or the "
			"first line\nof --password-file (\"-\": standard input).",
		.run = command_user_verify,
	},
	{
		.name = "role list",
		.words = "",
		.summary = "the roles and the rights that they give",
		.run = command_role_list,
	},
	{
		.name = "role set",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(RIGHTS),
		.needs = HAS(RIGHTS),
		.summary = "make a role, or change its rights",
		.help = "Predefined roles stay as they are.",
		.run = command_role_set,
	},
	{
		.name = "role delete",
		.words = "NAME",
		.word_count = 1,
		.summary = "delete a role that nobody has",
		.run = command_role_delete,
	},
	{
		.name = "mode show",
		.words = "",
		.summary = "local or project",
		.run = command_mode_show,
	},
	{
		.name = "mode set",
		.words = "MODE",
		.word_count = 1,
		.summary = "switch to local or project mode, keeping everything",
		.help = "In local mode certificates sign themselves; CAs, what they issue, and "
			"roles of\none's own are for project mode.",
		.run = command_mode_set,
	},
	{.name = NULL},
};
