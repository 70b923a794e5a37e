#include <criterion/criterion.h>

#include "choice.h"

#define NONE	POLICY_NONE
#define B256	POLICY_BASIC256SHA256
#define PSS	POLICY_AES256_SHA256_RSAPSS
#define OAEP	POLICY_AES128_SHA256_RSAOAEP
#define OLD	POLICY_BASIC256
#define ANY_KEY ((1u << POLICY_COUNT) - 1)

static struct choice_endpoint endpoint(enum policy_id id, enum opn_mode mode,
				       enum choice_token token, enum policy_id token_id)
{
	return (struct choice_endpoint){.kind = policy_kind(id),
					.mode = mode,
					.is_binary = true,
					.tokens = {{token, policy_kind(token_id)}},
					.token_count = 1};
}

static struct choice_endpoint open_to_all(enum policy_id id, enum opn_mode mode)
{
	return endpoint(id, mode, CHOICE_ANONYMOUS, id);
}

static void expect(const struct choice_endpoint *endpoints, size_t count, struct choice_wish wish,
		   enum choice_status status, size_t index)
{
	size_t found = 99, token = 99;

	wish.kinds = wish.kinds ? wish.kinds : ANY_KEY;
	cr_assert_eq(choice_make(endpoints, count, &wish, &found, &token), status);
	if (status == CHOICE_OK)
		cr_assert_eq(found, index);
}

Test(choice, takes_the_safest_whatever_the_order)
{
	struct choice_endpoint list[] = {open_to_all(NONE, OPN_MODE_NONE),
					 open_to_all(PSS, OPN_MODE_SIGN),
					 open_to_all(B256, OPN_MODE_SIGN_AND_ENCRYPT),
					 open_to_all(PSS, OPN_MODE_SIGN_AND_ENCRYPT),
					 open_to_all(OAEP, OPN_MODE_SIGN_AND_ENCRYPT)};
	struct choice_endpoint turned[5];

	for (size_t i = 0; i < 5; i++)
		turned[i] = list[4 - i];
	expect(list, 5, (struct choice_wish){0}, CHOICE_OK, 3);
	expect(turned, 5, (struct choice_wish){0}, CHOICE_OK, 1);
	expect(list, 5, (struct choice_wish){.mode = OPN_MODE_SIGN}, CHOICE_OK, 1);
	expect(list, 5, (struct choice_wish){.kind = policy_kind(B256)}, CHOICE_OK, 2);
	expect(list, 5, (struct choice_wish){.kind = policy_kind(NONE)}, CHOICE_OK, 0);
	expect(list, 5, (struct choice_wish){.kind = policy_kind(OLD)}, CHOICE_NO_ENDPOINT, 0);
	/* What the own key is too small or too large for. */
	expect(list, 5, (struct choice_wish){.kinds = 1u << B256}, CHOICE_OK, 2);
}

Test(choice, takes_none_and_what_is_deprecated_only_when_asked)
{
	struct choice_endpoint none = open_to_all(NONE, OPN_MODE_NONE);
	struct choice_endpoint old = open_to_all(OLD, OPN_MODE_SIGN_AND_ENCRYPT);
	struct choice_endpoint both[] = {none, old};

	expect(&none, 1, (struct choice_wish){0}, CHOICE_ONLY_NONE, 0);
	expect(&none, 1, (struct choice_wish){.mode = OPN_MODE_NONE}, CHOICE_OK, 0);
	expect(both, 2, (struct choice_wish){0}, CHOICE_ONLY_OLD, 0);
	expect(both, 2, (struct choice_wish){.kind = policy_kind(OLD)}, CHOICE_OK, 1);
	expect(NULL, 0, (struct choice_wish){0}, CHOICE_NO_ENDPOINT, 0);
}

Test(choice, leaves_out_what_contradicts_itself)
{
	struct choice_endpoint odd[] = {open_to_all(NONE, OPN_MODE_SIGN_AND_ENCRYPT),
					open_to_all(PSS, OPN_MODE_NONE),
					open_to_all(PSS, (enum opn_mode)4),
					open_to_all(PSS, OPN_MODE_SIGN),
					{.mode = OPN_MODE_SIGN, .is_binary = true}};

	odd[3].is_binary = false;
	expect(odd, 5, (struct choice_wish){0}, CHOICE_NO_ENDPOINT, 0);
	expect(odd, 5, (struct choice_wish){.kind = policy_kind(NONE)}, CHOICE_NO_ENDPOINT, 0);
	expect(odd, 5, (struct choice_wish){.mode = OPN_MODE_NONE}, CHOICE_NO_ENDPOINT, 0);
}

Test(choice, sends_no_password_that_could_be_read_on_the_way)
{
	struct choice_wish user = {.token = CHOICE_USER_NAME};
	struct choice_wish open = {.token = CHOICE_USER_NAME, .kind = policy_kind(NONE)};
	struct choice_endpoint list[] = {
		endpoint(PSS, OPN_MODE_SIGN, CHOICE_USER_NAME, NONE),
		endpoint(PSS, OPN_MODE_SIGN_AND_ENCRYPT, CHOICE_USER_NAME, NONE),
		endpoint(NONE, OPN_MODE_NONE, CHOICE_USER_NAME, NONE),
		endpoint(NONE, OPN_MODE_NONE, CHOICE_USER_NAME, B256),
		endpoint(NONE, OPN_MODE_NONE, CHOICE_USER_NAME, OLD),
	};

	expect(&list[0], 1, user, CHOICE_OPEN_PASSWORD, 0);
	expect(&list[1], 1, user, CHOICE_OK, 0);
	expect(&list[2], 1, open, CHOICE_OPEN_PASSWORD, 0);
	expect(&list[3], 1, open, CHOICE_OK, 0);
	expect(&list[4], 1, open, CHOICE_NO_TOKEN, 0);
	expect(list, 2, (struct choice_wish){0}, CHOICE_NO_TOKEN, 0);
}

Test(choice, takes_the_safest_way_to_log_in)
{
	struct choice_endpoint list =
		endpoint(PSS, OPN_MODE_SIGN_AND_ENCRYPT, CHOICE_USER_NAME, NONE);
	struct choice_wish wish = {.token = CHOICE_USER_NAME, .kinds = ANY_KEY};
	size_t index = 9, token = 9;

	list.tokens[1] = (struct choice_token_policy){CHOICE_USER_NAME, policy_kind(PSS)};
	list.tokens[2] = (struct choice_token_policy){CHOICE_USER_NAME, NULL};
	list.tokens[3] = (struct choice_token_policy){CHOICE_USER_NAME, policy_kind(B256)};
	list.token_count = 4;
	cr_assert_eq(choice_make(&list, 1, &wish, &index, &token), CHOICE_OK);
	cr_assert_eq(token, 1);
	/* A certificate that signs nothing proves nothing. */
	list = endpoint(NONE, OPN_MODE_NONE, CHOICE_CERTIFICATE, NONE);
	wish = (struct choice_wish){
		.token = CHOICE_CERTIFICATE, .kinds = ANY_KEY, .kind = policy_kind(NONE)};
	cr_assert_eq(choice_make(&list, 1, &wish, &index, &token), CHOICE_NO_TOKEN);
}

Test(choice, knows_modes_by_their_names)
{
	cr_assert_eq(choice_mode_from_name("SignAndEncrypt"), OPN_MODE_SIGN_AND_ENCRYPT);
	cr_assert_eq(choice_mode_from_name("sign"), 0);
	cr_assert_str_eq(choice_mode_name(OPN_MODE_SIGN), "Sign");
	cr_assert_str_eq(choice_mode_name((enum opn_mode)7), "?");
}
