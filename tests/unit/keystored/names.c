#include "names.h"

#include <criterion/criterion.h>
#include <string.h>

Test(names, accepts_what_the_rule_says)
{
	static const char *const good[] = {"a", "web", "Web.server_1-x", "z9"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_assert(names_is_key_name(good[i]), "%s", good[i]);
}

Test(names, refuses_everything_else)
{
	static const char *const bad[] = {"",	 "1a",	 ".a",	     "-a",    "_a",  "a b",
					  "a/b", "a\nb", "\xc3\xa4", "a\xff", "a%s", "#1"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert(!names_is_key_name(bad[i]), "entry %zu", i);
	cr_assert(!names_is_key_name(NULL));
}

Test(names, has_64_characters_at_most)
{
	char name[NAMES_KEY_MAX + 2];

	memset(name, 'n', sizeof name);
	name[NAMES_KEY_MAX] = '\0';
	cr_assert(names_is_key_name(name));
	name[NAMES_KEY_MAX] = 'n';
	name[NAMES_KEY_MAX + 1] = '\0';
	cr_assert(!names_is_key_name(name));
}
