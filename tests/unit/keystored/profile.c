#include <criterion/criterion.h>

#include <string.h>

#include "profile.h"

#define APPLICATION                                                                                \
	(KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_KEY_ENCIPHERMENT |    \
	 KEY_USAGE_DATA_ENCIPHERMENT)

Test(profile, is_found_by_number_and_by_name)
{
	for (int id = 1; id < PROFILE_COUNT; id++) {
		const struct profile *profile = profile_by_id(id);

		cr_assert_not_null(profile);
		cr_assert_eq((int)profile->id, id);
		cr_assert_eq(profile_by_name(profile->name), profile);
		cr_assert_gt(strlen(profile->title), 0);
	}
	cr_assert_null(profile_by_id(0));
	cr_assert_null(profile_by_id(PROFILE_COUNT));
	cr_assert_null(profile_by_name(""));
	cr_assert_null(profile_by_name("OPCUA-SERVER"));
}

/* A5, and OPC 10000-6 6.2.2. */
Test(profile, has_the_usages_of_its_purpose)
{
	static const struct {
		enum profile_id id;
		uint32_t rsa;
		uint32_t ec_self_signed;
		bool server;
		bool client;
	} wanted[] = {
		{PROFILE_OPCUA_SERVER, APPLICATION,
		 KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_CERT_SIGN,
		 true, false},
		{PROFILE_OPCUA_CLIENT, APPLICATION,
		 KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_CERT_SIGN,
		 false, true},
		{PROFILE_OPCUA_CLIENT_SERVER, APPLICATION,
		 KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_CERT_SIGN,
		 true, true},
		{PROFILE_WEB_SERVER, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
		 KEY_USAGE_DIGITAL_SIGNATURE, true, false},
		{PROFILE_TLS_SERVER, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
		 KEY_USAGE_DIGITAL_SIGNATURE, true, false},
		{PROFILE_TLS_CLIENT, KEY_USAGE_DIGITAL_SIGNATURE, KEY_USAGE_DIGITAL_SIGNATURE,
		 false, true},
		{PROFILE_TLS_CLIENT_SERVER,
		 KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
		 KEY_USAGE_DIGITAL_SIGNATURE, true, true},
		{PROFILE_PG_HMI, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
		 KEY_USAGE_DIGITAL_SIGNATURE, true, false},
		{PROFILE_SYSLOG_CLIENT, KEY_USAGE_DIGITAL_SIGNATURE, KEY_USAGE_DIGITAL_SIGNATURE,
		 false, true},
		{PROFILE_CA, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN,
		 KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN, false, false},
	};

	cr_assert_eq(sizeof(wanted) / sizeof(wanted[0]), PROFILE_COUNT - 1);
	for (size_t i = 0; i < PROFILE_COUNT - 1; i++) {
		const struct profile *profile = profile_by_id(wanted[i].id);

		cr_assert_eq(profile_key_usage(profile, true, false), wanted[i].rsa);
		cr_assert_eq(profile_key_usage(profile, false, true), wanted[i].ec_self_signed);
		cr_assert_eq(profile->for_server, wanted[i].server);
		cr_assert_eq(profile->for_client, wanted[i].client);
		cr_assert_eq(profile->is_ca, wanted[i].id == PROFILE_CA);
		cr_assert_eq(profile->default_days, wanted[i].id == PROFILE_CA ? 4748 : 730);
	}
}

/* A7. */
Test(profile, says_which_names_are_missing)
{
	const struct profile *opcua = profile_by_id(PROFILE_OPCUA_SERVER);
	const struct profile *tls = profile_by_id(PROFILE_TLS_SERVER);

	cr_assert_null(profile_uri_wrong(opcua, 1));
	cr_assert_not_null(profile_uri_wrong(opcua, 0));
	cr_assert_not_null(profile_uri_wrong(opcua, 2));
	cr_assert_null(profile_host_wrong(opcua, 0, 0));
	cr_assert_null(profile_uri_wrong(tls, 0));
	cr_assert_not_null(profile_host_wrong(tls, 0, 0));
	cr_assert_null(profile_host_wrong(tls, 1, 0));
	cr_assert_null(profile_host_wrong(tls, 0, 1));
}

Test(profile, may_need_an_address_and_a_host_name_each)
{
	const struct profile both = {.ip = PROFILE_MANDATORY, .dns = PROFILE_MANDATORY};

	cr_assert_not_null(profile_host_wrong(&both, 0, 1));
	cr_assert_not_null(profile_host_wrong(&both, 1, 0));
	cr_assert_null(profile_host_wrong(&both, 1, 1));
}
