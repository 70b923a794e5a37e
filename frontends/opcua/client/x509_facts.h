/* What a certificate of a server says, for people. Hides OpenSSL. */
#ifndef CLIENT_X509_FACTS_H
#define CLIENT_X509_FACTS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X509_FACTS_NAME 512

struct x509_facts {
	char subject[X509_FACTS_NAME]; /* RFC 2253; what is not printable is escaped */
	char issuer[X509_FACTS_NAME];
	int64_t not_after;	 /* Unix time, seconds */
	uint8_t fingerprint[32]; /* SHA-256 */
};

/* False: @der holds no certificate, or more. */
[[nodiscard]] bool x509_facts_read(const uint8_t *der, size_t len, struct x509_facts *ret_facts);

/* The same of a CRL: its issuer, and when the next one comes (0: it does not say). */
[[nodiscard]] bool x509_crl_facts_read(const uint8_t *der, size_t len,
				       struct x509_facts *ret_facts);

/* Whether it is a list of revoked certificates, and nothing else. */
[[nodiscard]] bool x509_is_crl(const uint8_t *der, size_t len);

/*
 * A certification request as PEM. free() it. NULL: @der is none, or no memory.
 */
char *x509_request_pem(const uint8_t *der, size_t len);

/* The private key of a PKCS#12 file. EVP_PKEY_free() it. NULL: none, or not with that password. */
EVP_PKEY *x509_pfx_key(const uint8_t *bytes, size_t len, const char *password);

#endif
