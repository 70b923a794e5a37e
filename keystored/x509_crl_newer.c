#include "x509_crl_newer.h"

#include <stddef.h>
#include <time.h>

#include <openssl/x509v3.h>

static const ASN1_OCTET_STRING *extension_data(const X509_CRL *crl, int nid)
{
	int at = X509_CRL_get_ext_by_NID(crl, nid, -1);

	return at < 0 ? NULL : X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
}

static bool scope_is_same(const X509_CRL *crl, const X509_CRL *other)
{
	const ASN1_OCTET_STRING *left = extension_data(crl, NID_issuing_distribution_point);
	const ASN1_OCTET_STRING *right = extension_data(other, NID_issuing_distribution_point);

	if (!left || !right)
		return left == right;
	return ASN1_OCTET_STRING_cmp(left, right) == 0;
}

/* By their numbers: > 0: @crl's is the higher one; 0: the same, or one has none. */
static int compare_numbers(const X509_CRL *crl, const X509_CRL *other)
{
	ASN1_INTEGER *left = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *right = X509_CRL_get_ext_d2i(other, NID_crl_number, NULL, NULL);
	int order = left && right ? ASN1_INTEGER_cmp(left, right) : 0;

	ASN1_INTEGER_free(left);
	ASN1_INTEGER_free(right);
	return order;
}

bool crl_supersedes(const X509_CRL *crl, const X509_CRL *other, int64_t at)
{
	const ASN1_TIME *begins = X509_CRL_get0_lastUpdate(crl);
	int order;

	if (extension_data(crl, NID_delta_crl) || extension_data(other, NID_delta_crl) ||
	    !scope_is_same(crl, other) || ASN1_TIME_cmp_time_t(begins, (time_t)at) > 0)
		return false;
	order = compare_numbers(crl, other);
	if (!order)
		order = ASN1_TIME_compare(begins, X509_CRL_get0_lastUpdate(other));
	return order > 0;
}
