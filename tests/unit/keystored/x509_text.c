#include <criterion/criterion.h>

#include <string.h>

#include "x509_text.h"

static const char *shown(const char *text, size_t len)
{
	static char out[X509_SHOWN_MAX];

	x509_text_show(text, len, out);
	return out;
}

Test(x509_text, counts_characters_and_refuses_what_is_no_text)
{
	size_t chars = 9;

	cr_assert(x509_text_is_utf8("", 0, &chars));
	cr_assert_eq(chars, 0);
	cr_assert(x509_text_is_utf8("K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x94\x91", 14, &chars));
	cr_assert_eq(chars, 8);
	cr_assert(!x509_text_is_utf8("a\0b", 3, &chars));
	cr_assert(!x509_text_is_utf8("a\nb", 3, &chars));
	cr_assert(!x509_text_is_utf8("\x7f", 1, &chars));
	cr_assert(!x509_text_is_utf8("\xc2\x85", 2, &chars));
	cr_assert(!x509_text_is_utf8("\xc0\xaf", 2, &chars));
	cr_assert(!x509_text_is_utf8("\xed\xa0\x80", 3, &chars));
	cr_assert(!x509_text_is_utf8("\xc3", 1, &chars));
	cr_assert(!x509_text_is_utf8("\xf5\x80\x80\x80", 4, &chars));
	cr_assert_eq(chars, 8);
}

Test(x509_text, knows_the_characters_of_the_string_types)
{
	cr_assert(x509_text_is_printable("AZaz 09'()+,-./:=?", 18));
	cr_assert(!x509_text_is_printable("a@b", 3));
	cr_assert(!x509_text_is_printable("a*b", 3));
	cr_assert(!x509_text_is_printable("a\0b", 3));
	cr_assert(x509_text_is_ia5_word("a@b~!", 5));
	cr_assert(!x509_text_is_ia5_word("a b", 3));
	cr_assert(!x509_text_is_ia5_word("\xc3\xa4", 2));
	cr_assert(!x509_text_is_ia5_word("a\0b", 3));
}

Test(x509_text, shows_long_and_strange_text_as_whole_characters)
{
	char umlauts[200];

	for (size_t i = 0; i < sizeof(umlauts); i += 2)
		memcpy(umlauts + i, "\xc3\xa4", 2);

	cr_assert_str_eq(shown("plc-1", 5), "plc-1");
	cr_assert_str_eq(shown("a\nb\xff\0c", 6), "a?b??c");
	cr_assert_eq(strlen(shown(umlauts, sizeof(umlauts))), 63);
	cr_assert_str_eq(shown(umlauts, sizeof(umlauts)) + 60, "...");
	cr_assert_arr_eq(shown(umlauts, sizeof(umlauts)), umlauts, 60);
	cr_assert_eq(strlen(shown(umlauts + 1, sizeof(umlauts) - 1)), 62);
	cr_assert_arr_eq(shown(umlauts, 60), umlauts, 60);
	cr_assert_eq(strlen(shown(umlauts, 60)), 60);
}
