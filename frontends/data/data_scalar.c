#include "data_scalar.h"

#include <stdio.h>
#include <string.h>

#include "data_problem.h"
#include "data_real.h"

#define SHOWN_MAX 40

/* "an Int: -32768 to 32767": bytes > 0 are integers. */
static const struct {
	const char *takes;
	uint8_t bytes;
	int64_t min;
	int64_t max;
} kinds[DATA_KINDS] = {
	[DATA_BOOL] = {"a Bool: TRUE or FALSE", 0, 0, 0},
	[DATA_BYTE] = {"a Byte: 0 to 255", 1, 0, UINT8_MAX},
	[DATA_CHAR] = {"a Char: one character of ISO 8859-1", 0, 0, 0},
	[DATA_WORD] = {"a Word: 0 to 65535", 2, 0, UINT16_MAX},
	[DATA_INT] = {"an Int: -32768 to 32767", 2, INT16_MIN, INT16_MAX},
	[DATA_DWORD] = {"a DWord: 0 to 4294967295", 4, 0, UINT32_MAX},
	[DATA_DINT] = {"a DInt: -2147483648 to 2147483647", 4, INT32_MIN, INT32_MAX},
	[DATA_REAL] = {"a Real: a number to 3.402823e38 either way, NaN, Infinity or -Infinity", 0,
		       0, 0},
	[DATA_STRING] = {"a String", 0, 0, 0},
};

static bool refuse_shown(const struct data_type *type, const char *shown, size_t len, char *problem)
{
	if (len <= SHOWN_MAX && data_is_quotable(shown, len))
		return data_fail(problem, "%s, not %.*s", kinds[type->kind].takes, (int)len, shown);
	return data_fail(problem, "%s", kinds[type->kind].takes);
}

static bool set_bool(uint8_t *bytes, uint8_t bit, bool value)
{
	bytes[0] = (uint8_t)(value ? bytes[0] | 1u << bit : bytes[0] & ~(1u << bit));
	return true;
}

static bool set_integer(const struct data_type *type, uint8_t *bytes, int64_t value)
{
	uint8_t count = kinds[type->kind].bytes;

	if (value < kinds[type->kind].min || value > kinds[type->kind].max)
		return false;
	for (uint8_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)((uint64_t)value >> 8 * (count - 1 - i));
	return true;
}

int64_t data_scalar_integer(const struct data_type *type, const uint8_t *bytes)
{
	uint64_t value = 0;

	for (uint8_t i = 0; i < kinds[type->kind].bytes; i++)
		value = value << 8 | bytes[i];
	if ((int64_t)value > kinds[type->kind].max)
		return (int64_t)value - ((int64_t)1 << 8 * kinds[type->kind].bytes);
	return (int64_t)value;
}

static bool set_real(uint8_t *bytes, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(bits >> 8 * (3 - i));
	return true;
}

float data_scalar_real(const uint8_t *bytes)
{
	uint32_t bits = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			(uint32_t)bytes[2] << 8 | bytes[3];
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static bool parse_bool(const char *text, bool *ret_value)
{
	if (strcasecmp(text, "TRUE") == 0 || strcmp(text, "1") == 0)
		*ret_value = true;
	else if (strcasecmp(text, "FALSE") == 0 || strcmp(text, "0") == 0)
		*ret_value = false;
	else
		return false;
	return true;
}

/* "-5", "16#FF", "2#1010". */
static bool parse_integer(const char *text, int64_t *ret_value)
{
	bool is_signed = *text == '-' || *text == '+';
	const char *at = text + is_signed;
	int64_t value = 0;
	int base = 10;

	if (!is_signed && strncmp(at, "16#", 3) == 0)
		base = 16;
	else if (!is_signed && strncmp(at, "2#", 2) == 0)
		base = 2;
	at += base == 16 ? 3 : base == 2 ? 2 : 0;
	if (!*at)
		return false;
	for (; *at; at++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = strchr(digits, *at);
		int number = digit ? (int)(digit - digits) % 16 : base;

		/* Nothing takes so large a number. */
		if (number >= base || value > UINT32_MAX)
			return false;
		value = value * base + number;
	}
	*ret_value = *text == '-' ? -value : value;
	return true;
}

/* The next character of ISO 8859-1 in UTF-8. False: none. */
static bool next_character(const char **at, const char *end, uint8_t *ret_character)
{
	uint8_t lead = (uint8_t)(*at)[0];
	uint8_t next;

	if (lead < 0x80) {
		*ret_character = lead;
		(*at)++;
		return true;
	}
	next = end - *at > 1 ? (uint8_t)(*at)[1] : 0;
	if ((lead != 0xc2 && lead != 0xc3) || (next & 0xc0) != 0x80)
		return false;
	*ret_character = (uint8_t)(lead << 6 | (next & 0x3f));
	*at += 2;
	return true;
}

static bool set_characters(const struct data_type *type, uint8_t *bytes, const char *text,
			   size_t len, char *problem)
{
	uint8_t characters[UINT8_MAX];
	const char *end = text + len;
	size_t max = type->kind == DATA_CHAR ? 1 : type->string_max;
	size_t count = 0;

	for (const char *at = text; at < end; count++) {
		uint8_t character;

		if (!next_character(&at, end, &character))
			return data_fail(
				problem, "%s of ISO 8859-1, and the character at %zu is none",
				type->kind == DATA_CHAR ? "a Char" : "a String", count + 1);
		if (count < max)
			characters[count] = character;
	}
	if (type->kind == DATA_CHAR && count != 1)
		return data_fail(problem, "%s, not %zu", kinds[DATA_CHAR].takes, count);
	if (count > max)
		return data_fail(problem, "a String[%zu]: at most %zu characters, not %zu", max,
				 max, count);
	if (type->kind == DATA_CHAR) {
		bytes[0] = characters[0];
		return true;
	}
	bytes[0] = type->string_max;
	bytes[1] = (uint8_t)count;
	memcpy(bytes + 2, characters, count);
	/* What was there before is not sent on. */
	memset(bytes + 2 + count, 0, max - count);
	return true;
}

bool data_scalar_set(const struct data_type *type, uint8_t *bytes, uint8_t bit, const char *text,
		     size_t len, char problem[DATA_PROBLEM_MAX])
{
	/* All but characters is read up to a NUL. */
	bool is_whole = strlen(text) == len;
	int64_t number;
	bool is_true;
	float value;

	switch (type->kind) {
	case DATA_BOOL:
		if (is_whole && parse_bool(text, &is_true))
			return set_bool(bytes, bit, is_true);
		break;
	case DATA_BYTE:
	case DATA_WORD:
	case DATA_INT:
	case DATA_DWORD:
	case DATA_DINT:
		if (is_whole && parse_integer(text, &number) && set_integer(type, bytes, number))
			return true;
		break;
	case DATA_REAL:
		if (is_whole && data_real_parse(text, &value))
			return set_real(bytes, value);
		break;
	case DATA_CHAR:
	case DATA_STRING:
		return set_characters(type, bytes, text, len, problem);
	}
	return refuse_shown(type, text, len, problem);
}

static bool refuse_json(const struct data_type *type, const json_t *value, char *problem)
{
	char shown[SHOWN_MAX];
	size_t len = 0;

	if (json_is_array(value))
		return refuse_shown(type, "an array", strlen("an array"), problem);
	if (json_is_object(value))
		return refuse_shown(type, "an object", strlen("an object"), problem);
	len = json_dumpb(value, shown, sizeof(shown), JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
	return refuse_shown(type, shown, len <= sizeof(shown) ? len : 0, problem);
}

bool data_scalar_set_json(const struct data_type *type, uint8_t *bytes, uint8_t bit,
			  const json_t *value, char problem[DATA_PROBLEM_MAX])
{
	float narrow;

	if (json_is_string(value))
		return data_scalar_set(type, bytes, bit, json_string_value(value),
				       json_string_length(value), problem);
	switch (type->kind) {
	case DATA_BOOL:
		if (json_is_boolean(value))
			return set_bool(bytes, bit, json_is_true(value));
		break;
	case DATA_BYTE:
	case DATA_WORD:
	case DATA_INT:
	case DATA_DWORD:
	case DATA_DINT:
		if (json_is_integer(value) && set_integer(type, bytes, json_integer_value(value)))
			return true;
		break;
	case DATA_REAL:
		if (json_is_number(value) && data_real_narrow(json_number_value(value), &narrow))
			return set_real(bytes, narrow);
		break;
	case DATA_CHAR:
	case DATA_STRING:
		break;
	}
	return refuse_json(type, value, problem);
}

size_t data_scalar_text(const struct data_type *type, const uint8_t *bytes,
			char ret_text[DATA_TEXT_MAX])
{
	const uint8_t *characters = type->kind == DATA_STRING ? bytes + 2 : bytes;
	size_t count = 1, len = 0;

	if (type->kind == DATA_STRING)
		count = bytes[1] < type->string_max ? bytes[1] : type->string_max;
	for (size_t i = 0; i < count; i++) {
		if (characters[i] >= 0x80)
			ret_text[len++] = (char)(0xc0 | characters[i] >> 6);
		ret_text[len++] = (char)(characters[i] < 0x80 ? characters[i]
							      : 0x80 | (characters[i] & 0x3f));
	}
	return len;
}

json_t *data_scalar_json(const struct data_type *type, const uint8_t *bytes, uint8_t bit)
{
	char text[DATA_TEXT_MAX];
	float value;

	switch (type->kind) {
	case DATA_BOOL:
		return json_boolean(bytes[0] >> bit & 1);
	case DATA_BYTE:
	case DATA_WORD:
	case DATA_INT:
	case DATA_DWORD:
	case DATA_DINT:
		return json_integer(data_scalar_integer(type, bytes));
	case DATA_REAL:
		value = data_scalar_real(bytes);
		return data_real_word(value) ? json_string(data_real_word(value))
					     : json_real(data_real_widen(value));
	case DATA_CHAR:
	case DATA_STRING:
		return json_stringn(text, data_scalar_text(type, bytes, text));
	}
	return NULL;
}
