/* push trust: whom another server trusts. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "command.h"
#include "input.h"
#include "json_text.h"
#include "push_apply.h"
#include "table.h"
#include "trust_file.h"
#include "x509_facts.h"

#define FINGERPRINT_TEXT 65

/* As keystorectl has them, and the folders of OPC 10000-12 F.1. */
static const struct {
	const char *name;
	const char *folder;
	const char *end;
	bool is_crls;
} parts[TRUST_PARTS] = {
	[TRUST_CERTS] = {"trusted-certs", "trusted/certs", "der", false},
	[TRUST_CRLS] = {"trusted-crls", "trusted/crl", "crl", true},
	[TRUST_ISSUERS] = {"issuer-certs", "issuer/certs", "der", false},
	[TRUST_ISSUER_CRLS] = {"issuer-crls", "issuer/crl", "crl", true},
};

struct entry {
	char fingerprint[FINGERPRINT_TEXT];
	char subject[X509_FACTS_NAME];
	char end[TIME_BYTES];
};

static void describe(const struct cert_files *files, size_t i, bool is_crl, struct entry *ret_entry)
{
	struct x509_facts facts = {.subject = "(not readable)"};

	*ret_entry = (struct entry){0};
	if ((is_crl ? x509_crl_facts_read(files->ders[i], files->lens[i], &facts)
		    : x509_facts_read(files->ders[i], files->lens[i], &facts)) &&
	    facts.not_after)
		time_text(facts.not_after, ret_entry->end);
	snprintf(ret_entry->subject, sizeof(ret_entry->subject), "%s",
		 *facts.subject ? facts.subject : facts.issuer);
	for (size_t k = 0; k < sizeof(facts.fingerprint); k++)
		snprintf(ret_entry->fingerprint + 2 * k, 3, "%02x", facts.fingerprint[k]);
}

static enum exit_code print_lists(const struct program *program, const struct trust_lists *lists)
{
	static const char *const heads[] = {"LIST", "SUBJECT", "ENDS", "FINGERPRINT"};
	struct table *table = table_new(heads, 4);
	json_t *list = json_array();
	bool is_ok = table != NULL;

	for (size_t part = 0; is_ok && part < TRUST_PARTS; part++)
		for (size_t i = 0; is_ok && i < lists->parts[part].count; i++) {
			struct entry entry;

			describe(&lists->parts[part], i, parts[part].is_crls, &entry);
			is_ok = table_add(table,
					  (const char *const[]){parts[part].name, entry.subject,
								entry.end, entry.fingerprint});
			json_append(&list,
				    json_pack("{s:s, s:o, s:o, s:s}", "list", parts[part].name,
					      "subject", json_text(entry.subject), "ends",
					      json_text_or_null(entry.end), "fingerprint",
					      entry.fingerprint));
		}
	if (is_ok && program->json) {
		table_free(table);
		return program_print_json(program,
					  list ? json_pack("{s:o}", "entries", list) : NULL);
	}
	if (is_ok)
		table_print(table, stdout, 0);
	table_free(table);
	json_decref(list);
	return is_ok ? EXIT_OK : program_no_memory(program);
}

/* All folders on the way, too. */
static bool make_folder(const char *path)
{
	char at[PATH_MAX];

	snprintf(at, sizeof(at), "%s", path);
	for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(at, 0777) < 0 && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return mkdir(at, 0777) == 0 || errno == EEXIST;
}

/* What was there before would become trusted by the next push trust set. */
static enum exit_code make_part(const struct program *program, const char *path)
{
	struct dirent *entry;
	bool is_empty = true;
	DIR *folder;

	if (!make_folder(path))
		return program_fail(program, EXIT_FAILED, "%s cannot be made: %s", path,
				    strerror(errno));
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		is_empty = is_empty && entry->d_name[0] == '.';
	if (folder)
		closedir(folder);
	if (!folder || !is_empty)
		return program_fail(program, EXIT_CONFLICT,
				    "%s has files already: take a folder that is new, or empty it",
				    path);
	return EXIT_OK;
}

static enum exit_code write_lists(const struct program *program, const struct trust_lists *lists)
{
	enum exit_code code = EXIT_OK;
	char path[PATH_MAX];
	size_t count = 0;

	for (size_t part = 0; code == EXIT_OK && part < TRUST_PARTS; part++) {
		snprintf(path, sizeof(path), "%s/%s", program->words[0], parts[part].folder);
		code = make_part(program, path);
		for (size_t i = 0; code == EXIT_OK && i < lists->parts[part].count; i++, count++) {
			struct entry entry;

			describe(&lists->parts[part], i, parts[part].is_crls, &entry);
			snprintf(path, sizeof(path), "%s/%s/%s.%s", program->words[0],
				 parts[part].folder, entry.fingerprint, parts[part].end);
			code = output_write(program, path, lists->parts[part].ders[i],
					    lists->parts[part].lens[i]);
		}
	}
	if (code != EXIT_OK)
		return code;
	if (program->json)
		return program_print_json(program,
					  json_pack("{s:s, s:I}", "folder", program->words[0],
						    "entries", (json_int_t)count));
	printf("%zu certificates and CRLs are in %s\n", count, program->words[0]);
	return EXIT_OK;
}

static enum exit_code get(const struct program *program, const struct push_target *target)
{
	struct trust_lists lists = {0};
	enum exit_code code = trust_file_read(program, target, &lists);

	if (code == EXIT_OK)
		code = program->word_count ? write_lists(program, &lists)
					   : print_lists(program, &lists);
	trust_lists_clear(&lists);
	return code;
}

static enum exit_code write_and_finish(const struct program *program,
				       const struct push_target *target,
				       const struct trust_lists *lists, unsigned mask)
{
	bool has_to_apply = false;
	enum exit_code code = trust_file_write(program, target, lists, mask, &has_to_apply);

	if (code != EXIT_OK)
		return code;
	return push_finish(program, target->link, has_to_apply, "the trust list");
}

/* --list: certificates of it, and CRLs beside them. */
static enum exit_code take_list(const struct program *program, enum trust_part *ret_certs)
{
	const char *name = program_option(program, OPTION_LIST);

	if (!name || strcmp(name, "trusted") == 0)
		*ret_certs = TRUST_CERTS;
	else if (strcmp(name, "issuers") == 0)
		*ret_certs = TRUST_ISSUERS;
	else
		return program_fail(program, EXIT_USAGE, "--list %s: not trusted or issuers", name);
	return EXIT_OK;
}

static bool has_it(const struct cert_files *files, const uint8_t *der, size_t len)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->lens[i] == len && memcmp(files->ders[i], der, len) == 0)
			return true;
	return false;
}

/* Files of the command line into a list and its CRLs. */
static enum exit_code add_files(const struct program *program, enum trust_part certs,
				struct trust_lists *lists)
{
	struct cert_files files = {0};
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < program->word_count; i++)
		code = cert_files_add(program, program->words[i], &files);
	for (size_t i = 0; code == EXIT_OK && i < files.count; i++) {
		bool is_crl = x509_is_crl(files.ders[i], files.lens[i]);
		struct cert_files *into = &lists->parts[certs + is_crl];

		if (!has_it(into, files.ders[i], files.lens[i]) &&
		    !cert_files_put(into, files.ders[i], files.lens[i]))
			code = program_no_memory(program);
	}
	cert_files_clear(&files);
	return code;
}

static bool is_folder(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static enum exit_code read_folder(const struct program *program, struct trust_lists *lists)
{
	enum exit_code code = EXIT_OK;
	char path[PATH_MAX];
	size_t count = 0;

	for (size_t part = 0; code == EXIT_OK && part < TRUST_PARTS; part++) {
		snprintf(path, sizeof(path), "%s/%s", program->words[0], parts[part].folder);
		code = cert_files_add_folder(program, path, &lists->parts[part]);
		count += lists->parts[part].count;
	}
	if (code == EXIT_OK && !count)
		return program_fail(program, EXIT_USAGE,
				    "%s has no certificate in %s, %s, %s or %s: a server that "
				    "trusts nobody lets nobody in",
				    program->words[0], parts[0].folder, parts[1].folder,
				    parts[2].folder, parts[3].folder);
	return code;
}

static enum exit_code set(const struct program *program, const struct push_target *target)
{
	bool is_whole = program->word_count == 1 && is_folder(program->words[0]);
	enum trust_part certs = TRUST_CERTS;
	struct trust_lists lists = {0};
	enum exit_code code = take_list(program, &certs);

	if (code == EXIT_OK && is_whole && program_has(program, OPTION_LIST))
		code = program_fail(program, EXIT_USAGE,
				    "a folder has all lists: leave out --list, or name files");
	if (code == EXIT_OK)
		code = is_whole ? read_folder(program, &lists) : add_files(program, certs, &lists);
	if (code == EXIT_OK)
		code = write_and_finish(program, target, &lists,
					is_whole ? TRUST_ALL : 3u << certs);
	trust_lists_clear(&lists);
	return code;
}

static enum exit_code add(const struct program *program, const struct push_target *target)
{
	enum trust_part certs = TRUST_CERTS;
	struct trust_lists lists = {0};
	enum exit_code code = take_list(program, &certs);

	if (code == EXIT_OK)
		code = trust_file_read(program, target, &lists);
	if (code == EXIT_OK)
		code = add_files(program, certs, &lists);
	if (code == EXIT_OK)
		code = write_and_finish(program, target, &lists, 3u << certs);
	trust_lists_clear(&lists);
	return code;
}

static void drop(struct cert_files *files, size_t at)
{
	free(files->ders[at]);
	files->count--;
	memmove(files->ders + at, files->ders + at + 1, (files->count - at) * sizeof(*files->ders));
	memmove(files->lens + at, files->lens + at + 1, (files->count - at) * sizeof(*files->lens));
}

/* Which parts have lost something. */
static unsigned remove_fingerprint(struct trust_lists *lists, const char *fingerprint)
{
	unsigned mask = 0;

	for (size_t part = 0; part < TRUST_PARTS; part++)
		for (size_t i = lists->parts[part].count; i-- > 0;) {
			struct entry entry;

			describe(&lists->parts[part], i, parts[part].is_crls, &entry);
			if (strcasecmp(entry.fingerprint, fingerprint) != 0)
				continue;
			drop(&lists->parts[part], i);
			mask |= 1u << part;
		}
	return mask;
}

static bool is_fingerprint(const char *word)
{
	return strlen(word) == FINGERPRINT_TEXT - 1 &&
	       strspn(word, "0123456789abcdefABCDEF") == FINGERPRINT_TEXT - 1;
}

static enum exit_code remove_file(const struct program *program, const char *path,
				  struct trust_lists *lists, unsigned *mask)
{
	struct cert_files files = {0};
	enum exit_code code = cert_files_add(program, path, &files);

	for (size_t i = 0; code == EXIT_OK && i < files.count; i++) {
		struct entry entry;

		describe(&files, i, x509_is_crl(files.ders[i], files.lens[i]), &entry);
		*mask |= remove_fingerprint(lists, entry.fingerprint);
	}
	cert_files_clear(&files);
	return code;
}

static enum exit_code take_away(const struct program *program, const struct push_target *target)
{
	struct trust_lists lists = {0};
	enum exit_code code = trust_file_read(program, target, &lists);
	unsigned mask = 0;

	for (size_t i = 0; code == EXIT_OK && i < program->word_count; i++) {
		const char *word = program->words[i];
		unsigned gone = 0;

		if (is_fingerprint(word))
			gone = remove_fingerprint(&lists, word);
		else
			code = remove_file(program, word, &lists, &gone);
		if (code == EXIT_OK && !gone)
			code = program_fail(
				program, EXIT_NOT_FOUND,
				"%s is not in the trust list: push trust get shows what "
				"is",
				word);
		mask |= gone;
	}
	if (code == EXIT_OK)
		code = write_and_finish(program, target, &lists, mask);
	trust_lists_clear(&lists);
	return code;
}

static enum exit_code command_get(struct program *program)
{
	return push_on_target(program, get);
}

static enum exit_code command_set(struct program *program)
{
	return push_on_target(program, set);
}

static enum exit_code command_add(struct program *program)
{
	return push_on_target(program, add);
}

static enum exit_code command_remove(struct program *program)
{
	return push_on_target(program, take_away);
}

#define HAS_CHANGE (HAS_SERVER | HAS(GROUP) | HAS(NO_APPLY))

const struct command commands_push_trust[] = {
	{
		.name = "push trust get",
		.words = "[DIR]",
		.most = 1,
		.options = HAS_SERVER | HAS(GROUP),
		.summary = "whom a server trusts; with DIR written there",
		.help = "As DIR/trusted/certs, trusted/crl, issuer/certs and issuer/crl "
			"(OPC 10000-12 F.1).",
		.run = command_get,
	},
	{
		.name = "push trust set",
		.words = "DIR|FILE...",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_CHANGE | HAS(LIST),
		.summary = "replace whom a server trusts",
		.help = "DIR, as push trust get writes it, replaces all lists; files, PEM or DER, "
			"replace\nthe certificates and CRLs of one.",
		.run = command_set,
	},
	{
		.name = "push trust add",
		.words = "FILE...",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_CHANGE | HAS(LIST),
		.summary = "add certificates and CRLs to a server's trust list",
		.run = command_add,
	},
	{
		.name = "push trust remove",
		.words = "FILE|FINGERPRINT...",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_CHANGE,
		.summary = "take certificates and CRLs from a server's trust list",
		.run = command_remove,
	},
	{.name = NULL},
};
