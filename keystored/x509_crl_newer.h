/*
 * Which of two CRLs of one issuer counts. Hides how their scopes and numbers are compared.
 */
#ifndef X509_CRL_NEWER_H
#define X509_CRL_NEWER_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

/*
 * @crl, valid at @at (Unix time, seconds), takes the place of @other: both are complete lists of
 * the same scope (RFC 5280 5.2.5), and it has the higher number (5.2.3), or, where one has none, is
 * of a later second. OpenSSL goes by the second alone, and a second is long enough to revoke in.
 */
bool crl_supersedes(const X509_CRL *crl, const X509_CRL *other, int64_t at);

#endif
