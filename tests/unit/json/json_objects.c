#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "json_audit.h"
#include "json_cert.h"
#include "json_event.h"
#include "json_key.h"
#include "json_service.h"
#include "json_status.h"
#include "json_trust.h"
#include "json_user.h"

static void expect(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT);

	cr_expect_str_eq(text ? text : "no memory", expected);
	free(text);
	json_decref(value);
}

Test(json_objects, a_key_of_a_list_has_no_details)
{
	const struct ks_key key = {.id = 7,
				   .name = "plant\xff",
				   .algorithm = KS_ALGORITHM_EC_P256,
				   .operations = KS_OPERATION_SIGN,
				   .origin = KS_ORIGIN_IMPORTED,
				   .created = 1772366400,
				   .service = ""};

	expect(json_key(&key),
	       "{\"id\":7,\"name\":\"plant?\",\"algorithm\":\"ec-p256\",\"usage\":[\"sign\"],"
	       "\"origin\":\"imported\",\"pinned\":false,\"persistent_handle\":null,"
	       "\"created\":\"2026-03-01T12:00:00Z\",\"created_by\":0,\"of_ca\":false}");
}

Test(json_objects, a_hostile_subject_stays_a_string)
{
	const uint8_t der[] = {0x30, 0x00};
	const uint8_t fingerprint[32] = {0xab};
	const struct ks_cert cert = {.id = 3,
				     .kind = (enum ks_cert_kind)99,
				     .state = KS_CERT_REVOKED,
				     .profile = "device",
				     .common_name = "\"},{\"",
				     .subject = "CN=\x01\xfe",
				     .issuer = "CN=x",
				     .serial = "01",
				     .key_type = "rsa-1024\"",
				     .signature_algorithm = "ecdsa-with-SHA256",
				     .names_note = "",
				     .fingerprint = fingerprint,
				     .revocation_reason = 77,
				     .renewal = {.mode = (enum ks_renewal_mode)99},
				     .der = der,
				     .der_len = sizeof(der)};
	json_t *object = json_cert(&cert);

	cr_assert_not_null(object);
	cr_expect_str_eq(json_string_value(json_object_get(object, "common_name")), "\"},{\"");
	cr_expect_str_eq(json_string_value(json_object_get(object, "subject")), "CN=\x01?");
	cr_expect_str_eq(json_string_value(json_object_get(object, "kind")), "unknown");
	cr_expect_str_eq(json_string_value(json_object_get(object, "key")), "rsa-1024\"");
	cr_expect_str_eq(json_string_value(json_object_get(object, "revocation_reason")),
			 "unknown");
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(object, "renewal"), "mode")),
		"unknown");
	cr_expect_str_eq(json_string_value(json_object_get(object, "pem")),
			 "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	cr_expect_eq(json_array_size(json_object_get(object, "history")), 0);
	cr_expect(json_is_null(json_object_get(object, "private_key")));
	json_decref(object);
}

Test(json_objects, what_is_newer_than_this_program_is_unknown)
{
	const struct ks_event event = {.type = (enum ks_event_type)999, .key_name = "k"};
	const struct ks_event hole = {.type = (enum ks_event_type)8, .key_name = "k"};
	const struct ks_audit audit = {
		.finding = (enum ks_finding)99, .message = "", .anchor_note = ""};
	json_t *object = json_audit(&audit);

	expect(json_event(&event, 0), "{\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"unknown\","
				      "\"id\":0,\"name\":\"k\"}");
	expect(json_event(&hole, 0), "{\"time\":\"1970-01-01T00:00:00Z\",\"event\":\"unknown\","
				     "\"id\":0,\"name\":\"k\"}");
	cr_expect_str_eq(json_string_value(json_object_get(object, "finding")), "unknown");
	json_decref(object);
	cr_expect_str_eq(trust_list_text((enum ks_trust_list)99), "unknown");
	cr_expect_str_eq(crl_policy_text((enum ks_crl_policy)99), "unknown");
	cr_expect_str_eq(tpm_state_text((enum ks_tpm_state)99), "unknown");
	cr_expect_str_eq(severity_text((enum ks_severity)99), "unknown");
	cr_expect_str_eq(service_kind_text((enum ks_service_kind)99), "unknown");
	cr_expect_str_eq(algorithm_text((enum ks_algorithm)99), "unknown");
	cr_expect_str_eq(cert_state_text((enum ks_cert_state)99), "unknown");
}

Test(json_objects, a_login_says_how_long_it_lasts_and_not_its_token)
{
	const char *const roles[] = {"operator"};
	const uint8_t token[] = {1, 2, 3};
	const struct ks_user user = {.id = 2,
				     .name = "anna",
				     .roles = roles,
				     .role_count = 1,
				     .rights = KS_RIGHT_VIEW,
				     .created = 1772366400};
	const struct ks_login login = {.token = token,
				       .token_len = sizeof(token),
				       .idle_seconds = 600,
				       .life_seconds = 3600};

	expect(json_login(&user, &login),
	       "{\"id\":2,\"name\":\"anna\",\"roles\":[\"operator\"],\"rights\":[\"view\"],"
	       "\"disabled\":false,\"must_change\":false,\"created\":\"2026-03-01T12:00:00Z\","
	       "\"created_by\":0,\"password_set\":null,\"last_login\":null,\"idle_seconds\":600,"
	       "\"life_seconds\":3600}");
}

Test(json_objects, a_transaction_has_members_while_one_is_open)
{
	const char *const staged[] = {"trust add opcua"};
	struct ks_txn txn = {.pid = 4, .uid = 3, .since = 1772366400, .idle_ms = 5, .changes = 1};

	expect(json_txn(&txn), "{\"open\":false,\"staged\":[]}");
	txn.open = true;
	txn.staged = staged;
	txn.staged_count = 1;
	expect(json_txn(&txn), "{\"open\":true,\"staged\":[\"trust add opcua\"],\"uid\":3,"
			       "\"pid\":4,\"since\":\"2026-03-01T12:00:00Z\",\"changes\":1,"
			       "\"bytes\":0,\"idle_ms\":5}");
}

Test(json_objects, an_entry_of_a_list_has_the_id_for_the_next_page)
{
	const uint8_t fingerprint[32] = {0xab};
	const struct ks_trust_entry entry = {.id = 41,
					     .list = KS_ISSUER_CRLS,
					     .fingerprint = fingerprint,
					     .subject = "",
					     .issuer = "CN=<b>",
					     .serial = "07",
					     .not_before = 1772366400,
					     .revocations = 3,
					     .added = 1772366400};

	expect(json_trust_entry(&entry),
	       "{\"id\":41,\"list\":\"issuer-crls\",\"fingerprint\":\"ab000000000000000000000000"
	       "00000000000000000000000000000000000000\",\"subject\":\"\",\"issuer\":\"CN=<b>\","
	       "\"serial\":\"07\",\"not_before\":\"2026-03-01T12:00:00Z\",\"not_after\":null,"
	       "\"ca\":false,\"revocations\":3,\"added\":\"2026-03-01T12:00:00Z\",\"added_by\":0,"
	       "\"auto_accepted\":false}");
}
