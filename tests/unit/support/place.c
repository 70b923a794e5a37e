/* What a test leaves behind when it ends in the middle: nothing. */

#include "place.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static bool is_gone(void *path)
{
	return access(path, F_OK) != 0;
}

static bool is_dead(void *pid)
{
	return kill(*(pid_t *)pid, 0) != 0;
}

/* A process that makes a directory, starts a program in it, and is killed. */
static void die_in_the_middle(int out)
{
	const char *argv[] = {"sleep", "1000", NULL};
	char *path = place_new(), log[256];
	pid_t program;

	snprintf(log, sizeof(log), "%s/log", path);
	program = process_start(argv, path, log, NULL);
	dprintf(out, "%s %d\n", path, (int)program);
	raise(SIGKILL);
}

Test(place, is_removed_and_its_programs_are_killed_when_the_test_is)
{
	char path[256] = "";
	int ends[2], program = 0;
	pid_t child, pid;
	FILE *in;

	cr_assert_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		die_in_the_middle(ends[1]);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	cr_assert_eq(fscanf(in, "%255s %d", path, &program), 2);
	fclose(in);
	waitpid(child, NULL, 0);
	pid = program;

	fixture_until(is_dead, &pid, "the end of the program");
	fixture_until(is_gone, path, "the removal of the directory");
}

Test(place, is_removed_with_what_a_test_made_read_only)
{
	char *path = place_new(), command[512];

	snprintf(command, sizeof(command), "mkdir %s/a && touch %s/a/b && chmod 500 %s/a", path,
		 path, path);
	cr_assert_eq(system(command), 0);
	place_remove(path);

	cr_assert_neq(access(path, F_OK), 0);
	free(path);
}
