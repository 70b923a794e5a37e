/* Passwords typed on a terminal of the test's own, and read from files. */
#include "password.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "../../support/temp_dir.h"

#define PROMPT	    "Password: "
#define PATIENCE_MS 60000

/* A program that asks for a password on a terminal, and the one who sits there. */
struct seat {
	int master;
	int slave;  /* held, so that the terminal outlives the program */
	int result; /* the password that the program has got */
	pid_t program;
	char shown[8192]; /* on the terminal so far */
	size_t shown_len;
	size_t read_len; /* of that, what show() has passed */
};

static void run_program(const struct seat *seat, bool twice, int result)
{
	struct ctl ctl = {.command = "login"};
	struct file password = {0};
	enum exit_code code;

	login_tty(seat->slave);
	signal(SIGINT, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	code = password_read(&ctl, OPTION_PASSWORD_FILE, PROMPT, twice, &password);
	if (code == EXIT_OK && write(result, password.data, password.len) < 0)
		code = EXIT_FAILED;
	file_free(&password);
	_exit(code);
}

static void sit_down(struct seat *seat, bool twice)
{
	int ends[2];

	*seat = (struct seat){0};
	cr_assert_eq(openpty(&seat->master, &seat->slave, NULL, NULL, NULL), 0);
	cr_assert_eq(pipe(ends), 0);
	seat->program = fork();
	cr_assert_geq(seat->program, 0);
	if (seat->program == 0)
		run_program(seat, twice, ends[1]);
	close(ends[1]);
	seat->result = ends[0];
}

static void read_some(struct seat *seat)
{
	ssize_t n = read(seat->master, seat->shown + seat->shown_len,
			 sizeof(seat->shown) - 1 - seat->shown_len);

	cr_assert_gt(n, 0);
	seat->shown_len += (size_t)n;
}

/* Waits until the terminal shows it, after what was waited for before. */
static void see(struct seat *seat, const char *text)
{
	const char *found;

	while (!(found = strstr(seat->shown + seat->read_len, text))) {
		struct pollfd ready = {.fd = seat->master, .events = POLLIN};

		cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "no \"%s\" in: %s", text,
			     seat->shown);
		read_some(seat);
	}
	seat->read_len = (size_t)(found - seat->shown) + strlen(text);
}

static void type(struct seat *seat, const char *text)
{
	cr_assert_eq(write(seat->master, text, strlen(text)), (ssize_t)strlen(text));
}

static bool shows_what_is_typed(const struct seat *seat)
{
	struct termios terminal;

	cr_assert_eq(tcgetattr(seat->slave, &terminal), 0);
	return terminal.c_lflag & ECHO;
}

/* The program's end, as of waitpid(); @password is what it got, "" for none. */
static int get_up(struct seat *seat, char password[512])
{
	struct pollfd ready = {.fd = seat->master, .events = POLLIN};
	ssize_t len = 0;
	int status;

	/* Its end is also that of its end of the pipe. */
	for (ssize_t n; (n = read(seat->result, password + len, 511 - (size_t)len)) > 0;)
		len += n;
	password[len] = '\0';
	cr_assert_eq(waitpid(seat->program, &status, 0), seat->program);
	while (poll(&ready, 1, 0) == 1)
		read_some(seat);
	cr_assert(shows_what_is_typed(seat));
	close(seat->result);
	close(seat->slave);
	close(seat->master);
	return status;
}

static void expect_exit(struct seat *seat, enum exit_code code, const char *password)
{
	char got[512];
	int status = get_up(seat, got);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), (int)code, "%d: %s", WEXITSTATUS(status), seat->shown);
	cr_assert_str_eq(got, password);
}

Test(password, is_typed_unseen)
{
	struct seat seat;

	sit_down(&seat, false);
	see(&seat, PROMPT);
	cr_assert(!shows_what_is_typed(&seat));
	type(&seat, "correct horse\n");
	expect_exit(&seat, EXIT_OK, "correct horse");
	cr_assert_null(strstr(seat.shown, "horse"));
	cr_assert_not_null(strstr(seat.shown, PROMPT));
}

Test(password, that_is_new_is_typed_twice)
{
	struct seat seat;

	sit_down(&seat, true);
	see(&seat, PROMPT);
	type(&seat, "correct horse\n");
	see(&seat, "Again: ");
	cr_assert(!shows_what_is_typed(&seat));
	type(&seat, "correct horse\n");
	expect_exit(&seat, EXIT_OK, "correct horse");
	cr_assert_null(strstr(seat.shown, "horse"));
}

Test(password, that_differs_the_second_time_is_none)
{
	struct seat seat;

	sit_down(&seat, true);
	see(&seat, PROMPT);
	type(&seat, "correct horse\n");
	see(&seat, "Again: ");
	type(&seat, "correct hose\n");
	expect_exit(&seat, EXIT_USAGE, "");
	cr_assert_not_null(strstr(seat.shown, "the two were not the same: nothing has changed"));
	cr_assert_null(strstr(seat.shown, "correct"));
}

Test(password, can_be_as_long_as_a_password_may_be)
{
	char line[USER_PASSWORD_BYTES_MAX + 3];
	struct seat seat;

	memset(line, 'x', sizeof(line));
	strcpy(line + USER_PASSWORD_BYTES_MAX, "\n");
	sit_down(&seat, false);
	see(&seat, PROMPT);
	type(&seat, line);
	line[USER_PASSWORD_BYTES_MAX] = '\0';
	expect_exit(&seat, EXIT_OK, line);
}

Test(password, that_is_too_long_or_empty_is_refused_and_not_cut_off)
{
	const size_t sizes[] = {USER_PASSWORD_BYTES_MAX + 1, USER_PASSWORD_BYTES_MAX + 2,
				4 * USER_PASSWORD_BYTES_MAX, 0};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char line[4 * USER_PASSWORD_BYTES_MAX + 2];
		struct seat seat;

		memset(line, 'x', sizeof(line));
		strcpy(line + sizes[i], "\n");
		sit_down(&seat, false);
		see(&seat, PROMPT);
		type(&seat, line);
		expect_exit(&seat, EXIT_USAGE, "");
		cr_assert_not_null(strstr(seat.shown, "a password has 1 to 256 bytes"));
		cr_assert_null(strstr(seat.shown, "xx"));
	}
}

Test(password, is_asked_for_in_vain_at_the_end_of_the_input)
{
	struct seat seat;

	sit_down(&seat, false);
	see(&seat, PROMPT);
	type(&seat, "\004");
	expect_exit(&seat, EXIT_USAGE, "");
	cr_assert_not_null(strstr(seat.shown, "login needs --password-file FILE"));
}

Test(password, that_ends_with_the_input_is_one)
{
	struct seat seat;

	sit_down(&seat, false);
	see(&seat, PROMPT);
	type(&seat, "correct horse\004\004");
	expect_exit(&seat, EXIT_OK, "correct horse");
}

Test(password, leaves_the_terminal_as_it_was_when_it_is_interrupted)
{
	struct seat seat;
	char got[512];
	int status;

	sit_down(&seat, false);
	see(&seat, PROMPT);
	type(&seat, "corr\003");
	status = get_up(&seat, got);
	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGINT);
	cr_assert_str_eq(got, "");
	cr_assert_null(strstr(seat.shown, "corr"));
}

/* A session's first program cannot be stopped: the signal only gets lost. */
Test(password, is_asked_for_again_after_a_stop)
{
	struct seat seat;

	sit_down(&seat, false);
	see(&seat, PROMPT);
	type(&seat, "corr\032");
	see(&seat, PROMPT);
	type(&seat, "correct horse\n");
	expect_exit(&seat, EXIT_OK, "correct horse");
	cr_assert_null(strstr(seat.shown, "corr"));
}

Test(password, can_come_from_a_file)
{
	struct ctl ctl = {.command = "login"};
	struct file password = {0};
	char path[TEMP_PATH_MAX + 8];
	char dir[TEMP_PATH_MAX];
	FILE *file;

	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/pw", dir);
	ctl.arguments.values[OPTION_PASSWORD_FILE] = path;
	file = fopen(path, "w");
	fputs("correct horse\r\nand more\n", file);
	fclose(file);
	cr_assert_eq(password_read(&ctl, OPTION_PASSWORD_FILE, PROMPT, true, &password), EXIT_OK);
	cr_assert_str_eq((const char *)password.data, "correct horse");
	cr_assert_eq(password.len, strlen("correct horse"));
	file_free(&password);
	cr_assert_null(password.data);

	file = fopen(path, "w");
	fputs("\n", file);
	fclose(file);
	cr_assert_eq(password_read(&ctl, OPTION_PASSWORD_FILE, PROMPT, true, &password),
		     EXIT_USAGE);
	cr_assert_null(password.data);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(password_read(&ctl, OPTION_PASSWORD_FILE, PROMPT, true, &password),
		     EXIT_FAILED);
	cr_assert_null(password.data);
	temp_dir_remove(dir);
}
