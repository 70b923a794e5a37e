/*
 * A certificate or CRL from outside that is to go on a trust list: what it says of itself, and
 * whether a CRL is its issuer's. Hides OpenSSL's X.509.
 */
#ifndef X509_ENTRY_H
#define X509_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_CERT_MAX 65536  /* bytes of a certificate, DER */
#define ENTRY_CRL_MAX  253952 /* of a CRL: one has to fit a frame, with 8 KiB to spare */

enum entry_status {
	ENTRY_OK = 0,
	ENTRY_MALFORMED, /* not exactly one certificate or CRL */
	ENTRY_TOO_LARGE,
	ENTRY_DELTA, /* a delta CRL: nothing here could tell what it is a difference to */
	ENTRY_NOMEM,
};

/* Strings are NUL-terminated UTF-8, cut where too long. */
struct entry_facts {
	bool is_crl;
	bool is_ca;
	char subject[256]; /* "" of a CRL */
	char issuer[256];
	char serial[64];	 /* a CRL's number; hexadecimal; "": it has none */
	int64_t from;		 /* notBefore; thisUpdate. Unix time, seconds */
	int64_t until;		 /* notAfter; nextUpdate, 0: none */
	uint64_t revocations;	 /* of a CRL */
	uint32_t name_hash;	 /* by which x509_pool.h asks for it */
	uint8_t fingerprint[32]; /* SHA-256 of the DER */
};

/* Nothing is verified. */
[[nodiscard]] enum entry_status entry_read(const uint8_t *der, size_t len,
					   struct entry_facts *ret_facts);

struct entry_der {
	const uint8_t *bytes;
	size_t len;
};

/* It has the certificate's subject as issuer. */
bool entry_crl_is_named(struct entry_der crl, struct entry_der cert);
/* And is signed with its key, which may sign CRLs. */
bool entry_crl_is_signed(struct entry_der crl, struct entry_der cert);

/* Whether @crl is to take the place of @other, a CRL of the same issuer. */
bool entry_crl_is_newer(const struct entry_facts *crl, const struct entry_facts *other);

#endif
