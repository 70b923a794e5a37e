/*
 * The part of Criterion that the tests use, for builds with the thread sanitizer: Criterion's
 * own processes cannot map their memory there. Each test runs in a forked child.
 */
#ifndef SUPPORT_TSAN_CRITERION_H
#define SUPPORT_TSAN_CRITERION_H

/* As with Criterion's own header: what its macros expand to is not the test's fault. */
#pragma GCC system_header

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct shim_test {
	const char *suite;
	const char *name; /* NULL: the defaults of a suite */
	void (*body)(void);
	void (*init)(void);
	void (*fini)(void);
	int signal;
	int exit_code;
	double timeout;
	bool disabled;
	const char *description;
	struct shim_test *next;
};

void shim_register(struct shim_test *test);

/* Says what did not hold; the test ends here if it @is_fatal. */
void shim_fail(bool is_fatal, const char *file, int line, const char *what, const char *format,
	       ...);
_Noreturn void shim_skip(const char *format, ...);

#define SHIM_REGISTER(Id, ...)                                                                     \
	static struct shim_test Id##_test = {__VA_ARGS__};                                         \
	__attribute__((constructor)) static void Id##_register(void)                               \
	{                                                                                          \
		shim_register(&Id##_test);                                                         \
	}

#define Test(Suite, Name, ...)                                                                     \
	static void Suite##_##Name##_body(void);                                                   \
	SHIM_REGISTER(Suite##_##Name, .suite = #Suite, .name = #Name,                              \
		      .body = Suite##_##Name##_body, ##__VA_ARGS__)                                \
	static void Suite##_##Name##_body(void)

#define TestSuite(Suite, ...) SHIM_REGISTER(Suite##_suite, .suite = #Suite, ##__VA_ARGS__)

#define SHIM_CHECK(Fatal, What, Holds, ...)                                                        \
	do {                                                                                       \
		if (!(Holds))                                                                      \
			shim_fail(Fatal, __FILE__, __LINE__, What, "" __VA_ARGS__);                \
	} while (0)

#define SHIM_TEXT(A, Op, B)	      #A " " #Op " " #B
#define SHIM_OP(Fatal, A, Op, B, ...) SHIM_CHECK(Fatal, SHIM_TEXT(A, Op, B), (A)Op(B), __VA_ARGS__)
#define SHIM_STR(Fatal, A, Op, B, ...)                                                             \
	SHIM_CHECK(Fatal, SHIM_TEXT(A, Op, B), strcmp(A, B) Op 0, __VA_ARGS__)
#define SHIM_ARR(Fatal, A, Op, B, Size, ...)                                                       \
	SHIM_CHECK(Fatal, SHIM_TEXT(A, Op, B), memcmp(A, B, Size) Op 0, __VA_ARGS__)

#define cr_assert(Condition, ...)	   SHIM_CHECK(true, #Condition, Condition, __VA_ARGS__)
#define cr_assert_not(Condition, ...)	   SHIM_CHECK(true, "not " #Condition, !(Condition), __VA_ARGS__)
#define cr_assert_eq(A, B, ...)		   SHIM_OP(true, A, ==, B, __VA_ARGS__)
#define cr_assert_neq(A, B, ...)	   SHIM_OP(true, A, !=, B, __VA_ARGS__)
#define cr_assert_lt(A, B, ...)		   SHIM_OP(true, A, <, B, __VA_ARGS__)
#define cr_assert_leq(A, B, ...)	   SHIM_OP(true, A, <=, B, __VA_ARGS__)
#define cr_assert_gt(A, B, ...)		   SHIM_OP(true, A, >, B, __VA_ARGS__)
#define cr_assert_geq(A, B, ...)	   SHIM_OP(true, A, >=, B, __VA_ARGS__)
#define cr_assert_null(A, ...)		   SHIM_OP(true, A, ==, NULL, __VA_ARGS__)
#define cr_assert_not_null(A, ...)	   SHIM_OP(true, A, !=, NULL, __VA_ARGS__)
#define cr_assert_str_eq(A, B, ...)	   SHIM_STR(true, A, ==, B, __VA_ARGS__)
#define cr_assert_str_neq(A, B, ...)	   SHIM_STR(true, A, !=, B, __VA_ARGS__)
#define cr_assert_arr_eq(A, B, Size, ...)  SHIM_ARR(true, A, ==, B, Size, __VA_ARGS__)
#define cr_assert_arr_neq(A, B, Size, ...) SHIM_ARR(true, A, !=, B, Size, __VA_ARGS__)
#define cr_assert_float_eq(A, B, Epsilon, ...)                                                     \
	SHIM_CHECK(true, SHIM_TEXT(A, ==, B), fabs((double)(A) - (double)(B)) <= (Epsilon),        \
		   __VA_ARGS__)
#define cr_assert_fail(...) SHIM_CHECK(true, "should not be reached", false, __VA_ARGS__)

#define cr_expect(Condition, ...) SHIM_CHECK(false, #Condition, Condition, __VA_ARGS__)
#define cr_expect_not(Condition, ...)                                                              \
	SHIM_CHECK(false, "not " #Condition, !(Condition), __VA_ARGS__)
#define cr_expect_eq(A, B, ...)		   SHIM_OP(false, A, ==, B, __VA_ARGS__)
#define cr_expect_neq(A, B, ...)	   SHIM_OP(false, A, !=, B, __VA_ARGS__)
#define cr_expect_lt(A, B, ...)		   SHIM_OP(false, A, <, B, __VA_ARGS__)
#define cr_expect_leq(A, B, ...)	   SHIM_OP(false, A, <=, B, __VA_ARGS__)
#define cr_expect_gt(A, B, ...)		   SHIM_OP(false, A, >, B, __VA_ARGS__)
#define cr_expect_geq(A, B, ...)	   SHIM_OP(false, A, >=, B, __VA_ARGS__)
#define cr_expect_null(A, ...)		   SHIM_OP(false, A, ==, NULL, __VA_ARGS__)
#define cr_expect_not_null(A, ...)	   SHIM_OP(false, A, !=, NULL, __VA_ARGS__)
#define cr_expect_str_eq(A, B, ...)	   SHIM_STR(false, A, ==, B, __VA_ARGS__)
#define cr_expect_str_neq(A, B, ...)	   SHIM_STR(false, A, !=, B, __VA_ARGS__)
#define cr_expect_arr_eq(A, B, Size, ...)  SHIM_ARR(false, A, ==, B, Size, __VA_ARGS__)
#define cr_expect_arr_neq(A, B, Size, ...) SHIM_ARR(false, A, !=, B, Size, __VA_ARGS__)
#define cr_expect_float_eq(A, B, Epsilon, ...)                                                     \
	SHIM_CHECK(false, SHIM_TEXT(A, ==, B), fabs((double)(A) - (double)(B)) <= (Epsilon),       \
		   __VA_ARGS__)
#define cr_expect_fail(...) SHIM_CHECK(false, "should not be reached", false, __VA_ARGS__)

#define cr_skip_test(...) shim_skip("" __VA_ARGS__)

#endif
