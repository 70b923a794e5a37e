#include "x509_entry.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_cert.h"
#include "x509_chain.h"
#include "x509_crl.h"
#include "x509_der.h"

static X509_CRL *crl_parse(const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	X509_CRL *crl = len <= ENTRY_CRL_MAX ? d2i_X509_CRL(NULL, &at, (long)len) : NULL;

	if (crl && at == der + len)
		return crl;
	X509_CRL_free(crl);
	ERR_clear_error();
	return NULL;
}

static enum entry_status read_cert(const uint8_t *der, size_t len, struct entry_facts *facts)
{
	struct cert_facts cert;
	enum cert_status status = cert_read(der, len, &cert);

	if (status != CERT_OK)
		return status == CERT_SUBJECT ? ENTRY_MALFORMED : ENTRY_NOMEM;
	facts->is_ca = cert.is_ca;
	memcpy(facts->subject, cert.subject, sizeof(facts->subject));
	memcpy(facts->issuer, cert.issuer, sizeof(facts->issuer));
	memcpy(facts->serial, cert.serial, sizeof(facts->serial));
	memcpy(facts->fingerprint, cert.fingerprint, sizeof(facts->fingerprint));
	facts->from = cert.not_before;
	facts->until = cert.not_after;
	facts->name_hash = cert.name_hash;
	return ENTRY_OK;
}

/* Without leading zeros, but for the last digit. */
static void show_number(const struct crl_number *number, char *ret_text, size_t size)
{
	char digits[2 * CRL_NUMBER_LEN + 1];
	size_t skip = 0;

	for (size_t i = 0; i < CRL_NUMBER_LEN; i++)
		snprintf(digits + 2 * i, 3, "%02X", number->octets[i]);
	while (skip < sizeof(digits) - 2 && digits[skip] == '0')
		skip++;
	snprintf(ret_text, size, "%s", digits + skip);
}

static enum entry_status read_crl(const uint8_t *der, size_t len, struct entry_facts *facts)
{
	static const enum entry_status statuses[] = {
		[CRL_OK] = ENTRY_OK,
		[CRL_TOO_LARGE] = ENTRY_TOO_LARGE,
		[CRL_MALFORMED] = ENTRY_MALFORMED,
		[CRL_NOMEM] = ENTRY_NOMEM,
	};
	struct crl_facts crl;
	enum crl_status status = crl_read(der, len, &crl);

	if (status != CRL_OK)
		return statuses[status];
	if (crl.is_delta)
		return ENTRY_DELTA;
	X509_CRL *parsed = crl_parse(der, len);

	if (!parsed)
		return ENTRY_NOMEM;
	facts->is_crl = true;
	memcpy(facts->issuer, crl.issuer, sizeof(facts->issuer));
	memcpy(facts->fingerprint, crl.fingerprint, sizeof(facts->fingerprint));
	if (crl.has_number)
		show_number(&crl.number, facts->serial, sizeof(facts->serial));
	facts->from = crl.this_update;
	facts->until = crl.next_update;
	facts->revocations = crl.count;
	facts->name_hash =
		(uint32_t)X509_NAME_hash_ex(X509_CRL_get_issuer(parsed), NULL, NULL, NULL);
	X509_CRL_free(parsed);
	return ENTRY_OK;
}

enum entry_status entry_read(const uint8_t *der, size_t len, struct entry_facts *ret_facts)
{
	struct entry_facts facts = {0};
	enum entry_status status = ENTRY_TOO_LARGE;

	if (len > ENTRY_CRL_MAX)
		return ENTRY_TOO_LARGE;
	if (len <= ENTRY_CERT_MAX)
		status = read_cert(der, len, &facts);
	if (status == ENTRY_MALFORMED || status == ENTRY_TOO_LARGE) {
		enum entry_status as_crl = read_crl(der, len, &facts);

		/* A certificate that is too large is no CRL either, and is told its size. */
		if (as_crl != ENTRY_MALFORMED)
			status = as_crl;
	}
	ERR_clear_error();
	if (status == ENTRY_OK)
		*ret_facts = facts;
	return status;
}

bool entry_crl_is_named(struct entry_der crl, struct entry_der cert)
{
	X509_CRL *parsed = crl_parse(crl.bytes, crl.len);
	X509 *x509 = x509_der_read(cert.bytes, cert.len);
	bool is_named =
		parsed && x509 &&
		X509_NAME_cmp(X509_CRL_get_issuer(parsed), X509_get_subject_name(x509)) == 0;

	X509_CRL_free(parsed);
	X509_free(x509);
	return is_named;
}

/* RFC 5280 6.3.3 (f): where there is a key usage, it has cRLSign. */
static bool may_sign_crls(X509 *x509)
{
	uint32_t flags = X509_get_extension_flags(x509);

	return !(flags & EXFLAG_INVALID) && X509_check_ca(x509) > 0 &&
	       (!(flags & EXFLAG_KUSAGE) || X509_get_key_usage(x509) & KU_CRL_SIGN);
}

bool entry_crl_is_signed(struct entry_der crl, struct entry_der cert)
{
	X509_CRL *parsed = crl_parse(crl.bytes, crl.len);
	X509 *x509 = x509_der_read(cert.bytes, cert.len);
	EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;
	bool is_signed =
		parsed && key &&
		X509_NAME_cmp(X509_CRL_get_issuer(parsed), X509_get_subject_name(x509)) == 0 &&
		may_sign_crls(x509) && chain_key_is_accepted(x509) &&
		X509_CRL_verify(parsed, key) == 1;

	X509_CRL_free(parsed);
	X509_free(x509);
	ERR_clear_error();
	return is_signed;
}

/* Hexadecimal without leading zeros: the longer one is larger. */
static int compare_numbers(const char *left, const char *right)
{
	size_t left_len = strlen(left);
	size_t right_len = strlen(right);

	if (left_len != right_len)
		return left_len < right_len ? -1 : 1;
	return strcmp(left, right);
}

bool entry_crl_is_newer(const struct entry_facts *crl, const struct entry_facts *other)
{
	int order =
		*crl->serial && *other->serial ? compare_numbers(crl->serial, other->serial) : 0;

	return order > 0 || (order == 0 && crl->from > other->from);
}
