#include "data_value.h"

#include <locale.h>
#include <math.h>

#include "../../support/temp_dir.h"
#include "block_maker.h"

static char problem[DATA_PROBLEM_MAX];

TestSuite(data_value);

struct sample {
	struct data_block *block;
	uint8_t *bytes;
};

static struct sample sample(const char *fields)
{
	struct sample made = {.block = block_make(fields)};

	made.bytes = block_bytes(made.block);
	return made;
}

static void end(struct sample *made)
{
	free(made->bytes);
	data_block_free(made->block);
}

static void set(struct sample *made, const char *name, const char *text)
{
	cr_assert(data_value_set(made->block, made->bytes, name, text, problem), "%s", problem);
}

static bool set_json(struct sample *made, const char *name, const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	bool is_fine;

	cr_assert_not_null(value, "%s", text);
	is_fine = data_value_set_json(made->block, made->bytes, name, value, problem);
	json_decref(value);
	return is_fine;
}

static void expect_json(const struct sample *made, const char *expected)
{
	json_t *json = data_block_json(made->block, made->bytes);
	char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9));

	cr_expect_str_eq(text, expected, "%s", text);
	free(text);
	json_decref(json);
}

static void expect_bytes(const struct sample *made, const void *expected, size_t len)
{
	cr_assert_leq(len, made->block->size);
	cr_expect_eq(memcmp(made->bytes, expected, len), 0);
}

Test(data_value, hello_world_is_the_258_bytes_of_a_controller)
{
	struct sample made = sample("Var1 Bool; Var2 String");
	uint8_t expected[258] = {0x01, 0x00, 0xfe, 0x0c};

	memcpy(expected + 4, "Hello World!", 12);
	set(&made, "Var1", "TRUE");
	set(&made, "Var2", "Hello World!");
	cr_assert_eq(made.block->size, 258);
	expect_bytes(&made, expected, sizeof(expected));
	expect_json(&made, "{\"Var1\":true,\"Var2\":\"Hello World!\"}");
	end(&made);
}

Test(data_value, numbers_are_big_endian)
{
	struct sample made = sample("a Int; b DInt; c Word; d DWord; e Real; f Byte; g Char");
	static const uint8_t expected[] = {0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x12, 0x34, 0xfe,
					   0xdc, 0xba, 0x98, 0xc0, 0x20, 0x00, 0x00, 0x0a, 0xe4};

	set(&made, "a", "-2");
	set(&made, "b", "-2147483648");
	set(&made, "c", "16#1234");
	set(&made, "d", "16#FEdcBA98");
	set(&made, "e", "-2.5");
	set(&made, "f", "2#1010");
	set(&made, "g", "\xc3\xa4");
	cr_assert_eq(made.block->size, sizeof(expected));
	expect_bytes(&made, expected, sizeof(expected));
	expect_json(&made, "{\"a\":-2,\"b\":-2147483648,\"c\":4660,\"d\":4275878552,\"e\":-2.5,"
			   "\"f\":10,\"g\":\"\xc3\xa4\"}");
	end(&made);
}

Test(data_value, each_kind_takes_its_range_and_nothing_beside_it)
{
	static const struct {
		const char *type;
		const char *fits[3];
		const char *odd[8];
		const char *why;
	} kinds[] = {
		{"Bool",
		 {"TRUE", "false", "1"},
		 {"2", "", "yes", "TRUE ", "-1", "01"},
		 "v is a Bool: TRUE or FALSE"},
		{"Byte",
		 {"0", "255", "16#fF"},
		 {"-1", "256", "16#100", "16#", "0x1", " 1", "1 "},
		 "v is a Byte: 0 to 255"},
		{"Word",
		 {"0", "65535", "2#1111111111111111"},
		 {"-1", "65536", "2#2", "2#", "1.0", "16#-1", "-16#1", "1e3"},
		 "v is a Word: 0 to 65535"},
		{"Int",
		 {"-32768", "32767", "+5"},
		 {"-32769", "32768", "--1", "-", "+", "", "16#8000"},
		 "v is an Int: -32768 to 32767"},
		{"DWord",
		 {"0", "4294967295", "16#FFFFFFFF"},
		 {"-1", "4294967296", "99999999999999999999", "16#1FFFFFFFF"},
		 "v is a DWord: 0 to 4294967295"},
		{"DInt",
		 {"-2147483648", "2147483647", "0"},
		 {"-2147483649", "2147483648", "-99999999999999999999", "1_0"},
		 "v is a DInt: -2147483648 to 2147483647"},
		{"Real",
		 {"3.4028235e38", "-1.5E-3", "nan"},
		 {"3.5e38", "1e400", "1,5", "0x1", "1.", ".5", "e5", "1e"},
		 "v is a Real: a number to 3.402823e38 either way"},
		{"Char",
		 {"a", " ", "\xc3\xbf"},
		 {"", "ab", "\xe2\x82\xac", "\xc3", "\xff"},
		 "v is a Char"},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char fields[32];
		struct sample made;
		uint8_t before[4];

		sprintf(fields, "v %s", kinds[i].type);
		made = sample(fields);
		for (size_t k = 0; k < 3; k++)
			set(&made, "v", kinds[i].fits[k]);
		memcpy(before, made.bytes, made.block->size);
		for (size_t k = 0; k < 8 && kinds[i].odd[k]; k++) {
			cr_expect(!data_value_set(made.block, made.bytes, "v", kinds[i].odd[k],
						  problem),
				  "%s %s", kinds[i].type, kinds[i].odd[k]);
			cr_expect_eq(strncmp(problem, kinds[i].why, strlen(kinds[i].why)), 0, "%s",
				     problem);
			expect_bytes(&made, before, made.block->size);
		}
		end(&made);
	}
}

Test(data_value, says_what_was_given_if_that_can_be_shown)
{
	struct sample made = sample("Var3 Int");
	char text[100];

	cr_expect(!data_value_set(made.block, made.bytes, "Var3", "40000", problem));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767, not 40000");
	cr_expect(!set_json(&made, "Var3", "40000"));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767, not 40000");
	cr_expect(!set_json(&made, "Var3", "2.5"));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767, not 2.5");
	cr_expect(!set_json(&made, "Var3", "[1]"));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767, not an array");
	cr_expect(!set_json(&made, "Var3", "null"));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767, not null");
	cr_expect(!data_value_set(made.block, made.bytes, "Var3", "4\n", problem));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767");
	memset(text, '9', sizeof(text));
	text[99] = '\0';
	cr_expect(!data_value_set(made.block, made.bytes, "Var3", text, problem));
	cr_expect_str_eq(problem, "Var3 is an Int: -32768 to 32767");
	end(&made);
}

Test(data_value, a_string_is_refused_and_not_cut)
{
	struct sample made = sample("a String[3]; b Byte");
	static const uint8_t full[] = {3, 3, 0xc4, 'b', 0xff};
	static const uint8_t shorter[] = {3, 1, 'x', 0, 0};

	set(&made, "b", "7");
	set(&made, "a",
	    "\xc3\x84"
	    "b\xc3\xbf");
	expect_bytes(&made, full, sizeof(full));
	cr_expect(!data_value_set(made.block, made.bytes, "a", "abcd", problem));
	cr_expect_str_eq(problem, "a is a String[3]: at most 3 characters, not 4");
	cr_expect(!data_value_set(made.block, made.bytes, "a", "a\xe2\x82\xac", problem));
	cr_expect_str_eq(problem, "a is a String of ISO 8859-1, and the character at 2 is none");
	cr_expect(!data_value_set(made.block, made.bytes, "a", "\xc3", problem));
	cr_expect(!data_value_set(made.block, made.bytes, "a", "\xc0\x80", problem));
	expect_bytes(&made, full, sizeof(full));
	set(&made, "a", "x");
	expect_bytes(&made, shorter, sizeof(shorter));
	set(&made, "a", "");
	expect_json(&made, "{\"a\":\"\",\"b\":7}");
	end(&made);
}

Test(data_value, a_string_of_254_is_the_longest)
{
	struct sample made = sample("a String");
	char text[256];

	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	cr_expect(!data_value_set(made.block, made.bytes, "a", text, problem));
	cr_expect_str_eq(problem, "a is a String[254]: at most 254 characters, not 255");
	text[254] = '\0';
	set(&made, "a", text);
	cr_expect_eq(made.bytes[1], 254);
	cr_expect_eq(made.bytes[255], 'x');
	end(&made);
}

Test(data_value, bits_are_set_one_by_one)
{
	struct sample made = sample("a Bool; b Bool; c Array[-1..8] of Bool");

	set(&made, "b", "TRUE");
	set(&made, "c[-1]", "1");
	set(&made, "c[7]", "true");
	set(&made, "c[8]", "TRUE");
	cr_expect_eq(made.bytes[0], 2);
	cr_expect_eq(made.bytes[2], 1);
	cr_expect_eq(made.bytes[3], 3);
	set(&made, "c[7]", "FALSE");
	cr_expect_eq(made.bytes[3], 2);
	expect_json(&made,
		    "{\"a\":false,\"b\":true,\"c\":[true,false,false,false,false,false,false,"
		    "false,false,true]}");
	end(&made);
}

Test(data_value, an_element_has_the_index_that_was_declared)
{
	static const char *const none[] = {
		"c[-4]",  "c[2]",	    "c[",     "c[]", "c[1", "c[1]x", "c[+1]",
		"c[1.0]", "c[99999999999]", "c[0][0]"};
	struct sample made = sample("a Int; c Array[-3..1] of Int");

	set(&made, "c[-3]", "1");
	set(&made, "c[1]", "2");
	expect_json(&made, "{\"a\":0,\"c\":[1,0,0,0,2]}");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		cr_expect(!data_value_set(made.block, made.bytes, none[i], "1", problem), "%s",
			  none[i]);
		cr_expect_str_eq(problem, "c has the elements c[-3] to c[1]");
	}
	cr_expect(!data_value_set(made.block, made.bytes, "c[0]", "x", problem));
	cr_expect_str_eq(problem, "c[0] is an Int: -32768 to 32767, not x");
	cr_expect(!data_value_set(made.block, made.bytes, "a[0]", "1", problem));
	cr_expect_str_eq(problem, "a is no array: it has no elements");
	cr_expect(!data_value_set(made.block, made.bytes, "c", "1", problem));
	cr_expect_str_eq(problem, "c is an array: one element takes a value, as c[-3]");
	end(&made);
}

Test(data_value, names_the_block_that_lacks_a_field)
{
	struct sample made = sample("a Int");
	char name[DATA_NAME_MAX + 2] = "";

	cr_expect(!data_value_set(made.block, made.bytes, "Var9", "1", problem));
	cr_expect_str_eq(problem, "Send_Data has no field Var9");
	cr_expect(!data_value_set(made.block, made.bytes, "", "1", problem));
	cr_expect_str_eq(problem, "Send_Data has no field of that name");
	memset(name, 'a', DATA_NAME_MAX + 1);
	cr_expect(!data_value_set(made.block, made.bytes, name, "1", problem));
	cr_expect_str_eq(problem, "Send_Data has no field of that name");
	end(&made);
}

Test(data_value, an_array_is_set_whole_or_not_at_all)
{
	struct sample made = sample("a Int; c Array[1..3] of Byte; d Array[0..1] of String[2]");

	cr_assert(set_json(&made, "c", "[1, 2, \"16#FF\"]"), "%s", problem);
	cr_assert(set_json(&made, "d", "[\"ab\", \"\"]"), "%s", problem);
	cr_assert(set_json(&made, "d[1]", "\"c\""), "%s", problem);
	expect_json(&made, "{\"a\":0,\"c\":[1,2,255],\"d\":[\"ab\",\"c\"]}");
	cr_expect(!set_json(&made, "c", "[4, 5, 256]"));
	cr_expect_str_eq(problem, "c[3] is a Byte: 0 to 255, not 256");
	cr_expect(!set_json(&made, "c", "[4, 5]"));
	cr_expect_str_eq(problem, "c is an array: an array of 3 values, no other");
	cr_expect(!set_json(&made, "c", "[4, 5, 6, 7]"));
	cr_expect(!set_json(&made, "c", "4"));
	expect_json(&made, "{\"a\":0,\"c\":[1,2,255],\"d\":[\"ab\",\"c\"]}");
	end(&made);
}

Test(data_value, json_gives_what_json_took)
{
	struct sample made = sample("b Bool; i DInt; w DWord; r Real; c Char; s String[4]");

	cr_assert(set_json(&made, "b", "true"));
	cr_assert(set_json(&made, "i", "-7"));
	cr_assert(set_json(&made, "w", "4294967295"));
	cr_assert(set_json(&made, "r", "1"));
	cr_assert(set_json(&made, "c", "\"\\u0000\""));
	cr_assert(set_json(&made, "s", "\"a\\u0000\xc2\x80\""));
	expect_json(&made, "{\"b\":true,\"i\":-7,\"w\":4294967295,\"r\":1.0,\"c\":\"\\u0000\","
			   "\"s\":\"a\\u0000\xc2\x80\"}");
	cr_assert(set_json(&made, "b", "\"FALSE\""));
	cr_expect_eq(made.bytes[0], 0);
	cr_expect(!set_json(&made, "b", "1"));
	cr_expect(!set_json(&made, "i", "2147483648"));
	cr_expect(!set_json(&made, "i", "\"5\\u0000\""));
	cr_expect(!set_json(&made, "s", "5"));
	cr_expect_str_eq(problem, "s is a String, not 5");
	end(&made);
}

Test(data_value, reals_come_back_as_the_decimals_that_were_given)
{
	static const char *const decimals[] = {"0.1",	"-0.1", "3.1415927",   "16777216.0",
					       "1e-45", "0.0",	"3.4028235e38"};
	struct sample made = sample("r Real");

	for (size_t i = 0; i < sizeof(decimals) / sizeof(decimals[0]); i++) {
		json_t *json;

		set(&made, "r", decimals[i]);
		json = data_value_json(&made.block->fields[0], made.bytes);
		cr_expect_eq(json_real_value(json), strtod(decimals[i], NULL), "%s", decimals[i]);
		json_decref(json);
	}
	set(&made, "r", "-0.0");
	cr_expect_eq(made.bytes[0], 0x80);
	expect_json(&made, "{\"r\":-0.0}");
	end(&made);
}

Test(data_value, reals_that_are_no_numbers_are_words)
{
	struct sample made = sample("r Array[0..2] of Real");

	cr_assert(set_json(&made, "r", "[\"NaN\", \"Infinity\", \"-infinity\"]"), "%s", problem);
	expect_json(&made, "{\"r\":[\"NaN\",\"Infinity\",\"-Infinity\"]}");
	cr_expect_eq(made.bytes[0], 0x7f);
	cr_expect_eq(made.bytes[4], 0x7f);
	cr_expect_eq(made.bytes[5], 0x80);
	cr_expect_eq(made.bytes[8], 0xff);
	/* The largest that is still rounded to a number, and the next. */
	cr_expect(set_json(&made, "r[0]", "3.4028235677973362e38"));
	cr_expect(!set_json(&made, "r[0]", "3.4028235677973366e38"));
	cr_expect(!set_json(&made, "r[0]", "-1e300"));
	end(&made);
}

/* A locale of the test's own, since machines have what they have. */
static bool use_decimal_comma(const char *dir)
{
	char command[3 * TEMP_PATH_MAX];
	char path[TEMP_PATH_MAX + 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/comma", dir);
	file = fopen(path, "w");
	fputs("comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \"<U002C>\"\n"
	      "thousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n",
	      file);
	fclose(file);
	snprintf(command, sizeof(command), "localedef -c -i %s %s/xx_XX >%s/out 2>&1", path, dir,
		 dir);
	system(command);
	setenv("LOCPATH", dir, 1);
	return setlocale(LC_ALL, "xx_XX");
}

Test(data_value, no_locale_changes_the_decimal_point)
{
	struct sample made = sample("r Real");
	char dir[TEMP_PATH_MAX];
	char text[8];

	temp_dir_make(dir);
	if (!use_decimal_comma(dir)) {
		temp_dir_remove(dir);
		cr_skip_test("localedef makes no locale here");
	}
	temp_dir_remove(dir);
	snprintf(text, sizeof(text), "%.1f", 2.5);
	cr_assert_str_eq(text, "2,5");
	set(&made, "r", "2.5");
	cr_expect(!data_value_set(made.block, made.bytes, "r", "2,5", problem));
	expect_json(&made, "{\"r\":2.5}");
	end(&made);
}

Test(data_value, shows_any_bytes)
{
	struct sample made = sample("a Bool; b Char; c String[3]; d Real; e Array[0..8] of Bool");

	memset(made.bytes, 0xff, made.block->size);
	expect_json(&made, "{\"a\":true,\"b\":\"\xc3\xbf\",\"c\":\"\xc3\xbf\xc3\xbf\xc3\xbf\","
			   "\"d\":\"NaN\",\"e\":[true,true,true,true,true,true,true,true,true]}");
	end(&made);
}
