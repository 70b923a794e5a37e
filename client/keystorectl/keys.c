#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "account.h"
#include "command.h"
#include "files.h"
#include "json_key.h"
#include "key_export.h"
#include "keytext.h"
#include "progress.h"
#include "table.h"

#define DOING_BYTES   128
#define PEM_BYTES_MAX 65536

static enum exit_code command_key_create(struct ctl *ctl)
{
	const char *name = ctl_option(ctl, OPTION_ALGORITHM);
	enum ks_algorithm algorithm = ks_algorithm_from_name(name);
	struct progress progress = {.ctl = ctl, .show = key_show_result};
	char doing[DOING_BYTES];
	enum exit_code code;
	unsigned usage;

	if (!algorithm)
		return ctl_fail(ctl, EXIT_USAGE, "--algorithm %s: not one of %s", name,
				option_help(OPTION_ALGORITHM));
	if (!ctl_operations(ctl, OPTION_USAGE, &usage))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	snprintf(doing, sizeof(doing), "making %s key %s in the TPM", name, ctl->words[0]);
	progress.doing = doing;
	return progress_wait(&progress, ks_key_create_start(ctl->client, ctl->words[0], algorithm,
							    usage, progress_done, &progress));
}

/* Calls @take with each key, page by page. */
static enum exit_code each_key(struct ctl *ctl, bool (*take)(const struct ks_key *key, void *user),
			       void *user)
{
	struct ks_result *result = NULL;
	enum exit_code code = EXIT_OK;
	char *after = NULL;
	bool more = true;

	while (more && code == EXIT_OK) {
		if (ks_key_list(ctl->client, after, 0, &result) != KS_OK)
			code = ctl_fail_result(ctl, result);
		for (size_t i = 0; i < result->key_count && code == EXIT_OK; i++)
			if (!take(&result->keys[i], user))
				code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		more = result->more;
		free(after);
		after = more ? strdup(result->keys[result->key_count - 1].name) : NULL;
		if (more && !after)
			code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
		ks_result_free(result);
	}
	free(after);
	return code;
}

static bool take_name(const struct ks_key *key, void *user)
{
	(void)user;
	puts(key->name);
	return true;
}

static bool take_json(const struct ks_key *key, void *list)
{
	return json_array_append_new(list, json_key(key)) == 0;
}

static bool take_row(const struct ks_key *key, void *table)
{
	char created[TIME_BYTES];
	char id[24];

	time_text(key->created, created);
	created[strlen("2026-01-01")] = '\0';
	snprintf(id, sizeof(id), "%llu", (unsigned long long)key->id);
	return table_add(table, (const char *const[]){key->name, id, algorithm_text(key->algorithm),
						      operations_text(key->operations),
						      key->pinned ? "yes" : "no", created});
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < TABLE_WIDTH)
		return TABLE_WIDTH;
	return size.ws_col;
}

static enum exit_code command_key_list(struct ctl *ctl)
{
	static const char *const heads[] = {"NAME",  "ID",     "ALGORITHM",
					    "USAGE", "PINNED", "CREATED"};
	enum exit_code code = ctl_connect(ctl);
	struct table *table;
	json_t *list;

	if (code != EXIT_OK)
		return code;
	if (ctl->json) {
		list = json_array();
		code = each_key(ctl, take_json, list);
		if (code == EXIT_OK)
			return ctl_print_json(ctl, json_pack("{s:o}", "keys", list));
		json_decref(list);
		return code;
	}
	if (ctl_has(ctl, OPTION_NAMES))
		return each_key(ctl, take_name, NULL);
	table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	if (!table)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	code = each_key(ctl, take_row, table);
	if (code == EXIT_OK)
		table_print(table, stdout, terminal_width());
	table_free(table);
	return code;
}

/* Shows the result of a blocking call about one key. */
static enum exit_code finish(struct ctl *ctl, struct ks_result *result)
{
	enum exit_code code = result->status == KS_OK ? key_show_result(ctl, result)
						      : ctl_fail_result(ctl, result);

	ks_result_free(result);
	return code;
}

static enum exit_code command_key_show(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;

	if (code != EXIT_OK)
		return code;
	(void)ks_key_show(ctl->client, ctl->words[0], &result);
	return finish(ctl, result);
}

static enum exit_code command_key_delete(struct ctl *ctl)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;

	if (code != EXIT_OK)
		return code;
	if (ks_key_delete(ctl->client, ctl->words[0], &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_pack("{s:o}", "deleted", json_text(ctl->words[0])));
	else
		printf("deleted %s\n", ctl->words[0]);
	ks_result_free(result);
	return code;
}

static enum exit_code command_key_allow(struct ctl *ctl)
{
	const char *user = ctl_option(ctl, OPTION_UID);
	const char *group = ctl_option(ctl, OPTION_GID);
	struct ks_result *result = NULL;
	struct ks_grant grant = {.subject = user ? KS_SUBJECT_UID : KS_SUBJECT_GID};
	enum exit_code code;

	if (!user == !group)
		return ctl_fail(ctl, EXIT_USAGE, "key allow needs one of --uid USER, --gid GROUP");
	if (!account_id(ctl, user ? user : group, !user, &grant.id))
		return EXIT_USAGE;
	if (!ctl_operations(ctl, OPTION_OPERATIONS, &grant.operations))
		return EXIT_USAGE;
	code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	(void)ks_key_allow(ctl->client, ctl->words[0], &grant, &result);
	return finish(ctl, result);
}

static enum exit_code pin(struct ctl *ctl, bool pinned)
{
	enum exit_code code = ctl_connect(ctl);
	struct ks_result *result = NULL;

	if (code != EXIT_OK)
		return code;
	(void)ks_key_pin(ctl->client, ctl->words[0], pinned, &result);
	return finish(ctl, result);
}

static enum exit_code command_key_pin(struct ctl *ctl)
{
	return pin(ctl, true);
}

static enum exit_code command_key_unpin(struct ctl *ctl)
{
	return pin(ctl, false);
}

static enum exit_code command_key_import(struct ctl *ctl)
{
	struct progress progress = {.ctl = ctl, .show = key_show_result};
	struct file password = {0};
	struct file pem = {0};
	char doing[DOING_BYTES];
	enum exit_code code;
	unsigned usage;

	if (!ctl_operations(ctl, OPTION_USAGE, &usage))
		return EXIT_USAGE;
	code = file_read_password(ctl, TPM_PASSWORD_BYTES_MAX, &password);
	if (code == EXIT_OK)
		code = file_read(ctl, ctl->words[1], PEM_BYTES_MAX, &pem);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK) {
		snprintf(doing, sizeof(doing), "importing key %s", ctl->words[0]);
		progress.doing = doing;
		code = progress_wait(&progress,
				     ks_key_import_tss2_start(ctl->client, ctl->words[0], pem.data,
							      pem.len, password.data, password.len,
							      usage, progress_done, &progress));
	}
	file_free(&pem);
	file_free(&password);
	return code;
}

const struct command commands_key[] = {
	{
		.name = "key create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(ALGORITHM) | HAS(USAGE),
		.needs = HAS(ALGORITHM),
		.summary = "make a key in the TPM",
		.help = "An RSA key takes a TPM chip 2 to 10 seconds and more.",
		.run = command_key_create,
	},
	{
		.name = "key list",
		.words = "",
		.options = HAS(NAMES),
		.summary = "the keys that this user may manage or use",
		.run = command_key_list,
	},
	{
		.name = "key show",
		.words = "NAME",
		.word_count = 1,
		.summary = "all facts of a key, and who may use it",
		.run = command_key_show,
	},
	{
		.name = "key delete",
		.words = "NAME",
		.word_count = 1,
		.summary = "destroy a key for ever",
		.run = command_key_delete,
	},
	{
		.name = "key allow",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(UID) | HAS(GID) | HAS(OPERATIONS),
		.needs = HAS(OPERATIONS),
		.summary = "say what a user or group may do with a key",
		.help = "Replaces what was allowed to that user or group before; none takes it all "
			"away.",
		.run = command_key_allow,
	},
	{
		.name = "key pin",
		.words = "NAME",
		.word_count = 1,
		.summary = "keep a key in the TPM as a persistent object",
		.help = "A pinned key needs no loading before use. A TPM has room for a few.",
		.run = command_key_pin,
	},
	{
		.name = "key unpin",
		.words = "NAME",
		.word_count = 1,
		.summary = "keep it there no longer",
		.run = command_key_unpin,
	},
	{
		.name = "key export",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(PUBLIC) | HAS(REFERENCE) | HAS(TSS2) | HAS(PRIVATE) |
			   HAS(PASSWORD_FILE) | HAS(OUT),
		.summary = "write the public key, a reference, or the wrapped key",
		.help = "A reference is a key file for programs that use OpenSSL: its provider\n"
			"\"keystore\" finds the key by it. It holds no secret.\n"
			"A TSS2 file works with this TPM only, also with OpenSSL's tpm2 provider.",
		.run = command_key_export,
	},
	{
		.name = "key import",
		.words = "NAME FILE",
		.word_count = 2,
		.options = HAS(USAGE) | HAS(PASSWORD_FILE),
		.summary = "take in a TSS2 file of this TPM",
		.run = command_key_import,
	},
	{.name = NULL},
};
