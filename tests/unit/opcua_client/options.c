#include <criterion/criterion.h>

#include <string.h>

#include "advice.h"
#include "attribute.h"
#include "options.h"

#define PARSE(options, problem, ...)                                                               \
	options_parse(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                      \
		      (char *const *)(uintptr_t)(const char *const[]){__VA_ARGS__}, options,       \
		      problem)

Test(options, may_stand_anywhere)
{
	char problem[PROBLEM_BYTES];
	struct options options;

	cr_assert(PARSE(&options, problem, "client", "--json", "write", "--url=opc.tcp://x", "i=1",
			"-5", "--timeout", "3", "--", "--json"));
	cr_assert_eq(options.word_count, 4);
	cr_assert_str_eq(options.words[2], "-5");
	cr_assert_str_eq(options.words[3], "--json");
	cr_assert_str_eq(options.values[OPTION_URL], "opc.tcp://x");
	cr_assert_str_eq(options.values[OPTION_TIMEOUT], "3");
	cr_assert_not_null(options.values[OPTION_JSON]);
	cr_assert_null(options.values[OPTION_USER]);
}

Test(options, say_what_is_wrong)
{
	char problem[PROBLEM_BYTES];
	struct options options;

	cr_assert(!PARSE(&options, problem, "client", "--nothing"));
	cr_assert_not_null(strstr(problem, "there is no option '--nothing'"));
	cr_assert(!PARSE(&options, problem, "client", "--json=1"));
	cr_assert_not_null(strstr(problem, "takes no value"));
	cr_assert(!PARSE(&options, problem, "client", "--url"));
	cr_assert_not_null(strstr(problem, "--url needs a value: --url URL"));
	cr_assert(!PARSE(&options, problem, "client", "--url", "a", "--url", "b"));
	cr_assert_not_null(strstr(problem, "given twice"));
}

Test(options, are_bounded)
{
	char *argv[WORDS_MAX + 2];
	char problem[PROBLEM_BYTES];
	char word[] = "word";
	struct options options;

	for (size_t i = 0; i < WORDS_MAX + 2; i++)
		argv[i] = word;
	cr_assert(options_parse(WORDS_MAX + 1, argv, &options, problem));
	cr_assert(!options_parse(WORDS_MAX + 2, argv, &options, problem));
	cr_assert_not_null(strstr(problem, "too many arguments"));
}

Test(options, have_numbers_and_times_within_bounds)
{
	uint64_t number;
	uint32_t ms;

	cr_assert(option_read_number("64", 1, 64, &number) && number == 64);
	cr_assert(!option_read_number("65", 1, 64, &number));
	cr_assert(!option_read_number("0", 1, 64, &number));
	cr_assert(!option_read_number("-1", 0, 64, &number));
	cr_assert(option_read_seconds("0.25", &ms) && ms == 250);
	cr_assert(!option_read_seconds("0", &ms));
	cr_assert(!option_read_seconds("nan", &ms));
	cr_assert(!option_read_seconds("86401", &ms));
}

Test(options, each_has_a_name_and_a_help)
{
	for (enum option i = 0; i < OPTIONS; i++) {
		cr_assert_eq(strncmp(option_name(i), "--", 2), 0);
		cr_assert_gt(strlen(option_help(i)), 5);
	}
}

Test(advice, is_there_for_what_people_meet)
{
	static const char *const met[] = {"BadCertificateUntrusted",	 "BadUserAccessDenied",
					  "BadIdentityTokenRejected",	 "BadNodeIdUnknown",
					  "BadTransactionPending",	 "BadNothingToDo",
					  "BadSecurityModeInsufficient", "BadTimeout",
					  "BadSecurityChecksFailed"};

	for (size_t i = 0; i < sizeof(met) / sizeof(met[0]); i++) {
		cr_expect_gt(strlen(advice_find(met[i])->text), 10, "%s", met[i]);
		cr_expect_neq(advice_find(met[i])->code, EXIT_OK);
	}
	cr_assert_eq(advice_find("BadSomethingElse")->code, EXIT_FAILED);
	cr_assert_str_eq(advice_find("BadSomethingElse")->text, "");
}

Test(attribute, has_the_names_of_the_standard)
{
	cr_assert_eq(attribute_from_name("value"), 13);
	cr_assert_eq(attribute_from_name("NodeId"), 1);
	cr_assert_eq(attribute_from_name("AccessLevelEx"), 27);
	cr_assert_eq(attribute_from_name("Colour"), 0);
	cr_assert_str_eq(attribute_name(13), "Value");
	cr_assert_str_eq(attribute_name(0), "?");
	cr_assert_str_eq(attribute_name(28), "?");
}
