#include "folder.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char problem[DEPLOY_PROBLEM_MAX];

static void set_up(void)
{
	temp_dir_make(dir);
}

static void tear_down(void)
{
	temp_dir_remove(dir);
}

TestSuite(folder, .init = set_up, .fini = tear_down);

static const char *path_of(const char *name)
{
	static char path[TEMP_PATH_MAX + 80];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Whether it is opened, and is the directory @name. */
static bool opens(const char *path, const char *name)
{
	struct stat one = {0};
	struct stat other = {0};
	int fd = folder_open(path, false, problem);

	if (fd < 0)
		return false;
	fstat(fd, &one);
	close(fd);
	stat(path_of(name), &other);
	return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

Test(folder, is_reached_by_links_that_are_ours)
{
	char path[TEMP_PATH_MAX + 80];

	mkdir(path_of("real"), 0755);
	mkdir(path_of("real/deep"), 0755);
	cr_assert_eq(symlink("real", path_of("near")), 0);
	strcpy(path, path_of("real/deep"));
	cr_assert_eq(symlink(path, path_of("far")), 0);
	cr_assert_eq(symlink("../near/./deep", path_of("real/back")), 0);
	cr_assert(opens(path_of("near/deep"), "real/deep"), "%s", problem);
	cr_assert(opens(path_of("far"), "real/deep"), "%s", problem);
	cr_assert(opens(path_of("near/back"), "real/deep"), "%s", problem);
	cr_assert(opens(path_of("real//deep/"), "real/deep"), "%s", problem);
}

Test(folder, is_not_reached_in_a_circle_or_through_a_file)
{
	cr_assert_eq(symlink("loop", path_of("loop")), 0);
	cr_assert(!opens(path_of("loop"), "loop"));
	cr_assert_eq(errno, ELOOP);
	fclose(fopen(path_of("file"), "w"));
	cr_assert(!opens(path_of("file/x"), "file"));
	cr_assert_eq(errno, ENOTDIR);
	cr_assert(!opens(path_of("absent"), "absent"));
	cr_assert_eq(errno, ENOENT);
	cr_assert(!opens("relative", "relative"));
}

Test(folder, is_not_reached_by_a_link_that_others_can_turn)
{
	mkdir(path_of("theirs"), 0755);
	mkdir(path_of("secret"), 0700);
	cr_assert_eq(symlink("../secret", path_of("theirs/link")), 0);
	cr_assert(opens(path_of("theirs/link"), "secret"), "%s", problem);
	chmod(path_of("theirs"), 0777);
	cr_assert(!opens(path_of("theirs/link"), "secret"));
	cr_assert_eq(errno, EPERM);
	cr_assert_not_null(strstr(problem, "symbolic link"));
	/* In a sticky directory nobody can turn ours. */
	chmod(path_of("theirs"), 01777);
	cr_assert(opens(path_of("theirs/link"), "secret"), "%s", problem);
	/* Without a link, their directory is as good as any to write into. */
	chmod(path_of("theirs"), 0777);
	mkdir(path_of("theirs/real"), 0755);
	cr_assert(opens(path_of("theirs/real"), "theirs/real"), "%s", problem);
	cr_assert_lt(folder_open(path_of("theirs/real"), true, problem), 0);
}

Test(folder, writes_a_file_whole_or_not_at_all)
{
	int fd = folder_open(dir, true, problem);
	struct stat facts;
	size_t len = 0;
	char *text;

	cr_assert_geq(fd, 0, "%s", problem);
	cr_assert(folder_write(fd, "a", 0640, true, "one", 3));
	cr_assert(!folder_write(fd, "a", 0640, true, "two", 3));
	cr_assert_eq(errno, EEXIST);
	cr_assert(folder_write(fd, "a", 0640, false, "three", 5));
	text = folder_read(fd, "a", 5, &len, &facts);
	cr_assert_str_eq(text, "three");
	cr_assert_eq(facts.st_mode & 07777, 0640);
	free(text);
	cr_assert_null(folder_read(fd, "a", 4, &len, NULL));
	cr_assert_eq(errno, EFBIG);
	cr_assert_eq(symlink("a", path_of("link")), 0);
	cr_assert_null(folder_read(fd, "link", 9, &len, NULL));
	cr_assert_eq(errno, ELOOP);
	cr_assert_neq(access(path_of(".a.new"), F_OK), 0);
	close(fd);
}
