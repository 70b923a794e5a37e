#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

static char *printed(const struct table *table, size_t width)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	table_print(table, out, width);
	fclose(out);
	return text;
}

Test(table, aligns_its_columns)
{
	struct table *table = table_new((const char *const[]){"NAME", "ID"}, 2);
	char *text;

	cr_assert(table_add(table, (const char *const[]){"a-long-name", "1"}));
	cr_assert(table_add(table, (const char *const[]){"b", "22"}));
	text = printed(table, 0);
	cr_assert_str_eq(text, "NAME         ID\na-long-name  1\nb            22\n");
	free(text);
	table_free(table);
}

Test(table, cuts_the_first_column_to_the_terminal)
{
	struct table *table = table_new((const char *const[]){"NAME", "ID"}, 2);
	char *text;

	cr_assert(table_add(table, (const char *const[]){"a-very-long-name", "1"}));
	text = printed(table, 14);
	cr_assert_str_eq(text, "NAME        ID\na-very-...  1\n");
	free(text);
	table_free(table);
}

Test(table, counts_columns_and_not_bytes)
{
	struct table *table = table_new((const char *const[]){"NAME", "ID"}, 2);
	char *text;

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		cr_skip_test("no UTF-8 locale");
	cr_assert_eq(text_width("größe"), 5);
	cr_assert_eq(text_width("漢字"), 4);
	cr_assert(table_add(table, (const char *const[]){"größe", "1"}));
	text = printed(table, 0);
	cr_assert_str_eq(text, "NAME   ID\ngröße  1\n");
	free(text);
	table_free(table);
}

Test(table, wraps_a_long_fact_between_words)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	char *rest;

	fact_print(out, "reason", "%s",
		   "the TPM does not answer because somebody took it out of its socket, which the "
		   "service noticed");
	fclose(out);
	rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		cr_assert_leq(strlen(line), TABLE_WIDTH);
	free(text);
}
