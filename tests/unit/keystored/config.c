#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char file[TEMP_PATH_MAX + 32];
static char error[CONFIG_ERROR_MAX];
static struct config config;

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(file, sizeof file, "%s/keystored.conf", dir);
	config_init(&config);
}

static void tear_down(void)
{
	config_wipe(&config);
	temp_dir_remove(dir);
}

static enum config_status read_text(const char *text)
{
	FILE *out = fopen(file, "w");

	fputs(text, out);
	fclose(out);
	return config_read(&config, file, error);
}

TestSuite(config, .init = set_up, .fini = tear_down);

Test(config, has_defaults)
{
	cr_assert_str_eq(config.state, "/var/lib/keystored");
	cr_assert_eq(config.keys, 10000u);
	cr_assert(config.verify_signatures);
	cr_assert(!config.allow_sha1_signatures);
}

Test(config, reads_every_option)
{
	cr_assert_eq(read_text("# a comment\n"
			       "[service]\nstate = /s\nsocket=/k\nsocket-mode = 0660\n"
			       "socket-group = 12\nlog-level = debug\n"
			       "[tpm]\ntcti = swtpm:path=/x\nowner-auth-file = /o\n"
			       "persistent-handles = 0x81000010-0x8100001f\n"
			       "command-timeout = 2min\nsessions = protected\n"
			       "audit-index = 0x01804b01\naudit-interval = 90s\n"
			       "verify-signatures = no\n"
			       "[access]\nadministrators = root, 1000\n"
			       "administrator-groups = 27\nallow-sha1-signatures = yes\n"
			       "[limits]\nkeys = 5\nconnections = 6\nconnections-per-uid = 7\n"
			       "requests-per-connection = 8\nrequests-per-uid = 9\nqueue = 10\n"
			       "grants-per-key = 11\naudit-entries = 2000\nframe-timeout = 500ms\n"
			       "write-timeout = 3 s\ndeadline = 1000\ncreate-deadline = 1min\n"),
		     CONFIG_OK, "%s", error);
	cr_assert_str_eq(config.state, "/s");
	cr_assert_str_eq(config.socket, "/k");
	cr_assert_eq(config.socket_mode, 0660u);
	cr_assert_eq(config.socket_group.count, 1u);
	cr_assert_eq(config.socket_group.ids[0], 12u);
	cr_assert_eq(config.log_level, LOG_LEVEL_DEBUG);
	cr_assert_str_eq(config.tcti, "swtpm:path=/x");
	cr_assert_str_eq(config.owner_auth_file, "/o");
	cr_assert_eq(config.persistent_first, 0x81000010u);
	cr_assert_eq(config.persistent_last, 0x8100001fu);
	cr_assert_eq(config.command_timeout_ms, 120000u);
	cr_assert_eq(config.audit_index, 0x01804b01u);
	cr_assert_eq(config.audit_interval_ms, 90000u);
	cr_assert(config.protect_bus);
	cr_assert(!config.verify_signatures);
	cr_assert_eq(config.administrators.count, 2u);
	cr_assert_eq(config.administrators.ids[0], 0u);
	cr_assert_eq(config.administrators.ids[1], 1000u);
	cr_assert_eq(config.administrator_groups.ids[0], 27u);
	cr_assert(config.allow_sha1_signatures);
	cr_assert_eq(config.frame_timeout_ms, 500u);
	cr_assert_eq(config.write_timeout_ms, 3000u);
	cr_assert_eq(config.deadline_ms, 1000u);
	cr_assert_eq(config.create_deadline_ms, 60000u);
	cr_assert_eq(config.grants_per_key, 11u);
	cr_assert_eq(config.audit_entries, 2000u);
}

Test(config, refuses_a_wrong_value_with_place_value_and_what_is_right)
{
	static const struct {
		const char *text;
		const char *place;
		const char *said;
	} wrong[] = {
		{"[limits]\nkeys = many\n", ":2:", "a number from 1 to"},
		{"[limits]\nkeys = 0\n", ":2:", "\"0\""},
		{"[limits]\nkeys = -1\n", ":2:", "\"-1\""},
		{"[limits]\nkeys = 99999999999999\n", ":2:", "a number"},
		{"[limits]\n\n\nqueue = 3x\n", ":4:", "a number"},
		{"[limits]\ndeadline = 10y\n", ":2:", "10s"},
		{"[service]\nstate = relative\n", ":2:", "absolute path"},
		{"[service]\nsocket-mode = 999\n", ":2:", "octal"},
		{"[service]\nsocket-group = 1 2\n", ":2:", "at most 1"},
		{"[service]\nlog-level = loud\n", ":2:", "debug"},
		{"[tpm]\npersistent-handles = 0x81800000-0x81800001\n", ":2:", "0x817fffff"},
		{"[tpm]\npersistent-handles = 0x81000002-0x81000001\n", ":2:", "range"},
		{"[tpm]\naudit-index = 0x81000000\n", ":2:", "or none"},
		{"[tpm]\naudit-index = 0x017fffff\n", ":2:", "0x01800000"},
		{"[tpm]\naudit-interval = 999ms\n", ":2:", "a time from 1000ms"},
		{"[tpm]\nsessions = none\n", ":2:", "protected or password"},
		{"[access]\nadministrators = no-such-user-here\n", ":2:", "no-such-user-here"},
		{"[access]\ncolour = red\n", ":2:", "colour"},
		{"[nonsense]\nkeys = 1\n", ":2:", "[nonsense]"},
		{"keys = 1\n", ":1:", "section"},
		{"[limits]\nkeys = 1\nkeys = 2\n", ":3:", "second time"},
		{"[limits]\nwhat is this\n", ":2:", "key = value"},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		config_wipe(&config);
		config_init(&config);
		cr_assert_eq(read_text(wrong[i].text), CONFIG_REFUSED, "case %zu", i);
		cr_assert_not_null(strstr(error, wrong[i].place), "case %zu: %s", i, error);
		cr_assert_not_null(strstr(error, wrong[i].said), "case %zu: %s", i, error);
	}
}

Test(config, refuses_a_line_without_end)
{
	char text[5000];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	cr_assert_eq(read_text(text), CONFIG_REFUSED);
	cr_assert_not_null(strstr(error, "too long"), "%s", error);
}

Test(config, tells_an_absent_file_from_an_unreadable_one)
{
	cr_assert_eq(config_read(&config, file, error), CONFIG_ABSENT);
	cr_assert_eq(config_read(&config, dir, error), CONFIG_IO);
}

Test(config, reads_the_owner_auth_from_a_file_nobody_else_can_read)
{
	char line[TEMP_PATH_MAX + 80];
	char path[TEMP_PATH_MAX + 8];
	char *auth = NULL;

	snprintf(path, sizeof path, "%s/auth", dir);
	snprintf(line, sizeof line, "[tpm]\nowner-auth-file = %s\n", path);
	cr_assert_eq(read_text(line), CONFIG_OK);
	FILE *out = fopen(path, "w");

	fputs("secret\n", out);
	fclose(out);
	chmod(path, 0644);
	cr_assert_eq(config_read_owner_auth(&config, error, &auth), CONFIG_REFUSED);
	cr_assert_not_null(strstr(error, "chmod 0600"), "%s", error);
	chmod(path, 0600);
	cr_assert_eq(config_read_owner_auth(&config, error, &auth), CONFIG_OK);
	cr_assert_str_eq(auth, "secret");
	free(auth);
}

Test(config, can_do_without_an_index_for_the_audit)
{
	cr_assert_eq(read_text("[tpm]\naudit-index = none\n"), CONFIG_OK, "%s", error);
	cr_assert_eq(config.audit_index, 0u);
}
