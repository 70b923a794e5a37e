#include "x509_crl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"
#include "x509_name.h"
#include "x509_sign.h"

/*
 * RFC 5280 5.1. OpenSSL's own object gives no way to set the inner algorithm without a private
 * key at hand. Its macros want names without "struct".
 */
typedef struct {
	ASN1_INTEGER *version;
	X509_ALGOR *algorithm;
	X509_NAME *issuer;
	ASN1_TIME *this_update;
	ASN1_TIME *next_update;
	STACK_OF(X509_REVOKED) * revoked;
	STACK_OF(X509_EXTENSION) * extensions;
} CRL_TBS;

typedef struct {
	CRL_TBS *tbs;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} CRL_SIGNED;

/* clang-format off */
ASN1_SEQUENCE(CRL_TBS) = {
	ASN1_SIMPLE(CRL_TBS, version, ASN1_INTEGER),
	ASN1_SIMPLE(CRL_TBS, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CRL_TBS, issuer, X509_NAME),
	ASN1_SIMPLE(CRL_TBS, this_update, ASN1_TIME),
	ASN1_SIMPLE(CRL_TBS, next_update, ASN1_TIME),
	ASN1_SEQUENCE_OF_OPT(CRL_TBS, revoked, X509_REVOKED),
	ASN1_EXP_SEQUENCE_OF(CRL_TBS, extensions, X509_EXTENSION, 0),
} static_ASN1_SEQUENCE_END(CRL_TBS)

ASN1_SEQUENCE(CRL_SIGNED) = {
	ASN1_SIMPLE(CRL_SIGNED, tbs, CRL_TBS),
	ASN1_SIMPLE(CRL_SIGNED, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CRL_SIGNED, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CRL_SIGNED)
	/* clang-format on */

	struct crl {
	CRL_SIGNED *list;
	EVP_PKEY *issuer_key;
	struct x509_digest digest;
};

static const char *const reasons[CRL_REASON_COUNT] = {
	[CRL_UNSPECIFIED] = "unspecified",
	[CRL_KEY_COMPROMISE] = "keyCompromise",
	[CRL_CA_COMPROMISE] = "cACompromise",
	[CRL_AFFILIATION_CHANGED] = "affiliationChanged",
	[CRL_SUPERSEDED] = "superseded",
	[CRL_CESSATION] = "cessationOfOperation",
	[CRL_HOLD] = "certificateHold",
	[CRL_REMOVE] = "removeFromCRL",
	[CRL_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
	[CRL_AA_COMPROMISE] = "aACompromise",
};

const char *crl_reason_name(unsigned reason)
{
	return reason < CRL_REASON_COUNT ? reasons[reason] : NULL;
}

bool crl_number_next(const struct crl_number *number, struct crl_number *ret_next)
{
	struct crl_number next = *number;
	size_t at = CRL_NUMBER_LEN;

	while (at > 0 && ++next.octets[at - 1] == 0)
		at--;
	/* As an INTEGER it would be negative, or begin anew. */
	if (at == 0 || next.octets[0] & 0x80)
		return false;
	*ret_next = next;
	return true;
}

void crl_number_text(const struct crl_number *number, char ret_text[CRL_NUMBER_TEXT])
{
	BIGNUM *integer = BN_bin2bn(number->octets, CRL_NUMBER_LEN, NULL);
	char *digits = integer ? BN_bn2dec(integer) : NULL;

	snprintf(ret_text, CRL_NUMBER_TEXT, "%s", digits ? digits : "?");
	OPENSSL_free(digits);
	BN_free(integer);
}

static enum crl_status fail(enum crl_status status, char *ret_error, const char *sentence)
{
	snprintf(ret_error, X509_ERROR_MAX, "%s", sentence);
	return status;
}

static enum crl_status issuer_read(const struct crl_spec *spec, char *ret_error, X509 **ret_issuer)
{
	X509 *issuer = x509_der_read(spec->issuer, spec->issuer_len);
	const char *wrong = NULL;

	if (!issuer)
		return fail(CRL_ISSUER, ret_error,
			    "issuer: its certificate is malformed, or larger than 64 KiB");
	if (X509_get_extension_flags(issuer) & EXFLAG_INVALID)
		wrong = "issuer: an extension of its certificate is malformed";
	else if (X509_check_ca(issuer) != 1)
		wrong = "issuer: it is no certificate authority, and has nothing to revoke";
	else if (!(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		wrong = "issuer: its key usage lacks cRLSign, so nobody would take its CRL: renew "
			"it with that";
	else if (EVP_PKEY_eq(X509_get0_pubkey(issuer), spec->issuer_key) != 1)
		wrong = "issuer: its certificate is for another key than the one that signs";
	else if (X509_NAME_entry_count(X509_get_subject_name(issuer)) == 0)
		wrong = "issuer: its subject is empty, so that nothing could name it";
	if (wrong) {
		X509_free(issuer);
		return fail(CRL_ISSUER, ret_error, wrong);
	}
	*ret_issuer = issuer;
	return CRL_OK;
}

static enum crl_status set_times(CRL_TBS *tbs, const struct crl_spec *spec, char *ret_error)
{
	if (spec->next_update <= spec->this_update || spec->this_update < X509_TIME_MIN ||
	    spec->next_update > X509_TIME_MAX)
		return fail(CRL_TIME, ret_error,
			    "the list would end before it begins, or outside the years 1950 to "
			    "9999: set the clock");
	return ASN1_TIME_set(tbs->this_update, spec->this_update) &&
			       ASN1_TIME_set(tbs->next_update, spec->next_update)
		       ? CRL_OK
		       : CRL_NOMEM;
}

static bool add_extensions(CRL_TBS *tbs, const struct crl_spec *spec, X509 *issuer)
{
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	BIGNUM *number = BN_bin2bn(spec->number.octets, CRL_NUMBER_LEN, NULL);
	ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool done = false;

	if (!authority || !integer)
		goto out;
	authority->keyid = x509_sign_issuer_id(issuer);
	done = authority->keyid &&
	       X509V3_add1_i2d(&tbs->extensions, NID_authority_key_identifier, authority, 0, 0) ==
		       1 &&
	       X509V3_add1_i2d(&tbs->extensions, NID_crl_number, integer, 0, 0) == 1;
out:
	ASN1_INTEGER_free(integer);
	BN_free(number);
	AUTHORITY_KEYID_free(authority);
	return done;
}

static enum crl_status serial_parse(const char *text, ASN1_INTEGER **ret_serial)
{
	size_t len = strnlen(text, CRL_SERIAL_MAX);
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial;

	/* A negative one too: RFC 5280 4.1.2.2 knows none. */
	if (len == 0 || len == CRL_SERIAL_MAX || strspn(text, "0123456789ABCDEFabcdef") != len)
		return CRL_ENTRY;
	if (!BN_hex2bn(&number, text))
		return CRL_NOMEM;
	serial = BN_to_ASN1_INTEGER(number, NULL);
	BN_free(number);
	if (!serial)
		return CRL_NOMEM;
	*ret_serial = serial;
	return CRL_OK;
}

static bool reason_is_listable(enum crl_reason reason)
{
	return (unsigned)reason < CRL_REASON_COUNT && reasons[reason] && reason != CRL_REMOVE;
}

/* @time and @number are used over and over. */
static enum crl_status add_entry(CRL_TBS *tbs, const struct crl_entry *entry, ASN1_TIME *time,
				 ASN1_ENUMERATED *number)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *serial = NULL;
	enum crl_status status = serial_parse(entry->serial, &serial);

	if (status == CRL_OK && (!reason_is_listable(entry->reason) ||
				 entry->revoked < X509_TIME_MIN || entry->revoked > X509_TIME_MAX))
		status = CRL_ENTRY;
	if (status != CRL_OK)
		goto out;
	status = CRL_NOMEM;
	if (!revoked || !X509_REVOKED_set_serialNumber(revoked, serial) ||
	    !ASN1_TIME_set(time, entry->revoked) || !X509_REVOKED_set_revocationDate(revoked, time))
		goto out;
	/* RFC 5280 5.3.1: absent rather than unspecified. */
	if (entry->reason != CRL_UNSPECIFIED &&
	    (!ASN1_ENUMERATED_set(number, entry->reason) ||
	     X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, number, 0, 0) != 1))
		goto out;
	if (!sk_X509_REVOKED_push(tbs->revoked, revoked))
		goto out;
	revoked = NULL;
	status = CRL_OK;
out:
	X509_REVOKED_free(revoked);
	ASN1_INTEGER_free(serial);
	return status;
}

static int by_serial(const X509_REVOKED *const *one, const X509_REVOKED *const *other)
{
	return ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(*one),
				X509_REVOKED_get0_serialNumber(*other));
}

/* In order, which makes two of a kind neighbours. */
static bool has_twins(STACK_OF(X509_REVOKED) * list)
{
	for (int i = 1; i < sk_X509_REVOKED_num(list); i++) {
		const X509_REVOKED *before = sk_X509_REVOKED_value(list, i - 1);
		const X509_REVOKED *after = sk_X509_REVOKED_value(list, i);

		if (by_serial(&before, &after) == 0)
			return true;
	}
	return false;
}

static enum crl_status add_entries(CRL_TBS *tbs, const struct crl_spec *spec, char *ret_error)
{
	ASN1_TIME *time = ASN1_TIME_new();
	ASN1_ENUMERATED *number = ASN1_ENUMERATED_new();
	enum crl_status status = CRL_NOMEM;

	/* RFC 5280 5.1.2.6: absent rather than empty. */
	if (spec->count)
		tbs->revoked = sk_X509_REVOKED_new(by_serial);
	if (time && number && (tbs->revoked || !spec->count))
		status = CRL_OK;
	for (size_t i = 0; i < spec->count && status == CRL_OK; i++)
		status = add_entry(tbs, &spec->entries[i], time, number);
	ASN1_ENUMERATED_free(number);
	ASN1_TIME_free(time);
	if (status == CRL_ENTRY)
		return fail(CRL_ENTRY, ret_error,
			    "a revoked certificate has a serial number, a time or a reason that a "
			    "CRL cannot have");
	if (status != CRL_OK || !spec->count)
		return status;
	sk_X509_REVOKED_sort(tbs->revoked);
	if (has_twins(tbs->revoked))
		return fail(CRL_ENTRY, ret_error, "a serial number is revoked twice");
	return CRL_OK;
}

static bool set_algorithm(struct crl *crl, const struct crl_spec *spec)
{
	X509_ALGOR *algorithm = x509_sign_algorithm(crl->issuer_key, spec->hash, spec->padding);
	bool done = algorithm && X509_ALGOR_copy(crl->list->tbs->algorithm, algorithm) &&
		    X509_ALGOR_copy(crl->list->algorithm, algorithm);

	X509_ALGOR_free(algorithm);
	return done;
}

static enum crl_status digest_make(struct crl *crl, enum tpm_hash hash, char *ret_error)
{
	enum crl_status status = CRL_NOMEM;
	unsigned char *bytes = NULL;
	int len =
		ASN1_item_i2d((const ASN1_VALUE *)crl->list->tbs, &bytes, ASN1_ITEM_rptr(CRL_TBS));

	if (len > CRL_DER_MAX - X509_SIGNATURE_ROOM)
		status = fail(CRL_TOO_LARGE, ret_error,
			      "the list would have more than 4 MiB, and nobody would take it: set "
			      "up a new CA");
	else if (len > 0 && x509_sign_digest(bytes, (size_t)len, hash, &crl->digest))
		status = CRL_OK;
	OPENSSL_free(bytes);
	return status;
}

static enum crl_status fill(struct crl *crl, const struct crl_spec *spec, X509 *issuer,
			    char *ret_error)
{
	CRL_TBS *tbs = crl->list->tbs;
	enum crl_status status = set_times(tbs, spec, ret_error);

	if (status != CRL_OK)
		return status;
	if (!ASN1_INTEGER_set(tbs->version, X509_CRL_VERSION_2) ||
	    !X509_NAME_set(&tbs->issuer, X509_get_subject_name(issuer)) ||
	    !add_extensions(tbs, spec, issuer))
		return CRL_NOMEM;
	status = add_entries(tbs, spec, ret_error);
	if (status != CRL_OK)
		return status;
	if (!set_algorithm(crl, spec))
		return CRL_NOMEM;
	return digest_make(crl, spec->hash, ret_error);
}

enum crl_status crl_new(const struct crl_spec *spec, char ret_error[X509_ERROR_MAX],
			struct crl **ret_crl)
{
	struct crl *crl = NULL;
	enum crl_status status;
	X509 *issuer = NULL;

	if (spec->count > CRL_ENTRIES_MAX)
		return fail(CRL_TOO_LARGE, ret_error,
			    "the list would have more than 65536 entries: set up a new CA");
	status = issuer_read(spec, ret_error, &issuer);
	if (status != CRL_OK)
		return status;
	status = CRL_NOMEM;
	crl = calloc(1, sizeof(*crl));
	if (!crl)
		goto out;
	crl->list = (CRL_SIGNED *)ASN1_item_new(ASN1_ITEM_rptr(CRL_SIGNED));
	if (!crl->list || !EVP_PKEY_up_ref(spec->issuer_key))
		goto out;
	crl->issuer_key = spec->issuer_key;
	status = fill(crl, spec, issuer, ret_error);
	if (status != CRL_OK)
		goto out;

	*ret_crl = crl;
	crl = NULL;
out:
	X509_free(issuer);
	crl_free(crl);
	return status;
}

void crl_digest(const struct crl *crl, const uint8_t **ret_digest, size_t *ret_len)
{
	*ret_digest = crl->digest.bytes;
	*ret_len = crl->digest.len;
}

/* As somebody else reads it. */
static bool is_verified(const uint8_t *der, size_t len, EVP_PKEY *issuer_key)
{
	const uint8_t *at = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)len);
	bool is_good = crl && at == der + len && X509_CRL_verify(crl, issuer_key) == 1;

	X509_CRL_free(crl);
	ERR_clear_error();
	return is_good;
}

enum crl_status crl_finish(struct crl *crl, const uint8_t *signature, size_t signature_len,
			   uint8_t **ret_der, size_t *ret_len)
{
	unsigned char *der = NULL;
	enum crl_status status;
	uint8_t *copy;
	int len;

	if (signature_len > X509_SIGNATURE_ROOM)
		return CRL_UNVERIFIED;
	if (!x509_sign_fill(crl->list->signature, signature, signature_len))
		return CRL_NOMEM;
	len = ASN1_item_i2d((const ASN1_VALUE *)crl->list, &der, ASN1_ITEM_rptr(CRL_SIGNED));
	status = CRL_NOMEM;
	if (len <= 0)
		goto out;
	status = CRL_TOO_LARGE;
	if (len > CRL_DER_MAX)
		goto out;
	status = CRL_UNVERIFIED;
	if (!is_verified(der, (size_t)len, crl->issuer_key))
		goto out;
	status = CRL_NOMEM;
	copy = malloc((size_t)len);
	if (!copy)
		goto out;
	memcpy(copy, der, (size_t)len);

	*ret_der = copy;
	*ret_len = (size_t)len;
	status = CRL_OK;
out:
	OPENSSL_free(der);
	return status;
}

void crl_free(struct crl *crl)
{
	if (!crl)
		return;
	ASN1_item_free((ASN1_VALUE *)crl->list, ASN1_ITEM_rptr(CRL_SIGNED));
	EVP_PKEY_free(crl->issuer_key);
	free(crl);
}
