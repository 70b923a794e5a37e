/* What the manual and the package show as a configuration is one. */
#include "settings.h"

#include "settings_text.h"

#define MANUAL	KEYSTORE_SOURCE_DIR "/docs/man/keystore-ouc.conf.5"
#define PACKAGE KEYSTORE_SOURCE_DIR "/packaging/keystore-ouc.conf"

TestSuite(settings_examples, .fini = settings_text_end);

static void reads_one(const char *text)
{
	reads(text);
	cr_assert_eq(settings->connection_count, 1);
}

Test(settings_examples, of_the_manual_can_be_read)
{
	cr_assert_eq(conf_examples(MANUAL, reads_one), 4);
}

Test(settings_examples, of_the_package_begin_with_nothing)
{
	char *text = conf_text(PACKAGE);

	reads(text);
	cr_assert_eq(settings->connection_count, 0);
	cr_assert_eq(settings->block_count, 0);
	free(text);
}

Test(settings_examples, of_the_package_show_the_defaults)
{
	char *text = conf_text(PACKAGE);
	struct settings *shown;

	conf_uncomment(text);
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
