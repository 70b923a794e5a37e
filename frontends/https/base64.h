/* Base64 (RFC 4648) with no latitude: one text for each sequence of bytes. */
#ifndef HTTPS_BASE64_H
#define HTTPS_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE64_BYTES_MAX(text_len) ((text_len) / 4 * 3 + 3)
#define BASE64_TEXT_MAX(len)	   (((len) + 2) / 3 * 4 + 1) /* with the NUL */

/* RFC 4648 4, with padding. @ret_bytes has room for BASE64_BYTES_MAX(@len). */
bool base64_decode(const char *text, size_t len, uint8_t *ret_bytes, size_t *ret_len);

/* RFC 4648 5, without padding, as it stands in headers. */
bool base64url_decode(const char *text, size_t len, uint8_t *ret_bytes, size_t *ret_len);
void base64url_encode(const uint8_t *bytes, size_t len, char *ret_text);

#endif
