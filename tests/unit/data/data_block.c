#include "data_block.h"

#include "block_maker.h"

static char problem[DATA_PROBLEM_MAX];

TestSuite(data_block);

/* "0.0 2.0 258": the place of each field, and the size. */
static void expect_layout(const char *fields, const char *expected)
{
	struct data_block *block = block_make(fields);
	char layout[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < block->field_count; i++) {
		char place[16];

		data_field_place(&block->fields[i], place, sizeof(place));
		len += (size_t)sprintf(layout + len, "%s ", place);
	}
	sprintf(layout + len, "%u", block->size);
	cr_expect_str_eq(layout, expected, "%s: %s", fields, layout);
	data_block_free(block);
}

Test(data_block, is_laid_out_as_a_controller_does_it)
{
	expect_layout("Var1 Bool; Var2 String", "0.0 2.0 258");
	expect_layout("a Bool", "0.0 2");
	expect_layout("a Byte", "0.0 2");
	expect_layout("a Bool; b Bool; c Byte; d Bool", "0.0 0.1 1.0 2.0 4");
	expect_layout("a Bool; b Bool; c Bool; d Bool; e Bool; f Bool; g Bool; h Bool; i Bool",
		      "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 1.0 2");
	expect_layout("a Byte; b Byte; c Char; d Int", "0.0 1.0 2.0 4.0 6");
	expect_layout("a Byte; b DInt; c Byte; d Real; e Word; f DWord",
		      "0.0 2.0 6.0 8.0 12.0 14.0 18");
	expect_layout("a Int; b DInt", "0.0 2.0 6");
}

Test(data_block, an_odd_string_ends_where_the_next_field_begins)
{
	expect_layout("a String[5]", "0.0 8");
	expect_layout("a String[5]; b Int", "0.0 8.0 10");
	expect_layout("a String[5]; b String[5]", "0.0 8.0 16");
	expect_layout("a String[5]; b Byte", "0.0 7.0 8");
	expect_layout("a Byte; b String[1]; c Bool", "0.0 2.0 5.0 6");
}

Test(data_block, an_array_begins_even_and_what_follows_it_does_too)
{
	expect_layout("a Bool; b Array[0..2] of Bool; c Bool", "0.0 2.0 4.0 6");
	expect_layout("a Array[0..8] of Bool; c Byte", "0.0 2.0 4");
	expect_layout("a Byte; b Array[1..3] of Byte; c Byte", "0.0 2.0 6.0 8");
	expect_layout("a Array[0..0] of Char; b Bool", "0.0 2.0 4");
	expect_layout("a Array[-1..1] of Int; b Byte", "0.0 6.0 8");
	expect_layout("a Array[0..1] of String[3]; b Byte", "0.0 12.0 14");
}

Test(data_block, elements_are_where_their_type_puts_them)
{
	static const struct {
		const char *fields;
		uint32_t index;
		uint32_t at;
		uint8_t bit;
	} elements[] = {
		{"a Int; b Array[5..25] of Bool", 0, 2, 0},
		{"a Int; b Array[5..25] of Bool", 7, 2, 7},
		{"a Int; b Array[5..25] of Bool", 8, 3, 0},
		{"a Int; b Array[5..25] of Bool", 20, 4, 4},
		{"a Int; b Array[0..3] of Byte", 3, 5, 0},
		{"a Int; b Array[0..3] of Real", 3, 14, 0},
		{"a Int; b Array[0..3] of String[3]", 3, 20, 0},
		{"a Int; b Array[0..3] of String[4]", 3, 20, 0},
		{"a Bool; b Bool", 0, 0, 1},
	};

	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		struct data_block *block = block_make(elements[i].fields);
		uint8_t bit = 99;

		cr_expect_eq(data_field_at(&block->fields[1], elements[i].index, &bit),
			     elements[i].at);
		cr_expect_eq(bit, elements[i].bit);
		data_block_free(block);
	}
}

Test(data_block, a_new_one_holds_the_lengths_of_its_strings)
{
	struct data_block *block = block_make("a Int; b String[3]; c Array[0..1] of String[4]");
	uint8_t *bytes = block_bytes(block);
	static const uint8_t expected[] = {0, 0, 3, 0, 0, 0, 0, 0, 4, 0,
					   0, 0, 0, 0, 4, 0, 0, 0, 0, 0};

	cr_assert_eq(block->size, sizeof(expected));
	cr_expect_eq(memcmp(bytes, expected, sizeof(expected)), 0);
	cr_expect(data_block_check(block, bytes, problem));
	free(bytes);
	data_block_free(block);
}

Test(data_block, takes_no_string_from_outside_that_is_none)
{
	struct data_block *block = block_make("a String[3]; b Array[-1..0] of String[4]");
	uint8_t *bytes = block_bytes(block);

	bytes[1] = 3;
	cr_expect(data_block_check(block, bytes, problem));
	bytes[1] = 4;
	cr_expect(!data_block_check(block, bytes, problem));
	cr_expect_str_eq(problem, "a is a String of 3 characters at most, and its second byte says "
				  "that there are 4");
	bytes[1] = 0;
	bytes[12] = 0;
	cr_expect(!data_block_check(block, bytes, problem));
	cr_expect_str_eq(problem,
			 "b[0] is a String of 4 characters at most, and its first byte says 0");
	free(bytes);
	data_block_free(block);
}

static bool add(struct data_block *block, const char *name, const char *type_text)
{
	struct data_type type;

	cr_assert(data_type_parse(type_text, &type, problem), "%s", problem);
	return data_block_add(block, name, &type, problem);
}

Test(data_block, refuses_names_that_are_none_or_there_already)
{
	struct data_block *block = block_make("Var1 Bool");

	cr_expect(!add(block, "Var1", "Int"));
	cr_expect_str_eq(problem, "Var1 is declared twice");
	cr_expect(!add(block, "1", "Int"));
	cr_expect_not_null(strstr(problem, "at most 63"));
	cr_expect_eq(block->field_count, 1);
	cr_expect(add(block, "VAR1", "Int"));
	cr_expect_eq(data_block_find(block, "VAR1"), &block->fields[1]);
	cr_expect_null(data_block_find(block, "vaR1"));
	data_block_free(block);
	cr_expect_null(data_block_new("Send Data"));
}

Test(data_block, has_no_more_fields_than_512)
{
	struct data_block *block = data_block_new("B");
	char name[16];

	for (int i = 0; i < DATA_FIELDS_MAX; i++) {
		sprintf(name, "f%d", i);
		cr_assert(add(block, name, "Bool"));
	}
	cr_expect_eq(block->size, DATA_FIELDS_MAX / 8);
	cr_expect(!add(block, "more", "Bool"));
	cr_expect_str_eq(problem, "more: a block has at most 512 fields");
	cr_expect_eq(block->field_count, DATA_FIELDS_MAX);
	data_block_free(block);
}

Test(data_block, has_no_more_elements_than_8192)
{
	struct data_block *block = block_make("a Array[0..8190] of Bool; b Bool");

	cr_expect(!add(block, "c", "Array[0..1] of Bool"));
	cr_expect_str_eq(problem, "c: the arrays of a block have at most 8192 elements");
	cr_expect(add(block, "c", "Array[0..0] of Bool"));
	cr_expect_eq(block->elements, DATA_ELEMENTS_MAX);
	cr_expect(!add(block, "d", "Array[0..0] of Bool"));
	cr_expect(add(block, "d", "Bool"));
	data_block_free(block);
}

Test(data_block, has_no_more_bytes_than_are_sent)
{
	struct data_block *block = block_make("a Array[0..254] of String; b String[252]");

	/* 255 · 256 + 254 */
	cr_expect_eq(block->size, DATA_BYTES_MAX);
	cr_expect(!add(block, "c", "Bool"));
	cr_expect_str_eq(problem, "c: the block would have 65536 bytes, at most 65534");
	cr_expect_eq(block->size, DATA_BYTES_MAX);
	cr_expect_eq(block->field_count, 2);
	data_block_free(block);
}
