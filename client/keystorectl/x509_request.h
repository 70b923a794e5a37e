/*
 * A private key and its CSR made here, on the engineer's machine, for a partner that has no TPM
 * of ours. Hides OpenSSL's X.509.
 */
#ifndef CTL_X509_REQUEST_H
#define CTL_X509_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore.h"

struct x509_request_spec {
	enum ks_algorithm algorithm;
	const char *subject; /* "CN=client,O=Plant"; a backslash before , + \ and the like */
	const struct ks_name *names;
	size_t name_count;
	const uint8_t *password; /* of the key's file; NULL: it is not encrypted */
	size_t password_len;
};

struct x509_request {
	uint8_t *key; /* PKCS#8, PEM */
	size_t key_len;
	uint8_t *csr; /* PKCS#10 (RFC 2986), DER */
	size_t csr_len;
};

/*
 * Whether subject and names are wise, the service judges; here they only have to have a shape.
 * False: @problem (@problem_len bytes) says what is wrong. Free with x509_request_free().
 */
bool x509_request_make(const struct x509_request_spec *spec, struct x509_request *ret_request,
		       char *problem, size_t problem_len);

/* Wipes the key. */
void x509_request_free(struct x509_request *request);

#endif
