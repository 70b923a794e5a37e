/* Text inside X.509 objects: which bytes it may have, and how it is shown in an error. */
#ifndef X509_TEXT_H
#define X509_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define X509_ERROR_MAX 256  /* bytes of a sentence, with its NUL */
#define X509_TEXT_MAX  1024 /* bytes of a subject or of a name, without its NUL */
#define X509_SHOWN_MAX 64   /* bytes of text in an error, with its NUL */

/* UTF-8 (RFC 3629) without control characters. *ret_chars: how many characters. */
bool x509_text_is_utf8(const char *text, size_t len, size_t *ret_chars);

/* PrintableString (X.680 41.4). */
bool x509_text_is_printable(const char *text, size_t len);

/* IA5String without controls and spaces. */
bool x509_text_is_ia5_word(const char *text, size_t len);

/*
 * @text for a person: whole characters only, cut with "..." where it is long, '?' for what
 * cannot be shown.
 */
void x509_text_show(const char *text, size_t len, char ret_shown[X509_SHOWN_MAX]);

/* The same into @size bytes, at least 4. */
void x509_text_copy(const char *text, size_t len, char *ret_shown, size_t size);

#endif
