#include "value.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(value, reads_booleans_in_any_case)
{
	bool value = false;

	cr_assert(value_bool("TRUE", &value) && value);
	cr_assert(value_bool("false", &value) && !value);
	cr_assert(!value_bool("1", &value));
	cr_assert(!value_bool("", &value));
}

Test(value, reads_decimal_and_hexadecimal_numbers)
{
	uint64_t number = 0;

	cr_assert(value_number("0011", &number) && number == 11);
	cr_assert(value_number("16#0b", &number) && number == 11);
	cr_assert(value_number("16#FFFFFFFFFFFFFFFF", &number) && number == UINT64_MAX);
	cr_assert(value_number("9999999999999999999", &number) && number == 9999999999999999999u);
	for (const char *const *text =
		     (const char *const[]){"", "16#", "0x0b", "-1", "+1", " 1", "1 ", "1.0", "16#G",
					   "16#00000000000000000", "00000000000000000001", NULL};
	     *text; text++)
		cr_expect(!value_number(*text, &number), "%s", *text);
}

static void is_time(const char *text, uint64_t ms)
{
	uint64_t found = 1;

	cr_assert(value_time(text, &found), "%s", text);
	cr_assert_eq(found, ms, "%s", text);
}

Test(value, reads_times)
{
	uint64_t ms = 0;

	is_time("100 ms", 100);
	is_time("5s", 5000);
	is_time("2 min", 120000);
	is_time("1 h", 3600000);
	is_time("1000 d", UINT64_C(86400000000));
	is_time("T#100ms", 100);
	is_time("t#1h_30m", 5400000);
	is_time("T#1d2h3m4s5ms", 93784005);
	for (const char *const *text = (const char *const[]){"",
							     "5",
							     "s",
							     "5 m",
							     "1001 d",
							     "5 s ",
							     "1 h 30 min",
							     "-5 s",
							     "1.5 s",
							     "T#",
							     "T#5",
							     "T#5 s",
							     "T#5s_",
							     "T#5s5s",
							     "T#5ms5s",
							     "T#_5s",
							     "T#1000d1ms",
							     "9999999999999999999 s",
							     "99999999999999999 d",
							     NULL};
	     *text; text++)
		cr_expect(!value_time(*text, &ms), "%s", *text);
}

static void prints(uint64_t ms, const char *text)
{
	char buf[32];

	value_time_print(ms, buf, sizeof(buf));
	cr_assert_str_eq(buf, text);
}

Test(value, prints_times)
{
	prints(10, "10 ms");
	prints(1500, "1500 ms");
	prints(60000, "1 min");
	prints(86400000, "1 d");
	prints(0, "0 ms");
}

static void is_address(const char *text, const char *address, bool is_v6)
{
	char found[VALUE_HOST_MAX + 1];
	bool found_v6 = !is_v6;

	cr_assert(value_address(text, found, &found_v6), "%s", text);
	cr_assert_str_eq(found, address);
	cr_assert_eq(found_v6, is_v6);
}

Test(value, reads_hosts_as_browsers_name_them)
{
	char host[VALUE_HOST_MAX + 1] = "as before";

	for (const char *const *text =
		     (const char *const[]){"", ".", "a..b", "-a", "a_b", "12", "a.12", "0.0.0.0",
					   "::", "[::1]", "a:1", "224.0.0.1", NULL};
	     *text; text++)
		cr_expect(!value_host(*text, host), "%s", *text);
	cr_assert_str_eq(host, "as before");
	cr_expect(value_host("Gateway7", host));
	cr_expect_str_eq(host, "gateway7");
	cr_expect(value_host("A.Example.", host));
	cr_expect_str_eq(host, "a.example");
	cr_expect(value_host("2001:DB8:0::1", host));
	cr_expect_str_eq(host, "2001:db8::1");
}

Test(value, reads_and_prints_sizes)
{
	uint64_t bytes = 0;
	char text[32];

	cr_assert(value_size("0", &bytes) && bytes == 0);
	cr_assert(value_size("65537", &bytes) && bytes == 65537);
	cr_assert(value_size("64 KiB", &bytes) && bytes == 65536);
	cr_assert(value_size("1mib", &bytes) && bytes == 1048576);
	cr_assert(value_size("1024 MiB", &bytes) && bytes == 1073741824);
	for (const char *const *refused =
		     (const char *const[]){"", "KiB", "1 KB", "1025 MiB", "1073741825", "-1",
					   "1.5 MiB", "1 KiB ", "0x10", "18446744073709551616",
					   "00000000000000000001", NULL};
	     *refused; refused++)
		cr_expect(!value_size(*refused, &bytes), "%s", *refused);
	cr_assert_eq(bytes, 1073741824);
	value_size_print(1048576, text, sizeof(text));
	cr_expect_str_eq(text, "1 MiB");
	value_size_print(65536, text, sizeof(text));
	cr_expect_str_eq(text, "64 KiB");
	value_size_print(1000, text, sizeof(text));
	cr_expect_str_eq(text, "1000");
	value_size_print(0, text, sizeof(text));
	cr_expect_str_eq(text, "0");
}

Test(value, reads_addresses_of_one_host)
{
	char address[VALUE_HOST_MAX + 1];
	bool is_v6;

	is_address("192.0.2.1", "192.0.2.1", false);
	is_address("0.0.0.0", "", false);
	is_address("2001:DB8::0:1", "2001:db8::1", true);
	is_address("::", "", true);
	for (const char *const *text =
		     (const char *const[]){"", "192.0.2", "192.0.2.256", "192.0.2.01", "224.0.0.1",
					   "255.255.255.255", "ff02::1", "::ffff:192.0.2.1",
					   "fe80::1%eth0", "[::1]", "plc-2", "192.0.2.1 ", NULL};
	     *text; text++)
		cr_expect(!value_address(*text, address, &is_v6), "%s", *text);
}

static void is_qdn(const char *text, const char *name)
{
	char found[VALUE_HOST_MAX + 1];

	cr_assert(value_qdn(text, found), "%s", text);
	cr_assert_str_eq(found, name);
}

/* @len: of all, in labels of 49 and a dot. */
static void name_make(char *name, size_t len)
{
	memset(name, 'a', len);
	for (size_t i = 49; i < len - 1; i += 50)
		name[i] = '.';
	name[len] = '\0';
}

Test(value, reads_fully_qualified_names)
{
	char name[300], found[VALUE_HOST_MAX + 1];

	is_qdn("plc-2.Plant.example.", "plc-2.plant.example");
	is_qdn("3com.example", "3com.example");
	is_qdn("localhost", "localhost");
	name_make(name, 253);
	is_qdn(name, name);
	name_make(name, 254);
	cr_assert(!value_qdn(name, found));
	memset(name, 'a', 64);
	strcpy(name + 64, ".example");
	cr_assert(!value_qdn(name, found));
	is_qdn(name + 1, name + 1);
	for (const char *const *text =
		     (const char *const[]){"", ".", "plc-2", "plc-2.", "a..b", ".a.b", "a.b..",
					   "-a.b", "a-.b", "a_b.c", "*.a.b", "192.0.2.1", "a.1",
					   "a b.c", "a.b ", "::1", "\xc3\xa4.example", NULL};
	     *text; text++)
		cr_expect(!value_qdn(*text, found), "%s", *text);
}

static void is_place(const char *text, const char *host, uint16_t port, bool is_local)
{
	struct value_place place;

	cr_assert(value_place(text, &place), "%s", text);
	cr_assert_str_eq(place.host, host);
	cr_assert_eq(place.port, port);
	cr_assert_eq(place.is_local, is_local, "%s", text);
}

Test(value, reads_places_of_forwards)
{
	struct value_place place;
	char text[256];

	is_place("127.0.0.1:502", "127.0.0.1", 502, true);
	is_place("127.255.0.1:1", "127.255.0.1", 1, true);
	is_place("192.0.2.1:65535", "192.0.2.1", 65535, false);
	is_place("0.0.0.0:502", "0.0.0.0", 502, false);
	is_place("[::1]:16#01F6", "::1", 502, true);
	is_place("[2001:DB8::1]:502", "2001:db8::1", 502, false);
	is_place("unix:/run/x.sock", "/run/x.sock", 0, true);
	for (const char *const *bad = (const char *const[]){"",
							    ":",
							    ":502",
							    "127.0.0.1",
							    "127.0.0.1:",
							    "127.0.0.1:0",
							    "127.0.0.1:65536",
							    "::1:502",
							    "[::1]",
							    "[::1]502",
							    "[]:502",
							    "[::1:502",
							    "[:502",
							    "[127.0.0.1]:502",
							    "localhost:502",
							    "unix:",
							    "unix:x",
							    "unix:/run/../x",
							    "/run/x.sock",
							    NULL};
	     *bad; bad++)
		cr_expect(!value_place(*bad, &place), "%s", *bad);
	snprintf(text, sizeof(text), "unix:/%0106d", 0);
	is_place(text, text + 5, 0, true);
	snprintf(text, sizeof(text), "unix:/%0107d", 0);
	cr_assert(!value_place(text, &place));
}

Test(value, knows_names_of_interfaces_and_groups)
{
	char name[VALUE_GROUP_MAX + 2];

	cr_assert(value_is_interface("eth0"));
	cr_assert(value_is_interface("enp0s31f6.1000"));
	for (const char *const *bad = (const char *const[]){"", "0", "64", "a/b", "a b", "a:1", ".",
							    "..", "sixteen_letters_", NULL};
	     *bad; bad++)
		cr_expect(!value_is_interface(*bad), "%s", *bad);
	cr_assert(value_is_group("line-1_a.b"));
	cr_assert(!value_is_group(""));
	cr_assert(!value_is_group("1"));
	cr_assert(!value_is_group("a b"));
	memset(name, 'a', sizeof(name));
	name[VALUE_GROUP_MAX + 1] = '\0';
	cr_assert(!value_is_group(name));
	name[VALUE_GROUP_MAX] = '\0';
	cr_assert(value_is_group(name));
}
