#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "json_user.h"
#include "password.h"
#include "table.h"
#include "token.h"
#include "usertext.h"

static enum exit_code print_login(const struct ctl *ctl, const struct ks_result *result,
				  const char *path)
{
	const struct ks_login *login = result->login;
	json_t *object;

	if (!ctl->json) {
		printf("%s is logged in: for %u min without a command, and %u min at most\n",
		       result->users[0].name, login->idle_seconds / 60, login->life_seconds / 60);
		return EXIT_OK;
	}
	object = json_login(&result->users[0], login);
	json_add(&object, "token_file", json_text(path));
	return ctl_print_json(ctl, object);
}

static enum exit_code command_login(struct ctl *ctl)
{
	char path[TOKEN_PATH_BYTES];
	struct ks_result *result = NULL;
	struct file password = {0};
	enum exit_code code =
		password_read(ctl, OPTION_PASSWORD_FILE, "Password: ", false, &password);

	if (code != EXIT_OK)
		return code;
	code = ctl_connect(ctl);
	if (code == EXIT_OK) {
		/* One that is over is no reason not to log in. */
		ks_set_token(ctl->client, NULL, 0);
		if (ks_login(ctl->client, ctl->words[0], password.data, password.len, NULL,
			     &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
	}
	file_free(&password);
	if (code == EXIT_OK)
		code = token_save(ctl, result->login->token, result->login->token_len, path);
	if (code == EXIT_OK)
		code = print_login(ctl, result, path);
	ks_result_free(result);
	return code;
}

static enum exit_code command_logout(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_logout(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	/* Whatever it was, it is of no use any more. */
	token_forget(ctl);
	ks_result_free(result);
	if (code == EXIT_OK && ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:b}", "logged_out", 1));
	return code;
}

static enum exit_code print_whoami(const struct ctl *ctl, const struct ks_whoami *who)
{
	char *rights;
	char *roles;

	if (ctl->json)
		return ctl_print_json(ctl, json_whoami(who));
	rights = rights_text(who->rights);
	roles = names_text(who->roles, who->role_count);
	fact_print(stdout, "uid", "%u", who->uid);
	fact_print(stdout, "user", "%s", *who->user ? who->user : "nobody is logged in");
	fact_print(stdout, "roles", "%s", roles ? roles : "");
	fact_print(stdout, "rights", "%s", rights ? rights : "");
	if (*who->user && !who->life_left_seconds)
		fact_print(stdout, "login", "ends when it is not used for %u minutes",
			   who->idle_seconds / 60);
	else if (*who->user)
		fact_print(stdout, "login", "ends in %u minutes%s", who->life_left_seconds / 60,
			   who->idle_left_seconds < who->life_left_seconds
				   ? ", or earlier if it is not used"
				   : "");
	if (!who->has_users)
		fact_print(stdout, "users", "there are none yet: managing is for root");
	free(rights);
	free(roles);
	return EXIT_OK;
}

static enum exit_code command_whoami(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_whoami(ctl->client, &result) == KS_OK)
		code = print_whoami(ctl, result->whoami);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

static enum exit_code command_passwd(struct ctl *ctl)
{
	struct ks_password_change change = {.user = ctl->words[0]};
	struct ks_result *result = NULL;
	struct file old = {0};
	struct file new = {0};
	enum exit_code code =
		password_read(ctl, OPTION_PASSWORD_FILE, "Old password: ", false, &old);

	if (code == EXIT_OK)
		code = password_read(ctl, OPTION_NEW_PASSWORD_FILE, "New password: ", true, &new);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		goto out;
	change.old_password = old.data;
	change.old_password_len = old.len;
	change.new_password = new.data;
	change.new_password_len = new.len;
	ks_set_token(ctl->client, NULL, 0);
	if (ks_password_change(ctl->client, &change, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:o}", "changed", json_text(change.user)));
	else
		printf("the password is changed, and every login of %s is over\n", change.user);
out:
	ks_result_free(result);
	file_free(&new);
	file_free(&old);
	return code;
}

static enum exit_code print_sessions(const struct ctl *ctl, const struct ks_result *result)
{
	static const char *const heads[] = {"ID", "USER", "UID", "SINCE", "IDLE"};
	struct table *table = ctl->json ? NULL : table_new(heads, 5);
	json_t *list = ctl->json ? json_array() : NULL;

	for (size_t i = 0; i < result->session_count; i++) {
		const struct ks_session *session = &result->sessions[i];
		char since[TIME_BYTES];
		char id[24];
		char uid[16];
		char idle[24];

		time_text(session->since, since);
		snprintf(id, sizeof(id), "%llu", (unsigned long long)session->id);
		snprintf(uid, sizeof(uid), "%u", session->uid);
		snprintf(idle, sizeof(idle), "%u s", session->idle_seconds);
		if (list)
			json_append(&list, json_session(session));
		else if (!table || !table_add(table, (const char *const[]){id, session->user, uid,
									   since, idle}))
			break;
	}
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:o}", "logins", list));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	table_print(table, stdout, 0);
	table_free(table);
	return EXIT_OK;
}

static enum exit_code command_session_list(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_session_list(ctl->client, &result) == KS_OK)
		code = print_sessions(ctl, result);
	else
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	return code;
}

static enum exit_code command_session_end(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code;
	uint64_t id;

	if (!parse_id(ctl->words[0], &id))
		return ctl_fail(ctl, EXIT_USAGE, "%s is no login's ID: session list shows them",
				ctl->words[0]);
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_session_end(ctl->client, id, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:I}", "ended", (json_int_t)id));
	ks_result_free(result);
	return code;
}

const struct command commands_login[] = {
	{
		.name = "login",
		.words = "USER",
		.word_count = 1,
		.options = HAS(PASSWORD_FILE),
		.summary = "log in: managing takes it once there are users",
		.help = "The password is typed, or the first line of --password-file (\"-\": "
			"standard\ninput). Commands that follow on this machine use the login.",
		.run = command_login,
	},
	{
		.name = "logout",
		.words = "",
		.summary = "end the login",
		.run = command_logout,
	},
	{
		.name = "whoami",
		.words = "",
		.summary = "who is logged in, and what he may do",
		.run = command_whoami,
	},
	{
		.name = "passwd",
		.words = "USER",
		.word_count = 1,
		.options = HAS(PASSWORD_FILE) | HAS(NEW_PASSWORD_FILE),
		.summary = "change one's password",
		.help = "Takes the old password. An administrator sets others' with user set.",
		.run = command_passwd,
	},
	{
		.name = "session list",
		.words = "",
		.summary = "who is logged in",
		.run = command_session_list,
	},
	{
		.name = "session end",
		.words = "ID",
		.word_count = 1,
		.summary = "end somebody's login",
		.run = command_session_end,
	},
	{.name = NULL},
};
