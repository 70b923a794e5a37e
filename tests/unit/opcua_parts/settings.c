#include "settings.h"

#include "../../support/conf_told.h"

#include <stdlib.h>

#define BEGIN	"[keystore-opcua]\n"
#define MANUAL	KEYSTORE_SOURCE_DIR "/docs/man/keystore-opcua.conf.5"
#define PACKAGE KEYSTORE_SOURCE_DIR "/packaging/keystore-opcua.conf"

static struct opcua_settings *settings;

static bool settings_are(const char *text)
{
	FILE *file = conf_told_open(text, strlen(text));
	bool is_fine;

	opcua_settings_free(settings);
	settings = NULL;
	is_fine = opcua_settings_read(file, conf_told, NULL, &settings);
	fclose(file);
	return is_fine;
}

static void reads(const char *text)
{
	cr_assert(settings_are(text), "%s", told);
	cr_assert_str_eq(told, "");
}

static void warns(const char *text, const char *warning)
{
	cr_assert(settings_are(text), "%s", told);
	cr_assert(strcmp(told, warning) == 0, "said\n%sinstead of\n%s", told, warning);
}

static void refuses(const char *text, const char *fault)
{
	cr_assert(!settings_are(text), "%s", text);
	cr_assert(strcmp(told, fault) == 0, "said\n%sinstead of\n%s", told, fault);
}

static void end(void)
{
	opcua_settings_free(settings);
	settings = NULL;
}

TestSuite(settings, .fini = end);

static bool has_endpoint(enum policy_id policy, enum opn_mode mode)
{
	for (size_t i = 0; i < settings->endpoint_count; i++)
		if (settings->endpoints[i].policy == policy && settings->endpoints[i].mode == mode)
			return true;
	return false;
}

Test(settings, have_defaults_and_are_off)
{
	reads("");
	cr_expect(!settings->is_enabled);
	cr_expect_str_eq(settings->socket, "");
	cr_expect_str_eq(settings->service, "opcua-server");
	cr_expect_str_eq(settings->https_service, "web-server");
	cr_assert_eq(settings->place_count, 1);
	cr_expect_str_eq(settings->places[0].host, "");
	cr_expect_eq(settings->places[0].port, 4840);
	cr_expect_str_eq(settings->application_uri, "");
	cr_expect_eq(settings->host_count, 0);
	cr_expect(!settings->allows_anonymous);
	cr_expect_eq(settings->anonymous_rights, 0);
	cr_expect(settings->allows_user_names);
	cr_expect(settings->allows_user_certificates);
	cr_expect_str_eq(settings->user_group, "opcua-user");
	cr_expect_not(settings->is_provisioned);
	cr_expect_eq(settings->grace_s, 3600);
	cr_expect_not(settings->sends_chain);
	cr_expect_str_eq(settings->data_images, "/run/keystore-ouc");
	cr_expect_str_eq(settings->data_control, "/run/keystore-ouc/control.sock");
	reads(BEGIN "Enabled = TRUE\n");
	cr_expect(settings->is_enabled);
}

Test(settings, have_the_quotas_of_the_requirements)
{
	reads("");
	cr_expect_eq(settings->message_max, 4194304);
	cr_expect_eq(settings->buffer_max, 65535);
	cr_expect_eq(settings->lifetime_min_ms, 300000);
	cr_expect_eq(settings->lifetime_max_ms, 3600000);
	cr_expect_geq(settings->sessions_max, 100);
	cr_expect_geq(settings->items_max, 10000);
}

Test(settings, let_strangers_provision_only_with_encryption_and_not_without_a_word)
{
	warns(BEGIN "Provisioning = TRUE\n",
	      "~2 [keystore-opcua] Provisioning: until somebody has written the trust "
	      "list, whoever reaches the port may try passwords; set it to FALSE when that is "
	      "done\n");
	cr_expect(settings->is_provisioned);
	refuses(BEGIN "Endpoints = Basic256Sha256:Sign\nProvisioning = TRUE\n",
		"3 [keystore-opcua] Provisioning: who provisions needs an encrypted channel: "
		"add an endpoint with :SignAndEncrypt\n");
}

Test(settings, offer_no_endpoint_by_default_that_is_deprecated_or_without_security)
{
	reads("");
	cr_expect_eq(settings->endpoint_count, 6);
	for (enum policy_id id = POLICY_BASIC256SHA256; id < POLICY_COUNT; id++) {
		cr_expect(has_endpoint(id, OPN_MODE_SIGN));
		cr_expect(has_endpoint(id, OPN_MODE_SIGN_AND_ENCRYPT));
	}
	cr_expect_eq(opcua_settings_policies(settings), 1u << POLICY_BASIC256SHA256 |
								1u << POLICY_AES128_SHA256_RSAOAEP |
								1u << POLICY_AES256_SHA256_RSAPSS);
}

Test(settings, read_every_field)
{
	reads(BEGIN
	      "Enabled = TRUE\nSocket = /run/k.sock\nService = opcua-2\nHttpsService = none\n"
	      "Listen = 192.0.2.1:4841, [2001:db8::1]:4841\nListen = 4842\nName = Pumpe "
	      "M\xc3\xbcnchen\nApplicationUri = urn:plant:gateway7\nProductUri = urn:acme:pump\n"
	      "HostNames = gateway7 192.0.2.1\nHostNames = 2001:db8::1\n"
	      "Endpoints = Basic256Sha256:SignAndEncrypt\n"
	      "Endpoints = Aes128_Sha256_RsaOaep:Sign, Aes256_Sha256_RsaPss:SignAndEncrypt\n"
	      "Anonymous = TRUE\nAnonymousRights = view, read-process-data\nUserNames = FALSE\n"
	      "UserCertificates = TRUE\nUserGroup = staff\n"
	      "MaxBufferSize = 64 KiB\nMaxMessageSize = 8 MiB\nChannelLifetime = 10 min\n"
	      "SecurityTokenLifetime = T#30m\nConnectionsMax = 30\nConnectionsPerAddress = 5\n"
	      "SessionsMax = 20\nSessionTimeout = 2 min\nSubscriptionsMax = 40\n"
	      "MonitoredItemsMax = 10000\nMaxTrustListSize = 1 MiB\nGracePeriod = 5 min\n"
	      "SendCertificateChain = TRUE\n"
	      "DataImages = /run/o\nDataControl = /run/c.sock\n");
	cr_expect(settings->is_enabled);
	cr_expect_str_eq(settings->socket, "/run/k.sock");
	cr_expect_str_eq(settings->service, "opcua-2");
	cr_expect_str_eq(settings->https_service, "");
	cr_assert_eq(settings->place_count, 3);
	cr_expect_str_eq(settings->places[1].host, "2001:db8::1");
	cr_expect_eq(settings->places[2].port, 4842);
	cr_expect_str_eq(settings->name, "Pumpe M\xc3\xbcnchen");
	cr_expect_str_eq(settings->application_uri, "urn:plant:gateway7");
	cr_expect_str_eq(settings->product_uri, "urn:acme:pump");
	cr_assert_eq(settings->host_count, 3);
	cr_expect_str_eq(settings->hosts[2], "2001:db8::1");
	cr_expect_eq(settings->endpoint_count, 3);
	cr_expect(has_endpoint(POLICY_AES128_SHA256_RSAOAEP, OPN_MODE_SIGN));
	cr_expect(settings->allows_anonymous);
	cr_expect_eq(settings->anonymous_rights, KS_RIGHT_VIEW | KS_RIGHT_READ_PROCESS_DATA);
	cr_expect(!settings->allows_user_names);
	cr_expect_str_eq(settings->user_group, "staff");
	cr_expect_eq(settings->buffer_max, 65536);
	cr_expect_eq(settings->message_max, 8 << 20);
	cr_expect_eq(settings->lifetime_min_ms, 600000);
	cr_expect_eq(settings->lifetime_max_ms, 1800000);
	cr_expect_eq(settings->connections_max, 30);
	cr_expect_eq(settings->connections_of_address, 5);
	cr_expect_eq(settings->sessions_max, 20);
	cr_expect_eq(settings->session_ms, 120000);
	cr_expect_eq(settings->subscriptions_max, 40);
	cr_expect_eq(settings->items_max, 10000);
	cr_expect_eq(settings->trust_list_max, 1 << 20);
	cr_expect_eq(settings->grace_s, 300);
	cr_expect(settings->sends_chain);
	cr_expect_str_eq(settings->data_images, "/run/o");
	cr_expect_str_eq(settings->data_control, "/run/c.sock");
}

Test(settings, warn_of_endpoints_without_security_and_of_deprecated_ones)
{
	warns(BEGIN "Endpoints = None Basic256Sha256:Sign\n",
	      "~2 [keystore-opcua] Endpoints: None neither signs nor encrypts: whoever reaches the "
	      "port reads and changes what goes by; not for production\n");
	cr_expect(has_endpoint(POLICY_NONE, OPN_MODE_NONE));
	warns(BEGIN "Endpoints = Basic128Rsa15:Sign\nEndpoints = Basic256:SignAndEncrypt\n",
	      "~2 [keystore-opcua] Endpoints: Basic128Rsa15 is deprecated, since it rests on "
	      "SHA-1: "
	      "take it for old clients alone, and as long as there are any\n"
	      "~3 [keystore-opcua] Endpoints: Basic256 is deprecated, since it rests on SHA-1: "
	      "take it for old clients alone, and as long as there are any\n");
}

static void refuses_endpoints(const char *text)
{
	char line[256], fault[512];

	snprintf(line, sizeof(line), BEGIN "Endpoints = %s\n", text);
	snprintf(fault, sizeof(fault),
		 "2 [keystore-opcua] Endpoints: \"%s\" is not possible; it takes a policy and its "
		 "mode, as Basic256Sha256:Sign, Aes128_Sha256_RsaOaep:SignAndEncrypt or "
		 "Aes256_Sha256_RsaPss:SignAndEncrypt, or None; several of these, each once\n",
		 text);
	refuses(line, fault);
}

Test(settings, refuse_endpoints_that_are_none)
{
	refuses_endpoints("Basic256Sha256");
	refuses_endpoints("None:Sign");
	refuses_endpoints("Basic256Sha256:None");
	refuses_endpoints("Basic256Sha256:sign");
	refuses_endpoints("Basic256Sha512:Sign");
	refuses_endpoints("Basic256Sha256:Sign Basic256Sha256:Sign");
	refuses_endpoints(",");
}

Test(settings, give_nobody_rights_who_does_not_log_in_to_keystored)
{
	refuses(BEGIN "Anonymous = TRUE\nAnonymousRights = manage-trust\n",
		"3 [keystore-opcua] AnonymousRights: \"manage-trust\" is not possible; it takes "
		"none, or of view, read-diagnostics, read-process-data and write-process-data "
		"those that are given\n");
	warns(BEGIN "AnonymousRights = view\n",
	      "~2 [keystore-opcua] AnonymousRights: Anonymous is FALSE, so there is nobody who has "
	      "them\n");
	reads(BEGIN "Anonymous = TRUE\nAnonymousRights = none\n");
}

Test(settings, let_somebody_log_in)
{
	refuses(BEGIN "UserNames = FALSE\nUserCertificates = FALSE\n",
		"2 [keystore-opcua] UserNames: nobody could log in: set UserNames, "
		"UserCertificates or Anonymous to TRUE\n");
	warns(BEGIN "UserCertificates = FALSE\nUserGroup = staff\n",
	      "~3 [keystore-opcua] UserGroup: UserCertificates is FALSE, so there is nobody whom "
	      "it is about\n");
}

Test(settings, keep_lifetimes_between_five_and_sixty_minutes)
{
	refuses(BEGIN "ChannelLifetime = 4 min\n",
		"2 [keystore-opcua] ChannelLifetime: \"4 min\" is not possible; it takes a time "
		"from 5 min to 1 h, as 500 ms, 5 s, 1 h or T#5s\n");
	refuses(BEGIN "SecurityTokenLifetime = 61 min\n",
		"2 [keystore-opcua] SecurityTokenLifetime: \"61 min\" is not possible; it takes a "
		"time from 5 min to 1 h, as 500 ms, 5 s, 1 h or T#5s\n");
	refuses(BEGIN "ChannelLifetime = 20 min\nSecurityTokenLifetime = 10 min\n",
		"2 [keystore-opcua] ChannelLifetime: it is more than SecurityTokenLifetime; give "
		"at most that\n");
}

Test(settings, refuse_limits_that_contradict_each_other)
{
	refuses(BEGIN "MaxBufferSize = 1 MiB\nMaxMessageSize = 64 KiB\n",
		"2 [keystore-opcua] MaxBufferSize: it is more than MaxMessageSize, 65536 bytes; "
		"give at most that\n");
	refuses(BEGIN "ConnectionsMax = 10\nConnectionsPerAddress = 11\n",
		"3 [keystore-opcua] ConnectionsPerAddress: it is more than ConnectionsMax, 10; "
		"give at most that\n");
	reads(BEGIN "ConnectionsMax = 10\n");
	cr_expect_eq(settings->connections_of_address, 10);
}

Test(settings, refuse_a_place_twice)
{
	refuses(BEGIN "Listen = 4840\nListen = 192.0.2.1:4840\n",
		"3 [keystore-opcua] Listen: line 2 has port 4840 at this address already; leave "
		"one "
		"of the two\n");
}

Test(settings, refuse_uris_that_are_none)
{
	const char *const uris[] = {"gateway", ":gateway", "urn:", "urn:a b", "urn:\xc3\xa4"};

	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
		char line[128];

		snprintf(line, sizeof(line), BEGIN "ApplicationUri = %s\n", uris[i]);
		cr_expect(!settings_are(line), "%s", uris[i]);
	}
}

/* None has a setting that would do nothing: open62541 has no such limits by themselves. */
Test(settings, have_no_field_that_has_no_effect)
{
	refuses(BEGIN "MaxStringLength = 1000\n", "2 [keystore-opcua] MaxStringLength: there is no "
						  "such field; keystore-opcua.conf(5) "
						  "has the list\n");
}

Test(settings, name_the_field_that_was_meant)
{
	refuses(BEGIN "Endpoint = None\n",
		"2 [keystore-opcua] Endpoint: there is no such field; did you mean Endpoints?\n");
	refuses("[keystore-https]\n",
		"1 [keystore-https] : there is no such section; there is [keystore-opcua] alone\n");
}

Test(settings, of_the_manual_can_be_read)
{
	cr_assert_eq(conf_examples(MANUAL, reads), 1);
}

/* As it is, it switches nothing on; with what it comments out, it has the defaults it speaks of. */
Test(settings, of_the_package_are_off_and_show_the_defaults)
{
	char *text = conf_text(PACKAGE);

	reads(text);
	cr_expect(!settings->is_enabled);
	conf_uncomment(text);
	reads(text);
	cr_expect_str_eq(settings->service, "opcua-server");
	cr_expect_eq(settings->endpoint_count, 6);
	cr_expect_eq(settings->message_max, 4194304);
	cr_expect_eq(settings->buffer_max, 65535);
	cr_expect_eq(settings->lifetime_max_ms, 3600000);
	cr_expect_eq(settings->grace_s, 3600);
	cr_expect_eq(settings->sessions_max, 150);
	cr_expect_eq(settings->items_max, 50000);
	free(text);
}
