#include "x509_rule.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "x509_san.h"

#define RSA_BITS_MIN	  2048
#define EXPONENT_BITS_MIN 17 /* 65537 */
#define EC_BITS_MIN	  256
#define SERIAL_BITS_MIN	  64
#define SERIAL_BITS_MAX	  159 /* 20 octets of a positive number */

static bool version_is_old(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return X509_get_version(view->x509) != X509_VERSION_3;
}

/* Bits of the serial; 0 for zero, -1 for a negative one. */
static int serial_bits(const struct x509_view *view)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(view->x509);
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);
	int bits;

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return -1;
	while (len > 0 && *bytes == 0)
		bytes++, len--;
	if (len == 0)
		return 0;
	bits = 8 * len;
	for (uint8_t top = 0x80; !(*bytes & top); top >>= 1)
		bits--;
	return bits;
}

static bool serial_is_not_positive(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return serial_bits(view) <= 0;
}

static bool serial_is_long(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return serial_bits(view) > SERIAL_BITS_MAX;
}

static bool serial_is_short(const struct x509_view *view, char *ret_detail)
{
	int bits = serial_bits(view);

	snprintf(ret_detail, DETAIL_MAX, "it has %d bits", bits);
	return bits > 0 && bits < SERIAL_BITS_MIN;
}

static bool algorithms_differ(const struct x509_view *view, char *ret_detail)
{
	const X509_ALGOR *outer;

	(void)ret_detail;
	X509_get0_signature(NULL, &outer, view->x509);
	return X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(view->x509)) != 0;
}

static bool issuer_is_empty(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return X509_NAME_entry_count(X509_get_issuer_name(view->x509)) == 0;
}

static bool subject_is_missing(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return X509_NAME_entry_count(X509_get_subject_name(view->x509)) == 0 &&
	       (x509_view_is_ca(view) || !x509_view_is_critical(view, NID_subject_alt_name));
}

static bool has_unique_ids(const struct x509_view *view, char *ret_detail)
{
	const ASN1_BIT_STRING *issuer;
	const ASN1_BIT_STRING *subject;

	(void)ret_detail;
	X509_get0_uids(view->x509, &issuer, &subject);
	return issuer || subject;
}

static bool validity_is_reversed(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return ASN1_TIME_compare(X509_get0_notBefore(view->x509), X509_get0_notAfter(view->x509)) >
	       0;
}

/* YYMMDDHHMMSSZ before 2050, YYYYMMDDHHMMSSZ from then on. */
static bool time_form_is_wrong(const ASN1_TIME *time)
{
	const char *text = (const char *)ASN1_STRING_get0_data(time);
	size_t len = (size_t)ASN1_STRING_length(time);
	size_t digits = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 12 : 14;

	if (len != digits + 1 || text[digits] != 'Z' || !ASN1_TIME_check(time))
		return true;
	return digits == 14 && memcmp(text, "2050", 4) < 0;
}

static bool time_forms_are_wrong(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return time_form_is_wrong(X509_get0_notBefore(view->x509)) ||
	       time_form_is_wrong(X509_get0_notAfter(view->x509));
}

static bool key_is_unreadable(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return !view->key;
}

static bool key_is_weak(const struct x509_view *view, char *ret_detail)
{
	int bits = view->key ? EVP_PKEY_get_bits(view->key) : 0;

	if (!view->key)
		return false;
	snprintf(ret_detail, DETAIL_MAX, "it has %d bits", bits);
	if (view->is_rsa)
		return bits < RSA_BITS_MIN;
	return EVP_PKEY_is_a(view->key, "DSA") ||
	       (EVP_PKEY_is_a(view->key, "EC") && bits < EC_BITS_MIN);
}

/* 1 signs nothing and small ones have a history of broken verifiers. */
static bool exponent_is_weak(const struct x509_view *view, char *ret_detail)
{
	BIGNUM *e = NULL;
	bool is_weak;

	(void)ret_detail;
	if (!view->is_rsa || !EVP_PKEY_get_bn_param(view->key, "e", &e))
		return false;
	is_weak = !BN_is_odd(e) || BN_num_bits(e) < EXPONENT_BITS_MIN;
	BN_free(e);
	return is_weak;
}

static bool curve_is_unnamed(const struct x509_view *view, char *ret_detail)
{
	const ASN1_OBJECT *object;
	X509_ALGOR *algorithm;
	int type;

	(void)ret_detail;
	if (!X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(view->x509)))
		return false;
	X509_ALGOR_get0(&object, &type, NULL, algorithm);
	return OBJ_obj2nid(object) == NID_X9_62_id_ecPublicKey && type != V_ASN1_OBJECT;
}

static bool hash_is_weak(const struct x509_view *view, char *ret_detail)
{
	int md;

	if (!X509_get_signature_info(view->x509, &md, NULL, NULL, NULL))
		return false;
	snprintf(ret_detail, DETAIL_MAX, "it is %s", OBJ_nid2sn(md));
	return md == NID_md2 || md == NID_md4 || md == NID_md5 || md == NID_sha1 ||
	       md == NID_md5_sha1 || md == NID_ripemd160;
}

static void object_show(const ASN1_OBJECT *object, char *ret_detail)
{
	OBJ_obj2txt(ret_detail, DETAIL_MAX, object, 0);
}

static bool has_duplicate(const struct x509_view *view, char *ret_detail)
{
	for (int i = 0; i < X509_get_ext_count(view->x509); i++) {
		const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_get_ext(view->x509, i));

		if (X509_get_ext_by_OBJ(view->x509, object, i) >= 0) {
			object_show(object, ret_detail);
			return true;
		}
	}
	return false;
}

static bool has_malformed(const struct x509_view *view, char *ret_detail)
{
	for (int i = 0; i < X509_get_ext_count(view->x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(view->x509, i);
		const X509V3_EXT_METHOD *method = X509V3_EXT_get(extension);
		void *value;

		if (!method)
			continue;
		value = X509V3_EXT_d2i(extension);
		if (!value) {
			object_show(X509_EXTENSION_get_object(extension), ret_detail);
			return true;
		}
		if (method->it)
			ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
		else
			method->ext_free(value);
	}
	return false;
}

static bool has_unknown_critical(const struct x509_view *view, char *ret_detail)
{
	for (int i = 0; i < X509_get_ext_count(view->x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(view->x509, i);

		if (X509_EXTENSION_get_critical(extension) &&
		    !X509_supported_extension(extension)) {
			object_show(X509_EXTENSION_get_object(extension), ret_detail);
			return true;
		}
	}
	return false;
}

static bool constraints_are_not_critical(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return x509_view_is_ca(view) && !x509_view_is_critical(view, NID_basic_constraints);
}

static bool path_length_is_stray(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->constraints && view->constraints->pathlen &&
	       (!view->constraints->ca ||
		(view->usage_bits && !(view->usage & KEY_USAGE_CERT_SIGN)));
}

static bool ca_cannot_sign(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return x509_view_is_ca(view) && !(view->usage & KEY_USAGE_CERT_SIGN);
}

static bool ca_cannot_sign_crls(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return x509_view_is_ca(view) && !(view->usage & KEY_USAGE_CRL_SIGN);
}

static bool leaf_signs_certificates(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return !x509_view_is_ca(view) && (view->usage & KEY_USAGE_CERT_SIGN) &&
	       !x509_view_is_own_application(view);
}

static bool usage_is_not_critical(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->usage_bits && !x509_view_is_critical(view, NID_key_usage);
}

static bool usage_is_empty(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->usage_bits && view->usage == 0;
}

static bool ec_key_enciphers(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->key && EVP_PKEY_is_a(view->key, "EC") &&
	       (view->usage & (KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT));
}

static bool ca_has_no_key_id(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return x509_view_is_ca(view) && !view->key_id;
}

static bool leaf_has_no_key_id(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return !x509_view_is_ca(view) && !view->key_id;
}

static bool has_no_authority(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return !view->is_self_issued && !view->authority;
}

static bool authority_is_empty(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->authority && !view->authority->keyid;
}

static bool authority_is_foreign(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->is_self_signed && view->key_id && view->authority && view->authority->keyid &&
	       ASN1_OCTET_STRING_cmp(view->key_id, view->authority->keyid) != 0;
}

static bool key_ids_are_critical(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return x509_view_is_critical(view, NID_subject_key_identifier) ||
	       x509_view_is_critical(view, NID_authority_key_identifier);
}

static bool names_are_empty(const struct x509_view *view, char *ret_detail)
{
	(void)ret_detail;
	return view->names && sk_GENERAL_NAME_num(view->names) == 0;
}

static const enum san_type san_types[] = {
	[GEN_EMAIL] = SAN_EMAIL,
	[GEN_DNS] = SAN_DNS,
	[GEN_URI] = SAN_URI,
};

/* The value of a name that is a string; NULL: of another kind. */
static const ASN1_STRING *name_string(const GENERAL_NAME *name, enum san_type *ret_type)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

	if (type != GEN_EMAIL && type != GEN_DNS && type != GEN_URI)
		return NULL;
	*ret_type = san_types[type];
	return value;
}

static bool names_have_controls(const struct x509_view *view, char *ret_detail)
{
	int count = view->names ? sk_GENERAL_NAME_num(view->names) : 0;
	const ASN1_STRING *value;
	enum san_type type;
	const char *text;
	size_t len;

	for (int i = 0; i < count; i++) {
		value = name_string(sk_GENERAL_NAME_value(view->names, i), &type);
		if (!value)
			continue;
		text = (const char *)ASN1_STRING_get0_data(value);
		len = (size_t)ASN1_STRING_length(value);
		if (!x509_text_is_ia5_word(text, len)) {
			x509_text_show(text, len, ret_detail);
			return true;
		}
	}
	return false;
}

static bool names_are_misshapen(const struct x509_view *view, char *ret_detail)
{
	int count = view->names ? sk_GENERAL_NAME_num(view->names) : 0;
	char shown[X509_SHOWN_MAX];
	const ASN1_STRING *value;
	enum san_type type;
	const char *wrong;
	const char *text;

	for (int i = 0; i < count; i++) {
		value = name_string(sk_GENERAL_NAME_value(view->names, i), &type);
		if (!value)
			continue;
		text = (const char *)ASN1_STRING_get0_data(value);
		/* OpenSSL puts a NUL after each string; one inside is the rule before this one's. */
		wrong = x509_san_wrong(type, text);
		if (wrong) {
			x509_text_show(text, strlen(text), shown);
			snprintf(ret_detail, DETAIL_MAX, "\"%s\" %s", shown, wrong);
			return true;
		}
	}
	return false;
}

static bool addresses_are_misshapen(const struct x509_view *view, char *ret_detail)
{
	int count = view->names ? sk_GENERAL_NAME_num(view->names) : 0;

	(void)ret_detail;
	for (int i = 0; i < count; i++) {
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(view->names, i), &type);

		if (type == GEN_IPADD && ASN1_STRING_length(value) != 4 &&
		    ASN1_STRING_length(value) != 16)
			return true;
	}
	return false;
}

const struct x509_rule x509_rules_rfc5280[] = {
	{"version-3", "RFC 5280 4.1.2.1", CHECK_ERROR, CHECK_OF_NOTHING, version_is_old,
	 "the certificate is not of version 3"},
	{"serial-positive", "RFC 5280 4.1.2.2", CHECK_ERROR, CHECK_OF_NOTHING,
	 serial_is_not_positive, "the serial number is zero or negative"},
	{"serial-long", "RFC 5280 4.1.2.2", CHECK_ERROR, CHECK_OF_NOTHING, serial_is_long,
	 "the serial number has more than 20 octets"},
	{"serial-short", "CA/Browser Forum BR 7.1", CHECK_WARNING, CHECK_OF_NOTHING,
	 serial_is_short, "the serial number has less than 64 bits, and can be guessed"},
	{"algorithms-same", "RFC 5280 4.1.1.2", CHECK_ERROR, CHECK_OF_HASH, algorithms_differ,
	 "the signature algorithm outside of what is signed is not the one inside"},
	{"issuer-present", "RFC 5280 4.1.2.4", CHECK_ERROR, CHECK_OF_ISSUER, issuer_is_empty,
	 "the issuer is empty"},
	{"subject-present", "RFC 5280 4.1.2.6", CHECK_ERROR, CHECK_OF_SUBJECT, subject_is_missing,
	 "the subject is empty, and there is no critical subject alternative name in its place"},
	{"validity-order", "RFC 5280 4.1.2.5", CHECK_ERROR, CHECK_OF_VALIDITY, validity_is_reversed,
	 "the validity ends before it begins"},
	{"validity-form", "RFC 5280 4.1.2.5", CHECK_ERROR, CHECK_OF_VALIDITY, time_forms_are_wrong,
	 "the validity is not written as UTCTime until 2049 and GeneralizedTime from then on, in "
	 "seconds and with Z"},
	{"unique-ids-absent", "RFC 5280 4.1.2.8", CHECK_WARNING, CHECK_OF_NOTHING, has_unique_ids,
	 "it has an issuer or subject unique identifier, which nobody reads"},
	{"key-readable", "RFC 5280 4.1.2.7", CHECK_ERROR, CHECK_OF_KEY, key_is_unreadable,
	 "the public key is malformed, or of an unknown kind"},
	{"key-strength", "NIST SP 800-131A 3", CHECK_ERROR, CHECK_OF_KEY, key_is_weak,
	 "the public key is too weak: make one of RSA 2048 or P-256 at least"},
	{"key-exponent", "NIST SP 800-56B 6.2", CHECK_ERROR, CHECK_OF_KEY, exponent_is_weak,
	 "the public exponent of the RSA key is even, or smaller than 65537"},
	{"key-curve-named", "RFC 5480 2.1.1", CHECK_ERROR, CHECK_OF_KEY, curve_is_unnamed,
	 "the elliptic curve is given by its parameters and not by its name"},
	{"hash-strength", "NIST SP 800-131A 9", CHECK_ERROR, CHECK_OF_HASH, hash_is_weak,
	 "the hash of the signature is broken: have it signed with SHA-256 or better"},
	{"extensions-once", "RFC 5280 4.2", CHECK_ERROR, CHECK_OF_NOTHING, has_duplicate,
	 "an extension is there more than once"},
	{"extensions-form", "RFC 5280 4.2", CHECK_ERROR, CHECK_OF_NOTHING, has_malformed,
	 "an extension is malformed"},
	{"extensions-known", "RFC 5280 4.2", CHECK_ERROR, CHECK_OF_NOTHING, has_unknown_critical,
	 "a critical extension is unknown here and to most peers"},
	{"basic-constraints-critical", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_PROFILE,
	 constraints_are_not_critical, "the basic constraints of a CA are not critical"},
	{"path-length-of-ca", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_CA_LEVELS,
	 path_length_is_stray, "there is a path length though it is no CA that signs certificates"},
	{"ca-key-usage", "RFC 5280 4.2.1.3", CHECK_ERROR, CHECK_OF_PROFILE, ca_cannot_sign,
	 "it is a CA, and its key usage lacks keyCertSign"},
	{"ca-crl-sign", "RFC 5280 4.2.1.3", CHECK_WARNING, CHECK_OF_PROFILE, ca_cannot_sign_crls,
	 "it is a CA, and its key usage lacks cRLSign, so that it cannot revoke"},
	{"key-usage-cert-sign", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_PROFILE,
	 leaf_signs_certificates, "the key usage has keyCertSign though it is no CA"},
	{"key-usage-critical", "RFC 5280 4.2.1.3", CHECK_WARNING, CHECK_OF_PROFILE,
	 usage_is_not_critical, "the key usage is not critical"},
	{"key-usage-present-bit", "RFC 5280 4.2.1.3", CHECK_ERROR, CHECK_OF_PROFILE, usage_is_empty,
	 "the key usage allows nothing"},
	{"key-usage-ec", "RFC 8813 3", CHECK_WARNING, CHECK_OF_PROFILE, ec_key_enciphers,
	 "the key usage has encipherment, which an elliptic-curve key cannot do"},
	{"ca-subject-key-id", "RFC 5280 4.2.1.2", CHECK_ERROR, CHECK_OF_NOTHING, ca_has_no_key_id,
	 "it is a CA, and has no subject key identifier"},
	{"subject-key-id", "RFC 5280 4.2.1.2", CHECK_WARNING, CHECK_OF_NOTHING, leaf_has_no_key_id,
	 "it has no subject key identifier"},
	{"authority-key-id", "RFC 5280 4.2.1.1", CHECK_WARNING, CHECK_OF_ISSUER, has_no_authority,
	 "it has no authority key identifier, which tells issuers of one name apart"},
	{"authority-key-id-filled", "RFC 5280 4.2.1.1", CHECK_ERROR, CHECK_OF_ISSUER,
	 authority_is_empty,
	 "the authority key identifier has no key identifier: OPC UA stacks refuse it"},
	{"authority-key-id-own", "RFC 5280 4.2.1.1", CHECK_ERROR, CHECK_OF_ISSUER,
	 authority_is_foreign,
	 "it is self-signed, and the authority key identifier is not its own"},
	{"key-ids-not-critical", "RFC 5280 4.2.1.1", CHECK_ERROR, CHECK_OF_NOTHING,
	 key_ids_are_critical, "a key identifier is critical"},
	{"san-not-empty", "RFC 5280 4.2.1.6", CHECK_ERROR, CHECK_OF_NAMES, names_are_empty,
	 "the subject alternative name has no names"},
	{"san-text", "RFC 5280 4.2.1.6", CHECK_ERROR, CHECK_OF_NAMES, names_have_controls,
	 "a subject alternative name has a control character, a space or a letter beyond ASCII"},
	{"san-address", "RFC 5280 4.2.1.6", CHECK_ERROR, CHECK_OF_NAMES, addresses_are_misshapen,
	 "an address among the subject alternative names has neither 4 nor 16 octets"},
	{"san-form", "RFC 5280 4.2.1.6", CHECK_WARNING, CHECK_OF_NAMES, names_are_misshapen,
	 "a subject alternative name is out of shape"},
};

const size_t x509_rules_rfc5280_count = sizeof(x509_rules_rfc5280) / sizeof(x509_rules_rfc5280[0]);
