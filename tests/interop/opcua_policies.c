/* Our security policies against open62541's own, by programs that need no keystored. */
#include <criterion/criterion.h>

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "process.h"

TestSuite(opcua_policies, .timeout = 300);

static void run_program(const char *program, const char *scenario)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 32];
	const char *const argv[] = {path, scenario, NULL};
	struct run run;

	cr_assert(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(path, sizeof(path), "%s/%s", dirname(self), program);
	run = process_run(argv, "/", NULL, NULL);
	cr_expect(run.exit_code == 0, "%s: %s%s", scenario, run.out, run.err);
	run_free(&run);
}

static void run(const char *scenario)
{
	run_program("opcua-policy_peer", scenario);
}

Test(opcua_policies, serve_clients_of_open62541_with_each_policy_mode_and_password)
{
	run("server");
}

Test(opcua_policies, serve_clients_when_channels_are_answered_later)
{
	run("late");
}

Test(opcua_policies, open_channels_to_servers_of_open62541)
{
	run("client");
}

Test(opcua_policies, carry_channels_and_sessions_over_another_certificate)
{
	run("swap");
}

Test(opcua_policies, carry_them_over_when_channels_are_answered_later)
{
	run("late swap");
}

Test(opcua_policies, serve_keys_of_every_size)
{
	run("sizes");
}

Test(opcua_policies, show_a_chain_as_a_client)
{
	run("chain");
}

Test(opcua_policies, renew_no_sooner_than_they_are_told_to)
{
	run("lifetime");
}

Test(opcua_policies, believe_nothing_that_a_peer_says)
{
	run_program("opcua-policy_hostile", "");
}
