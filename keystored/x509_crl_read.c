#include "x509_crl.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"
#include "x509_name.h"

/* False: negative, or over 20 octets. */
static bool number_read(const ASN1_INTEGER *integer, struct crl_number *ret_number)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(integer, NULL);
	struct crl_number read;
	bool done = number && !BN_is_negative(number) &&
		    BN_bn2binpad(number, read.octets, CRL_NUMBER_LEN) == CRL_NUMBER_LEN &&
		    !(read.octets[0] & 0x80);

	BN_free(number);
	if (done)
		*ret_number = read;
	return done;
}

/* False: there is a number, and it is none. */
static bool take_number(X509_CRL *crl, struct crl_facts *facts)
{
	int critical;
	ASN1_INTEGER *integer = X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, NULL);
	bool is_sound = !integer && critical == -1;

	if (integer)
		is_sound = facts->has_number = number_read(integer, &facts->number);
	ASN1_INTEGER_free(integer);
	return is_sound;
}

static enum crl_status take_facts(X509_CRL *crl, struct crl_facts *facts)
{
	static const enum crl_status from_name[] = {
		[NAME_OK] = CRL_OK,
		[NAME_INVALID] = CRL_MALFORMED,
		[NAME_NOMEM] = CRL_NOMEM,
	};
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	const STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);

	if (!x509_der_time(X509_CRL_get0_lastUpdate(crl), &facts->this_update) ||
	    (next && !x509_der_time(next, &facts->next_update)) || !take_number(crl, facts))
		return CRL_MALFORMED;
	facts->is_delta = X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0;
	facts->count = list ? (size_t)sk_X509_REVOKED_num(list) : 0;
	return from_name[x509_name_show(X509_CRL_get_issuer(crl), facts->issuer,
					sizeof(facts->issuer))];
}

enum crl_status crl_read(const uint8_t *der, size_t len, struct crl_facts *ret_facts)
{
	struct crl_facts facts = {0};
	const uint8_t *at = der;
	enum crl_status status = CRL_MALFORMED;
	X509_CRL *crl;

	if (len > CRL_DER_MAX)
		return CRL_TOO_LARGE;
	crl = d2i_X509_CRL(NULL, &at, (long)len);
	if (!crl || at != der + len)
		goto out;
	status = take_facts(crl, &facts);
	if (status != CRL_OK)
		goto out;
	status = CRL_NOMEM;
	if (!EVP_Digest(der, len, facts.fingerprint, NULL, EVP_sha256(), NULL))
		goto out;
	*ret_facts = facts;
	status = CRL_OK;
out:
	X509_CRL_free(crl);
	ERR_clear_error();
	return status;
}

static bool serial_read(const ASN1_INTEGER *serial, char ret_text[CRL_SERIAL_MAX])
{
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);
	size_t len = (size_t)ASN1_STRING_length(serial);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER || len == 0 || 2 * len >= CRL_SERIAL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		snprintf(ret_text + 2 * i, 3, "%02X", bytes[i]);
	return true;
}

/* False: what a list made here cannot have. */
static bool entry_read(X509_REVOKED *revoked, struct crl_entry *entry)
{
	int critical;
	ASN1_ENUMERATED *reason =
		X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, &critical, NULL);
	bool is_sound = reason || critical == -1;

	entry->reason = CRL_UNSPECIFIED;
	if (reason)
		entry->reason = (enum crl_reason)ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
	return is_sound && crl_reason_name((unsigned)entry->reason) &&
	       entry->reason != CRL_REMOVE &&
	       X509_REVOKED_get_ext_by_NID(revoked, NID_certificate_issuer, -1) < 0 &&
	       x509_der_time(X509_REVOKED_get0_revocationDate(revoked), &entry->revoked) &&
	       serial_read(X509_REVOKED_get0_serialNumber(revoked), entry->serial);
}

static enum crl_status entries_read(X509_CRL *crl, struct crl_entry **ret_entries,
				    size_t *ret_count)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	int count = list ? sk_X509_REVOKED_num(list) : 0;
	struct crl_entry *entries;

	if (count > CRL_ENTRIES_MAX)
		return CRL_TOO_LARGE;
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0 ||
	    X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0)
		return CRL_ENTRY;
	entries = calloc(count ? (size_t)count : 1, sizeof(*entries));
	if (!entries)
		return CRL_NOMEM;
	for (int i = 0; i < count; i++) {
		if (!entry_read(sk_X509_REVOKED_value(list, i), &entries[i])) {
			free(entries);
			return CRL_ENTRY;
		}
	}
	*ret_entries = entries;
	*ret_count = (size_t)count;
	return CRL_OK;
}

enum crl_status crl_read_entries(const uint8_t *der, size_t len, const uint8_t *issuer,
				 size_t issuer_len, struct crl_entry **ret_entries,
				 size_t *ret_count)
{
	const uint8_t *at = der;
	enum crl_status status = CRL_ISSUER;
	X509_CRL *crl = NULL;
	X509 *x509;

	if (len > CRL_DER_MAX)
		return CRL_TOO_LARGE;
	x509 = x509_der_read(issuer, issuer_len);
	if (!x509)
		goto out;
	status = CRL_MALFORMED;
	crl = d2i_X509_CRL(NULL, &at, (long)len);
	if (!crl || at != der + len)
		goto out;
	status = CRL_UNVERIFIED;
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x509)) != 0 ||
	    !X509_get0_pubkey(x509) || X509_CRL_verify(crl, X509_get0_pubkey(x509)) != 1)
		goto out;
	status = entries_read(crl, ret_entries, ret_count);
out:
	X509_CRL_free(crl);
	X509_free(x509);
	ERR_clear_error();
	return status;
}
