/* The state directory, its database and the socket, each in a bad way. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fixture.h"

static void ok(struct fixture *fixture, const char *command)
{
	free(fixture_sh_ok(fixture, "%s", command));
}

/* @command fails with @code and says @words. */
static void fails(struct fixture *fixture, const char *command, int code, const char *words)
{
	struct run run = fixture_sh(fixture, "%s", command);

	cr_assert_eq(run.exit_code, code, "%s: %d, %s", command, run.exit_code, run.err);
	cr_assert_not_null(strstr(run.err, words), "%s: %s", command, run.err);
	run_free(&run);
}

#define AGAIN "keystored --foreground --tcti swtpm:path=tpm.sock "

Test(state, is_not_shared_by_a_second_daemon)
{
	struct fixture *fixture = fixture_new(NULL);

	fails(fixture, AGAIN "--state state --socket other.sock", 1, "another keystored");
	ok(fixture, "keystorectl status");
	fixture_free(fixture);
}

Test(state, is_not_opened_where_the_socket_is_in_use)
{
	struct fixture *fixture = fixture_new(NULL);

	fails(fixture, AGAIN "--state other --socket keystored.sock", 1, "keystored.sock");
	ok(fixture, "keystorectl status");
	fixture_free(fixture);
}

Test(state, is_served_again_over_the_socket_of_a_killed_daemon)
{
	struct fixture *fixture = fixture_new(NULL);

	fixture_service_kill(fixture);
	cr_assert_eq(access(fixture_socket(fixture), F_OK), 0);
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	ok(fixture, "keystorectl status");
	fixture_free(fixture);
}

Test(state, of_a_newer_version_is_left_alone)
{
	struct fixture *fixture = fixture_new(NULL);

	cr_assert_eq(fixture_service_stop(fixture), 0);
	ok(fixture, "sqlite3 state/keystored.db 'pragma user_version = 99'");
	ok(fixture, "sha256sum < state/keystored.db > before");
	fails(fixture, AGAIN "--state state --socket keystored.sock", 1, "newer");
	ok(fixture, "sha256sum < state/keystored.db | cmp - before");
	fixture_free(fixture);
}

Test(state, that_is_no_database_is_left_alone)
{
	struct fixture *fixture = fixture_new(NULL);

	cr_assert_eq(fixture_service_stop(fixture), 0);
	ok(fixture, "rm state/keystored.db* && head -c 20000 /dev/urandom > state/keystored.db && "
		    "chmod 600 state/keystored.db && sha256sum < state/keystored.db > before");
	fails(fixture, AGAIN "--state state --socket keystored.sock", 1, "state/keystored.db");
	ok(fixture, "sha256sum < state/keystored.db | cmp - before");
	fixture_free(fixture);
}

Test(state, that_is_another_programs_database_is_left_alone)
{
	struct fixture *fixture = fixture_new(NULL);

	cr_assert_eq(fixture_service_stop(fixture), 0);
	ok(fixture, "rm state/keystored.db* && sqlite3 state/keystored.db 'create table t(x)' && "
		    "chmod 600 state/keystored.db && sha256sum < state/keystored.db > before");
	fails(fixture, AGAIN "--state state --socket keystored.sock", 1, "another program");
	ok(fixture, "sha256sum < state/keystored.db | cmp - before");
	fixture_free(fixture);
}

Test(state, open_to_others_is_refused_with_the_command_that_helps)
{
	struct fixture *fixture = fixture_new(NULL);

	cr_assert_eq(fixture_service_stop(fixture), 0);
	ok(fixture, "chmod 755 state");
	fails(fixture, AGAIN "--state state --socket keystored.sock", 1, "chmod");
	fixture_free(fixture);
}

static bool is_locked(void *user)
{
	struct run run = fixture_sh(user, "test -e locked");
	bool exists = run.exit_code == 0;

	run_free(&run);
	return exists;
}

Test(state, locked_by_another_program_stops_changes_and_not_signatures)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, "keystorectl key create k --algorithm ec-p256 && echo x > m");
	ok(fixture,
	   "mkfifo go && (printf 'begin immediate;\\n.shell touch locked\\n.shell cat go\\n' "
	   "| sqlite3 state/keystored.db) > sqlite.log 2>&1 & true");
	fixture_until(is_locked, fixture, "the lock of another program");

	fails(fixture, "keystorectl key create l --algorithm ec-p256", 1, "locked");
	ok(fixture, "keystorectl sign k --in m --out s && keystorectl key show k");
	ok(fixture, "echo > go; until keystorectl key create l --algorithm ec-p256; do :; done");
	ok(fixture, "keystorectl sign l --in m --out s");
	fixture_free(fixture);
}

static void limit_file_size(pid_t pid, rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	cr_assert_eq(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

Test(state, on_a_full_disk_stops_changes_and_not_signatures)
{
	struct fixture *fixture = fixture_new(NULL);
	struct run run;

	ok(fixture, "keystorectl key create k --algorithm ec-p256 && echo x > m");
	limit_file_size(fixture_service_pid(fixture), 4096);

	run = fixture_sh(fixture, "keystorectl key create l --algorithm ec-p256");
	cr_assert_eq(run.exit_code, 1, "%d %s", run.exit_code, run.err);
	cr_assert_not_null(strstr(run.err, "key create"), "%s", run.err);
	run_free(&run);
	ok(fixture, "keystorectl sign k --in m --out s && keystorectl key show k");
	fails(fixture, "keystorectl key show l", 3, "no key");
	limit_file_size(fixture_service_pid(fixture), RLIM_INFINITY);
	ok(fixture, "keystorectl key create l --algorithm ec-p256 && "
		    "keystorectl sign l --in m --out s");
	fixture_free(fixture);
}

Test(state, survives_a_pin_that_cannot_be_recorded)
{
	struct fixture *fixture = fixture_new(NULL);
	struct run run;

	ok(fixture, "keystorectl key create k --algorithm ec-p256 && echo x > m");
	limit_file_size(fixture_service_pid(fixture), 4096);
	run = fixture_sh(fixture, "keystorectl key pin k");
	cr_assert_eq(run.exit_code, 1, "%d %s", run.exit_code, run.err);
	run_free(&run);
	limit_file_size(fixture_service_pid(fixture), RLIM_INFINITY);

	ok(fixture, "keystorectl sign k --in m --out s");
	ok(fixture, "! tpm2_getcap handles-persistent | grep -i 0x81004b");
	ok(fixture, "keystorectl key pin k && keystorectl key unpin k");
	fixture_free(fixture);
}
