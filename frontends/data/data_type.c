#include "data_type.h"

#include <stdio.h>
#include <string.h>

#include "data_problem.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

#define STRING_MAX    254
#define STRING_HEADER 2

static const struct {
	const char *name;
	uint8_t bytes; /* 0: a bit; String's depend on its length */
	bool is_even;
} kinds[DATA_KINDS] = {
	[DATA_BOOL] = {"Bool", 0, false},    [DATA_BYTE] = {"Byte", 1, false},
	[DATA_CHAR] = {"Char", 1, false},    [DATA_WORD] = {"Word", 2, true},
	[DATA_INT] = {"Int", 2, true},	     [DATA_DWORD] = {"DWord", 4, true},
	[DATA_DINT] = {"DInt", 4, true},     [DATA_REAL] = {"Real", 4, true},
	[DATA_STRING] = {"String", 0, true},
};

bool data_name_is_valid(const char *name)
{
	size_t len = strspn(name, LETTERS DIGITS "_-");

	return len > 0 && len <= DATA_NAME_MAX && !name[len] && strchr(LETTERS "_", name[0]);
}

bool data_type_is_even(const struct data_type *type)
{
	return type->is_array || kinds[type->kind].is_even;
}

static uint32_t element_bytes(const struct data_type *type)
{
	if (type->kind == DATA_STRING)
		return STRING_HEADER + type->string_max;
	return kinds[type->kind].bytes;
}

uint32_t data_type_stride(const struct data_type *type)
{
	uint32_t bytes = element_bytes(type);

	return kinds[type->kind].is_even ? bytes + bytes % 2 : bytes;
}

uint32_t data_type_bytes(const struct data_type *type)
{
	if (type->kind == DATA_BOOL)
		return (type->count + 7) / 8;
	return (type->count - 1) * data_type_stride(type) + element_bytes(type);
}

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t");
}

static bool take(const char **at, const char *token)
{
	skip_space(at);
	if (strncmp(*at, token, strlen(token)) != 0)
		return false;
	*at += strlen(token);
	return true;
}

static bool take_word(const char **at, const char *word)
{
	size_t len;

	skip_space(at);
	len = strspn(*at, LETTERS DIGITS "_");
	if (len != strlen(word) || strncasecmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Numbers that are out of every range end as ones that are out of every range here. */
static bool take_number(const char **at, int64_t *ret_number)
{
	bool is_negative = take(at, "-");
	size_t len = strspn(*at, DIGITS);
	int64_t number = 0;

	for (size_t i = 0; i < len && number < INT64_MAX / 100; i++)
		number = number * 10 + (*at)[i] - '0';
	*at += len;
	*ret_number = is_negative ? -number : number;
	return len > 0;
}

static bool take_kind(const char **at, enum data_kind *ret_kind)
{
	for (size_t i = 0; i < DATA_KINDS; i++)
		if (take_word(at, kinds[i].name)) {
			*ret_kind = (enum data_kind)i;
			return true;
		}
	return false;
}

static bool fail_spelling(const char *text, char *problem)
{
	return data_fail(problem,
			 "\"%s\" is no type: Bool, Byte, Char, Word, Int, DWord, DInt, Real, "
			 "String, String[n], or Array[a..b] of one of these",
			 text);
}

static bool take_bounds(const char **at, const char *text, struct data_type *type, char *problem)
{
	int64_t first;
	int64_t last;

	if (!take(at, "[") || !take_number(at, &first) || !take(at, "..") ||
	    !take_number(at, &last) || !take(at, "]") || !take_word(at, "of"))
		return fail_spelling(text, problem);
	if (first < INT32_MIN || first > INT32_MAX || last < INT32_MIN || last > INT32_MAX)
		return data_fail(problem, "%s: an index is from %d to %d", text, INT32_MIN,
				 INT32_MAX);
	if (first > last)
		return data_fail(problem, "%s: the first index is above the last", text);
	if (last - first >= DATA_ELEMENTS_MAX)
		return data_fail(problem, "%s has %lld elements: at most %d", text,
				 (long long)(last - first + 1), DATA_ELEMENTS_MAX);
	type->is_array = true;
	type->first = (int32_t)first;
	type->count = (uint32_t)(last - first + 1);
	return true;
}

static bool take_length(const char **at, const char *text, struct data_type *type, char *problem)
{
	int64_t length = STRING_MAX;

	if (take(at, "[") && (!take_number(at, &length) || !take(at, "]")))
		return fail_spelling(text, problem);
	if (length < 1 || length > STRING_MAX)
		return data_fail(problem, "%s: a String takes 1 to %d characters", text,
				 STRING_MAX);
	type->string_max = (uint8_t)length;
	return true;
}

bool data_type_parse(const char *text, struct data_type *ret_type, char problem[DATA_PROBLEM_MAX])
{
	struct data_type type = {.count = 1};
	const char *at = text;

	if (!data_is_quotable(text, strlen(text)))
		return data_fail(problem, "no type is called so: Int and Array[0..9] of Real are");
	if (take_word(&at, "Array") && !take_bounds(&at, text, &type, problem))
		return false;
	if (!take_kind(&at, &type.kind))
		return fail_spelling(text, problem);
	if (type.kind == DATA_STRING && !take_length(&at, text, &type, problem))
		return false;
	skip_space(&at);
	if (*at)
		return fail_spelling(text, problem);
	*ret_type = type;
	return true;
}

void data_type_print(const struct data_type *type, char *buf, size_t len)
{
	char array[48] = "";
	char length[8] = "";

	if (type->is_array)
		snprintf(array, sizeof(array), "Array[%lld..%lld] of ", (long long)type->first,
			 (long long)type->first + type->count - 1);
	if (type->kind == DATA_STRING && type->string_max != STRING_MAX)
		snprintf(length, sizeof(length), "[%u]", type->string_max);
	snprintf(buf, len, "%s%s%s", array, kinds[type->kind].name, length);
}
