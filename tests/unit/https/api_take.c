#include "api_take.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(api_take, .timeout = 60);

Test(api_take, counts_names_of_keys_up_to_a_bound)
{
	struct api_key_name name = {.text = "web-server-plc-1", .attempt = 1};
	unsigned count = 1;

	cr_assert(api_key_name_next(&name));
	cr_expect_str_eq(name.text, "web-server-plc-1-2");
	cr_assert(api_key_name_next(&name));
	cr_expect_str_eq(name.text, "web-server-plc-1-3");
	for (count = 3; api_key_name_next(&name); count++)
		cr_assert(strlen(name.text) <= API_NAME_MAX);
	cr_expect(count == 64);
	cr_expect_str_eq(name.text, "web-server-plc-1-64");
}

Test(api_take, tries_no_other_name_where_one_was_given)
{
	struct api_key_name name = {.text = ""};

	cr_expect(!api_key_name_next(&name));
}
