/* What a certificate in a file is. Hides OpenSSL's X.509. */
#ifndef CTL_X509_FILE_H
#define CTL_X509_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X509_FILE_NAME_BYTES	    256
#define X509_FILE_SPKI_BYTES	    4096
#define X509_FILE_FINGERPRINT_BYTES 32

struct x509_file {
	char common_name[X509_FILE_NAME_BYTES]; /* the last one; "": none */
	int64_t not_before;			/* Unix time, seconds */
	int64_t not_after;
	uint8_t fingerprint[X509_FILE_FINGERPRINT_BYTES]; /* SHA-256 of the DER */
	uint8_t spki[X509_FILE_SPKI_BYTES];		  /* SubjectPublicKeyInfo, DER */
	size_t spki_len;
};

/* The first certificate in PEM, else DER. False: there is none, or it is damaged. */
bool x509_file_parse(const uint8_t *bytes, size_t len, struct x509_file *ret_file);

#endif
