#include "fileset.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char problem[DEPLOY_PROBLEM_MAX];
static char paths[FILESET_MAX][TEMP_PATH_MAX + 16];

static const char *path_of(const char *name)
{
	static char path[TEMP_PATH_MAX + 80];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void set_up(void)
{
	temp_dir_make(dir);
	for (int i = 0; i < FILESET_MAX; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%d", dir, i);
		mkdir(paths[i], 0755);
		strcat(paths[i], "/file");
	}
}

static void tear_down(void)
{
	temp_dir_remove(dir);
}

TestSuite(fileset, .init = set_up, .fini = tear_down);

static struct fileset *open_set(const char *text)
{
	const struct fileset_owner owner = {(uid_t)-1, (gid_t)-1, 0640};
	struct fileset_file files[FILESET_MAX];

	for (int i = 0; i < FILESET_MAX; i++)
		files[i] = (struct fileset_file){paths[i], text, strlen(text)};
	return fileset_open(files, FILESET_MAX, &owner, problem);
}

static void write_set(const char *text)
{
	struct fileset *set = open_set(text);

	cr_assert_not_null(set, "%s", problem);
	cr_assert(!fileset_is_current(set));
	cr_assert(fileset_stage(set, problem), "%s", problem);
	cr_assert(fileset_commit(set, problem), "%s", problem);
	fileset_close(set);
}

static bool holds(int i, const char *text)
{
	char found[64] = "";
	FILE *file = fopen(paths[i], "r");

	if (!file)
		return !text;
	(void)!fread(found, 1, sizeof(found) - 1, file);
	fclose(file);
	return text && strcmp(found, text) == 0;
}

static void expect_all(const char *text)
{
	for (int i = 0; i < FILESET_MAX; i++) {
		char beside[TEMP_PATH_MAX + 64];

		cr_assert(holds(i, text), "%s", paths[i]);
		snprintf(beside, sizeof(beside), "%s/%d/.file.keystore-new", dir, i);
		cr_assert_neq(access(beside, F_OK), 0, "%s", beside);
	}
}

Test(fileset, replaces_all_and_leaves_nothing_behind)
{
	struct stat facts;
	struct fileset *set;

	write_set("one");
	expect_all("one");
	write_set("two");
	expect_all("two");
	stat(paths[0], &facts);
	cr_assert_eq(facts.st_mode & 07777, 0640);
	set = open_set("two");
	cr_assert(fileset_is_current(set));
	fileset_close(set);
	chmod(paths[1], 0600);
	set = open_set("two");
	cr_assert(!fileset_is_current(set));
	fileset_close(set);
}

Test(fileset, puts_the_old_ones_back_when_one_cannot_take_its_place)
{
	struct fileset *set;

	write_set("one");
	set = open_set("two");
	cr_assert(fileset_stage(set, problem));
	cr_assert_eq(unlink(path_of("2/.file.keystore-new")), 0);
	cr_assert(!fileset_commit(set, problem));
	cr_assert_not_null(strstr(problem, "2/file cannot be replaced"), "%s", problem);
	fileset_close(set);
	expect_all("one");
}

Test(fileset, takes_new_ones_away_again_where_there_were_none)
{
	struct fileset *set = open_set("one");

	cr_assert(fileset_stage(set, problem));
	mkdir(paths[2], 0755);
	cr_assert(!fileset_commit(set, problem));
	cr_assert_not_null(strstr(problem, "is no file"), "%s", problem);
	fileset_close(set);
	rmdir(paths[2]);
	expect_all(NULL);
}

Test(fileset, changes_nothing_before_all_are_written)
{
	struct fileset *set;

	write_set("one");
	set = open_set("two");
	/* What cannot be removed is in the way. */
	mkdir(path_of("1/.file.keystore-new"), 0755);
	cr_assert(!fileset_stage(set, problem));
	fileset_close(set);
	rmdir(path_of("1/.file.keystore-new"));
	expect_all("one");
}

Test(fileset, replaces_a_link_and_not_what_it_leads_to)
{
	struct stat facts;
	FILE *file = fopen(path_of("elsewhere"), "w");

	fputs("other", file);
	fclose(file);
	cr_assert_eq(symlink("../elsewhere", paths[1]), 0);
	write_set("one");
	expect_all("one");
	lstat(paths[1], &facts);
	cr_assert(S_ISREG(facts.st_mode));
	stat(path_of("elsewhere"), &facts);
	cr_assert_eq(facts.st_size, 5);
}

Test(fileset, refuses_what_is_no_file)
{
	mkfifo(paths[2], 0600);
	cr_assert_null(open_set("one"));
	cr_assert_not_null(strstr(problem, "is no file"));
}
