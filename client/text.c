#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence (Unicode 15, table 3-7) at @text; 0: there is none. */
static size_t sequence_read(const char *text, uint32_t *ret_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)text;
	size_t len = byte[0] < 0x80		? 1
		     : (byte[0] & 0xe0) == 0xc0 ? 2
		     : (byte[0] & 0xf0) == 0xe0 ? 3
		     : (byte[0] & 0xf8) == 0xf0 ? 4
						: 0;
	uint32_t point = len == 1 ? byte[0] : byte[0] & (0xffU >> (len + 1));

	for (size_t i = 1; i < len; i++) {
		/* The NUL at the end is no continuation byte: nothing is read past it. */
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (byte[i] & 0x3fU);
	}
	if (len == 0 || point < least[len] || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

static bool point_is_harmless(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
		return false;
	return !(point >= 0x2028 && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069);
}

void text_clean(char *text)
{
	char *out = text;

	if (!text || !*text)
		return;
	while (*text) {
		uint32_t point = 0;
		size_t len = sequence_read(text, &point);

		if (len == 0 || !point_is_harmless(point)) {
			*out++ = '?';
			text += len ? len : 1;
			continue;
		}
		while (len--)
			*out++ = *text++;
	}
	*out = '\0';
}
