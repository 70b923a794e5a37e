#include "gate.h"

#include "world.h"

#define MEMBERS 3

static struct connection_settings settings[MEMBERS];
static struct connection *members[MEMBERS];
static struct gate *gate;
static int peers[MEMBERS + 1];

static void set_up(void)
{
	uint16_t port;

	world_up();
	port = free_port();
	for (size_t i = 0; i < MEMBERS; i++) {
		char name[] = "Press_0";

		name[6] = (char)('0' + i);
		settings[i] = settings_plain(name, false);
		settings[i].receive_data = receive_block;
		settings[i].local_port = port;
		peers[i] = -1;
	}
	peers[MEMBERS] = -1;
}

static void tear_down(void)
{
	gate_free(gate);
	for (size_t i = 0; i < MEMBERS; i++)
		connection_free(members[i]);
	for (size_t i = 0; i <= MEMBERS; i++)
		if (peers[i] >= 0)
			close(peers[i]);
	world_down();
}

static void begin(void)
{
	struct listener_place place;

	for (size_t i = 0; i < MEMBERS; i++) {
		members[i] = connection_new(&world, &settings[i], NULL, receive_image);
		cr_assert(gate_place_of(&settings[i], &place));
		if (!gate)
			gate = gate_new(&world, &place);
		cr_assert(gate_is_at(gate, &place));
		cr_assert(gate_add(gate, members[i]));
	}
	UNTIL(gate_has_begun(gate));
}

TestSuite(gate, .init = set_up, .fini = tear_down, .timeout = 60);

Test(gate, gives_each_peer_a_connection_and_refuses_one_more)
{
	begin();
	for (size_t i = 0; i < MEMBERS; i++) {
		peers[i] = loopback_connected(settings[0].local_port);
		UNTIL(outputs_of(members[i]).is_connected);
	}
	peers[MEMBERS] = loopback_connected(settings[0].local_port);
	UNTIL(event_last("refused"));
	cr_assert_not_null(strstr(event_text("refused", "message"), "have their peers"));
	cr_assert_str_eq(event_text("refused", "peer"), "127.0.0.1");
	/* One goes, and the next has its place. */
	close(peers[1]);
	UNTIL(!outputs_of(members[1]).is_connected);
	peers[1] = loopback_connected(settings[0].local_port);
	UNTIL(outputs_of(members[1]).is_connected);
}

Test(gate, prefers_the_connection_that_names_the_peer)
{
	strcpy(settings[0].remote, "192.0.2.1");
	strcpy(settings[2].remote, "127.0.0.1");
	begin();
	peers[0] = loopback_connected(settings[0].local_port);
	UNTIL(outputs_of(members[2]).is_connected);
	peers[1] = loopback_connected(settings[0].local_port);
	UNTIL(outputs_of(members[1]).is_connected);
	peers[2] = loopback_connected(settings[0].local_port);
	UNTIL(event_last("refused"));
	cr_assert(!outputs_of(members[0]).is_connected);
}

Test(gate, refuses_a_peer_that_nobody_waits_for)
{
	for (size_t i = 0; i < MEMBERS; i++)
		strcpy(settings[i].remote, "192.0.2.1");
	begin();
	peers[0] = loopback_connected(settings[0].local_port);
	UNTIL(event_last("refused"));
	cr_assert_not_null(strstr(event_text("refused", "message"), "RemoteAddress"));
}

Test(gate, is_where_peers_come)
{
	struct connection_settings active = settings_plain("Press", true);
	struct listener_place place;

	cr_assert(!gate_place_of(&active, &place));
	active.is_forward = true;
	strcpy(active.plain_host, "/run/x.sock");
	cr_assert(gate_place_of(&active, &place));
	cr_assert_str_eq(place.host, "/run/x.sock");
	begin();
	place = (struct listener_place){.port = settings[0].local_port};
	cr_assert(gate_is_at(gate, &place));
	strcpy(place.interface, "lo");
	cr_assert(!gate_is_at(gate, &place));
}
