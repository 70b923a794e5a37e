#include "x509_text.h"

#include <limits.h>
#include <string.h>

#include <openssl/asn1.h>

#define CODE_POINT_MAX 0x10ffff

/* Bytes of the character at the front; 0: none that may stand in a name. */
static size_t char_len(const char *text, size_t len)
{
	unsigned long code;
	int n;

	n = UTF8_getc((const unsigned char *)text, len > INT_MAX ? INT_MAX : (int)len, &code);
	if (n <= 0 || code < ' ' || (code >= 0x7f && code < 0xa0) || code > CODE_POINT_MAX)
		return 0;
	return (size_t)n;
}

bool x509_text_is_utf8(const char *text, size_t len, size_t *ret_chars)
{
	size_t chars = 0;
	size_t n;

	for (size_t at = 0; at < len; at += n, chars++) {
		n = char_len(text + at, len - at);
		if (n == 0)
			return false;
	}
	*ret_chars = chars;
	return true;
}

bool x509_text_is_printable(const char *text, size_t len)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789 '()+,-./:=?";

	for (size_t i = 0; i < len; i++) {
		if (!memchr(allowed, text[i], sizeof(allowed) - 1))
			return false;
	}
	return true;
}

bool x509_text_is_ia5_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return true;
}

void x509_text_show(const char *text, size_t len, char ret_shown[X509_SHOWN_MAX])
{
	x509_text_copy(text, len, ret_shown, X509_SHOWN_MAX);
}

void x509_text_copy(const char *text, size_t len, char *ret_shown, size_t size)
{
	static const char more[] = "...";
	const size_t room = size - sizeof(more);
	size_t used = 0;
	size_t at = 0;
	size_t n;

	while (at < len) {
		n = char_len(text + at, len - at);
		if (used + (n ? n : 1) > room) {
			memcpy(ret_shown + used, more, sizeof(more));
			return;
		}
		if (n)
			memcpy(ret_shown + used, text + at, n);
		else
			ret_shown[used] = '?';
		used += n ? n : 1;
		at += n ? n : 1;
	}
	ret_shown[used] = '\0';
}
