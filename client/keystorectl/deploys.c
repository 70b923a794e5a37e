#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "command.h"
#include "deploy_add.h"
#include "deploy_dir.h"
#include "deploy_status.h"
#include "table.h"

static const char *dir_of(const struct ctl *ctl)
{
	return deploy_dir_path(ctl_option(ctl, OPTION_DIR));
}

/* An empty list where there is no directory. EXIT_OK: free() it; or it was told. */
static enum exit_code load(struct ctl *ctl, struct deploy_list **ret_list)
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct deploy_list *list = deploy_dir_load(dir_of(ctl), problem);

	if (!list && errno == ENOENT) {
		snprintf(problem, sizeof(problem), "out of memory");
		list = calloc(1, sizeof(*list));
	}
	if (!list)
		return ctl_fail(ctl, errno == EACCES ? EXIT_DENIED : EXIT_FAILED, "%s", problem);
	*ret_list = list;
	return EXIT_OK;
}

static json_t *entry_json(const struct deploy_entry *entry)
{
	const struct deployment *deployment = &entry->deployment;
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", (unsigned)deployment->mode & 07777);
	if (*entry->problem)
		return json_pack("{s:s, s:o}", "name", deployment->name, "problem",
				 json_text(entry->problem));
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "name", deployment->name,
			 "cert_id", (json_int_t)deployment->cert_id, "cert",
			 json_text(deployment->paths[DEPLOYMENT_CERT]), "key",
			 json_text(deployment->paths[DEPLOYMENT_KEY]), "chain",
			 json_text_or_null(deployment->paths[DEPLOYMENT_CHAIN]), "owner",
			 json_text_or_null(deployment->owner), "mode", mode, "reload",
			 json_text_or_null(deployment->unit), "run",
			 json_text_or_null(deployment->command));
}

static void print_entry(const struct deploy_entry *entry)
{
	const struct deployment *deployment = &entry->deployment;

	if (*entry->problem) {
		fact_print(stdout, "deployment", "%s", deployment->name);
		fact_print(stdout, "refused", "%s", entry->problem);
		return;
	}
	fact_print(stdout, "certificate", "%llu", (unsigned long long)deployment->cert_id);
	for (int i = DEPLOYMENT_FILES - 1; i >= 0; i--)
		if (*deployment->paths[i])
			fact_print(stdout, i == DEPLOYMENT_CERT ? "file" : deployment_file_name(i),
				   "%s", deployment->paths[i]);
	fact_print(stdout, "access", "%s%s%04o", deployment->owner, *deployment->owner ? " " : "",
		   (unsigned)deployment->mode);
	if (*deployment->unit)
		fact_print(stdout, "reload", "%s", deployment->unit);
	if (*deployment->command)
		fact_print(stdout, "run", "%s", deployment->command);
}

static enum exit_code command_deploy_list(struct ctl *ctl)
{
	struct deploy_list *list = NULL;
	enum exit_code code = load(ctl, &list);
	json_t *array;

	if (code != EXIT_OK)
		return code;
	array = ctl->json ? json_array() : NULL;
	for (size_t i = 0; i < list->count; i++) {
		if (ctl->json) {
			json_append(&array, entry_json(&list->entries[i]));
			continue;
		}
		if (i)
			putchar('\n');
		print_entry(&list->entries[i]);
	}
	free(list);
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:o}", "deployments", array));
	return EXIT_OK;
}

/* An entry with what the agent says of it. */
static void status_of(int folder, const struct deploy_entry *entry, struct deploy_status *status)
{
	*status = (struct deploy_status){0};
	if (folder < 0 || !deploy_status_read(folder, entry->deployment.name, status))
		strcpy(status->note, "keystore-deploy has not looked at it yet");
	if (*entry->problem) {
		status->state = DEPLOY_FAILED;
		memcpy(status->note, entry->problem, sizeof(status->note));
	}
}

static json_t *status_json(const struct deploy_entry *entry, const struct deploy_status *status)
{
	json_t *object = entry_json(entry);

	json_add(&object, "state", json_string(deploy_state_name(status->state)));
	json_add(&object, "note", json_text(status->note));
	json_add(&object, "output", json_text(status->output));
	json_add(&object, "common_name", json_text_or_null(status->common_name));
	json_add(&object, "version", status->version ? json_integer(status->version) : json_null());
	json_add(&object, "not_after", json_time_or_null(status->not_after));
	json_add(&object, "changed", json_time_or_null(status->changed));
	json_add(&object, "next_try", json_time_or_null(status->next_try));
	return object;
}

static const char *const heads[] = {"ID", "COMMON NAME", "VERSION", "STATE", "CHANGED", "FILE"};

static bool add_row(struct table *table, const struct deploy_entry *entry,
		    const struct deploy_status *status)
{
	const struct deployment *deployment = &entry->deployment;
	char changed[TIME_BYTES] = "-";
	char version[16] = "-";
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)deployment->cert_id);
	if (status->version)
		snprintf(version, sizeof(version), "%u", status->version);
	if (status->changed)
		time_text(status->changed, changed);
	return table_add(
		table,
		(const char *const[]){*entry->problem ? deployment->name : id,
				      *status->common_name ? status->common_name : "-", version,
				      deploy_state_name(status->state), changed,
				      *entry->problem ? "-" : deployment->paths[DEPLOYMENT_CERT]});
}

static void print_note(const struct deploy_entry *entry, const struct deploy_status *status)
{
	char next[TIME_BYTES];

	printf("\n%s: %s\n",
	       *entry->problem ? entry->deployment.name : entry->deployment.paths[DEPLOYMENT_CERT],
	       status->note);
	for (const char *line = status->output; *line; line += strcspn(line, "\n")) {
		line += strspn(line, "\n");
		if (*line)
			printf("  | %.*s\n", (int)strcspn(line, "\n"), line);
	}
	time_text(status->next_try, next);
	if (status->next_try)
		printf("  next try: %s\n", next);
}

/* A terminal is not for commands to steer. */
static void clean(char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
			*text = '?';
}

struct report {
	const struct deploy_list *list;
	struct deploy_status *statuses; /* one for each */
	bool is_running;
};

static enum exit_code print_report(struct ctl *ctl, const struct report *report)
{
	struct table *table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	bool is_fine = table != NULL;

	for (size_t i = 0; i < report->list->count && is_fine; i++)
		is_fine = add_row(table, &report->list->entries[i], &report->statuses[i]);
	if (is_fine)
		table_print(table, stdout, 0);
	table_free(table);
	if (!is_fine)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	for (size_t i = 0; i < report->list->count; i++)
		if (*report->statuses[i].note)
			print_note(&report->list->entries[i], &report->statuses[i]);
	if (!report->is_running)
		printf("\nkeystore-deploy is not running: what is renewed is not deployed\n");
	return EXIT_OK;
}

static enum exit_code print_report_json(struct ctl *ctl, const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->list->count; i++)
		json_append(&array, status_json(&report->list->entries[i], &report->statuses[i]));
	return ctl_print_json(ctl, json_pack("{s:b, s:o}", "agent_running", (int)report->is_running,
					     "deployments", array));
}

static enum exit_code report_on(struct ctl *ctl, const struct deploy_list *list, int folder)
{
	struct deploy_status *statuses = calloc(list->count + 1, sizeof(*statuses));
	struct report report = {list, statuses, folder >= 0 && deploy_status_is_owned(folder)};
	bool is_fine = report.is_running;
	enum exit_code code;

	if (!statuses)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	for (size_t i = 0; i < list->count; i++) {
		status_of(folder, &list->entries[i], &statuses[i]);
		clean(statuses[i].output);
		is_fine = is_fine && statuses[i].state == DEPLOY_CURRENT;
	}
	code = ctl->json ? print_report_json(ctl, &report) : print_report(ctl, &report);
	free(statuses);
	if (code == EXIT_OK && !is_fine && list->count)
		code = EXIT_FAILED;
	return code;
}

static enum exit_code command_deploy_status(struct ctl *ctl)
{
	const char *dir = deploy_status_path(NULL);
	struct deploy_list *list = NULL;
	int folder = deploy_status_open(dir);
	enum exit_code code;

	if (folder < 0 && errno != ENOENT)
		return ctl_fail(ctl, errno == EACCES ? EXIT_DENIED : EXIT_FAILED,
				"%s cannot be read: %s; what programs printed is for root", dir,
				strerror(errno));
	code = load(ctl, &list);
	if (code == EXIT_OK)
		code = report_on(ctl, list, folder);
	free(list);
	if (folder >= 0)
		close(folder);
	return code;
}

/* The one that is meant; list->count: told. */
static size_t find(struct ctl *ctl, const struct deploy_list *list, uint64_t id)
{
	const char *file = ctl_option(ctl, OPTION_CERT);
	size_t found = list->count;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct deploy_entry *entry = &list->entries[i];

		if (*entry->problem && entry->deployment.cert_id == 0)
			continue;
		if (entry->deployment.cert_id != id ||
		    (file && strcmp(file, entry->deployment.paths[DEPLOYMENT_CERT]) != 0))
			continue;
		found = i;
		count++;
	}
	if (count == 1)
		return found;
	if (count)
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "certificate %llu has %zu deployments: --cert FILE says which",
			       (unsigned long long)id, count);
	else
		(void)ctl_fail(ctl, EXIT_NOT_FOUND,
			       "certificate %llu has no such deployment: keystorectl deploy list "
			       "shows them",
			       (unsigned long long)id);
	return list->count;
}

static enum exit_code tell_removed(struct ctl *ctl, const struct deploy_entry *entry)
{
	const struct deployment *deployment = &entry->deployment;

	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:s}", "removed", deployment->name));
	printf("certificate %llu is not deployed any more. Left as they are:",
	       (unsigned long long)deployment->cert_id);
	for (int i = DEPLOYMENT_FILES - 1; i >= 0; i--)
		if (*deployment->paths[i])
			printf(" %s", deployment->paths[i]);
	putchar('\n');
	return EXIT_OK;
}

static enum exit_code command_deploy_remove(struct ctl *ctl)
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct deploy_list *list = NULL;
	enum exit_code code;
	uint64_t id;
	size_t i;

	if (!cert_take_id(ctl, &id))
		return EXIT_USAGE;
	code = load(ctl, &list);
	if (code != EXIT_OK)
		return code;
	i = find(ctl, list, id);
	if (i == list->count)
		code = EXIT_NOT_FOUND;
	else if (!deploy_dir_remove(dir_of(ctl), list->entries[i].deployment.name, problem))
		code = ctl_fail(ctl, EXIT_FAILED, "%s", problem);
	else
		code = tell_removed(ctl, &list->entries[i]);
	free(list);
	return code;
}

static const struct option_text texts[] = {
	{OPTION_CERT, "FILE", "where the certificate goes, PEM"},
	{OPTION_KEY, "FILE", "where the reference file goes, for the program's key"},
	{OPTION_CHAIN, "FILE", "where the issuers go (default: behind the certificate)"},
	{0},
};

static const struct option_text remove_texts[] = {
	{OPTION_CERT, "FILE", "the one with that file, of several"},
	{0},
};

const struct command commands_deploy[] = {
	{
		.name = "deploy add",
		.words = "ID",
		.word_count = 1,
		.options = HAS(CERT) | HAS(KEY) | HAS(CHAIN) | HAS(OWNER) | HAS(MODE) |
			   HAS(RELOAD) | HAS(RUN) | HAS(DIR),
		.needs = HAS(CERT) | HAS(KEY),
		.summary = "keep a certificate in a program's files",
		.help = "keystore-deploy writes certificate, issuers and reference file, again\n"
			"after each renewal, and tells the program. The reference file stands for\n"
			"the private key, which stays in the TPM: OpenSSL's provider \"keystore\"\n"
			"reads it.",
		.run = command_deploy_add,
		.texts = texts,
	},
	{
		.name = "deploy list",
		.words = "",
		.options = HAS(DIR),
		.summary = "which certificates go to which files",
		.run = command_deploy_list,
	},
	{
		.name = "deploy status",
		.words = "",
		.options = HAS(DIR),
		.summary = "whether the files are current, and why not",
		.help = "The exit code is 0 when all are and keystore-deploy runs.",
		.run = command_deploy_status,
	},
	{
		.name = "deploy remove",
		.words = "ID",
		.word_count = 1,
		.options = HAS(CERT) | HAS(DIR),
		.summary = "write no more; the files stay",
		.run = command_deploy_remove,
		.texts = remove_texts,
	},
	{.name = NULL},
};
