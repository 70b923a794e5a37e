#include "cert_maker.h"
#include "cert_spoil.h"

#include <string.h>

#include "x509_check.h"
#include "x509_rule.h"

/* The keys that the cases share: making them takes longer than everything else here. */
struct keys {
	EVP_PKEY *rsa;
	EVP_PKEY *ec;
	EVP_PKEY *ca;
	struct made ca_cert;
};

static struct keys keys_make(void)
{
	struct keys keys = {EVP_RSA_gen(2048), EVP_EC_gen("P-256"), EVP_EC_gen("P-256"), {0}};
	struct cert_spec spec = maker_spec(PROFILE_CA, keys.ca);

	keys.ca_cert = maker_make(&spec);
	return keys;
}

static void keys_free(struct keys *keys)
{
	made_free(&keys->ca_cert);
	EVP_PKEY_free(keys->rsa);
	EVP_PKEY_free(keys->ec);
	EVP_PKEY_free(keys->ca);
}

static struct check_report check(const uint8_t *der, size_t len, enum profile_id profile)
{
	struct check_report report;

	cr_assert_eq(cert_check(der, len, profile_by_id(profile), &report), CERT_OK);
	for (size_t i = 0; i < report.count; i++) {
		size_t chars;

		cr_assert_gt(strlen(report.findings[i].text), 10);
		cr_assert(x509_text_is_utf8(report.findings[i].text,
					    strlen(report.findings[i].text), &chars));
	}
	return report;
}

static bool reports(const struct check_report *report, const char *rule)
{
	for (size_t i = 0; i < report->count; i++) {
		if (strcmp(report->findings[i].rule, rule) == 0)
			return true;
	}
	return false;
}

Test(x509_check, finds_nothing_in_what_keystored_makes)
{
	struct keys keys = keys_make();

	for (int profile = 1; profile < PROFILE_COUNT; profile++) {
		for (int variant = 0; variant < 4; variant++) {
			EVP_PKEY *key = variant % 2 ? keys.rsa : keys.ec;
			struct cert_spec spec =
				variant < 2 ? maker_spec(profile, key)
					    : maker_spec_by(profile, key, &keys.ca_cert, keys.ca);
			struct check_report report;
			struct made made;

			if (variant >= 2 && profile == PROFILE_CA)
				spec.subject = "CN=Hall 1";
			made = maker_make(&spec);
			report = check(made.der, made.len, profile);
			cr_assert_eq(report.count, 0, "%s: %s", spec.profile->name,
				     report.findings[0].text);
			report = check(made.der, made.len, 0);
			cr_assert_eq(report.count, 0, "%s without a profile: %s",
				     spec.profile->name, report.findings[0].text);
			made_free(&made);
		}
	}
	keys_free(&keys);
}

enum base { BASE_RSA, BASE_EC, BASE_RSA_SELF, BASE_EC_SELF };

static const struct {
	const char *rule;
	enum profile_id profile;
	enum base base;
	void (*spoil)(X509 *x509);
	const char *because; /* part of the sentence; NULL: any */
} cases[] = {
	{"version-3", PROFILE_TLS_CLIENT, BASE_EC, nothing_yet, NULL},
	{"serial-positive", PROFILE_TLS_CLIENT, BASE_EC, serial_zero, NULL},
	{"serial-positive", PROFILE_TLS_CLIENT, BASE_EC, serial_negative, NULL},
	{"serial-long", PROFILE_TLS_CLIENT, BASE_EC, serial_of_21_octets, NULL},
	{"serial-short", PROFILE_TLS_CLIENT, BASE_EC, serial_one, "it has 1 bits"},
	{"issuer-present", PROFILE_TLS_CLIENT, BASE_EC, no_issuer, NULL},
	{"subject-present", PROFILE_TLS_CLIENT, BASE_EC, no_subject, NULL},
	{"validity-order", PROFILE_TLS_CLIENT, BASE_EC, reversed, NULL},
	{"validity-form", PROFILE_TLS_CLIENT, BASE_EC, generalized_2026, NULL},
	{"validity-form", PROFILE_TLS_CLIENT, BASE_EC, utc_without_seconds, NULL},
	{"key-readable", PROFILE_TLS_CLIENT, BASE_EC, unknown_key, NULL},
	{"key-strength", PROFILE_TLS_CLIENT, BASE_RSA, rsa_1024, "it has 1024 bits"},
	{"key-strength", PROFILE_TLS_CLIENT, BASE_EC, p_192, "it has 192 bits"},
	{"key-exponent", PROFILE_TLS_CLIENT, BASE_RSA, exponent_3, NULL},
	{"key-curve-named", PROFILE_TLS_CLIENT, BASE_EC, explicit_curve, NULL},
	{"extensions-once", PROFILE_TLS_CLIENT, BASE_EC, twice, "Basic Constraints"},
	{"extensions-form", PROFILE_TLS_CLIENT, BASE_EC, malformed_names, "Alternative Name"},
	{"extensions-known", PROFILE_TLS_CLIENT, BASE_EC, unknown_critical, "1.2.3.4"},
	{"basic-constraints-critical", PROFILE_CA, BASE_EC, relaxed_constraints, NULL},
	{"path-length-of-ca", PROFILE_TLS_CLIENT, BASE_EC, stray_path_length, NULL},
	{"ca-key-usage", PROFILE_CA, BASE_EC, only_signs_crls, NULL},
	{"ca-crl-sign", PROFILE_CA, BASE_EC, only_signs_certificates, NULL},
	{"key-usage-cert-sign", PROFILE_TLS_CLIENT, BASE_EC, only_signs_certificates, NULL},
	{"key-usage-cert-sign", PROFILE_OPCUA_SERVER, BASE_EC, only_signs_certificates, NULL},
	{"key-usage-critical", PROFILE_TLS_CLIENT, BASE_EC, relaxed_usage, NULL},
	{"key-usage-present-bit", PROFILE_TLS_CLIENT, BASE_EC, no_usage_bit, NULL},
	{"key-usage-ec", PROFILE_TLS_CLIENT, BASE_EC, enciphers, NULL},
	{"ca-subject-key-id", PROFILE_CA, BASE_EC, no_key_id, NULL},
	{"subject-key-id", PROFILE_TLS_CLIENT, BASE_EC, no_key_id, NULL},
	{"authority-key-id", PROFILE_TLS_CLIENT, BASE_EC, no_authority, NULL},
	{"authority-key-id-filled", PROFILE_TLS_CLIENT, BASE_EC, empty_authority, NULL},
	{"authority-key-id-own", PROFILE_TLS_CLIENT, BASE_EC_SELF, other_authority, NULL},
	{"key-ids-not-critical", PROFILE_TLS_CLIENT, BASE_EC, critical_authority, NULL},
	{"san-not-empty", PROFILE_TLS_CLIENT, BASE_EC, no_name_in_names, NULL},
	{"san-text", PROFILE_TLS_CLIENT, BASE_EC, nul_in_name, "a?b"},
	{"san-address", PROFILE_TLS_CLIENT, BASE_EC, address_of_5, NULL},
	{"san-form", PROFILE_TLS_CLIENT, BASE_EC, name_with_underscore, "\"plc_1\" may have"},
	{"ca-flag", PROFILE_CA, BASE_EC, no_constraints, "it is none"},
	{"ca-flag", PROFILE_TLS_CLIENT, BASE_EC, becomes_ca, "it is one"},
	{"ca-flag", PROFILE_OPCUA_CLIENT, BASE_EC, becomes_ca, "it is one"},
	{"key-usage-purpose", PROFILE_TLS_CLIENT, BASE_EC, only_signs_and_agrees, NULL},
	{"key-usage-present", PROFILE_TLS_CLIENT, BASE_EC, no_usage, NULL},
	{"extended-key-usage-purpose", PROFILE_TLS_CLIENT, BASE_EC, other_purposes, NULL},
	{"extended-key-usage-purpose", PROFILE_OPCUA_SERVER, BASE_EC, no_purposes, NULL},
	{"san-uri-mandatory", PROFILE_OPCUA_SERVER, BASE_RSA, no_uri, NULL},
	{"san-uri-single", PROFILE_OPCUA_SERVER, BASE_RSA, two_uris, NULL},
	{"san-host-mandatory", PROFILE_TLS_SERVER, BASE_EC, no_host, "tls-server needs"},
	{"opcua-san-host", PROFILE_OPCUA_SERVER, BASE_EC, no_host, NULL},
	{"opcua-key-usage", PROFILE_OPCUA_SERVER, BASE_RSA, enciphers, NULL},
	{"opcua-key-usage", PROFILE_OPCUA_SERVER, BASE_EC_SELF, relaxed_usage, NULL},
	{"opcua-key-usage", PROFILE_OPCUA_SERVER, BASE_RSA, no_usage, NULL},
	{"opcua-common-name", PROFILE_OPCUA_SERVER, BASE_EC, no_subject, NULL},
	{"opcua-organization", PROFILE_OPCUA_SERVER, BASE_EC, only_common_name, NULL},
	{"opcua-basic-constraints", PROFILE_OPCUA_SERVER, BASE_EC, no_constraints, NULL},
	{"opcua-self-signed-ca", PROFILE_OPCUA_SERVER, BASE_EC_SELF, becomes_ca, NULL},
	{"opcua-key-size", PROFILE_OPCUA_SERVER, BASE_RSA, rsa_5120, NULL},
};

static struct made base_make(const struct keys *keys, enum profile_id profile, enum base base)
{
	EVP_PKEY *key = base == BASE_RSA || base == BASE_RSA_SELF ? keys->rsa : keys->ec;
	struct cert_spec spec = base == BASE_RSA || base == BASE_EC
					? maker_spec_by(profile, key, &keys->ca_cert, keys->ca)
					: maker_spec(profile, key);

	if (profile == PROFILE_CA)
		spec.subject = "CN=Hall 1";
	return maker_make(&spec);
}

/* Behind the signature: OpenSSL 3.5 makes version 3 of whatever it signs with extensions. */
static void version_lower(unsigned char *der, size_t len)
{
	static const unsigned char version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
	unsigned char *found = memmem(der, len, version_3, sizeof(version_3));

	cr_assert_not_null(found);
	found[4] = X509_VERSION_2;
}

Test(x509_check, names_the_rule_that_is_broken)
{
	struct keys keys = keys_make();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made made = base_make(&keys, cases[i].profile, cases[i].base);
		bool is_self = cases[i].base == BASE_EC_SELF || cases[i].base == BASE_RSA_SELF;
		struct check_report report;
		unsigned char *der = NULL;
		bool is_said = false;
		int len;

		cases[i].spoil(made.x509);
		cr_assert_gt(X509_sign(made.x509, is_self ? keys.ec : keys.ca, EVP_sha256()), 0);
		len = i2d_X509(made.x509, &der);
		cr_assert_gt(len, 0);
		if (strcmp(cases[i].rule, "version-3") == 0)
			version_lower(der, (size_t)len);
		/* OpenSSL 3.5 does not even parse a wrong form of time: a refusal too. */
		if (strcmp(cases[i].rule, "validity-form") == 0 &&
		    cert_check(der, (size_t)len, NULL, &report) == CERT_SUBJECT) {
			cr_assert_geq(OPENSSL_VERSION_NUMBER, 0x30400000L);
			OPENSSL_free(der);
			made_free(&made);
			continue;
		}
		report = check(der, (size_t)len, cases[i].profile);
		cr_assert(reports(&report, cases[i].rule), "%s after case %zu", cases[i].rule, i);
		for (size_t k = 0; k < report.count; k++) {
			if (strcmp(report.findings[k].rule, cases[i].rule) == 0)
				is_said = !cases[i].because ||
					  strstr(report.findings[k].text, cases[i].because);
		}
		cr_assert(is_said, "%s: %s", cases[i].rule, report.findings[0].text);
		OPENSSL_free(der);
		made_free(&made);
	}
	keys_free(&keys);
}

Test(x509_check, notices_two_different_signature_algorithms)
{
	static const uint8_t sha256[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x04, 0x03, 0x02};
	struct keys keys = keys_make();
	struct made made = base_make(&keys, PROFILE_TLS_CLIENT, BASE_EC);
	uint8_t *inner = memmem(made.der, made.len, sha256, sizeof(sha256));
	struct check_report report;

	inner[sizeof(sha256) - 1] = 0x03; /* ecdsa-with-SHA384 */
	report = check(made.der, made.len, PROFILE_TLS_CLIENT);
	cr_assert(reports(&report, "algorithms-same"));
	made_free(&made);
	keys_free(&keys);
}

Test(x509_check, finds_a_broken_hash)
{
	struct keys keys = keys_make();
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, keys.ec);
	struct check_report report;
	struct made made;

	spec.hash = TPM_SHA1;
	made = maker_make(&spec);
	report = check(made.der, made.len, PROFILE_TLS_CLIENT);
	cr_assert_eq(report.count, 1);
	cr_assert_str_eq(report.findings[0].rule, "hash-strength");
	cr_assert_not_null(strstr(report.findings[0].text, "it is SHA1"));
	made_free(&made);
	keys_free(&keys);
}

/* Before the extensions, which are tagged 3, as OpenSSL has no way to write them. */
Test(x509_check, finds_unique_identifiers)
{
	static const uint8_t unique_id[] = {0x82, 0x02, 0x00, 0x01};
	struct keys keys = keys_make();
	struct made made = base_make(&keys, PROFILE_TLS_CLIENT, BASE_EC);
	struct check_report report;
	uint8_t longer[4096];
	size_t at = 0;

	for (size_t i = 8; i + 4 < made.len; i++) {
		if (made.der[i] == 0xa3 && made.der[i + 1] == 0x81 && made.der[i + 3] == 0x30)
			at = i;
	}
	cr_assert_gt(at, 0);
	memcpy(longer, made.der, at);
	memcpy(longer + at, unique_id, sizeof(unique_id));
	memcpy(longer + at + sizeof(unique_id), made.der + at, made.len - at);
	/* Both sequences have lengths of two octets. */
	for (size_t i = 2; i <= 6; i += 4) {
		unsigned len = (unsigned)(longer[i] << 8 | longer[i + 1]) + sizeof(unique_id);

		longer[i] = (uint8_t)(len >> 8);
		longer[i + 1] = (uint8_t)len;
	}
	report = check(longer, made.len + sizeof(unique_id), PROFILE_TLS_CLIENT);
	cr_assert(reports(&report, "unique-ids-absent"));
	made_free(&made);
	keys_free(&keys);
}

static bool is_tested(const char *rule)
{
	static const char *const apart[] = {"algorithms-same", "hash-strength",
					    "unique-ids-absent"};

	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		if (strcmp(apart[i], rule) == 0)
			return true;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].rule, rule) == 0)
			return true;
	}
	return false;
}

Test(x509_check, has_a_test_for_each_rule_and_room_for_all)
{
	cr_assert_leq(x509_rules_rfc5280_count + x509_rules_purpose_count, CHECK_RULES_MAX);
	for (size_t i = 0; i < x509_rules_rfc5280_count; i++)
		cr_assert(is_tested(x509_rules_rfc5280[i].name), "%s", x509_rules_rfc5280[i].name);
	for (size_t i = 0; i < x509_rules_purpose_count; i++)
		cr_assert(is_tested(x509_rules_purpose[i].name), "%s", x509_rules_purpose[i].name);
}

Test(x509_check, leaves_the_rules_of_a_purpose_out_where_it_is_unknown)
{
	struct keys keys = keys_make();
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, keys.ec);
	struct check_report report;
	struct made made;

	spec.name_count = 0;
	made = maker_make(&spec);
	report = check(made.der, made.len, PROFILE_OPCUA_SERVER);
	cr_assert(reports(&report, "san-uri-mandatory"));
	cr_assert_gt(report.error_count, 0);
	report = check(made.der, made.len, 0);
	cr_assert_eq(report.count, 0);
	made_free(&made);
	keys_free(&keys);
}

Test(x509_check, refuses_what_is_no_certificate)
{
	static uint8_t zeros[CERT_DER_MAX + 1];
	struct check_report report = {.count = 7};

	cr_assert_eq(cert_check(zeros, sizeof(zeros), NULL, &report), CERT_TOO_LARGE);
	cr_assert_eq(cert_check(zeros, 12, NULL, &report), CERT_SUBJECT);
	cr_assert_eq(cert_check(zeros, 0, NULL, &report), CERT_SUBJECT);
	cr_assert_eq(report.count, 7);
}
