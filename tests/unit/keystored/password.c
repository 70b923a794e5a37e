#include "password.h"

#include <criterion/criterion.h>
#include <string.h>

static struct password of(const char *text)
{
	struct password password;

	cr_assert(password_take(&password, (const uint8_t *)text, strlen(text)));
	return password;
}

static bool is_good(const char *text, const char *name, unsigned min)
{
	struct password password = of(text);
	char why[PASSWORD_WHY_MAX] = "";
	bool good = password_is_good(&password, name, min, why);

	cr_expect_eq(good, !*why, "%s", text);
	return good;
}

Test(password, verifies_what_was_hashed_and_nothing_else)
{
	struct password right = of("correct horse");
	struct password wrong = of("correct horsf");
	char one[PASSWORD_HASH_MAX] = "";
	char other[PASSWORD_HASH_MAX] = "";

	cr_assert(password_hash(&right, one));
	cr_assert(password_hash(&right, other));
	cr_assert_eq(strncmp(one, "$y$", 3), 0);
	cr_assert_str_neq(one, other);
	cr_assert(password_verify(&right, one));
	cr_assert(password_verify(&right, other));
	cr_assert_not(password_verify(&wrong, one));
}

Test(password, is_never_right_for_nobody_or_for_what_is_no_hash)
{
	struct password password = of("0000000000000");

	cr_assert_not(password_verify(&password, ""));
	cr_assert_not(password_verify(&password, "*0"));
	cr_assert_not(password_verify(&password, "0000000000000"));
	cr_assert_not(password_verify(&password, "$y$j9T$"));
}

Test(password, takes_up_to_its_bytes_and_no_nul)
{
	uint8_t bytes[PASSWORD_MAX + 1];
	struct password password;

	memset(bytes, 'a', sizeof bytes);
	cr_assert(password_take(&password, bytes, PASSWORD_MAX));
	cr_assert_not(password_take(&password, bytes, PASSWORD_MAX + 1));
	cr_assert_not(password_take(&password, bytes, 0));
	bytes[3] = 0;
	cr_assert_not(password_take(&password, bytes, 8));
}

Test(password, is_hashed_in_its_full_length)
{
	struct password longest = {0};
	struct password other = {0};
	char hash[PASSWORD_HASH_MAX];

	memset(longest.text, 'a', PASSWORD_MAX);
	memset(other.text, 'a', PASSWORD_MAX);
	other.text[PASSWORD_MAX - 1] = 'b';
	cr_assert(password_hash(&longest, hash));
	cr_assert(password_verify(&longest, hash));
	cr_assert_not(password_verify(&other, hash));
}

Test(password, keeps_the_rules)
{
	cr_expect(is_good("abcdefgh", "anna", 8));
	cr_expect_not(is_good("abcdefg", "anna", 8));
	/* Characters, not bytes. */
	cr_expect(is_good("äöüäöüäö", "anna", 8));
	cr_expect_not(is_good("äöüäöüä", "anna", 8));
	cr_expect_not(is_good("Anna-Lena", "anna-lena", 8));
	cr_expect_not(is_good("aaaaaaaaaa", "anna", 8));
	cr_expect_not(is_good("abcd\tefgh", "anna", 8));
	cr_expect_not(is_good("abcdefgh\xff", "anna", 8));
}
