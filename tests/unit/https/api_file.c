#include "api_file.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(api_file, .timeout = 60);

Test(api_file, is_called_by_what_is_harmless_in_a_name)
{
	static const struct {
		const char *text, *stem;
	} cases[] = {
		{"plc-1", "plc-1"},
		{"plc-1.example.org", "plc-1.example.org"},
		{"../../etc/passwd", "etc-passwd"},
		{".hidden", "hidden"},
		{"a..b", "a.-b"},
		{"<img src=x>\"; filename=\"b", "img-src-x-filename-b"},
		{"line\r\nSet-Cookie: a=b", "line-Set-Cookie-a-b"},
		{"Straße é", "Stra-e"},
		{"\xff\xfe", "certificate-3"},
		{"", "certificate-3"},
		{"...", "certificate-3"},
		{"a.", "a"},
	};
	char stem[FILE_STEM_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		file_stem(cases[i].text, "certificate-3", stem);
		cr_expect_str_eq(stem, cases[i].stem);
	}
}

Test(api_file, has_a_name_of_bounded_length)
{
	char text[FILE_STEM_MAX + 2] = {0};
	char stem[FILE_STEM_MAX + 1];

	memset(text, 'a', FILE_STEM_MAX + 1);
	file_stem(text, "-", stem);
	cr_expect(strlen(stem) == FILE_STEM_MAX);
}
