#include "runner.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "deploy_status.h"

static char failure[128];
static char output[DEPLOY_OUTPUT_MAX];
static bool is_done;

static void done(const char *said, const char *printed, void *user)
{
	strcpy(failure, said ? said : "");
	strcpy(output, printed);
	is_done = true;
	sd_event_exit(user, 0);
}

static void run_command(const char *command, uint32_t timeout_ms)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	char problem[DEPLOY_PROBLEM_MAX];
	struct runner *runner;
	sd_event *event = NULL;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	cr_assert_geq(sd_event_new(&event), 0);
	runner = runner_start(event, argv, timeout_ms, done, event, problem);
	cr_assert_not_null(runner, "%s", problem);
	cr_assert_geq(sd_event_loop(event), 0);
	cr_assert(is_done);
	runner_free(runner);
	sd_event_unref(event);
}

Test(runner, tells_a_good_end)
{
	run_command("echo well; exec >&-", 60000);
	cr_assert_str_eq(failure, "");
	cr_assert_str_eq(output, "well\n");
}

Test(runner, tells_an_exit_code_and_the_end_of_what_was_printed)
{
	run_command("seq 100000; echo last words >&2; exit 3", 60000);
	cr_assert_str_eq(failure, "ended with exit code 3");
	cr_assert_eq(strlen(output), DEPLOY_OUTPUT_MAX - 1);
	cr_assert_str_eq(output + DEPLOY_OUTPUT_MAX - 1 - strlen("last words\n"), "last words\n");
}

Test(runner, tells_a_signal)
{
	run_command("kill -9 $$", 60000);
	cr_assert_str_eq(failure, "was ended by signal 9");
}

/* With what it has started: the reader of their pipe would wait for ever. */
Test(runner, ends_what_takes_too_long)
{
	run_command("sleep 1000 & echo begun; wait", 100);
	cr_assert_not_null(strstr(failure, "was killed"));
	cr_assert_str_eq(output, "begun\n");
}

Test(runner, tells_what_cannot_be_run)
{
	run_command("exec /no/such/program", 60000);
	cr_assert_str_eq(failure, "ended with exit code 127");
}

Test(runner, is_ended_when_it_is_freed)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	char problem[DEPLOY_PROBLEM_MAX];
	sd_event *event = NULL;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	cr_assert_geq(sd_event_new(&event), 0);
	runner_free(runner_start(event, argv, 60000, done, event, problem));
	sd_event_unref(event);
	cr_assert(!is_done);
}
