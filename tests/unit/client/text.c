#include <criterion/criterion.h>
#include <stdio.h>

#include "text.h"

static void cleans(const char *from, const char *to)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", from);
	text_clean(text);
	cr_assert_str_eq(text, to);
}

Test(text, that_is_harmless_stays_as_it_is)
{
	cleans("", "");
	cleans("plc-1", "plc-1");
	cleans("Größe 漢字 \xf0\x9f\x94\x91", "Größe 漢字 \xf0\x9f\x94\x91");
}

Test(text, loses_what_steers_a_terminal)
{
	cleans("a\033[2Jb\nc\x7f", "a?[2Jb?c?");
	cleans("c1 \xc2\x9b"
	       "31m",
	       "c1 ?31m");
	cleans("rtl \xe2\x80\xae!", "rtl ?!");
}

Test(text, that_is_no_utf8_becomes_question_marks)
{
	cleans("\xff", "?");
	cleans("\xc0\x80", "??");
	cleans("cut \xe2\x82", "cut ??");
	cleans("\xed\xa0\x80", "???");
	cleans("\xf5\x80\x80\x80", "????");
}
