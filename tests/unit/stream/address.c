#include "address.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

static const char *printed(const char *text)
{
	static char again[ADDRESS_TEXT_MAX];
	struct address address;

	cr_assert(address_parse(text, 2000, &address), "%s", text);
	address_print(&address, again);
	return again;
}

Test(address, reads_and_prints_addresses)
{
	cr_assert_str_eq(printed("192.0.2.1"), "192.0.2.1");
	cr_assert_str_eq(printed("2001:DB8:0::1"), "2001:db8::1");
	cr_assert_str_eq(printed("fe80::1%lo"), "fe80::1%lo");
	cr_assert_str_eq(printed("fe80::1%1"), "fe80::1%lo");
	cr_assert_str_eq(printed("/run/x.sock"), "");
}

Test(address, prints_an_ipv4_peer_of_an_ipv6_socket_as_what_it_is)
{
	cr_assert_str_eq(printed("::ffff:192.0.2.1"), "192.0.2.1");
}

Test(address, has_the_port)
{
	struct address address;

	cr_assert(address_parse("::1", 2000, &address));
	cr_assert_eq(((struct sockaddr_in6 *)&address.storage)->sin6_port, htons(2000));
	cr_assert(address_parse("127.0.0.1", 2000, &address));
	cr_assert_eq(((struct sockaddr_in *)&address.storage)->sin_port, htons(2000));
}

Test(address, refuses_what_is_none)
{
	static const char *const texts[] = {
		"",
		"plc-1",
		"1.2.3",
		"1.2.3.4.5",
		"::1::",
		"fe80::1%",
		"fe80::1%no-such-0",
		"fe80::1%4294967296",
		"fe80::1%0",
		"fe80::1%1x",
		"%lo",
	};
	char path[110] = "/";
	struct address address;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_assert(!address_parse(texts[i], 1, &address), "%s", texts[i]);
	memset(path + 1, 'x', 106);
	cr_assert(address_parse(path, 0, &address));
	path[107] = 'x';
	path[108] = '\0';
	cr_assert(!address_parse(path, 0, &address));
}
