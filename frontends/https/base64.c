#include "base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

/* Without padding. */
static bool decode(const char *text, size_t len, const char *alphabet, uint8_t *ret_bytes,
		   size_t *ret_len)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t used = 0;

	if (len % 4 == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		int value = value_of(text[i], alphabet);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			ret_bytes[used++] = (uint8_t)(bits >> held);
		}
	}
	/* What is left over says nothing, and must not say anything else either. */
	if (bits & ((1u << held) - 1))
		return false;
	*ret_len = used;
	return true;
}

bool base64_decode(const char *text, size_t len, uint8_t *ret_bytes, size_t *ret_len)
{
	size_t padding = 0;

	if (len % 4)
		return false;
	while (padding < 2 && len > padding && text[len - 1 - padding] == '=')
		padding++;
	return decode(text, len - padding, standard, ret_bytes, ret_len);
}

bool base64url_decode(const char *text, size_t len, uint8_t *ret_bytes, size_t *ret_len)
{
	return decode(text, len, url, ret_bytes, ret_len);
}

void base64url_encode(const uint8_t *bytes, size_t len, char *ret_text)
{
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6; held -= 6)
			*ret_text++ = url[bits >> (held - 6) & 63];
	}
	if (held)
		*ret_text++ = url[bits << (6 - held) & 63];
	*ret_text = '\0';
}
