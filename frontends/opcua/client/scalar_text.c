#include "scalar_text.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TICKS		10000000LL     /* of a second */
#define UNIX_EPOCH	11644473600LL  /* seconds from 1601 to 1970 */
#define SECOND_MAX	253402300799LL /* 9999-12-31T23:59:59Z */
#define FRACTION_DIGITS 7

bool scalar_read_bool(const char *text, bool *ret_value)
{
	if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
		*ret_value = true;
	else if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
		*ret_value = false;
	else
		return false;
	return true;
}

static int base_of(const char *digits)
{
	return digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : 10;
}

bool scalar_read_unsigned(const char *text, uint64_t max, uint64_t *ret_value)
{
	unsigned long long value;
	char *end;

	/* strtoull() would take blanks and signs. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, base_of(text));
	if (errno || *end || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool scalar_read_signed(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	long long value;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	value = strtoll(text, &end, base_of(digits));
	if (errno || *end || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

bool scalar_read_double(const char *text, bool is_float, double *ret_value)
{
	double value;
	char *end;

	if (!*text || isspace((unsigned char)*text))
		return false;
	value = strtod(text, &end);
	if (*end || (isinf(value) && !strcasestr(text, "inf")))
		return false;
	if (is_float && isfinite(value) && fabs(value) > FLT_MAX)
		return false;
	*ret_value = value;
	return true;
}

/* ".5Z", "Z": what is behind the seconds. */
static bool read_fraction(const char *text, int64_t *ret_ticks)
{
	int64_t ticks = 0;
	int digits = 0;

	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text) && digits < FRACTION_DIGITS;
		     text++, digits++)
			ticks = ticks * 10 + (*text - '0');
		if (!digits)
			return false;
	}
	for (; digits < FRACTION_DIGITS; digits++)
		ticks *= 10;
	if (strcmp(text, "Z") != 0)
		return false;
	*ret_ticks = ticks;
	return true;
}

bool scalar_read_time(const char *text, int64_t *ret_value)
{
	struct tm parts = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t ticks = 0;
	struct tm normal;
	int64_t seconds;

	if (!end) {
		parts = (struct tm){0};
		end = strptime(text, "%Y-%m-%d", &parts);
		if (!end || *end)
			return false;
	} else if (!read_fraction(end, &ticks)) {
		return false;
	}
	normal = parts;
	seconds = timegm(&normal);
	/* timegm() would make March 2 of February 30. */
	if (normal.tm_mday != parts.tm_mday || seconds < -UNIX_EPOCH || seconds > SECOND_MAX)
		return false;
	*ret_value = (seconds + UNIX_EPOCH) * TICKS + ticks;
	return true;
}

void scalar_time_text(int64_t value, char text[SCALAR_TIME_BYTES])
{
	time_t seconds = (time_t)(value / TICKS - UNIX_EPOCH);
	int64_t ticks = value % TICKS;
	struct tm parts;
	size_t len;

	*text = '\0';
	if (value <= 0 || seconds > SECOND_MAX || !gmtime_r(&seconds, &parts))
		return;
	len = strftime(text, SCALAR_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
	if (ticks) {
		len += (size_t)snprintf(text + len, SCALAR_TIME_BYTES - len, ".%07lld",
					(long long)ticks);
		while (text[len - 1] == '0')
			text[--len] = '\0';
	}
	snprintf(text + len, SCALAR_TIME_BYTES - len, "Z");
}

static bool read_hex(const char *text, uint8_t *bytes, size_t *ret_len)
{
	size_t len = strlen(text);

	if (len % 2 || strspn(text, "0123456789abcdefABCDEF") != len)
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	*ret_len = len / 2;
	return true;
}

static bool read_base64(const char *text, uint8_t *bytes, size_t *ret_len)
{
	size_t len = strlen(text);
	size_t padding = len && text[len - 1] == '=' ? 1 : 0;
	int decoded = 0;

	if (len % 4)
		return false;
	if (padding && text[len - 2] == '=')
		padding++;
	if (strcspn(text, "=") != len - padding)
		return false;
	if (len)
		decoded = EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)len);
	if (decoded < 0)
		return false;
	*ret_len = (size_t)decoded - padding;
	return true;
}

bool scalar_read_bytes(const char *text, uint8_t **ret_bytes, size_t *ret_len)
{
	size_t size = strlen(text);
	uint8_t *bytes = size < INT32_MAX ? malloc(size + 3) : NULL;
	bool is_ok = bytes && (strncmp(text, "hex:", 4) == 0 ? read_hex(text + 4, bytes, ret_len)
							     : read_base64(text, bytes, ret_len));

	if (!is_ok) {
		free(bytes);
		return false;
	}
	*ret_bytes = bytes;
	return true;
}
