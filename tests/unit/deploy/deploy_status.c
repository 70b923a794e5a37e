#include "deploy_status.h"

#include <criterion/criterion.h>
#include <fcntl.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char problem[DEPLOY_PROBLEM_MAX];
static int folder;

static void set_up(void)
{
	temp_dir_make(dir);
	folder = deploy_status_own(dir, problem);
	cr_assert_geq(folder, 0, "%s", problem);
}

static void tear_down(void)
{
	close(folder);
	temp_dir_remove(dir);
}

TestSuite(deploy_status, .init = set_up, .fini = tear_down);

Test(deploy_status, is_read_as_it_was_written)
{
	struct deploy_status status = {
		.state = DEPLOY_FAILED,
		.note = "why",
		.output = "a \"b\"\n\x01\xff",
		.common_name = "web",
		.version = 4000000000u,
		.not_after = 1LL << 40,
		.changed = 5,
		.next_try = 6,
		.is_reload_due = true,
	};
	struct deploy_status again;

	cr_assert(deploy_status_write(folder, "3", &status));
	cr_assert(deploy_status_read(folder, "3", &again));
	cr_assert_eq(again.state, DEPLOY_FAILED);
	cr_assert_str_eq(again.note, "why");
	cr_assert_str_eq(again.output, "a \"b\"\n\x01?");
	cr_assert_str_eq(again.common_name, "web");
	cr_assert_eq(again.version, 4000000000u);
	cr_assert_eq(again.not_after, 1LL << 40);
	cr_assert_eq(again.changed, 5);
	cr_assert_eq(again.next_try, 6);
	cr_assert(again.is_reload_due);
	memset(status.output, 1, sizeof(status.output) - 1);
	memset(status.note, 1, sizeof(status.note) - 1);
	memset(status.common_name, 1, sizeof(status.common_name) - 1);
	cr_assert(deploy_status_write(folder, "3", &status));
	cr_assert(deploy_status_read(folder, "3", &again));
	cr_assert_str_eq(again.output, status.output);
}

static void put(const char *text)
{
	int fd = openat(folder, "3.json", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	(void)!write(fd, text, strlen(text));
	close(fd);
}

Test(deploy_status, is_not_read_where_it_makes_no_sense)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "{\"state\":\"odd\"}", "{\"state\":1}"};
	struct deploy_status status;

	cr_assert(!deploy_status_read(folder, "3", &status));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(texts[i]);
		cr_assert(!deploy_status_read(folder, "3", &status), "%s", texts[i]);
	}
	put("{\"state\":\"current\",\"note\":3,\"changed\":\"x\"}");
	cr_assert(deploy_status_read(folder, "3", &status));
	cr_assert_str_eq(status.note, "");
}

static bool is_three(const char *name, void *user)
{
	(void)user;
	return strcmp(name, "3") == 0;
}

Test(deploy_status, of_what_is_gone_is_tidied_away)
{
	const struct deploy_status status = {0};
	struct deploy_status again;

	cr_assert(deploy_status_write(folder, "3", &status));
	cr_assert(deploy_status_write(folder, "4", &status));
	deploy_status_tidy(folder, is_three, NULL);
	cr_assert(deploy_status_read(folder, "3", &again));
	cr_assert(!deploy_status_read(folder, "4", &again));
}

Test(deploy_status, has_one_owner)
{
	int reader = deploy_status_open(dir);

	cr_assert_lt(deploy_status_own(dir, problem), 0);
	cr_assert_not_null(strstr(problem, "another keystore-deploy"));
	cr_assert(deploy_status_is_owned(reader));
	close(folder);
	cr_assert(!deploy_status_is_owned(reader));
	folder = deploy_status_own(dir, problem);
	cr_assert_geq(folder, 0);
	close(reader);
}
