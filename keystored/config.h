/*
 * The configuration: defaults, then a file (INI), then whatever the command line says. Hides
 * the file's syntax and what each value may be.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "log.h"

#define CONFIG_FILE_DEFAULT "/etc/keystored/keystored.conf"
#define CONFIG_ERROR_MAX    512
#define CONFIG_IDS_MAX	    64

enum config_status {
	CONFIG_OK = 0,
	CONFIG_ABSENT,	/* no such file */
	CONFIG_REFUSED, /* the error says file, line, value and what would be right */
	CONFIG_IO,
	CONFIG_NOMEM,
};

#define CONFIG_POOL_MAX 16 /* keys of one algorithm that are made ahead */

struct config_ids {
	uint32_t ids[CONFIG_IDS_MAX];
	size_t count;
};

struct config {
	/* [service] */
	char *state;
	char *socket;
	uint32_t socket_mode;
	struct config_ids socket_group; /* one at most */
	enum log_level log_level;
	/* [tpm] */
	char *tcti; /* NULL: the TSS's own choice */
	char *owner_auth_file;
	uint32_t persistent_first;
	uint32_t persistent_last;
	uint32_t command_timeout_ms;
	uint32_t audit_index; /* an NV index; 0: none */
	uint32_t audit_interval_ms;
	bool protect_bus;
	bool verify_signatures;
	/* [access] */
	struct config_ids administrators;
	struct config_ids administrator_groups;
	bool allow_sha1_signatures;
	bool allow_pkcs1_decryption;
	/* [watch] */
	bool watch_names;
	bool watch_link_local;
	bool watch_temporary;
	uint32_t settle_ms;
	/* [keys] */
	uint32_t pool; /* of each algorithm */
	uint32_t pool_idle_ms;
	/* [ca] */
	uint32_t crl_days;
	/* [users] */
	uint32_t idle_timeout_ms;
	uint32_t login_lifetime_ms;
	uint32_t password_length;
	/* [limits] */
	uint32_t keys;
	uint32_t connections;
	uint32_t connections_per_uid;
	uint32_t requests_per_connection;
	uint32_t requests_per_uid;
	uint32_t queue;
	uint32_t grants_per_key;
	uint32_t trust_entries;
	uint32_t transaction_idle_ms;
	uint32_t transaction_mib;
	uint32_t audit_entries;
	uint32_t users;
	uint32_t roles;
	uint32_t logins;
	uint32_t logins_per_user;
	uint32_t frame_timeout_ms;
	uint32_t write_timeout_ms;
	uint32_t deadline_ms;
	uint32_t create_deadline_ms;
};

/* The defaults. False: no memory. Free with config_wipe(), also after a failure. */
bool config_init(struct config *config);
void config_wipe(struct config *config);

/* Reads @path over what @config holds. On failure @error has a sentence. */
[[nodiscard]] enum config_status config_read(struct config *config, const char *path,
					     char error[CONFIG_ERROR_MAX]);

/* Replaces one value, as the command line does. */
[[nodiscard]] enum config_status config_set(struct config *config, const char *section,
					    const char *key, const char *value,
					    char error[CONFIG_ERROR_MAX]);

/*
 * The owner hierarchy's auth value: the first line of the file configured. NULL in
 * *ret_auth: none configured. The caller wipes and frees it. Refuses a file that others can
 * read.
 */
[[nodiscard]] enum config_status
config_read_owner_auth(const struct config *config, char error[CONFIG_ERROR_MAX], char **ret_auth);

#endif
