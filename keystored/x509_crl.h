/*
 * Certificate revocation lists (RFC 5280 5): those that keystored makes, in three steps that
 * never block (build what is to be signed, have its digest signed, assemble and verify), and what
 * one from outside says. Hides OpenSSL's X.509.
 */
#ifndef X509_CRL_H
#define X509_CRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "key.h"
#include "x509_text.h"

#define CRL_DER_MAX	(4 * 1024 * 1024) /* bytes of a CRL */
#define CRL_ENTRIES_MAX 65536		  /* of one that is made */
#define CRL_SERIAL_MAX	41		  /* digits of a serial, with the NUL */

enum crl_status {
	CRL_OK = 0,
	CRL_ISSUER,	/* may sign no CRLs, is not its key, or malformed */
	CRL_TIME,	/* nextUpdate is not after thisUpdate, or a time has no encoding */
	CRL_ENTRY,	/* a serial or reason that a list cannot have, or one twice */
	CRL_UNVERIFIED, /* the signature is not the issuer's over this list */
	CRL_TOO_LARGE,	/* over CRL_DER_MAX or CRL_ENTRIES_MAX */
	CRL_MALFORMED,	/* not exactly one CRL */
	CRL_NOMEM,
};

/*
 * A cRLNumber (RFC 5280 5.2.3): 20 octets, the most significant first, at most 2^159 - 1. So they
 * compare with memcmp().
 */
#define CRL_NUMBER_LEN 20
struct crl_number {
	uint8_t octets[CRL_NUMBER_LEN];
};

/* The next one. False: there is none. */
bool crl_number_next(const struct crl_number *number, struct crl_number *ret_next);

/* Decimal. */
#define CRL_NUMBER_TEXT 52 /* digits, with the NUL */
void crl_number_text(const struct crl_number *number, char ret_text[CRL_NUMBER_TEXT]);

/* RFC 5280 5.3.1; numbers as they are encoded. */
enum crl_reason {
	CRL_UNSPECIFIED = 0,
	CRL_KEY_COMPROMISE = 1,
	CRL_CA_COMPROMISE = 2,
	CRL_AFFILIATION_CHANGED = 3,
	CRL_SUPERSEDED = 4,
	CRL_CESSATION = 5,
	CRL_HOLD = 6,
	CRL_REMOVE = 8, /* of delta CRLs only: refused in what is made here */
	CRL_PRIVILEGE_WITHDRAWN = 9,
	CRL_AA_COMPROMISE = 10,
	CRL_REASON_COUNT
};

/* "keyCompromise"; NULL: no such reason. */
const char *crl_reason_name(unsigned reason);

struct crl_entry {
	char serial[CRL_SERIAL_MAX]; /* hex, as cert_facts has it */
	int64_t revoked;	     /* Unix time, seconds */
	enum crl_reason reason;
};

/* What is wanted. Everything is borrowed for the call. */
struct crl_spec {
	const uint8_t *issuer; /* the CA's certificate, DER */
	size_t issuer_len;
	EVP_PKEY *issuer_key; /* its public key */
	struct crl_number number;
	int64_t this_update, next_update; /* Unix time, seconds */
	const struct crl_entry *entries;
	size_t count;
	enum tpm_hash hash;	  /* of the signature */
	enum tpm_padding padding; /* of the signature */
};

struct crl;

/*
 * A version 2 list with the issuer's key identifier and a number; entries by serial, the reason
 * left out where it is unspecified. All but NOMEM: @ret_error is a sentence for whoever asked.
 * *ret_crl is the caller's: crl_free().
 */
[[nodiscard]] enum crl_status crl_new(const struct crl_spec *spec, char ret_error[X509_ERROR_MAX],
				      struct crl **ret_crl);

/* To be signed with the issuer's key. Borrowed, for as long as @crl. */
void crl_digest(const struct crl *crl, const uint8_t **ret_digest, size_t *ret_len);

/*
 * Adds the signature (PKCS#1 octets, or ECDSA-Sig-Value DER) and verifies the whole with the
 * issuer's public key. *ret_der is the caller's: free(). UNVERIFIED, TOO_LARGE, NOMEM.
 */
[[nodiscard]] enum crl_status crl_finish(struct crl *crl, const uint8_t *signature,
					 size_t signature_len, uint8_t **ret_der, size_t *ret_len);

void crl_free(struct crl *crl); /* NULL is fine */

/* What a CRL says of itself. Strings are NUL-terminated UTF-8, cut where too long. */
struct crl_facts {
	char issuer[256];
	bool has_number;
	struct crl_number number;
	int64_t this_update;
	int64_t next_update; /* 0: it has none */
	bool is_delta;
	size_t count;		 /* entries */
	uint8_t fingerprint[32]; /* SHA-256 of the DER */
};

/*
 * What a CA has listed so far, where it goes on here: entries as crl_new() takes them. UNVERIFIED:
 * not signed with the key of @issuer (a certificate, DER) in its name. ENTRY: it is a delta, lists
 * what others issued, or something that a list made here cannot have. ISSUER, TOO_LARGE,
 * MALFORMED, NOMEM. *ret_entries is the caller's: free().
 */
[[nodiscard]] enum crl_status crl_read_entries(const uint8_t *der, size_t len,
					       const uint8_t *issuer, size_t issuer_len,
					       struct crl_entry **ret_entries, size_t *ret_count);

/* One CRL, nothing after it. TOO_LARGE, MALFORMED, NOMEM. Nothing is verified. */
[[nodiscard]] enum crl_status crl_read(const uint8_t *der, size_t len, struct crl_facts *ret_facts);

#endif
