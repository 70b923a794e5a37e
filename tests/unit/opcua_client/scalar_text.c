#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scalar_text.h"

Test(scalar_text, reads_numbers_within_their_range_only)
{
	uint64_t number;
	int64_t value;

	cr_assert(scalar_read_signed("-128", -128, 127, &value) && value == -128);
	cr_assert(scalar_read_signed("0x7F", -128, 127, &value) && value == 127);
	cr_assert(scalar_read_signed("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
	cr_assert(!scalar_read_signed("128", -128, 127, &value));
	cr_assert(!scalar_read_signed("-", -128, 127, &value));
	cr_assert(!scalar_read_signed(" 1", -128, 127, &value));
	cr_assert(!scalar_read_signed("1 ", -128, 127, &value));
	cr_assert(!scalar_read_signed("010x", -128, 127, &value));
	cr_assert(scalar_read_unsigned("18446744073709551615", UINT64_MAX, &number) &&
		  number == UINT64_MAX);
	cr_assert(!scalar_read_unsigned("18446744073709551616", UINT64_MAX, &number));
	cr_assert(!scalar_read_unsigned("-1", UINT64_MAX, &number));
	cr_assert(!scalar_read_unsigned("256", 255, &number));
	/* No octal: nobody means it. */
	cr_assert(scalar_read_unsigned("010", 255, &number) && number == 10);
}

Test(scalar_text, reads_truth_and_reals)
{
	double number;
	bool value;

	cr_assert(scalar_read_bool("TRUE", &value) && value);
	cr_assert(scalar_read_bool("0", &value) && !value);
	cr_assert(!scalar_read_bool("yes", &value));
	cr_assert(scalar_read_double("-2e3", false, &number) && number == -2000);
	cr_assert(scalar_read_double("NaN", false, &number) && isnan(number));
	cr_assert(scalar_read_double("Infinity", true, &number) && isinf(number));
	cr_assert(!scalar_read_double("1e400", false, &number));
	cr_assert(!scalar_read_double("1e39", true, &number));
	cr_assert(!scalar_read_double("1,5", false, &number));
	cr_assert(!scalar_read_double("", false, &number));
	cr_assert(!scalar_read_double(" 1", false, &number));
}

static void expect_time(const char *text, const char *again)
{
	char written[SCALAR_TIME_BYTES];
	int64_t value;

	cr_assert(scalar_read_time(text, &value), "%s", text);
	scalar_time_text(value, written);
	cr_assert_str_eq(written, again);
}

Test(scalar_text, reads_and_writes_times)
{
	char text[SCALAR_TIME_BYTES];
	int64_t value;

	expect_time("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z");
	expect_time("2026-03-01T12:00:00.0000005Z", "2026-03-01T12:00:00.0000005Z");
	expect_time("2026-03-01T12:00:00.50Z", "2026-03-01T12:00:00.5Z");
	expect_time("2026-03-01", "2026-03-01T00:00:00Z");
	expect_time("1601-01-02", "1601-01-02T00:00:00Z");
	cr_assert(scalar_read_time("1970-01-01", &value) && value == 116444736000000000);
	cr_assert(!scalar_read_time("2026-02-30", &value));
	cr_assert(!scalar_read_time("2026-03-01T12:00:00", &value));
	cr_assert(!scalar_read_time("2026-03-01T12:00:00.Z", &value));
	cr_assert(!scalar_read_time("2026-03-01T12:00:00.00000001Z", &value));
	cr_assert(!scalar_read_time("1600-12-31", &value));
	cr_assert(!scalar_read_time("now", &value));
	scalar_time_text(0, text);
	cr_assert_str_eq(text, "");
	scalar_time_text(INT64_MAX, text);
	cr_assert_str_eq(text, "");
}

static void expect_bytes(const char *text, const char *bytes, size_t len)
{
	uint8_t *found = NULL;
	size_t found_len = 0;

	cr_assert(scalar_read_bytes(text, &found, &found_len), "%s", text);
	cr_assert_eq(found_len, len, "%s", text);
	cr_assert_eq(memcmp(found, bytes, len), 0, "%s", text);
	free(found);
}

Test(scalar_text, reads_bytes_in_base64_and_hexadecimal)
{
	static const char *const wrong[] = {"A",    "AP8",  "A===",  "=AAA",
					    "AA=A", "????", "hex:0", "hex:zz"};
	uint8_t *bytes;
	size_t len;

	expect_bytes("", "", 0);
	expect_bytes("AP8=", "\0\377", 2);
	expect_bytes("YWJj", "abc", 3);
	expect_bytes("YQ==", "a", 1);
	expect_bytes("hex:00ff", "\0\377", 2);
	expect_bytes("hex:", "", 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect(!scalar_read_bytes(wrong[i], &bytes, &len), "%s", wrong[i]);
}
