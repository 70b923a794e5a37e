#include <criterion/criterion.h>
#include <string.h>

#include "san.h"

Test(san, takes_a_list_apart_at_its_commas)
{
	struct san san = {0};
	char problem[256] = "";

	cr_assert(san_parse(
		"URI:urn:plc-1,IP:192.0.2.1,DNS:plc-1,email:a@b,RID:1.2.3,other:1.2.3;a\\,b", &san,
		problem, sizeof(problem)));
	cr_assert_eq(san.count, 6);
	cr_assert_eq(san.names[0].type, KS_NAME_URI);
	cr_assert_str_eq(san.names[0].value, "urn:plc-1");
	cr_assert_eq(san.names[1].type, KS_NAME_IP);
	cr_assert_str_eq(san.names[1].value, "192.0.2.1");
	cr_assert_eq(san.names[4].type, KS_NAME_RID);
	cr_assert_str_eq(san.names[4].value, "1.2.3");
	cr_assert_eq(san.names[5].type, KS_NAME_OTHER);
	cr_assert_str_eq(san.names[5].value, "1.2.3;a,b");
	san_free(&san);
}

Test(san, keeps_a_comma_behind_a_backslash)
{
	struct san san = {0};
	char problem[256] = "";

	cr_assert(san_parse("URI:urn:a\\,b\\\\c,DNS:x\\", &san, problem, sizeof(problem)));
	cr_assert_eq(san.count, 2);
	cr_assert_str_eq(san.names[0].value, "urn:a,b\\c");
	cr_assert_str_eq(san.names[1].value, "x\\");
	san_free(&san);
}

static void refuses(const char *list, const char *because)
{
	struct san san = {0};
	char problem[256] = "";

	cr_assert(!san_parse(list, &san, problem, sizeof(problem)));
	cr_assert_not_null(strstr(problem, because));
	cr_assert_null(san.names);
}

Test(san, suggests_the_prefix_that_is_missing)
{
	refuses("192.0.2.1", "IP:192.0.2.1");
	refuses("2001:db8::1", "IP:2001:db8::1");
	refuses("urn:plc", "URI:urn:plc");
	refuses("a@b", "email:a@b");
	refuses("DNS:ok,plc-1", "DNS:plc-1");
}

Test(san, refuses_names_without_content)
{
	refuses("", "empty");
	refuses("DNS:a,,DNS:b", "empty");
	refuses("DNS:a,", "empty");
	refuses("URI:", "value");
}
