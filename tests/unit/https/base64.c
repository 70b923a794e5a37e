#include "base64.h"

#include <criterion/criterion.h>
#include <string.h>

static bool decodes(const char *text, const char *expected)
{
	uint8_t bytes[64];
	size_t len = 0;

	return base64_decode(text, strlen(text), bytes, &len) && len == strlen(expected) &&
	       memcmp(bytes, expected, len) == 0;
}

/* RFC 4648 10. */
Test(base64, decodes_the_vectors_of_its_rfc)
{
	cr_expect(decodes("", ""));
	cr_expect(decodes("Zg==", "f"));
	cr_expect(decodes("Zm8=", "fo"));
	cr_expect(decodes("Zm9v", "foo"));
	cr_expect(decodes("Zm9vYg==", "foob"));
	cr_expect(decodes("Zm9vYmE=", "fooba"));
	cr_expect(decodes("Zm9vYmFy", "foobar"));
	cr_expect(decodes("Pz8/Pj4+", "?\?\?>>>"));
}

Test(base64, refuses_what_could_be_written_otherwise)
{
	static const char *const texts[] = {"Zg",   "Zg=",   "Zh==",   "Zm9=", "Zm9v=", "====",
					    "A===", "Zm 9v", "Zm9v\n", "Zm9_", "Z===",	"=Zg="};
	uint8_t bytes[64];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_expect_not(base64_decode(texts[i], strlen(texts[i]), bytes, &len), "%s",
			      texts[i]);
}

Test(base64, goes_through_headers_and_back)
{
	uint8_t bytes[70], back[BASE64_BYTES_MAX(BASE64_TEXT_MAX(sizeof(bytes)))];
	char text[BASE64_TEXT_MAX(sizeof(bytes))];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		base64url_encode(bytes, len, text);
		cr_assert_null(strpbrk(text, "+/="));
		cr_assert(base64url_decode(text, strlen(text), back, &used));
		cr_assert_eq(used, len);
		cr_assert_eq(memcmp(back, bytes, len), 0);
	}
	cr_expect_not(base64url_decode("Zg==", 4, back, &used));
	cr_expect_not(base64url_decode("Zm8/", 4, back, &used));
}
