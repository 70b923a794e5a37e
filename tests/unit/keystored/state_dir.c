#include "state_dir.h"

#include <criterion/criterion.h>
#include <sys/wait.h>

#include "../../support/temp_dir.h"

static char base[TEMP_PATH_MAX];
static char dir[TEMP_PATH_MAX + 16];
static char error[STATE_DIR_ERROR_MAX];

static void set_up(void)
{
	temp_dir_make(base);
	snprintf(dir, sizeof dir, "%s/state", base);
}

static void tear_down(void)
{
	temp_dir_remove(base);
}

TestSuite(state_dir, .init = set_up, .fini = tear_down);

Test(state_dir, is_made_for_the_service_alone)
{
	struct stat st;
	int fd = -1;

	cr_assert_eq(state_dir_lock(dir, error, &fd), STATE_DIR_OK, "%s", error);
	cr_assert_eq(stat(dir, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0700u);
	close(fd);
}

Test(state_dir, is_refused_while_another_service_holds_it)
{
	char pid[16];
	int fd = -1;
	int second = -1;

	state_dir_lock(dir, error, &fd);
	cr_assert_eq(state_dir_lock(dir, error, &second), STATE_DIR_IN_USE);
	snprintf(pid, sizeof pid, "pid %d", getpid());
	cr_assert_not_null(strstr(error, pid), "%s", error);
	close(fd);
	cr_assert_eq(state_dir_lock(dir, error, &second), STATE_DIR_OK);
	close(second);
}

Test(state_dir, is_refused_when_others_can_read_it)
{
	int fd = -1;

	mkdir(dir, 0700);
	chmod(dir, 0750);
	cr_assert_eq(state_dir_lock(dir, error, &fd), STATE_DIR_NOT_OURS);
	cr_assert_not_null(strstr(error, "chmod 0700"), "%s", error);
	cr_assert_eq(fd, -1);
}

Test(state_dir, is_refused_when_it_belongs_to_somebody_else)
{
	int fd = -1;

	mkdir(dir, 0700);
	if (chown(dir, 65534, 65534) < 0)
		cr_skip_test("only root can give a directory away");
	cr_assert_eq(state_dir_lock(dir, error, &fd), STATE_DIR_NOT_OURS);
	cr_assert_not_null(strstr(error, "chown"), "%s", error);
}

Test(state_dir, needs_a_parent)
{
	char deep[TEMP_PATH_MAX + 32];
	int fd = -1;

	snprintf(deep, sizeof deep, "%s/a/b", base);
	cr_assert_eq(state_dir_lock(deep, error, &fd), STATE_DIR_IO);
	cr_assert_not_null(strstr(error, deep), "%s", error);
}
