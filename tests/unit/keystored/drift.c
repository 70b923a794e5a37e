#include "drift.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CREATED 100

static struct own own;
static struct drift drift;

static void add(enum own_type type, const char *text, const char *interface, bool is_here,
		int64_t since)
{
	struct own_name *name = &own.names[own.count++];

	*name = (struct own_name){.is = {.type = type}, .is_here = is_here, .since = since};
	snprintf(name->is.text, sizeof name->is.text, "%s", text);
	snprintf(name->is.interface, sizeof name->is.interface, "%s", interface);
}

static void judge(const struct csr_name *names, size_t count)
{
	drift_judge(names, count, CREATED, &own, &drift);
}

static const char *successor(size_t at)
{
	return drift.gone[at].successor ? drift.gone[at].successor->is.text : "";
}

#define ONE(type, value) (const struct csr_name[]){{type, value}}, 1

Test(drift, is_an_address_that_the_device_had)
{
	add(OWN_IPV4, "192.0.2.10", "eth0", false, 200);
	judge(ONE(SAN_IP, "192.0.2.10"));
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.addresses, 1u);
	cr_assert_eq(drift.successors, 0u);
	cr_assert_str_eq(drift.text, "IP:192.0.2.10 is no address of this device any more");
}

Test(drift, is_not_what_is_here_was_never_here_or_went_before)
{
	add(OWN_IPV4, "192.0.2.1", "eth0", true, 50);
	add(OWN_IPV4, "192.0.2.2", "eth0", false, CREATED - 1);
	judge(ONE(SAN_IP, "192.0.2.1"));
	cr_assert_eq(drift.count, 0u);
	cr_assert_str_eq(drift.text, "");
	judge(ONE(SAN_IP, "192.0.2.2"));
	cr_assert_eq(drift.count, 0u);
	judge(ONE(SAN_IP, "192.0.2.3"));
	cr_assert_eq(drift.count, 0u);
	judge(ONE(SAN_DNS, "plc-1.example"));
	cr_assert_eq(drift.count, 0u);
	judge(ONE(SAN_URI, "urn:192.0.2.2"));
	cr_assert_eq(drift.count, 0u);
}

Test(drift, has_the_new_address_of_the_same_interface_and_family_as_successor)
{
	add(OWN_IPV4, "192.0.2.10", "eth0", false, 200);
	add(OWN_IPV4, "192.0.2.20", "eth0", true, 200);
	add(OWN_IPV4, "198.51.100.1", "eth1", true, 200);
	add(OWN_IPV6, "2001:db8::1", "eth0", true, 200);
	add(OWN_IPV4, "192.0.2.30", "eth0", true, CREATED - 10);
	judge(ONE(SAN_IP, "192.0.2.10"));
	cr_assert_eq(drift.successors, 1u);
	cr_assert_str_eq(successor(0), "192.0.2.20");
	cr_assert_str_eq(drift.text, "IP:192.0.2.10 is no address of this device any more, "
				     "eth0 has 192.0.2.20");
}

Test(drift, has_a_successor_that_came_before_the_old_one_went)
{
	add(OWN_IPV4, "192.0.2.10", "eth0", false, 300);
	add(OWN_IPV4, "192.0.2.20", "eth0", true, 200);
	judge(ONE(SAN_IP, "192.0.2.10"));
	cr_assert_str_eq(successor(0), "192.0.2.20");
}

Test(drift, of_several_takes_the_one_that_came_then_or_none)
{
	add(OWN_IPV4, "192.0.2.10", "eth0", false, 300);
	add(OWN_IPV4, "192.0.2.20", "eth0", true, 200);
	add(OWN_IPV4, "192.0.2.21", "eth0", true, 300);
	judge(ONE(SAN_IP, "192.0.2.10"));
	cr_assert_str_eq(successor(0), "192.0.2.21");
	add(OWN_IPV4, "192.0.2.22", "eth0", true, 300);
	judge(ONE(SAN_IP, "192.0.2.10"));
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.successors, 0u);
}

Test(drift, takes_no_address_that_is_named_already)
{
	const struct csr_name names[] = {{SAN_IP, "192.0.2.10"}, {SAN_IP, "192.0.2.20"}};

	add(OWN_IPV4, "192.0.2.10", "eth0", false, 200);
	add(OWN_IPV4, "192.0.2.20", "eth0", true, 200);
	judge(names, 2);
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.successors, 0u);
}

Test(drift, reads_addresses_in_any_spelling)
{
	add(OWN_IPV6, "2001:db8::1", "eth0", false, 200);
	judge(ONE(SAN_IP, "2001:DB8:0:0::1"));
	cr_assert_eq(drift.count, 1u);
}

Test(drift, is_a_host_name_with_or_without_a_domain)
{
	const struct csr_name names[] = {{SAN_DNS, "PLC-1"},
					 {SAN_DNS, "plc-1.plant.example"},
					 {SAN_DNS, "plc-10.example"},
					 {SAN_DNS, "www.example"}};

	add(OWN_HOST, "plc-1", "", false, 200);
	add(OWN_HOST, "plc-2", "", true, 200);
	judge(names, 4);
	cr_assert_eq(drift.count, 2u);
	cr_assert_eq(drift.hosts, 2u);
	cr_assert_eq(drift.gone[1].at, 1u);
	cr_assert_str_eq(drift.text, "DNS:PLC-1 is no name of this device any more, it is called "
				     "plc-2; DNS:plc-1.plant.example is no name of this device "
				     "any more, it is called plc-2");
}

Test(drift, is_no_host_name_that_still_fits)
{
	add(OWN_HOST, "plc", "", false, 200);
	add(OWN_HOST, "plc.example", "", true, 200);
	judge(ONE(SAN_DNS, "plc.example"));
	cr_assert_eq(drift.count, 0u);
	judge(ONE(SAN_DNS, "plc"));
	cr_assert_eq(drift.count, 1u);
}

Test(drift, has_no_successor_that_would_be_no_dns_name)
{
	char longest[254] = "plc-1";

	add(OWN_HOST, "plc-1", "", false, 200);
	add(OWN_HOST, "plc_2", "", true, 200);
	judge(ONE(SAN_DNS, "plc-1.example"));
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.successors, 0u);
	for (int i = 0; i < 4; i++)
		snprintf(longest + strlen(longest), sizeof longest - strlen(longest), ".%060d", 0);
	snprintf(own.names[1].is.text, OWN_TEXT_MAX, "plc-2");
	judge(ONE(SAN_DNS, longest));
	cr_assert_eq(drift.successors, 1u);
	snprintf(own.names[1].is.text, OWN_TEXT_MAX, "plc-1234567890");
	judge(ONE(SAN_DNS, longest));
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.successors, 0u);
}

Test(drift, is_followed_in_place_and_without_repetition)
{
	struct csr_name names[] = {{SAN_URI, "urn:plc-1"},
				   {SAN_IP, "192.0.2.10"},
				   {SAN_DNS, "plc-1.example"},
				   {SAN_IP, "192.0.2.11"},
				   {SAN_IP, "203.0.113.9"}};
	char text[DRIFT_GONE_MAX][DRIFT_NAME_MAX];

	add(OWN_IPV4, "192.0.2.10", "eth0", false, 200);
	add(OWN_IPV4, "192.0.2.11", "eth0", false, 200);
	add(OWN_IPV4, "192.0.2.20", "eth0", true, 200);
	add(OWN_HOST, "plc-1", "", false, 200);
	add(OWN_HOST, "plc-2", "", true, 200);
	judge(names, 5);
	cr_assert_eq(drift.count, 3u);
	cr_assert_eq(drift_follow(&drift, names, 5, text), 4u);
	cr_assert_str_eq(names[0].value, "urn:plc-1");
	cr_assert_str_eq(names[1].value, "192.0.2.20");
	cr_assert_str_eq(names[2].value, "plc-2.example");
	cr_assert_str_eq(names[3].value, "203.0.113.9");
	judge(names, 4);
	cr_assert_eq(drift.count, 0u, "%s", drift.text);
}

Test(drift, of_more_than_there_is_room_for_is_followed_in_turns)
{
	char was[DRIFT_GONE_MAX + 1][16];
	struct csr_name names[DRIFT_GONE_MAX + 1];
	char text[DRIFT_GONE_MAX][DRIFT_NAME_MAX];
	size_t count = DRIFT_GONE_MAX + 1;

	for (unsigned i = 0; i < count; i++) {
		snprintf(was[i], sizeof was[i], "192.0.2.%u", i);
		names[i] = (struct csr_name){SAN_IP, was[i]};
		add(OWN_IPV4, was[i], "eth0", false, 200);
	}
	add(OWN_IPV4, "192.0.2.100", "eth0", true, 200);
	judge(names, count);
	cr_assert_eq(drift.count, DRIFT_GONE_MAX);
	cr_assert_not_null(strstr(drift.text, "and 13 more"), "%s", drift.text);
	count = drift_follow(&drift, names, count, text);
	cr_assert_eq(count, 2u);
	judge(names, count);
	cr_assert_eq(drift.count, 1u);
	cr_assert_eq(drift.successors, 0u, "it is named already");
}
