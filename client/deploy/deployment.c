#include "deployment.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <ini.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTION	       "deployment"
#define MODES_ALLOWED  0644u /* who may write it, or run it, is nobody else's business */
#define DATABASE_BYTES 8192

static const char *const file_names[DEPLOYMENT_FILES] = {
	[DEPLOYMENT_CHAIN] = "chain",
	[DEPLOYMENT_KEY] = "key",
	[DEPLOYMENT_CERT] = "certificate",
};

const char *deployment_file_name(enum deployment_file file)
{
	return file_names[file];
}

__attribute__((format(printf, 2, 3))) static bool refuse(char *problem, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(problem, DEPLOY_PROBLEM_MAX, format, list);
	va_end(list);
	return false;
}

/* One line that JSON can say too. */
static bool is_line(const char *text)
{
	json_t *value;

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	value = json_string(text);
	json_decref(value);
	return value != NULL;
}

/* What names the same file whoever reads it: "/a/b", no "/a//b", "/a/../b" or "/a/". */
static bool is_plain_path(const char *path)
{
	if (*path != '/' || !path[1] || !is_line(path))
		return false;
	while (*path == '/') {
		size_t len = strcspn(path + 1, "/");

		if (len == 0 || (path[1] == '.' && (len == 1 || (len == 2 && path[2] == '.'))))
			return false;
		path += len + 1;
	}
	return true;
}

static bool check_path(enum deployment_file file, const char *path, char *problem)
{
	const char *option = file == DEPLOYMENT_CERT ? "cert" : file_names[file];

	if (file == DEPLOYMENT_CHAIN && !*path)
		return true;
	if (!*path)
		return refuse(problem, "it lacks \"%s\", the path of the %s's file", option,
			      file_names[file]);
	if (!is_plain_path(path))
		return refuse(problem,
			      "%s = \"%s\": give the file's absolute path, without // and ..",
			      option, path);
	return true;
}

/* systemd.unit(5): it is an argument, and must not look like an option or a pattern. */
static bool is_unit(const char *unit)
{
	static const char *const types[] = {".service", ".target", ".socket", ".path", ".timer"};
	const char *dot = strrchr(unit, '.');

	if (!isalnum((unsigned char)*unit) || !dot)
		return false;
	for (const char *c = unit; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(":-_.\\@", *c))
			return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i]) == 0)
			return true;
	return false;
}

static bool is_account(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_-.$@", text[i]))
			return false;
	return len == 0 || text[0] != '-';
}

static bool is_owner(const char *owner)
{
	size_t len = strcspn(owner, ":");
	const char *group = owner[len] ? owner + len + 1 : "";

	return (len || *group) && is_account(owner, len) && is_account(group, strlen(group));
}

bool deployment_check(const struct deployment *deployment, char problem[DEPLOY_PROBLEM_MAX])
{
	if (!deployment->cert_id || deployment->cert_id > INT64_MAX)
		return refuse(problem, "it lacks \"certificate\", the ID of the certificate");
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++) {
		if (!check_path(i, deployment->paths[i], problem))
			return false;
		for (enum deployment_file j = 0; j < i; j++)
			if (strcmp(deployment->paths[i], deployment->paths[j]) == 0)
				return refuse(problem,
					      "%s is to be the %s and the %s: each has a file of "
					      "its own",
					      deployment->paths[i], file_names[i], file_names[j]);
	}
	if (*deployment->owner && !is_owner(deployment->owner))
		return refuse(problem, "owner = \"%s\": not USER, USER:GROUP or :GROUP",
			      deployment->owner);
	if ((deployment->mode & ~MODES_ALLOWED) || !(deployment->mode & 0400))
		return refuse(problem,
			      "mode = %04o: the owner reads the files, others may read them, and "
			      "nobody else writes them: 0400 to 0644",
			      (unsigned)deployment->mode);
	if (*deployment->unit && *deployment->command)
		return refuse(problem, "it has both a unit to reload and a command to run: one "
				       "command can do both");
	if (*deployment->unit && !is_unit(deployment->unit))
		return refuse(problem, "reload = \"%s\": not the name of a unit, as nginx.service",
			      deployment->unit);
	if (*deployment->command && !is_line(deployment->command))
		return refuse(problem, "the command has characters that are none of a line");
	return true;
}

bool deployment_mode_read(const char *text, mode_t *ret_mode)
{
	size_t len = strlen(text);

	if (len < 3 || len > 4 || strspn(text, "01234567") != len)
		return false;
	*ret_mode = (mode_t)strtoul(text, NULL, 8);
	return true;
}

static bool read_id(const char *text, uint64_t *ret_id)
{
	size_t len = strlen(text);

	/* 18 digits: no overflow. */
	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*ret_id = strtoull(text, NULL, 10);
	return true;
}

/* What is text, by its key. */
static const struct {
	const char *key;
	size_t offset;
	size_t max;
} fields[] = {
	{"cert", offsetof(struct deployment, paths[DEPLOYMENT_CERT]), DEPLOYMENT_PATH_MAX},
	{"key", offsetof(struct deployment, paths[DEPLOYMENT_KEY]), DEPLOYMENT_PATH_MAX},
	{"chain", offsetof(struct deployment, paths[DEPLOYMENT_CHAIN]), DEPLOYMENT_PATH_MAX},
	{"owner", offsetof(struct deployment, owner), DEPLOYMENT_OWNER_MAX},
	{"reload", offsetof(struct deployment, unit), DEPLOYMENT_UNIT_MAX},
	{"run", offsetof(struct deployment, command), DEPLOYMENT_COMMAND_MAX},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

struct parse {
	struct deployment deployment;
	const char *at, *end;
	unsigned line;
	bool has_id, has_mode;
	bool is_seen[FIELDS];
	char *problem; /* set by whoever refuses first */
	bool is_refused;
};

static void parse_refuse(struct parse *parse, const char *what, const char *which)
{
	if (!parse->is_refused)
		refuse(parse->problem, "line %u: %s%.200s", parse->line, what, which);
	parse->is_refused = true;
}

/* inih splits longer lines silently: they are refused here. */
static char *parse_line(char *buf, int size, void *user)
{
	struct parse *parse = user;
	const char *newline = memchr(parse->at, '\n', (size_t)(parse->end - parse->at));
	size_t len = (size_t)((newline ? newline + 1 : parse->end) - parse->at);

	if (parse->is_refused || parse->at == parse->end)
		return NULL;
	parse->line++;
	if (len + 1 > (size_t)size) {
		parse_refuse(parse, "it is too long", "");
		return NULL;
	}
	memcpy(buf, parse->at, len);
	buf[len] = '\0';
	parse->at += len;
	return buf;
}

static bool parse_text(struct parse *parse, const char *key, const char *value)
{
	for (size_t i = 0; i < FIELDS; i++) {
		char *field = (char *)&parse->deployment + fields[i].offset;

		if (strcmp(fields[i].key, key) != 0)
			continue;
		if (parse->is_seen[i])
			parse_refuse(parse, "a second ", key);
		else if (!*value || strlen(value) > fields[i].max)
			parse_refuse(parse, "an empty or too long ", key);
		else
			memcpy(field, value, strlen(value) + 1);
		parse->is_seen[i] = true;
		return true;
	}
	return false;
}

static int parse_value(void *user, const char *section, const char *key, const char *value)
{
	struct parse *parse = user;
	bool *is_seen = NULL;
	bool is_fine = true;

	if (strcmp(section, SECTION) != 0) {
		parse_refuse(parse, "the one section is [" SECTION "], not ", section);
	} else if (strcmp(key, "certificate") == 0) {
		is_seen = &parse->has_id;
		is_fine = read_id(value, &parse->deployment.cert_id);
	} else if (strcmp(key, "mode") == 0) {
		is_seen = &parse->has_mode;
		is_fine = deployment_mode_read(value, &parse->deployment.mode);
	} else if (!parse_text(parse, key, value)) {
		parse_refuse(parse, "there is no ", key);
	}
	if (is_seen && *is_seen)
		parse_refuse(parse, "a second ", key);
	else if (!is_fine)
		parse_refuse(parse, "not possible: ", value);
	if (is_seen)
		*is_seen = true;
	return !parse->is_refused;
}

bool deployment_read(const char *text, size_t len, struct deployment *ret_deployment,
		     char problem[DEPLOY_PROBLEM_MAX])
{
	struct parse parse = {
		.deployment.mode = DEPLOYMENT_MODE,
		.at = text,
		.end = text + len,
		.problem = problem,
	};
	int result;

	if (len > DEPLOYMENT_TEXT_MAX || memchr(text, '\0', len))
		return refuse(problem, "it is no text of at most %d bytes", DEPLOYMENT_TEXT_MAX);
	result = ini_parse_stream(parse_line, &parse, parse_value, &parse);
	if (parse.is_refused)
		return false;
	if (result > 0)
		return refuse(problem, "line %d: neither [" SECTION "] nor KEY = VALUE", result);
	if (result < 0)
		return refuse(problem, "out of memory");
	if (!deployment_check(&parse.deployment, problem))
		return false;
	*ret_deployment = parse.deployment;
	return true;
}

static bool is_same(const struct deployment *one, const struct deployment *other)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp((const char *)one + fields[i].offset,
			   (const char *)other + fields[i].offset) != 0)
			return false;
	return one->cert_id == other->cert_id && one->mode == other->mode;
}

bool deployment_write(const struct deployment *deployment, char ret_text[DEPLOYMENT_TEXT_MAX],
		      char problem[DEPLOY_PROBLEM_MAX])
{
	char text[DEPLOYMENT_TEXT_MAX];
	struct deployment again;
	int used;

	if (!deployment_check(deployment, problem))
		return false;
	used = snprintf(text, sizeof(text), "[" SECTION "]\ncertificate = %llu\nmode = %04o\n",
			(unsigned long long)deployment->cert_id, (unsigned)deployment->mode);
	for (size_t i = 0; i < FIELDS; i++) {
		const char *value = (const char *)deployment + fields[i].offset;

		if (*value)
			used += snprintf(text + used, sizeof(text) - (size_t)used, "%s = %s\n",
					 fields[i].key, value);
	}
	if (!deployment_read(text, (size_t)used, &again, problem))
		return false;
	/* A blank at an end, or " ;", which begins a comment. */
	if (!is_same(deployment, &again))
		return refuse(problem, "a path or command with blanks at its ends, or with \" ;\", "
				       "cannot be kept: put the commands into a script");
	memcpy(ret_text, text, (size_t)used + 1);
	return true;
}

static bool is_number(const char *text, unsigned long *ret_number)
{
	size_t len = strlen(text);

	if (!len || len > 10 || strspn(text, "0123456789") != len)
		return false;
	*ret_number = strtoul(text, NULL, 10);
	/* -1 means something else. */
	return *ret_number < UINT32_MAX;
}

bool deployment_owner(const struct deployment *deployment, uid_t *ret_uid, gid_t *ret_gid,
		      char problem[DEPLOY_PROBLEM_MAX])
{
	char name[DEPLOYMENT_OWNER_MAX + 1];
	char buf[DATABASE_BYTES];
	struct passwd user, *found_user = NULL;
	struct group group, *found_group = NULL;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	unsigned long number;
	char *colon;

	strcpy(name, deployment->owner);
	colon = strchr(name, ':');
	if (colon)
		*colon++ = '\0';
	if (is_number(name, &number))
		uid = (uid_t)number;
	else if (*name && (getpwnam_r(name, &user, buf, sizeof(buf), &found_user) || !found_user))
		return refuse(problem, "owner %s: there is no user %s", deployment->owner, name);
	else if (*name)
		uid = user.pw_uid;
	if (colon && is_number(colon, &number))
		gid = (gid_t)number;
	else if (colon && *colon &&
		 (getgrnam_r(colon, &group, buf, sizeof(buf), &found_group) || !found_group))
		return refuse(problem, "owner %s: there is no group %s", deployment->owner, colon);
	else if (colon && *colon)
		gid = group.gr_gid;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}

/* Whether the paths lead to one name in one folder. */
static bool is_same_file(const char *one, const char *other)
{
	char folders[2][DEPLOYMENT_PATH_MAX + 1];
	const char *bases[2];
	struct stat facts[2];

	if (strcmp(one, other) == 0)
		return true;
	return folder_split(one, folders[0], sizeof(folders[0]), &bases[0]) &&
	       folder_split(other, folders[1], sizeof(folders[1]), &bases[1]) &&
	       strcmp(bases[0], bases[1]) == 0 && stat(folders[0], &facts[0]) == 0 &&
	       stat(folders[1], &facts[1]) == 0 && facts[0].st_dev == facts[1].st_dev &&
	       facts[0].st_ino == facts[1].st_ino;
}

const char *deployment_shared_file(const struct deployment *one, const struct deployment *other)
{
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++)
		for (enum deployment_file j = 0; j < DEPLOYMENT_FILES; j++)
			if (*one->paths[i] && *other->paths[j] &&
			    is_same_file(one->paths[i], other->paths[j]))
				return one->paths[i];
	return NULL;
}
