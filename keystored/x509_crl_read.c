#include "x509_crl.h"

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
