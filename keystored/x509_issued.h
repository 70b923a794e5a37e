/*
 * How certificates belong to one another and to keys, by their signatures. Hides how names,
 * key identifiers and signatures are compared.
 */
#ifndef X509_ISSUED_H
#define X509_ISSUED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

/* @issuer is a CA that may issue, and its key signed @der. Neither has to be trusted. */
bool cert_is_issued_by(const uint8_t *der, size_t len, const uint8_t *issuer, size_t issuer_len);

enum issued {
	ISSUED_BY_OTHER, /* or, without key identifiers, by an earlier key of the same name */
	ISSUED_BY_IT,
	ISSUED_BROKEN, /* it names that issuer and that key, which did not sign it */
};

/* What @der says of @issuer by name and key identifier, and what its signature says to that. */
enum issued cert_issued(const uint8_t *der, size_t len, const uint8_t *issuer, size_t issuer_len);

/* Its own key signed it. */
bool cert_is_self_signed(const uint8_t *der, size_t len);

/* The certificate is for this public key. */
bool cert_is_for_key(const uint8_t *der, size_t len, const EVP_PKEY *public_key);

/* Whether @pkcs8 (DER) is the private key of the certificate. */
bool cert_is_for_private_key(const uint8_t *der, size_t len, const uint8_t *pkcs8,
			     size_t pkcs8_len);

/* Its path length; -1: it has none. */
int cert_path_length(const uint8_t *der, size_t len);

/* Its SubjectPublicKeyInfo as OpenSSL writes it. *ret_spki is the caller's: OPENSSL_free(). */
bool cert_spki(const uint8_t *der, size_t len, uint8_t **ret_spki, size_t *ret_len);

/* The private key is an RSA key. */
bool private_key_is_rsa(const uint8_t *pkcs8, size_t len);

#endif
