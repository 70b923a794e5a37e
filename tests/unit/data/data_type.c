#include "data_block.h"

#include <criterion/criterion.h>
#include <string.h>

static char problem[DATA_PROBLEM_MAX];

TestSuite(data_type);

Test(data_type, reads_what_it_prints)
{
	static const struct {
		const char *text;
		const char *usual;
	} types[] = {
		{"Bool", "Bool"},
		{"byte", "Byte"},
		{"CHAR", "Char"},
		{" word ", "Word"},
		{"Int", "Int"},
		{"DWORD", "DWord"},
		{"dint", "DInt"},
		{"Real", "Real"},
		{"String", "String"},
		{"String[254]", "String"},
		{"string [ 1 ]", "String[1]"},
		{"ARRAY[0..9] OF REAL", "Array[0..9] of Real"},
		{"Array [ -3 .. -3 ] of String[20]", "Array[-3..-3] of String[20]"},
		{"Array[0..9]of Bool", "Array[0..9] of Bool"},
		{"Array[-2147483648..-2147475457] of Byte",
		 "Array[-2147483648..-2147475457] of Byte"},
		{"Array[2147475456..2147483647] of Byte", "Array[2147475456..2147483647] of Byte"},
	};
	struct data_type type;
	struct data_type again;
	char text[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cr_assert(data_type_parse(types[i].text, &type, problem), "%s", problem);
		data_type_print(&type, text, sizeof(text));
		cr_expect_str_eq(text, types[i].usual);
		cr_assert(data_type_parse(text, &again, problem), "%s", problem);
		cr_expect_eq(memcmp(&type, &again, sizeof(type)), 0);
	}
}

Test(data_type, knows_bounds_and_lengths)
{
	struct data_type type;

	cr_assert(data_type_parse("Array[-1..1] of String[7]", &type, problem));
	cr_expect_eq(type.kind, DATA_STRING);
	cr_expect_eq(type.string_max, 7);
	cr_expect(type.is_array);
	cr_expect_eq(type.first, -1);
	cr_expect_eq(type.count, 3);
	cr_assert(data_type_parse("Int", &type, problem));
	cr_expect(!type.is_array);
	cr_expect_eq(type.count, 1);
}

Test(data_type, refuses_what_is_none_and_says_why)
{
	static const struct {
		const char *text;
		const char *why;
	} types[] = {
		{"", "no type"},
		{"LReal", "\"LReal\" is no type: Bool, "},
		{"String20", "is no type"},
		{"String[", "is no type"},
		{"String[]", "is no type"},
		{"String[0]", "1 to 254"},
		{"String[255]", "1 to 254"},
		{"String[-1]", "1 to 254"},
		{"String[99999999999999999999999999]", "1 to 254"},
		{"Int[3]", "is no type"},
		{"Int x", "is no type"},
		{"Array of Int", "is no type"},
		{"Array[3] of Int", "is no type"},
		{"Array[0..1]", "is no type"},
		{"Array[0..1] Int", "is no type"},
		{"Array[0..1, 0..1] of Int", "is no type"},
		{"Array[0..1] of Array[0..1] of Int", "is no type"},
		{"Array[1..0] of Int", "first index is above the last"},
		{"Array[0..8192] of Bool", "8193 elements: at most 8192"},
		{"Array[-2147483649..0] of Int", "an index is from -2147483648 to 2147483647"},
		{"Array[0..99999999999999999999999999] of Int", "an index is from"},
		{"Array[-2147483648..2147483647] of Int", "4294967296 elements"},
		{"In\nt", "no type is called so"},
		{"\xc3\x84", "no type is called so"},
	};
	struct data_type type = {.count = 42};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cr_expect(!data_type_parse(types[i].text, &type, problem), "%s", types[i].text);
		cr_expect_not_null(strstr(problem, types[i].why), "%s: %s", types[i].text, problem);
	}
	cr_expect_eq(type.count, 42);
}

Test(data_type, takes_as_many_elements_as_a_block)
{
	struct data_type type;

	cr_assert(data_type_parse("Array[1..8192] of Bool", &type, problem));
	cr_expect_eq(type.count, DATA_ELEMENTS_MAX);
	cr_expect(!data_type_parse("Array[1..8193] of Bool", &type, problem));
}

Test(data_type, names_begin_with_a_letter_and_end_after_63)
{
	char name[DATA_NAME_MAX + 2];

	memset(name, 'a', sizeof(name));
	name[DATA_NAME_MAX + 1] = '\0';
	cr_expect(!data_name_is_valid(name));
	name[DATA_NAME_MAX] = '\0';
	cr_expect(data_name_is_valid(name));
	cr_expect(data_name_is_valid("_1-x"));
	cr_expect(!data_name_is_valid(""));
	cr_expect(!data_name_is_valid("1a"));
	cr_expect(!data_name_is_valid("-a"));
	cr_expect(!data_name_is_valid("a b"));
	cr_expect(!data_name_is_valid("a[0]"));
	cr_expect(!data_name_is_valid("../a"));
	cr_expect(!data_name_is_valid("\xc3\xa4"));
}
