#include "deploy_dir.h"

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

TestSuite(deploy_dir, .init = set_up, .fini = tear_down);

static struct deployment sample(unsigned number)
{
	struct deployment deployment = {.cert_id = 3, .mode = 0644};

	sprintf(deployment.paths[DEPLOYMENT_CERT], "/tls/%u.pem", number);
	sprintf(deployment.paths[DEPLOYMENT_KEY], "/tls/%u.key", number);
	return deployment;
}

static void add(unsigned number, char name[DEPLOYMENT_NAME_MAX + 1])
{
	struct deployment deployment = sample(number);

	cr_assert(deploy_dir_add(dir, &deployment, name, problem), "%s", problem);
}

static void put(const char *name, const char *text)
{
	char path[TEMP_PATH_MAX + 80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	chmod(path, 0644);
}

static struct deploy_list *load(void)
{
	struct deploy_list *list = deploy_dir_load(dir, problem);

	cr_assert_not_null(list, "%s", problem);
	return list;
}

Test(deploy_dir, keeps_what_is_added_until_it_is_removed)
{
	char name[2][DEPLOYMENT_NAME_MAX + 1];
	struct deploy_list *list;

	add(1, name[0]);
	add(2, name[1]);
	cr_assert_str_eq(name[0], "3");
	cr_assert_str_eq(name[1], "3-2");
	list = load();
	cr_assert_eq(list->count, 2);
	cr_assert_str_eq(list->entries[0].deployment.name, "3");
	cr_assert_str_eq(list->entries[1].deployment.paths[DEPLOYMENT_CERT], "/tls/2.pem");
	free(list);
	cr_assert(deploy_dir_remove(dir, "3", problem));
	cr_assert(!deploy_dir_remove(dir, "3", problem));
	list = load();
	cr_assert_eq(list->count, 1);
	free(list);
}

Test(deploy_dir, passes_over_what_is_no_deployment)
{
	struct deploy_list *list;

	put("README", "x");
	put(".3.conf.new", "x");
	put("3.conf~", "x");
	put("-3.conf", "x");
	put("a b.conf", "x");
	put(".conf", "x");
	list = load();
	cr_assert_eq(list->count, 0);
	free(list);
}

Test(deploy_dir, tells_what_is_wrong_with_a_file_and_goes_on)
{
	char path[TEMP_PATH_MAX + 80];
	char name[DEPLOYMENT_NAME_MAX + 1];
	struct deploy_list *list;

	put("bad.conf", "[deployment]\nwhat = this\n");
	snprintf(path, sizeof(path), "%s/link.conf", dir);
	cr_assert_eq(symlink("bad.conf", path), 0);
	snprintf(path, sizeof(path), "%s/pipe.conf", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	put("twice.conf", "[deployment]\ncertificate = 4\ncert = /tls/x\nkey = /tls/1.pem\n");
	add(1, name);
	list = load();
	cr_assert_eq(list->count, 5);
	cr_assert_str_eq(list->entries[0].problem, "");
	cr_assert_not_null(strstr(list->entries[1].problem, "there is no what"));
	cr_assert_not_null(strstr(list->entries[2].problem, "cannot be read"));
	cr_assert_not_null(strstr(list->entries[3].problem, "cannot be read"));
	cr_assert_not_null(strstr(list->entries[4].problem, "by deployment 3 already"));
	free(list);
}

Test(deploy_dir, believes_nothing_that_others_could_write)
{
	char name[DEPLOYMENT_NAME_MAX + 1];
	char path[TEMP_PATH_MAX + 80];
	struct deploy_list *list;

	add(1, name);
	snprintf(path, sizeof(path), "%s/3.conf", dir);
	chmod(path, 0664);
	list = load();
	cr_assert_not_null(strstr(list->entries[0].problem, "can be written by others"));
	free(list);
	chmod(path, 0644);
	chmod(dir, 0775);
	cr_assert_null(deploy_dir_load(dir, problem));
	cr_assert_eq(errno, EPERM);
	cr_assert_not_null(strstr(problem, "can be changed by others"));
	chmod(dir, 0755);
	free(load());
}

Test(deploy_dir, has_a_most)
{
	char name[DEPLOYMENT_NAME_MAX + 1];
	struct deploy_list *list;

	for (unsigned i = 0; i <= DEPLOYMENTS_MAX; i++)
		add(i, name);
	list = load();
	cr_assert_eq(list->count, DEPLOYMENTS_MAX);
	cr_assert_eq(list->left_out, 1);
	free(list);
	cr_assert_null(deploy_dir_load("/nowhere/at/all", problem));
	cr_assert_eq(errno, ENOENT);
}
