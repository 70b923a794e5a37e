/* What the manual and the package show as a configuration is one. */
#include "settings.h"

#include "settings_text.h"

#define MANUAL	KEYSTORE_SOURCE_DIR "/docs/man/keystore-ouc.conf.5"
#define PACKAGE KEYSTORE_SOURCE_DIR "/packaging/keystore-ouc.conf"

TestSuite(settings_examples, .fini = settings_text_end);

static char *file_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	cr_assert_not_null(file, "%s", path);
	cr_assert_lt(fread(text, 1, 65535, file), 65535);
	fclose(file);
	return text;
}

Test(settings_examples, of_the_manual_can_be_read)
{
	char *manual = file_read(MANUAL);
	char *at = strstr(manual, ".Sh EXAMPLES");
	unsigned count = 0;

	cr_assert_not_null(at);
	while ((at = strstr(at, ".Bd -literal")) != NULL) {
		char *end = strstr(at, "\n.Ed");

		cr_assert_not_null(end);
		end[1] = '\0';
		reads(strchr(at, '\n') + 1);
		cr_assert_eq(settings->connection_count, 1);
		at = end + 2;
		count++;
	}
	cr_assert_eq(count, 4);
	free(manual);
}

Test(settings_examples, of_the_package_begin_with_nothing)
{
	char *text = file_read(PACKAGE);

	reads(text);
	cr_assert_eq(settings->connection_count, 0);
	cr_assert_eq(settings->block_count, 0);
	free(text);
}

/* "#X" becomes "X"; "# words" stays a comment. */
static void uncomment(char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '#' && line[1] != ' ' && line[1] != '\n')
			*line = ' ';
	}
}

Test(settings_examples, of_the_package_show_the_defaults)
{
	char *text = file_read(PACKAGE);
	struct settings *shown;

	uncomment(text);
	reads(text);
	free(text);
	shown = settings;
	settings = NULL;
	reads("");
	cr_assert_eq(shown->connection_count, 3);
	cr_assert_str_eq(shown->socket, "/run/keystored/keystored.sock");
	cr_assert_str_eq(shown->runtime, settings->runtime);
	cr_assert_eq(shown->handshakes_max, settings->handshakes_max);
	cr_assert_eq(shown->handshakes_of_address, settings->handshakes_of_address);
	cr_assert_eq(shown->handshake_ms, settings->handshake_ms);
	cr_assert_eq(shown->recheck_s, settings->recheck_s);
	settings_free(shown);
}
