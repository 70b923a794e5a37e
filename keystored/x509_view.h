/* A certificate with its extensions decoded. Hides how they are found and read. */
#ifndef X509_VIEW_H
#define X509_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509v3.h>

#include "profile.h"

/* Pointers are NULL where something is not there, there twice, or malformed. */
struct x509_view {
	X509 *x509;		       /* borrowed */
	EVP_PKEY *key;		       /* borrowed */
	const struct profile *profile; /* borrowed; NULL: not known */
	BASIC_CONSTRAINTS *constraints;
	ASN1_BIT_STRING *usage_bits;
	EXTENDED_KEY_USAGE *purposes;
	ASN1_OCTET_STRING *key_id;
	AUTHORITY_KEYID *authority;
	GENERAL_NAMES *names;
	uint32_t usage; /* KEY_USAGE_* */
	size_t uris, ips, dns_names;
	bool is_self_issued; /* issuer and subject have the same name */
	bool is_self_signed; /* and the signature is its own key's */
	bool is_rsa;
};

void x509_view_open(X509 *x509, const struct profile *profile, struct x509_view *ret_view);
void x509_view_close(struct x509_view *view);

bool x509_view_is_ca(const struct x509_view *view);

/*
 * It is, or where the profile is not known looks like, an application instance certificate of
 * its own making, which OPC 10000-6 6.2.2 treats specially.
 */
bool x509_view_is_own_application(const struct x509_view *view);

/* There, and critical. */
bool x509_view_is_critical(const struct x509_view *view, int nid);

#endif
