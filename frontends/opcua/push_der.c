#include "push_der.h"

#include <string.h>

#define SEQUENCE 0x30
#define INTEGER	 0x02
#define VERSION	 0xa0 /* [0] EXPLICIT */

struct cursor {
	const uint8_t *at;
	size_t left;
};

/* X.690 8.1.3, lengths of up to four octets. False: it does not fit. */
static bool measure(const uint8_t *der, size_t len, size_t *ret_header, size_t *ret_content)
{
	size_t octets, content = 0;

	if (len < 2)
		return false;
	octets = der[1] & 0x80 ? der[1] & 0x7fu : 0;
	if (octets > 4 || (der[1] & 0x80 && !octets) || len < 2 + octets)
		return false;
	for (size_t i = 0; i < octets; i++)
		content = content << 8 | der[2 + i];
	if (!octets)
		content = der[1];
	if (content > len - 2 - octets)
		return false;
	*ret_header = 2 + octets;
	*ret_content = content;
	return true;
}

size_t push_der_element(const uint8_t *der, size_t len)
{
	size_t header, content;

	return measure(der, len, &header, &content) ? header + content : 0;
}

/* Past one element. */
static bool skip(struct cursor *cursor, uint8_t tag)
{
	size_t size = push_der_element(cursor->at, cursor->left);

	if (!size || cursor->at[0] != tag)
		return false;
	cursor->at += size;
	cursor->left -= size;
	return true;
}

/* Into one element. */
static bool enter(struct cursor *cursor, uint8_t tag)
{
	size_t header, content;

	if (!measure(cursor->at, cursor->left, &header, &content) || cursor->at[0] != tag)
		return false;
	*cursor = (struct cursor){cursor->at + header, content};
	return true;
}

static bool take_name(struct cursor *cursor, struct push_der_name *ret_name)
{
	struct push_der_name name = {cursor->at, push_der_element(cursor->at, cursor->left)};

	if (!skip(cursor, SEQUENCE))
		return false;
	*ret_name = name;
	return true;
}

bool push_der_cert(const uint8_t *der, size_t len, struct push_der_name *ret_issuer,
		   struct push_der_name *ret_subject)
{
	struct cursor cursor = {der, len};

	if (!enter(&cursor, SEQUENCE) || !enter(&cursor, SEQUENCE))
		return false;
	(void)skip(&cursor, VERSION);
	return skip(&cursor, INTEGER) && skip(&cursor, SEQUENCE) &&
	       take_name(&cursor, ret_issuer) && skip(&cursor, SEQUENCE) &&
	       take_name(&cursor, ret_subject);
}

bool push_der_crl(const uint8_t *der, size_t len, struct push_der_name *ret_issuer)
{
	struct cursor cursor = {der, len};

	if (!enter(&cursor, SEQUENCE) || !enter(&cursor, SEQUENCE))
		return false;
	(void)skip(&cursor, INTEGER);
	return skip(&cursor, SEQUENCE) && take_name(&cursor, ret_issuer);
}

bool push_der_same(struct push_der_name a, struct push_der_name b)
{
	return a.len == b.len && a.der && b.der && memcmp(a.der, b.der, a.len) == 0;
}
