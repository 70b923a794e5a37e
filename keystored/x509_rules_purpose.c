#include "x509_rule.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#define RSA_BITS_OPCUA 4096

static bool is_opcua(const struct x509_view *view)
{
	return view->profile->is_opcua;
}

static bool profile_wants_another_ca_flag(const struct x509_view *view, char *ret_detail)
{
	if (view->profile->is_ca == x509_view_is_ca(view) || x509_view_is_own_application(view))
		return false;
	snprintf(ret_detail, DETAIL_MAX, view->profile->is_ca ? "it is none" : "it is one");
	return true;
}

static bool profile_wants_other_usages(const struct x509_view *view, char *ret_detail)
{
	/* A TLS key that never decrypts is fine: all but TLS 1.2's RSA key exchange signs. */
	const uint32_t enough = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CERT_SIGN;
	uint32_t wanted;

	(void)ret_detail;
	if (is_opcua(view) || !view->usage_bits)
		return false;
	wanted = profile_key_usage(view->profile, view->is_rsa, view->is_self_issued) & enough;
	return (view->usage & wanted) != wanted;
}

static bool profile_has_no_usages(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return !is_opcua(view) && !view->usage_bits && !x509_view_is_ca(view);
}

static bool has_purpose(const struct x509_view *view, int nid)
{
	int count = view->purposes ? sk_ASN1_OBJECT_num(view->purposes) : 0;

	for (int i = 0; i < count; i++) {
		int purpose = OBJ_obj2nid(sk_ASN1_OBJECT_value(view->purposes, i));

		if (purpose == nid || purpose == NID_anyExtendedKeyUsage)
			return true;
	}
	return false;
}

static bool profile_wants_other_purposes(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	/* No list at all means every purpose (RFC 5280 4.2.1.12), but to OPC UA. */
	if (!view->purposes && !is_opcua(view))
		return false;
	return (view->profile->for_server && !has_purpose(view, NID_server_auth)) ||
	       (view->profile->for_client && !has_purpose(view, NID_client_auth));
}

static bool profile_wants_a_uri(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->uris == 0 && profile_uri_wrong(view->profile, view->uris);
}

static bool profile_wants_one_uri(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->uris > 1 && profile_uri_wrong(view->profile, view->uris);
}

static bool profile_wants_a_host(const struct x509_view *view, char *ret_detail)
{
	const char *wrong = profile_host_wrong(view->profile, view->ips, view->dns_names);

	if (wrong)
		snprintf(ret_detail, DETAIL_MAX, "%s %s", view->profile->name, wrong);
	return wrong != NULL;
}

static bool opcua_server_has_no_host(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && view->profile->for_server && view->ips + view->dns_names == 0;
}

static bool opcua_wants_other_usages(const struct x509_view *view, char *ret_detail)
{
	uint32_t wanted;

	(void)ret_detail;
	if (!is_opcua(view))
		return false;
	wanted = profile_key_usage(view->profile, view->is_rsa, view->is_self_issued);
	/* An elliptic-curve key has to sign, no more. */
	if (!view->is_rsa)
		wanted &= KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CERT_SIGN;
	return (view->usage & wanted) != wanted;
}

static bool has_attribute(const struct x509_view *view, int nid)
{
	return X509_NAME_get_index_by_NID(X509_get_subject_name(view->x509), nid, -1) >= 0;
}

static bool opcua_has_no_common_name(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && !has_attribute(view, NID_commonName);
}

static bool opcua_has_no_organization(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && !has_attribute(view, NID_organizationName);
}

static bool opcua_has_no_constraints(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && !view->constraints;
}

static bool opcua_is_ca(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && x509_view_is_own_application(view) && x509_view_is_ca(view);
}

static bool opcua_key_is_large(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return is_opcua(view) && view->is_rsa && EVP_PKEY_get_bits(view->key) > RSA_BITS_OPCUA;
}

const struct x509_rule x509_rules_purpose[] = {
	{"ca-flag", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_PROFILE,
	 profile_wants_another_ca_flag, "whether it is a CA is not what its purpose needs"},
	{"key-usage-purpose", "RFC 5280 4.2.1.3", CHECK_ERROR, CHECK_OF_PROFILE,
	 profile_wants_other_usages, "the key usage does not allow what its purpose needs"},
	{"key-usage-present", "RFC 5280 4.2.1.3", CHECK_WARNING, CHECK_OF_PROFILE,
	 profile_has_no_usages, "it has no key usage, and could be used for everything"},
	{"extended-key-usage-purpose", "RFC 5280 4.2.1.12", CHECK_ERROR, CHECK_OF_PROFILE,
	 profile_wants_other_purposes,
	 "the extended key usage lacks serverAuth or clientAuth, which its purpose needs"},
	{"san-uri-mandatory", "OPC 10000-6 6.2.2", CHECK_ERROR, CHECK_OF_NAMES, profile_wants_a_uri,
	 "there is no URI among the subject alternative names: the application URI has to be"},
	{"san-uri-single", "OPC 10000-6 6.2.2", CHECK_ERROR, CHECK_OF_NAMES, profile_wants_one_uri,
	 "there is more than one URI among the subject alternative names: only the application URI "
	 "may be"},
	{"san-host-mandatory", "RFC 9525 4.1", CHECK_ERROR, CHECK_OF_NAMES, profile_wants_a_host,
	 "clients do not find the server among the subject alternative names"},
	{"opcua-san-host", "OPC 10000-6 6.2.2", CHECK_WARNING, CHECK_OF_NAMES,
	 opcua_server_has_no_host,
	 "there is no address and no host name among the subject alternative names: some clients "
	 "want the one they connect to"},
	{"opcua-key-usage", "OPC 10000-6 6.2.2", CHECK_ERROR, CHECK_OF_PROFILE,
	 opcua_wants_other_usages,
	 "the key usage lacks one that OPC UA needs: digitalSignature; for RSA nonRepudiation, "
	 "keyEncipherment, dataEncipherment; self-signed keyCertSign"},
	{"opcua-common-name", "OPC 10000-6 6.2.2", CHECK_ERROR, CHECK_OF_SUBJECT,
	 opcua_has_no_common_name, "the subject has no common name"},
	{"opcua-organization", "OPC 10000-6 6.2.2", CHECK_WARNING, CHECK_OF_SUBJECT,
	 opcua_has_no_organization, "the subject has no organization"},
	{"opcua-basic-constraints", "OPC 10000-6 6.2.2", CHECK_WARNING, CHECK_OF_PROFILE,
	 opcua_has_no_constraints, "it has no basic constraints"},
	{"opcua-self-signed-ca", "OPC 10000-6 6.2.2", CHECK_WARNING, CHECK_OF_PROFILE, opcua_is_ca,
	 "it is self-signed and says that it is a CA, which is accepted for old applications only"},
	{"opcua-key-size", "OPC 10000-7", CHECK_WARNING, CHECK_OF_KEY, opcua_key_is_large,
	 "the RSA key has more than the 4096 bits that security policies allow"},
};

const size_t x509_rules_purpose_count = sizeof(x509_rules_purpose) / sizeof(x509_rules_purpose[0]);
