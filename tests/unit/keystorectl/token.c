/* The token between one command and the next: where it is kept, and whose it has to be. */
#include "token.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/temp_dir.h"
#include "../client/fake_service.h"

#define PATH_BYTES (TEMP_PATH_MAX + 64)

static const uint8_t token[] = {0xab, 0x01, 0xff, 0x00, 0x17};

/* A home of the test's own, with nothing else around. */
static void move_in(char home[TEMP_PATH_MAX])
{
	temp_dir_make(home);
	setenv("HOME", home, 1);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("KEYSTORE_TOKEN");
	unsetenv("KEYSTORE_SOCKET");
}

static struct ctl on_socket(const char *socket)
{
	struct ctl ctl = {.command = "login"};

	ctl.arguments.values[OPTION_SOCKET] = socket;
	return ctl;
}

static void save(const char *socket, char path[TOKEN_PATH_BYTES])
{
	struct ctl ctl = on_socket(socket);

	cr_assert_eq(token_save(&ctl, token, sizeof(token), path), EXIT_OK);
}

static void take_one(struct fake *fake)
{
	int fd = fake_accept(fake);
	uint64_t id = fake_read(fake, fd);

	fake_answer_status(fd, id, KEYSTORE__V1__STATUS__STATUS_OK, "");
	fake_drain(fd);
	close(fd);
}

/* The token that a request has after token_load(): its length; into @ret_token (64 bytes). */
static size_t load(const char *socket, uint8_t *ret_token)
{
	struct ctl ctl = on_socket(socket);
	struct fake fake;

	fake_start(&fake, take_one);
	cr_assert_eq(ks_connect(fake.path, &ctl.client), KS_OK);
	cr_assert_eq(token_load(&ctl), EXIT_OK);
	(void)ks_logout(ctl.client, NULL);
	ks_close(ctl.client);
	fake_stop(&fake);
	memcpy(ret_token, fake.token, sizeof(fake.token));
	return fake.token_len;
}

static bool is_loaded(const char *socket)
{
	uint8_t loaded[64];
	size_t len = load(socket, loaded);

	return len == sizeof(token) && memcmp(loaded, token, len) == 0;
}

static bool is_none(const char *socket)
{
	uint8_t loaded[64];

	return load(socket, loaded) == 0;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

Test(token, is_kept_for_its_user_alone_and_by_socket)
{
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];
	char expected[PATH_BYTES];
	char folder[PATH_BYTES];
	struct stat facts;

	move_in(home);
	snprintf(folder, sizeof(folder), "%s/.cache/keystorectl", home);
	snprintf(expected, sizeof(expected), "%s/", folder);
	cr_assert(is_none("/run/a"));
	save("/run/a", path);
	cr_assert_eq(strncmp(path, expected, strlen(expected)), 0, "%s", path);
	cr_assert_eq(stat(path, &facts), 0);
	cr_assert_eq(facts.st_mode & 0777, 0600);
	cr_assert_eq(stat(folder, &facts), 0);
	cr_assert_eq(facts.st_mode & 0777, 0700);
	cr_assert(is_loaded("/run/a"));
	cr_assert(is_none("/run/b"));
	/* Without --socket it is the environment's. */
	setenv("KEYSTORE_SOCKET", "/run/a", 1);
	cr_assert(is_loaded(NULL));
	setenv("KEYSTORE_SOCKET", "/run/b", 1);
	cr_assert(is_none(NULL));
	temp_dir_remove(home);
}

Test(token, that_is_kept_takes_the_place_of_the_last_one)
{
	static const uint8_t newer[] = {1, 2};
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];
	char command[PATH_BYTES + 64];
	struct ctl ctl = on_socket("/run/a");
	uint8_t loaded[64];

	move_in(home);
	save("/run/a", path);
	cr_assert_eq(token_save(&ctl, newer, sizeof(newer), path), EXIT_OK);
	cr_assert_eq(load("/run/a", loaded), sizeof(newer));
	cr_assert_arr_eq(loaded, newer, sizeof(newer));
	snprintf(command, sizeof(command), "test $(ls '%s/.cache/keystorectl' | wc -l) = 1", home);
	cr_assert_eq(system(command), 0);
	token_forget(&ctl);
	cr_assert(is_none("/run/a"));
	/* Once more does no harm. */
	token_forget(&ctl);
	temp_dir_remove(home);
}

Test(token, goes_into_the_runtime_directory_where_there_is_one)
{
	char home[TEMP_PATH_MAX];
	char runtime[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];

	move_in(home);
	temp_dir_make(runtime);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	save("/run/a", path);
	cr_assert_eq(strncmp(path, runtime, strlen(runtime)), 0, "%s", path);
	cr_assert(is_loaded("/run/a"));
	unsetenv("XDG_RUNTIME_DIR");
	cr_assert(is_none("/run/a"));
	temp_dir_remove(runtime);
	temp_dir_remove(home);
}

Test(token, has_no_place_where_nothing_is_the_users_own)
{
	struct ctl ctl = on_socket("/run/a");
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];

	move_in(home);
	unsetenv("HOME");
	cr_assert_eq(token_save(&ctl, token, sizeof(token), path), EXIT_FAILED);
	cr_assert(is_none("/run/a"));
	setenv("HOME", "/nonexistent", 1);
	cr_assert_eq(token_save(&ctl, token, sizeof(token), path), EXIT_FAILED);
	/* As with sudo: there is one, of somebody else. */
	setenv("HOME", home, 1);
	save("/run/a", path);
	if (geteuid() == 0)
		cr_assert_eq(chown(home, 12345, 12345), 0);
	else
		setenv("HOME", "/", 1);
	cr_assert_eq(token_save(&ctl, token, sizeof(token), path), EXIT_FAILED);
	cr_assert(is_none("/run/a"));
	temp_dir_remove(home);
}

Test(token, that_others_could_have_read_or_written_is_none)
{
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];
	char other[TOKEN_PATH_BYTES + 8];

	move_in(home);
	save("/run/a", path);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_assert(is_none("/run/a"));
	cr_assert_eq(chmod(path, 0602), 0);
	cr_assert(is_none("/run/a"));
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert(is_loaded("/run/a"));
	/* A link leads anywhere. */
	snprintf(other, sizeof(other), "%s.real", path);
	cr_assert_eq(rename(path, other), 0);
	cr_assert_eq(symlink(other, path), 0);
	cr_assert(is_none("/run/a"));
	cr_assert_eq(unlink(path), 0);
	/* Nor waits anybody for a pipe's other end. */
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert(is_none("/run/a"));
	temp_dir_remove(home);
}

Test(token, of_another_shape_is_none)
{
	static const char *const texts[] = {"", "ab0", "xyz", "ab01 ff", "ab01\nff"};
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];
	char digits[2 * 64 + 3];

	move_in(home);
	save("/run/a", path);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(path, texts[i]);
		cr_assert(is_none("/run/a"), "%s", texts[i]);
	}
	put(path, "AB01ff0017\r\n");
	cr_assert(is_loaded("/run/a"));
	/* 64 bytes are the most. */
	memset(digits, 'a', sizeof(digits));
	digits[2 * 64] = '\0';
	put(path, digits);
	cr_assert_eq(load("/run/a", (uint8_t[64]){0}), 64);
	strcpy(digits + 2 * 64, "aa");
	put(path, digits);
	cr_assert(is_none("/run/a"));
	temp_dir_remove(home);
}

Test(token, of_the_environment_comes_first_and_has_to_be_one)
{
	struct ctl ctl = on_socket("/run/a");
	char home[TEMP_PATH_MAX];
	char path[TOKEN_PATH_BYTES];
	uint8_t loaded[64];

	move_in(home);
	save("/run/a", path);
	setenv("KEYSTORE_TOKEN", "0102", 1);
	cr_assert_eq(load("/run/a", loaded), 2);
	cr_assert_eq(loaded[1], 2);
	setenv("KEYSTORE_TOKEN", "", 1);
	cr_assert(is_loaded("/run/a"));
	setenv("KEYSTORE_TOKEN", "0102zz", 1);
	cr_assert_eq(token_load(&ctl), EXIT_USAGE);
	temp_dir_remove(home);
}
