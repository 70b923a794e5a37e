#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_text.h"

static void expect_problem(const char *text, const char *part)
{
	char problem[NODE_TEXT_TELL] = "";
	struct node_text node;

	cr_assert(!node_text_read(text, &node, problem), "%s", text);
	cr_assert_not_null(strstr(problem, part), "%s: %s", text, problem);
}

static struct node_text read_ok(const char *text)
{
	char problem[NODE_TEXT_TELL] = "";
	struct node_text node;

	cr_assert(node_text_read(text, &node, problem), "%s: %s", text, problem);
	return node;
}

Test(node_text, knows_the_four_kinds_of_identifiers)
{
	static const uint8_t guid[16] = {0x09, 0x08, 0x7e, 0x75, 0x8e, 0x5e, 0x49, 0x9b,
					 0x95, 0x4f, 0xf2, 0xa9, 0x60, 0x3d, 0xb2, 0x8a};
	struct node_text node = read_ok("i=2258");

	cr_assert(node.kind == NODE_NUMERIC && node.number == 2258 && node.namespace == 0);
	cr_assert_eq(read_ok("ns=65535;i=4294967295").namespace, 65535);
	node = read_ok("ns=2;s=Pump;1.Speed=x");
	cr_assert(node.kind == NODE_STRING && node.namespace == 2);
	cr_assert_str_eq(node.text, "Pump;1.Speed=x");
	node = read_ok("ns=1;g=09087e75-8e5e-499b-954f-F2A9603DB28A");
	cr_assert(node.kind == NODE_GUID && memcmp(node.guid, guid, sizeof(guid)) == 0);
	cr_assert_eq(read_ok("b=AP8=").kind, NODE_BYTES);
}

Test(node_text, knows_namespaces_by_their_uri_and_objects_by_their_name)
{
	cr_assert_str_eq(read_ok("nsu=urn:plant;s=x").uri, "urn:plant");
	cr_assert_str_eq(read_ok("nsu=urn:a%3Bb%25;i=1").uri, "urn:a;b%");
	cr_assert_eq(read_ok("Objects").number, 85);
	cr_assert_eq(read_ok("Server").number, 2253);
}

Test(node_text, says_what_is_wrong)
{
	char *text;

	expect_problem("", "write i=NUMBER");
	expect_problem("2258", "write i=NUMBER");
	expect_problem("x=1", "begins with i=");
	expect_problem("i=", "a number from 0");
	expect_problem("i= 1", "a number from 0");
	expect_problem("i=-1", "a number from 0");
	expect_problem("i=4294967296", "a number from 0");
	expect_problem("i=1x", "a number from 0");
	expect_problem("ns=65536;i=1", "up to 65535");
	expect_problem("ns=2", "up to 65535");
	expect_problem("ns=;i=1", "up to 65535");
	expect_problem("s=", "is a text");
	expect_problem("g=09087e75", "a GUID");
	expect_problem("g=09087e75-8e5e-499b-954f-f2a9603db28a0", "a GUID");
	expect_problem("g=09087e75x8e5e-499b-954f-f2a9603db28a", "a GUID");
	expect_problem("b=A", "base64");
	expect_problem("b=A===", "base64");
	expect_problem("nsu=;i=1", "a namespace's URI");
	expect_problem("nsu=urn:a%00;i=1", "a namespace's URI");
	expect_problem("nsu=urn:a", "a namespace's URI");
	cr_assert_gt(asprintf(&text, "s=%0*d", NODE_TEXT_MAX, 0), 0);
	(void)read_ok(text);
	free(text);
	cr_assert_gt(asprintf(&text, "s=%0*d", NODE_TEXT_MAX + 1, 0), 0);
	expect_problem(text, "longer than 4096");
	free(text);
	cr_assert_gt(asprintf(&text, "nsu=%0*d;i=1", NODE_URI_MAX + 1, 0), 0);
	expect_problem(text, "a namespace's URI");
	free(text);
}
