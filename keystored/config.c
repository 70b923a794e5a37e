#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* TPM 2.0 Part 2, 13.2: persistent handles that belong to the owner. */
#define PERSISTENT_OWNER_FIRST 0x81000000u
#define PERSISTENT_OWNER_LAST  0x817fffffu
#define HANDLES_MAX	       4096u
/* TCG Registry of Reserved TPM 2.0 Handles, 2.2.2: NV indices of the owner. */
#define NV_OWNER_FIRST 0x01800000u
#define NV_OWNER_LAST  0x01bfffffu
#define OWNER_AUTH_MAX 64

enum type {
	TYPE_PATH,
	TYPE_TEXT,
	TYPE_NUMBER,
	TYPE_TIME,
	TYPE_MODE,
	TYPE_HANDLES,
	TYPE_NV_INDEX,
	TYPE_CHOICE,
	TYPE_LEVEL,
	TYPE_USERS,
	TYPE_GROUPS
};

struct option {
	const char *section;
	const char *key;
	enum type type;
	size_t offset;
	uint32_t min; /* NUMBER; TIME in ms; USERS and GROUPS: how many at most, in max */
	uint32_t max;
	const char *no; /* CHOICE: the words for false and true */
	const char *yes;
};

#define AT(field) offsetof(struct config, field)

static const struct option options[] = {
	{"service", "state", TYPE_PATH, AT(state), 0, 0, NULL, NULL},
	{"service", "socket", TYPE_PATH, AT(socket), 0, 0, NULL, NULL},
	{"service", "socket-mode", TYPE_MODE, AT(socket_mode), 0, 0, NULL, NULL},
	{"service", "socket-group", TYPE_GROUPS, AT(socket_group), 0, 1, NULL, NULL},
	{"service", "log-level", TYPE_LEVEL, AT(log_level), 0, 0, NULL, NULL},
	{"tpm", "tcti", TYPE_TEXT, AT(tcti), 0, 0, NULL, NULL},
	{"tpm", "owner-auth-file", TYPE_PATH, AT(owner_auth_file), 0, 0, NULL, NULL},
	{"tpm", "persistent-handles", TYPE_HANDLES, AT(persistent_first), 0, 0, NULL, NULL},
	{"tpm", "command-timeout", TYPE_TIME, AT(command_timeout_ms), 100, 600000, NULL, NULL},
	{"tpm", "sessions", TYPE_CHOICE, AT(protect_bus), 0, 0, "password", "protected"},
	{"tpm", "audit-index", TYPE_NV_INDEX, AT(audit_index), 0, 0, NULL, NULL},
	{"tpm", "audit-interval", TYPE_TIME, AT(audit_interval_ms), 1000, 86400000, NULL, NULL},
	{"tpm", "verify-signatures", TYPE_CHOICE, AT(verify_signatures), 0, 0, "no", "yes"},
	{"access", "administrators", TYPE_USERS, AT(administrators), 0, CONFIG_IDS_MAX, NULL, NULL},
	{"access", "administrator-groups", TYPE_GROUPS, AT(administrator_groups), 0, CONFIG_IDS_MAX,
	 NULL, NULL},
	{"access", "allow-sha1-signatures", TYPE_CHOICE, AT(allow_sha1_signatures), 0, 0, "no",
	 "yes"},
	{"access", "allow-pkcs1-decryption", TYPE_CHOICE, AT(allow_pkcs1_decryption), 0, 0, "no",
	 "yes"},
	{"keys", "pool", TYPE_NUMBER, AT(pool), 0, CONFIG_POOL_MAX, NULL, NULL},
	{"keys", "pool-idle", TYPE_TIME, AT(pool_idle_ms), 10, 3600000, NULL, NULL},
	{"ca", "crl-days", TYPE_NUMBER, AT(crl_days), 1, 3650, NULL, NULL},
	{"watch", "names", TYPE_CHOICE, AT(watch_names), 0, 0, "no", "yes"},
	{"watch", "link-local", TYPE_CHOICE, AT(watch_link_local), 0, 0, "no", "yes"},
	{"watch", "temporary", TYPE_CHOICE, AT(watch_temporary), 0, 0, "no", "yes"},
	{"watch", "settle", TYPE_TIME, AT(settle_ms), 10, 3600000, NULL, NULL},
	{"users", "idle-timeout", TYPE_TIME, AT(idle_timeout_ms), 1000, 86400000, NULL, NULL},
	{"users", "login-lifetime", TYPE_TIME, AT(login_lifetime_ms), 1000, 604800000, NULL, NULL},
	{"users", "password-length", TYPE_NUMBER, AT(password_length), 1, 64, NULL, NULL},
	{"limits", "keys", TYPE_NUMBER, AT(keys), 1, 1000000, NULL, NULL},
	{"limits", "connections", TYPE_NUMBER, AT(connections), 1, 65536, NULL, NULL},
	{"limits", "connections-per-uid", TYPE_NUMBER, AT(connections_per_uid), 1, 65536, NULL,
	 NULL},
	{"limits", "requests-per-connection", TYPE_NUMBER, AT(requests_per_connection), 1, 1024,
	 NULL, NULL},
	{"limits", "requests-per-uid", TYPE_NUMBER, AT(requests_per_uid), 1, 65536, NULL, NULL},
	{"limits", "queue", TYPE_NUMBER, AT(queue), 1, 65536, NULL, NULL},
	{"limits", "grants-per-key", TYPE_NUMBER, AT(grants_per_key), 1, 1024, NULL, NULL},
	{"limits", "trust-entries", TYPE_NUMBER, AT(trust_entries), 1, 100000, NULL, NULL},
	{"limits", "audit-entries", TYPE_NUMBER, AT(audit_entries), 1000, 100000000, NULL, NULL},
	{"limits", "users", TYPE_NUMBER, AT(users), 1, 100000, NULL, NULL},
	{"limits", "roles", TYPE_NUMBER, AT(roles), 6, 1000, NULL, NULL},
	{"limits", "logins", TYPE_NUMBER, AT(logins), 1, 1000, NULL, NULL},
	{"limits", "logins-per-user", TYPE_NUMBER, AT(logins_per_user), 1, 1000, NULL, NULL},
	{"limits", "transaction-idle", TYPE_TIME, AT(transaction_idle_ms), 1000, 86400000, NULL,
	 NULL},
	{"limits", "transaction-size", TYPE_NUMBER, AT(transaction_mib), 1, 4096, NULL, NULL},
	{"limits", "frame-timeout", TYPE_TIME, AT(frame_timeout_ms), 10, 600000, NULL, NULL},
	{"limits", "write-timeout", TYPE_TIME, AT(write_timeout_ms), 10, 600000, NULL, NULL},
	{"limits", "deadline", TYPE_TIME, AT(deadline_ms), 10, 3600000, NULL, NULL},
	{"limits", "create-deadline", TYPE_TIME, AT(create_deadline_ms), 10, 3600000, NULL, NULL},
};

#define OPTION_COUNT (sizeof options / sizeof *options)

bool config_init(struct config *config)
{
	*config = (struct config){
		.state = strdup("/var/lib/keystored"),
		.socket = strdup("/run/keystored/keystored.sock"),
		/* Everyone may ask; each operation is authorised by itself. */
		.socket_mode = 0666,
		.log_level = LOG_LEVEL_INFO,
		.persistent_first = 0x81004b00,
		.persistent_last = 0x81004bff,
		.command_timeout_ms = 10000,
		.audit_index = 0x01804b00,
		.audit_interval_ms = 600000,
		.verify_signatures = true,
		.pool = 1,
		.pool_idle_ms = 5000,
		.crl_days = 30,
		.watch_names = true,
		.settle_ms = 10000,
		.idle_timeout_ms = 1800000,
		.login_lifetime_ms = 43200000,
		.password_length = 8,
		.keys = 10000,
		.connections = 512,
		.connections_per_uid = 64,
		.requests_per_connection = 64,
		.requests_per_uid = 256,
		.queue = 1024,
		.grants_per_key = 64,
		.trust_entries = 10000,
		.transaction_idle_ms = 600000,
		.transaction_mib = 64,
		.audit_entries = 100000,
		.users = 1000,
		.roles = 100,
		.logins = 256,
		.logins_per_user = 16,
		.frame_timeout_ms = 10000,
		.write_timeout_ms = 30000,
		.deadline_ms = 30000,
		.create_deadline_ms = 120000,
	};
	return config->state && config->socket;
}

void config_wipe(struct config *config)
{
	free(config->state);
	free(config->socket);
	free(config->tcti);
	free(config->owner_auth_file);
	*config = (struct config){0};
}

static bool text_to_number(const char *text, int base, uint32_t *ret_value, const char **ret_end)
{
	char *end = NULL;

	if (!isalnum((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long value = strtoul(text, &end, base);

	if (errno || end == text || value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	*ret_end = end;
	return true;
}

static const char *read_number(const struct option *option, const char *value, void *field,
			       char *hint, size_t hint_size)
{
	uint32_t number;
	const char *end;

	if (text_to_number(value, 10, &number, &end) && !*end && number >= option->min &&
	    number <= option->max) {
		*(uint32_t *)field = number;
		return NULL;
	}
	snprintf(hint, hint_size, "a number from %u to %u", option->min, option->max);
	return hint;
}

static const char *read_time(const struct option *option, const char *value, void *field,
			     char *hint, size_t hint_size)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
	uint32_t number;
	const char *end;

	if (text_to_number(value, 10, &number, &end)) {
		end += strspn(end, " ");
		for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
			uint64_t ms = number * units[i].ms;

			if (strcmp(end, units[i].unit) == 0 && ms >= option->min &&
			    ms <= option->max) {
				*(uint32_t *)field = (uint32_t)ms;
				return NULL;
			}
		}
	}
	snprintf(hint, hint_size, "a time from %ums to %us, as 500ms, 10s, 2min or 12h",
		 option->min, option->max / 1000);
	return hint;
}

static const char *read_mode(const char *value, void *field)
{
	uint32_t mode;
	const char *end;

	if (text_to_number(value, 8, &mode, &end) && !*end && mode <= 0777) {
		*(uint32_t *)field = mode;
		return NULL;
	}
	return "octal access bits, as 0660";
}

static const char *read_handles(struct config *config, const char *value)
{
	uint32_t first;
	uint32_t last;
	const char *end;

	if (text_to_number(value, 16, &first, &end) && *end == '-' &&
	    text_to_number(end + 1, 16, &last, &end) && !*end && first >= PERSISTENT_OWNER_FIRST &&
	    last <= PERSISTENT_OWNER_LAST && first <= last && last - first < HANDLES_MAX) {
		config->persistent_first = first;
		config->persistent_last = last;
		return NULL;
	}
	return "a range within 0x81000000-0x817fffff of at most 4096 handles, as "
	       "0x81004b00-0x81004bff";
}

static const char *read_nv_index(const char *value, void *field)
{
	uint32_t index = 0;
	const char *end = "";

	if (strcmp(value, "none") == 0 || (text_to_number(value, 16, &index, &end) && !*end &&
					   index >= NV_OWNER_FIRST && index <= NV_OWNER_LAST)) {
		*(uint32_t *)field = index;
		return NULL;
	}
	return "an NV index within 0x01800000-0x01bfffff, as 0x01804b00, or none";
}

static bool name_to_uid(const char *name, uint32_t *ret_id)
{
	const struct passwd *user = getpwnam(name);

	if (user)
		*ret_id = user->pw_uid;
	return user != NULL;
}

static bool name_to_gid(const char *name, uint32_t *ret_id)
{
	const struct group *group = getgrnam(name);

	if (group)
		*ret_id = group->gr_gid;
	return group != NULL;
}

static const char *read_ids(const struct option *option, const char *value, void *field, char *hint,
			    size_t hint_size)
{
	struct config_ids ids = {0};
	char *copy = strdup(value);
	char *state = NULL;
	const char *problem = copy ? NULL : "more memory";

	for (char *word = copy ? strtok_r(copy, ", \t", &state) : NULL; word && !problem;
	     word = strtok_r(NULL, ", \t", &state)) {
		uint32_t id;
		const char *end;
		bool is_number = text_to_number(word, 10, &id, &end) && !*end && id != UINT32_MAX;

		if (ids.count == option->max) {
			snprintf(hint, hint_size, "at most %u of them", option->max);
			problem = hint;
		} else if (is_number || (option->type == TYPE_USERS ? name_to_uid(word, &id)
								    : name_to_gid(word, &id))) {
			ids.ids[ids.count++] = id;
		} else {
			snprintf(hint, hint_size,
				 "%s that exist here, or numbers; there is no \"%.40s\"",
				 option->type == TYPE_USERS ? "users" : "groups", word);
			problem = hint;
		}
	}
	if (!problem)
		*(struct config_ids *)field = ids;
	free(copy);
	return problem;
}

static const char *read_string(const struct option *option, const char *value, char **field)
{
	if (option->type == TYPE_PATH && *value != '/')
		return "an absolute path";
	char *copy = strdup(value);

	if (!copy)
		return "more memory";
	free(*field);
	*field = copy;
	return NULL;
}

static const char *read_choice(const struct option *option, const char *value, bool *field,
			       char *hint, size_t hint_size)
{
	if (strcmp(value, option->no) == 0 || strcmp(value, option->yes) == 0) {
		*field = strcmp(value, option->yes) == 0;
		return NULL;
	}
	snprintf(hint, hint_size, "%s or %s", option->yes, option->no);
	return hint;
}

static const char *read_value(struct config *config, const struct option *option, const char *value,
			      char *hint, size_t hint_size)
{
	void *field = (char *)config + option->offset;

	switch (option->type) {
	case TYPE_PATH:
	case TYPE_TEXT:
		return read_string(option, value, field);
	case TYPE_NUMBER:
		return read_number(option, value, field, hint, hint_size);
	case TYPE_TIME:
		return read_time(option, value, field, hint, hint_size);
	case TYPE_MODE:
		return read_mode(value, field);
	case TYPE_HANDLES:
		return read_handles(config, value);
	case TYPE_NV_INDEX:
		return read_nv_index(value, field);
	case TYPE_CHOICE:
		return read_choice(option, value, field, hint, hint_size);
	case TYPE_LEVEL:
		return log_level_from_name(value, field) ? NULL : "error, warning, info or debug";
	case TYPE_USERS:
	case TYPE_GROUPS:
		return read_ids(option, value, field, hint, hint_size);
	}
	return "another type";
}

static const struct option *find_option(const char *section, const char *key)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options[i].section, section) == 0 && strcmp(options[i].key, key) == 0)
			return &options[i];
	}
	return NULL;
}

static bool section_is_known(const char *section)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options[i].section, section) == 0)
			return true;
	}
	return false;
}

enum config_status config_set(struct config *config, const char *section, const char *key,
			      const char *value, char error[CONFIG_ERROR_MAX])
{
	const struct option *option = find_option(section, key);
	char hint[160];

	if (!option && !section_is_known(section)) {
		snprintf(error, CONFIG_ERROR_MAX,
			 "there is no section [%.64s]; the sections are service, tpm, access, ca, "
			 "watch, users and limits",
			 section);
		return CONFIG_REFUSED;
	}
	if (!option) {
		snprintf(error, CONFIG_ERROR_MAX,
			 "[%s] has no \"%.64s\"; keystored.conf(5) lists what it has", section,
			 key);
		return CONFIG_REFUSED;
	}
	const char *problem = read_value(config, option, value, hint, sizeof hint);

	if (!problem)
		return CONFIG_OK;
	snprintf(error, CONFIG_ERROR_MAX, "%s = \"%.100s\" is not possible; it takes %s", key,
		 value, problem);
	return CONFIG_REFUSED;
}

/* inih tells its handler no line number, so the lines are counted as they are read. */
struct parse {
	struct config *config;
	FILE *file;
	unsigned line;
	bool seen[OPTION_COUNT];
	unsigned error_line; /* 0: none */
	char error[CONFIG_ERROR_MAX];
};

static char *parse_line(char *buf, int size, void *user)
{
	struct parse *parse = user;

	if (parse->error_line || !fgets(buf, size, parse->file))
		return NULL;
	parse->line++;
	if (strlen(buf) == (size_t)size - 1 && buf[size - 2] != '\n') {
		parse->error_line = parse->line;
		snprintf(parse->error, sizeof parse->error,
			 "the line is too long; it may have %d characters", size - 3);
		return NULL;
	}
	return buf;
}

static int parse_value(void *user, const char *section, const char *key, const char *value)
{
	struct parse *parse = user;
	const struct option *option = find_option(section, key);
	bool is_repeated = option && parse->seen[option - options];

	if (is_repeated)
		snprintf(parse->error, sizeof parse->error,
			 "%s is set a second time; leave one of the two", key);
	if (is_repeated ||
	    config_set(parse->config, section, key, value, parse->error) != CONFIG_OK) {
		parse->error_line = parse->line;
		return 0;
	}
	parse->seen[option - options] = true;
	return 1;
}

enum config_status config_read(struct config *config, const char *path,
			       char error[CONFIG_ERROR_MAX])
{
	struct parse parse = {.config = config, .file = fopen(path, "re")};

	if (!parse.file) {
		bool is_absent = errno == ENOENT;

		snprintf(error, CONFIG_ERROR_MAX, "%s cannot be read: %s", path, strerror(errno));
		return is_absent ? CONFIG_ABSENT : CONFIG_IO;
	}
	int result = ini_parse_stream(parse_line, &parse, parse_value, &parse);
	bool is_unreadable = ferror(parse.file);

	fclose(parse.file);
	if (parse.error_line) {
		snprintf(error, CONFIG_ERROR_MAX, "%.150s:%u: %.330s", path, parse.error_line,
			 parse.error);
		return CONFIG_REFUSED;
	}
	if (result > 0) {
		snprintf(error, CONFIG_ERROR_MAX,
			 "%s:%d: this is neither a [section] nor \"key = value\"; comments begin "
			 "with # or ;",
			 path, result);
		return CONFIG_REFUSED;
	}
	if (result < 0 || is_unreadable) {
		snprintf(error, CONFIG_ERROR_MAX, "%s cannot be read to its end", path);
		return result == -2 ? CONFIG_NOMEM : CONFIG_IO;
	}
	return CONFIG_OK;
}

enum config_status config_read_owner_auth(const struct config *config, char error[CONFIG_ERROR_MAX],
					  char **ret_auth)
{
	enum config_status status = CONFIG_IO;
	const char *path = config->owner_auth_file;
	char *auth = NULL;
	struct stat st;
	int fd = -1;

	if (!path) {
		*ret_auth = NULL;
		return CONFIG_OK;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(error, CONFIG_ERROR_MAX, "owner-auth-file %s cannot be read: %s", path,
			 strerror(errno));
		goto out;
	}
	status = CONFIG_REFUSED;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		snprintf(error, CONFIG_ERROR_MAX,
			 "owner-auth-file %s holds a secret and others may read it: chmod 0600 %s",
			 path, path);
		goto out;
	}
	auth = calloc(1, OWNER_AUTH_MAX + 2);
	status = CONFIG_NOMEM;
	if (!auth) {
		snprintf(error, CONFIG_ERROR_MAX, "there is no memory");
		goto out;
	}
	ssize_t len = read(fd, auth, OWNER_AUTH_MAX + 1);

	status = CONFIG_REFUSED;
	if (len > 0)
		auth[strcspn(auth, "\r\n")] = '\0';
	if (len < 0 || strlen(auth) > OWNER_AUTH_MAX) {
		snprintf(error, CONFIG_ERROR_MAX,
			 "owner-auth-file %s has to hold one line of at most %d characters", path,
			 OWNER_AUTH_MAX);
		goto out;
	}
	*ret_auth = auth;
	auth = NULL;
	status = CONFIG_OK;
out:
	if (auth)
		OPENSSL_cleanse(auth, OWNER_AUTH_MAX);
	free(auth);
	if (fd >= 0)
		close(fd);
	return status;
}
