/*
 * Files that operations answer with. Hides what they are called, so that a name out of a
 * certificate is safe as a file's name anywhere, and PEM.
 */
#ifndef HTTPS_API_FILE_H
#define HTTPS_API_FILE_H

#include "api.h"

#define FILE_STEM_MAX 64

#define FILE_TYPE_CERT "application/pkix-cert" /* RFC 2585 4.1 */
#define FILE_TYPE_CRL  "application/pkix-crl"
#define FILE_TYPE_PEM  "application/x-pem-file"
#define FILE_TYPE_P7B  "application/pkcs7-mime"
#define FILE_TYPE_P12  "application/x-pkcs12"
#define FILE_TYPE_CSR  "application/pkcs10" /* RFC 5967 */

/* A-Z a-z 0-9 . _ - of @text, with '-' for all else, as far as it goes; @fallback if that is nothing. */
void file_stem(const char *text, const char *fallback, char stem[FILE_STEM_MAX + 1]);

/* "format" of the query, "pem" (the default) or "der". False: answered. */
bool file_take_format(struct api_call *call, bool *ret_is_pem);

/* "@stem@suffix" */
void file_answer(struct api_call *call, const char *type, const char *stem, const char *suffix,
		 const uint8_t *bytes, size_t len);
/* @der under @label ("CERTIFICATE"), RFC 7468. */
void file_answer_pem(struct api_call *call, const char *label, const char *stem, const char *suffix,
		     const uint8_t *der, size_t len);

#endif
