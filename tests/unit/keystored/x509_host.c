#include "x509_host.h"

#include <criterion/criterion.h>

#include <stdio.h>

#include "x509_maker.h"

#define MANY 1000

static struct made_cert made;

/* @san NULL: none. The common name is a host's, which is never to count. */
static void make(const char *san)
{
	made_cert_free(&made);
	made = make_cert(
		(struct made_spec){.name = "plc-1.plant.example",
				   .extensions = {{san ? NID_subject_alt_name : NID_undef, san}}});
}

static void tear_down(void)
{
	made_cert_free(&made);
	made = (struct made_cert){0};
}

TestSuite(x509_host, .fini = tear_down);

static bool is(const char *host)
{
	return x509_host_is_named(made.x509, host);
}

static void shows(const char *expected)
{
	char shown[128];

	x509_host_show(made.x509, shown, sizeof(shown));
	cr_assert_str_eq(shown, expected);
}

Test(x509_host, takes_names_and_addresses_and_nothing_else)
{
	static const char *const right[] = {
		"plc-1",     "plc-1.plant.example", "PLC-1.plant.example.", "xn--bcher-kva.example",
		"192.0.2.1", "2001:db8::1",	    "::ffff:192.0.2.1",
	};
	static const char *const wrong[] = {
		"",
		".",
		"..",
		".plant",
		"plc-1..plant",
		"plc-1.plant..",
		"*.plant",
		"*",
		"plc*.plant",
		"plc 1",
		"b\303\274cher",
		"plc_1",
		"-plc",
		"192.0.2.1.",
		"192.0.2.256",
		"192.0.2",
		"0300.0.2.1",
		"192.0.2.1:443",
		"192.0.2.0/8",
		"[2001:db8::1]",
		"fe80::1%eth0",
		"2001:db8::g",
		"https://plc-1/",
		"plc-1:4840",
		"user@plc-1",
		"plc-1.plant\nevil",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		cr_assert_null(x509_host_wrong(right[i]), "%s", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_assert_not_null(x509_host_wrong(wrong[i]), "%s", wrong[i]);
}

Test(x509_host, takes_names_up_to_their_longest_with_and_without_the_last_dot)
{
	char host[256];

	/* 126 labels of one character and one of two: 253. */
	for (size_t i = 0; i < 126; i++)
		memcpy(host + 2 * i, "a.", 2);
	memcpy(host + 252, "a", 2);
	cr_assert_null(x509_host_wrong(host));
	memcpy(host + 253, ".", 2);
	cr_assert_null(x509_host_wrong(host));
	memcpy(host + 253, "a", 2);
	cr_assert_not_null(x509_host_wrong(host));
	memcpy(host + 254, ".", 2);
	cr_assert_not_null(x509_host_wrong(host));
	make("DNS:plc-1.plant.example");
	cr_assert(!is(host));
}

Test(x509_host, compares_whole_names_without_regard_to_case_and_a_last_dot)
{
	make("DNS:plc-2.plant.example,DNS:Line-1.plant.example");

	cr_assert(is("plc-2.plant.example"));
	cr_assert(is("PLC-2.Plant.EXAMPLE."));
	cr_assert(is("line-1.plant.example"));
	cr_assert(!is("plc-2"));
	cr_assert(!is("plant.example"));
	cr_assert(!is(".plant.example"));
	cr_assert(!is("x.plc-2.plant.example"));
	cr_assert(!is("plc-2.plant.example.com"));
	cr_assert(!is(""));
}

Test(x509_host, never_takes_the_common_name)
{
	make(NULL);
	cr_assert(!is("plc-1.plant.example"));
	make("URI:https://plc-1.plant.example/,email:a@plc-1.plant.example");
	cr_assert(!is("plc-1.plant.example"));
	/* An empty list of names. */
	make("DER:3000");
	cr_assert(!is("plc-1.plant.example"));
	shows("no host");
}

Test(x509_host, takes_a_wildcard_as_the_whole_first_label_only)
{
	make("DNS:*.plant.example");
	cr_assert(is("plc-1.plant.example"));
	cr_assert(is("plc-1.plant.example."));
	cr_assert(!is("plant.example"));
	cr_assert(!is("a.plc-1.plant.example"));
	cr_assert(!is("*.plant.example"));

	make("DNS:plc*.plant.example,DNS:*1.plant.example,DNS:plc-1.*.example,DNS:*,DNS:*.example,"
	     "DNS:*.*.example");
	cr_assert(!is("plc-1.plant.example"));
	cr_assert(!is("plant.example"));
	cr_assert(!is("plc-1"));
}

Test(x509_host, keeps_addresses_and_names_apart)
{
	make("IP:192.0.2.1,IP:2001:db8::1");
	cr_assert(is("192.0.2.1"));
	cr_assert(is("2001:db8::1"));
	cr_assert(is("2001:0DB8:0:0::1"));
	cr_assert(!is("192.0.2.2"));
	cr_assert(!is("2001:db8::2"));
	/* An address within an address of the other kind is another address. */
	cr_assert(!is("::ffff:192.0.2.1"));

	make("DNS:192.0.2.1,DNS:*.0.2.1");
	cr_assert(!is("192.0.2.1"));
	make("IP:::ffff:192.0.2.1");
	cr_assert(!is("192.0.2.1"));
	cr_assert(is("::ffff:192.0.2.1"));
	/* Of 5 octets, and of 8, which a name constraint has. */
	make("DER:30118705C0000201008708C0000201FFFFFFFF");
	cr_assert(!is("192.0.2.1"));
	shows("no host");
}

Test(x509_host, is_not_fooled_by_a_name_with_a_nul)
{
	/* "plc-1\0.evil" and "plc-1" with a NUL at its end. */
	make("DER:3015820B706C632D31002E6576696C8206706C632D3100");

	cr_assert(!is("plc-1"));
	shows("\"plc-1?.evil\", \"plc-1?\"");
}

Test(x509_host, reads_no_names_where_the_extension_is_malformed)
{
	make("DER:3003820570");
	cr_assert(!is("p"));
	shows("no host");
}

Test(x509_host, looks_at_each_of_a_thousand_names_and_shows_the_first)
{
	char san[MANY * 24] = "DNS:plc-0.plant.example";
	size_t used = strlen(san);
	char expected[128];

	for (int i = 1; i < MANY; i++)
		used += (size_t)snprintf(san + used, sizeof(san) - used, ",DNS:plc-%d.example", i);
	make(san);

	cr_assert(is("plc-0.plant.example"));
	cr_assert(is("plc-999.example"));
	cr_assert(!is("plc-1000.example"));
	snprintf(expected, sizeof(expected),
		 "\"plc-0.plant.example\", \"plc-1.example\", \"plc-2.example\", "
		 "\"plc-3.example\", \"plc-4.example\" and %d more",
		 MANY - 5);
	shows(expected);
}

Test(x509_host, shows_addresses_too_and_cuts_a_long_name)
{
	make("URI:urn:plc-1,IP:192.0.2.1,DNS:plc-1,IP:2001:db8::1");
	shows("\"192.0.2.1\", \"plc-1\", \"2001:db8::1\"");
	make("DNS:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg,"
	     "DNS:hhhhhhhhhhiiiiiiiiiijjjjjjjjjj,DNS:k");
	shows("\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff...\" and 2 more");
}
