/* openssl.cnf as distributions and people write it, and what enable and disable make of it. */
#include "openssl_conf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../support/temp_dir.h"

#define REST "[ new_oids ]\ntsa_policy1 = 1.2.3.4.1\n[ req ]\ndefault_bits = 2048 # and more\n"

/* The parts that count of what is shipped and seen. */
static const struct {
	const char *what;
	const char *text;
} corpus[] = {
	{"Debian 12",
	 "HOME\t\t\t= .\n\n # Use this in order to automatically load providers.\n"
	 "openssl_conf = openssl_init\nconfig_diagnostics = 1\noid_section = new_oids\n" REST
	 "[openssl_init]\n# providers = provider_sect\n\n# [provider_sect]\n"
	 "# default = default_sect\n# [default_sect]\n# activate = 1\n\n[ ca ]\n"
	 "default_ca = CA_default\n"},
	{"Debian 13",
	 "HOME\t\t\t= .\nopenssl_conf = openssl_init\nconfig_diagnostics = 1\n" REST
	 "[openssl_init]\nproviders = provider_sect\n\n[provider_sect]\n"
	 "default = default_sect\n# fips = fips_sect\n\n[default_sect]\n# activate = 1\n\n"
	 "[ ca ]\ndefault_ca = CA_default\n"},
	{"default and legacy active",
	 "openssl_conf = openssl_init\n[openssl_init]\nproviders = provider_sect\n"
	 "[provider_sect]\ndefault = default_sect\nlegacy = legacy_sect\n"
	 "[default_sect]\nactivate = 1\n[legacy_sect]\nactivate = 1\n" REST},
	{"tpm2 before default",
	 "openssl_conf = my_init\n[my_init]\nproviders=my-providers\nssl_conf = ssl_sect\n"
	 "[my-providers]\ntpm2 = t\nbase = b\n[t]\nactivate = 1\n[b]\nactivate = 1\n"
	 "[ssl_sect]\nsystem_default = s\n[s]\nMinProtocol = TLSv1.2\n"},
	{"no openssl_conf", "HOME = .\n" REST},
	{"nothing at all", ""},
	{"comments only", "# nothing\n"},
	{"no line end at the end",
	 "openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\n[c]\nactivate = 1"},
	{"Windows line ends",
	 "openssl_conf = a\r\n[a]\r\nproviders = b\r\n[b]\r\ndefault = c\r\n[c]\r\n"
	 "activate = 1\r\n"},
	{"Windows line ends, none at the end", "openssl_conf = a\r\n[a]\r\nproviders = b"},
	{"an .include that is not there", ".include /nonexistent/fips.cnf\n" REST},
	{"sections in two parts",
	 "openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\n[a]\nx = y\n[c]\n\n[b]\n"
	 "legacy = l\n[l]\n"},
	{"keystore before default, by hand",
	 "openssl_conf = a\n[a]\nproviders = b\n[b]\nkeystore = k\ndefault = c\n[c]\n"
	 "activate = 1\n[k]\nactivate = 1\nmodule = /opt/keystore.so\n"},
	{"keystore without default, by hand",
	 "openssl_conf = a\n[a]\nproviders = b\n[b]\nkeystore = k\n[k]\nactivate = 1\n"},
	{"keystore listed and not active",
	 "openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = d\nkeystore = k\n[d]\n"
	 "activate = 1\n[k]\n# activate = 1\n"},
	{"a section that is named and missing", "openssl_conf = a\n" REST},
	{"default switched off", "openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\n[c]\n"
				 "activate = 0\n"},
};

#define CORPUS (sizeof corpus / sizeof *corpus)

static const struct openssl_section usual;

/* Enabled, must work; free() it. */
static char *enable(const char *what, const char *text, const char *socket)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	struct openssl_section section = {.socket = socket};
	char *enabled = NULL;
	size_t len = 0;

	cr_assert_eq(openssl_conf_enable(text, text ? strlen(text) : 0, &section, &enabled, &len,
					 problem),
		     OPENSSL_CHANGED, "%s: %s", what, problem);
	cr_assert_eq(strlen(enabled), len);
	return enabled;
}

static struct openssl_facts facts_of(const char *text)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	struct openssl_facts facts;

	cr_assert(openssl_conf_read(text, strlen(text), &facts, problem), "%s", problem);
	return facts;
}

/* Why it is refused must have @why in it. */
static void expect_refused(const char *text, const char *why)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *changed = NULL;
	size_t len;

	cr_assert_eq(openssl_conf_enable(text, strlen(text), &usual, &changed, &len, problem),
		     OPENSSL_REFUSED, "%s", text);
	cr_assert_not_null(strstr(problem, why), "%s: %s", why, problem);
	cr_assert_null(changed);
}

Test(openssl_edit, activates_both_in_order_whatever_the_file_was)
{
	for (size_t i = 0; i < CORPUS; i++) {
		struct openssl_facts before = facts_of(corpus[i].text);
		char *enabled = enable(corpus[i].what, corpus[i].text, NULL);
		struct openssl_facts facts = facts_of(enabled);

		cr_assert_not(openssl_facts_are_good(&before), "%s", corpus[i].what);
		cr_assert(openssl_facts_are_good(&facts), "%s:\n%s", corpus[i].what, enabled);
		/* What was there comes first, byte for byte. */
		cr_assert_eq(strncmp(enabled, corpus[i].text, strlen(corpus[i].text)), 0);
		free(enabled);
	}
}

Test(openssl_edit, is_undone_exactly)
{
	for (size_t i = 0; i < CORPUS; i++) {
		char problem[OPENSSL_PROBLEM_BYTES] = "";
		char *enabled = enable(corpus[i].what, corpus[i].text, NULL);
		char *disabled = NULL;
		size_t len = 0;

		cr_assert_eq(
			openssl_conf_disable(enabled, strlen(enabled), &disabled, &len, problem),
			OPENSSL_CHANGED, "%s: %s", corpus[i].what, problem);
		cr_assert_eq(len, strlen(corpus[i].text), "%s", corpus[i].what);
		cr_assert_eq(memcmp(disabled, corpus[i].text, len), 0, "%s", corpus[i].what);
		free(disabled);
		free(enabled);
	}
}

Test(openssl_edit, does_nothing_twice)
{
	for (size_t i = 0; i < CORPUS; i++) {
		char problem[OPENSSL_PROBLEM_BYTES] = "";
		char *enabled = enable(corpus[i].what, corpus[i].text, NULL);
		char *again = NULL;
		size_t len = 0;

		cr_assert_eq(openssl_conf_enable(enabled, strlen(enabled), &usual, &again, &len,
						 problem),
			     OPENSSL_UNCHANGED);
		free(enabled);
	}
	for (size_t i = 0; i < CORPUS; i++) {
		char problem[OPENSSL_PROBLEM_BYTES] = "";
		char *text = NULL;
		size_t len = 0;
		bool is_by_hand = facts_of(corpus[i].text).keystore.is_active;

		cr_assert_eq(openssl_conf_disable(corpus[i].text, strlen(corpus[i].text), &text,
						  &len, problem),
			     is_by_hand ? OPENSSL_REFUSED : OPENSSL_UNCHANGED);
	}
}

Test(openssl_edit, keeps_the_files_line_ends)
{
	for (size_t i = 0; i < CORPUS; i++) {
		char *enabled = enable(corpus[i].what, corpus[i].text, NULL);
		bool is_windows = strchr(corpus[i].text, '\r') != NULL;

		for (const char *at = strchr(enabled, '\n'); at; at = strchr(at + 1, '\n'))
			cr_assert_eq(at[-1] == '\r', is_windows, "%s", corpus[i].what);
		free(enabled);
	}
}

Test(openssl_edit, leaves_what_other_people_activate)
{
	char *enabled = enable(corpus[3].what, corpus[3].text, NULL);
	struct openssl_facts facts = facts_of(enabled);

	cr_assert_str_eq(facts.init, "my_init");
	cr_assert_str_eq(facts.providers, "my-providers");
	cr_assert_eq(facts.default_provider.position, 2u);
	cr_assert_eq(facts.keystore.position, 3u);
	cr_assert_null(strstr(enabled + strlen(corpus[3].text), "tpm2"));
	free(enabled);
}

Test(openssl_edit, keeps_a_module_that_was_set_by_hand)
{
	char *enabled = enable(corpus[12].what, corpus[12].text, NULL);
	struct openssl_facts facts = facts_of(enabled);

	cr_assert_str_eq(facts.module, "/opt/keystore.so");
	cr_assert_str_eq(facts.keystore.section, "k");
	free(enabled);
}

Test(openssl_edit, names_a_module_that_openssl_would_not_find)
{
	struct openssl_section section = {.module = "/usr/local/lib/keystore.so"};
	char problem[OPENSSL_PROBLEM_BYTES] = "";

	for (size_t i = 0; i < CORPUS; i++) {
		bool has_own = strstr(corpus[i].text, "/opt/keystore.so") != NULL;
		struct openssl_facts facts;
		char *text = NULL;
		size_t len;

		cr_assert_eq(openssl_conf_enable(corpus[i].text, strlen(corpus[i].text), &section,
						 &text, &len, problem),
			     OPENSSL_CHANGED);
		facts = facts_of(text);
		cr_assert_str_eq(facts.module, has_own ? "/opt/keystore.so" : section.module);
		free(text);
	}
}

Test(openssl_edit, keeps_the_socket_when_it_names_a_module)
{
	struct openssl_section section = {.module = "/usr/local/lib/keystore.so"};
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *first = enable("a socket", corpus[1].text, "/run/a.sock");
	struct openssl_facts facts;
	char *second = NULL;
	size_t len;

	cr_assert_eq(openssl_conf_enable(first, strlen(first), &section, &second, &len, problem),
		     OPENSSL_CHANGED);
	facts = facts_of(second);
	cr_assert_str_eq(facts.socket, "/run/a.sock");
	cr_assert_str_eq(facts.module, section.module);
	free(second);
	free(first);
}

Test(openssl_edit, changes_the_socket_and_keeps_it)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *first = enable("a socket", corpus[0].text, "/run/a.sock");
	char *second = enable("another", first, "/run/b.sock");
	struct openssl_facts facts = facts_of(second);
	char *none = NULL;
	size_t len;

	cr_assert_str_eq(facts.socket, "/run/b.sock");
	cr_assert_null(strstr(second, "/run/a.sock"));
	cr_assert_eq(openssl_conf_enable(second, strlen(second), &usual, &none, &len, problem),
		     OPENSSL_UNCHANGED);
	free(second);
	free(first);
}

Test(openssl_edit, makes_a_file_that_was_not_there_and_removes_it)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *enabled = enable("no file", NULL, NULL);
	struct openssl_facts facts = facts_of(enabled);
	char *again = enable("another socket", enabled, "/run/b.sock");
	char *extended = NULL;
	char *text = NULL;
	size_t len;

	cr_assert(openssl_facts_are_good(&facts));
	cr_assert_eq(openssl_conf_disable(enabled, strlen(enabled), &text, &len, problem),
		     OPENSSL_REMOVED);
	cr_assert_eq(openssl_conf_disable(again, strlen(again), &text, &len, problem),
		     OPENSSL_REMOVED);
	/* Somebody has used it since. */
	cr_assert(asprintf(&extended, "%s[ca]\nx = y\n", enabled) > 0);
	cr_assert_eq(openssl_conf_disable(extended, strlen(extended), &text, &len, problem),
		     OPENSSL_CHANGED);
	cr_assert_str_eq(text, "[ca]\nx = y\n");
	free(text);
	free(extended);
	free(again);
	free(enabled);
}

Test(openssl_edit, keeps_what_was_added_behind_it)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *enabled = enable(corpus[1].what, corpus[1].text, NULL);
	char *extended = NULL;
	char *expected = NULL;
	char *text = NULL;
	size_t len;

	cr_assert(asprintf(&extended, "%s[ca]\nx = y\n", enabled) > 0);
	cr_assert(asprintf(&expected, "%s[ca]\nx = y\n", corpus[1].text) > 0);
	cr_assert_eq(openssl_conf_disable(extended, strlen(extended), &text, &len, problem),
		     OPENSSL_CHANGED);
	cr_assert_str_eq(text, expected);
	free(text);
	free(expected);
	free(extended);
	free(enabled);
}

Test(openssl_edit, refuses_what_it_does_not_understand)
{
	expect_refused("openssl_conf = a\n[a\n", "line 2");
	expect_refused("x = $nothing\n", "line 1");
	expect_refused("openssl_conf = a\n[a]\nproviders = b\nproviders.2 = c\n", "2 lists");
	expect_refused("openssl_conf = a\n[a]\nproviders = b\n[b]\nfips = f\nbase = c\n"
		       "[f]\nactivate = 1\n[c]\nactivate = 1\n",
		       "validated");
	expect_refused("openssl_conf = a\n[a]\nalg_section = b\n[b]\n"
		       "default_properties = ?provider=tpm2\n",
		       "?provider=tpm2");
	expect_refused("openssl_conf = a\n[a]\nproviders = b\n[b]\n1.default = c\n[c]\n"
		       "activate = 1\n",
		       "twice, or by another name");
	expect_refused("openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\n2.default = c\n"
		       "[c]\nactivate = 1\n",
		       "twice, or by another name");
	expect_refused("openssl_conf = a b\n[a b]\n", "unusual name");
	expect_refused("x = y\\", "backslash");
	expect_refused("x = y\\\n", "backslash");
}

Test(openssl_edit, refuses_a_block_that_was_changed)
{
	char *enabled = enable(corpus[0].what, corpus[0].text, NULL);
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *end = strstr(enabled, "# <<< keystore");
	char *text = NULL;
	char *twice = NULL;
	size_t len;

	cr_assert(asprintf(&twice, "%s%s", enabled, enabled) > 0);
	cr_assert_eq(openssl_conf_disable(twice, strlen(twice), &text, &len, problem),
		     OPENSSL_REFUSED);
	*end = '\0';
	cr_assert_eq(openssl_conf_disable(enabled, strlen(enabled), &text, &len, problem),
		     OPENSSL_REFUSED);
	cr_assert_not_null(strstr(problem, "by hand"));
	cr_assert_null(text);
	free(twice);
	free(enabled);
}

Test(openssl_edit, refuses_what_is_no_text_or_too_long)
{
	static const char zeros[] = "x = y\0z = 1\n";
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	char *longest = malloc(OPENSSL_CONF_BYTES_MAX + 2);
	struct openssl_facts facts;
	char *text = NULL;
	size_t len;

	cr_assert_not_null(longest);
	memset(longest, '\n', OPENSSL_CONF_BYTES_MAX + 1);
	longest[OPENSSL_CONF_BYTES_MAX + 1] = '\0';
	cr_assert_eq(openssl_conf_enable(zeros, sizeof zeros - 1, &usual, &text, &len, problem),
		     OPENSSL_REFUSED);
	cr_assert_eq(openssl_conf_disable(zeros, sizeof zeros - 1, &text, &len, problem),
		     OPENSSL_REFUSED);
	cr_assert(openssl_conf_read(longest, OPENSSL_CONF_BYTES_MAX, &facts, problem));
	cr_assert_not(openssl_conf_read(longest, OPENSSL_CONF_BYTES_MAX + 1, &facts, problem));
	free(longest);
}

Test(openssl_edit, sees_through_an_included_file)
{
	char dir[TEMP_PATH_MAX];
	char path[TEMP_PATH_MAX + 16];
	char *text = NULL;
	char *enabled;
	struct openssl_facts facts;
	FILE *file;

	temp_dir_make(dir);
	snprintf(path, sizeof path, "%s/part.cnf", dir);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs("[b]\nlegacy = l\n[l]\nactivate = 1\n", file);
	fclose(file);
	cr_assert(asprintf(&text, "openssl_conf = a\n[a]\nproviders = b\n.include %s\n", path) > 0);
	enabled = enable("an .include", text, NULL);
	facts = facts_of(enabled);
	cr_assert_eq(facts.default_provider.position, 1u);
	cr_assert_eq(facts.keystore.position, 2u);
	free(enabled);
	free(text);
	temp_dir_remove(dir);
}

Test(openssl_edit, makes_a_file_for_one_program)
{
	char *text = openssl_conf_program(
		&(struct openssl_section){.socket = "/run/other.sock", .module = "/opt/k.so"});
	struct openssl_facts facts = facts_of(text);

	cr_assert(openssl_facts_are_good(&facts));
	cr_assert_str_eq(facts.socket, "/run/other.sock");
	cr_assert_str_eq(facts.module, "/opt/k.so");
	free(text);
}

Test(openssl_edit, takes_only_paths_that_mean_themselves)
{
	cr_assert(openssl_value_is_plain("/run/keystored/keystored.sock"));
	cr_assert_not(openssl_value_is_plain(""));
	cr_assert_not(openssl_value_is_plain("/run/a\nactivate = 0"));
	cr_assert_not(openssl_value_is_plain("/run/$ENV::HOME"));
	cr_assert_not(openssl_value_is_plain("/run/a # b"));
	cr_assert_not(openssl_value_is_plain("\"/run\""));
}
