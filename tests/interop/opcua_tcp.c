/*
 * OPC UA's TCP connections, with open62541's server on one side. open62541 cannot be in a process with
 * the test runner: opcua-tcp_peer is server and client, and each of its scenarios says when it held.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

static void holds(const char *scenario)
{
	char program[512] = "";
	const char *argv[] = {program, scenario, NULL};
	struct run run;

	/* It is beside the test. */
	cr_assert_gt(readlink("/proc/self/exe", program, sizeof(program) - 32), 0);
	strcpy(strrchr(program, '/'), "/opcua-tcp_peer");
	run = process_run(argv, ".", NULL, NULL);

	cr_assert_eq(run.exit_code, 0, "%s: exit code %d: %s%s", scenario, run.exit_code, run.out,
		     run.err);
	run_free(&run);
}

TestSuite(opcua_tcp, .timeout = 120);

Test(opcua_tcp, sessions_and_subscriptions_work_in_the_programs_event_loop)
{
	holds("reads");
}

Test(opcua_tcp, serves_many_clients_at_once)
{
	holds("many");
}

Test(opcua_tcp, puts_chunks_together_however_they_come)
{
	holds("pieces");
}

Test(opcua_tcp, tells_who_sends_no_chunks_so_and_ends_the_connection)
{
	holds("garbage");
}

Test(opcua_tcp, refuses_a_chunk_by_its_announced_size)
{
	holds("sizes");
}

Test(opcua_tcp, an_open_that_is_held_back_holds_up_nobody_else)
{
	holds("hold-open");
	holds("hold-opened");
}

Test(opcua_tcp, what_comes_behind_a_message_that_is_held_back_keeps_its_order)
{
	holds("hold-messages");
	holds("hold-answers");
}

Test(opcua_tcp, what_was_held_back_can_be_refused)
{
	holds("refuse-held");
	holds("refuse-held-answer");
}

Test(opcua_tcp, tells_a_peer_who_is_refused_why)
{
	holds("refuse-open");
	holds("refuse-opened");
	holds("refuse-peers");
}

Test(opcua_tcp, limits_connections_altogether_and_of_an_address)
{
	holds("connections");
}

Test(opcua_tcp, does_not_read_who_does_not_read)
{
	holds("slow");
}

Test(opcua_tcp, gives_up_who_leaves_more_unread_than_may_wait)
{
	holds("unread");
}

Test(opcua_tcp, ends_who_opens_no_channel)
{
	holds("silent");
}

Test(opcua_tcp, forgets_peers_that_vanish_at_any_stage)
{
	holds("vanish");
}

Test(opcua_tcp, ends_in_good_order_with_connections_that_are_open)
{
	holds("end");
}
