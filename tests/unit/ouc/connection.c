#include "connection.h"

#include <errno.h>
#include <fcntl.h>

#include "approach.h"
#include "world.h"

static struct connection_settings settings;
static struct connection *connection;
static struct gate *gate;
static struct listener_place place;
static int listening, peer;

static void set_up(void)
{
	world_up();
	listening = peer = -1;
}

static void tear_down(void)
{
	gate_free(gate);
	connection_free(connection);
	if (peer >= 0)
		close(peer);
	if (listening >= 0)
		close(listening);
	world_down();
}

static void begin(void)
{
	connection = connection_new(&world, &settings, settings.send_data ? send_image : NULL,
				    settings.receive_data ? receive_image : NULL);
	cr_assert_not_null(connection);
	if (!gate_place_of(&settings, &place))
		return;
	gate = gate_new(&world, &place);
	cr_assert(gate_add(gate, connection));
}

/* With a peer that listens on loopback. */
static void begin_active(const struct data_block *send, const struct data_block *receive)
{
	settings.send_data = send;
	settings.receive_data = receive;
	listening = loopback_listening(0);
	settings.remote_port = port_of(listening);
	begin();
}

static void accept_peer(void)
{
	UNTIL(outputs_of(connection).is_connected);
	peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(peer, 0);
}

/* On loopback, and a peer has come. */
static void begin_passive(const struct data_block *send, const struct data_block *receive)
{
	settings.send_data = send;
	settings.receive_data = receive;
	settings.local_port = free_port();
	begin();
	UNTIL(gate_has_begun(gate));
	peer = loopback_connected(settings.local_port);
	UNTIL(outputs_of(connection).is_connected);
}

static void write_peer(const void *bytes, size_t len)
{
	cr_assert_eq(write(peer, bytes, len), (ssize_t)len);
}

static void write_message(const char *text)
{
	uint8_t bytes[258];

	message_make(bytes, text);
	write_peer(bytes, sizeof(bytes));
}

/* Sent already, so that it does not block. */
static void read_message(const char *text)
{
	uint8_t bytes[258], expected[258];

	message_make(expected, text);
	cr_assert_eq(recv(peer, bytes, sizeof(bytes), MSG_WAITALL), 258);
	cr_assert_eq(memcmp(bytes, expected, sizeof(bytes)), 0, "%s is not %s", (char *)bytes + 4,
		     text);
}

static bool peer_has_end(void)
{
	char byte;

	return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

static const char *received_text(void)
{
	return (const char *)data_image_bytes(receive_image) + 4;
}

TestSuite(connection, .init = set_up, .fini = tear_down, .timeout = 60);

Test(connection, sends_what_the_block_held_when_it_was_ordered)
{
	settings = settings_plain("Press", true);
	begin_active(send_block, NULL);
	send_data("Hello World!");
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	cr_assert(outputs_of(connection).busy);
	send_data("too late");
	UNTIL(outputs_of(connection).done);
	accept_peer();
	read_message("Hello World!");
	cr_assert_eq(outputs_of(connection).status, OUC_OK);
	cr_assert_eq(outputs_of(connection).sent, 1);
	cr_assert(!outputs_of(connection).busy);
	cr_assert_str_eq(outputs_of(connection).peer, "127.0.0.1");
	cr_assert_str_eq(outputs_of(connection).security, "plain");
	cr_assert_eq(event_count("sent"), 1);
	json_t *data = json_object_get(event_last("sent"), "values");

	cr_assert_str_eq(json_string_value(json_object_get(data, "Var2")), "Hello World!");
	cr_assert(json_is_true(json_object_get(data, "Var1")));
}

Test(connection, is_busy_until_there_is_a_connection)
{
	settings = settings_plain("Press", true);
	begin_active(send_block, NULL);
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	cr_assert_eq(connection_send(connection), SEND_BUSY);
	UNTIL(outputs_of(connection).done);
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	cr_assert(outputs_of(connection).done);
	cr_assert_eq(outputs_of(connection).sent, 2);
}

Test(connection, sends_nothing_without_a_block)
{
	settings = settings_plain("Press", true);
	begin_active(NULL, receive_block);
	cr_assert_eq(connection_send(connection), SEND_NO_SENDER);
}

Test(connection, receives_from_a_peer_that_comes)
{
	settings = settings_plain("Press", false);
	begin_passive(NULL, receive_block);
	cr_assert_eq(outputs_of(connection).status, OUC_CONNECTED);
	cr_assert(!outputs_of(connection).ndr);
	write_message("Hello World!");
	UNTIL(outputs_of(connection).ndr);
	cr_assert_str_eq(received_text(), "Hello World!");
	cr_assert_eq(outputs_of(connection).status, OUC_OK);
	cr_assert_eq(outputs_of(connection).received, 1);
	cr_assert_str_eq(event_text("received", "connection"), "Press");
	cr_assert_str_eq(event_text("received", "peer"), "127.0.0.1");
}

Test(connection, sends_and_receives_on_one_stream)
{
	settings = settings_plain("Press", false);
	begin_passive(send_block, receive_block);
	send_data("there");
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	read_message("there");
	write_message("and back");
	UNTIL(outputs_of(connection).ndr);
	cr_assert_str_eq(received_text(), "and back");
}

Test(connection, keeps_an_order_until_a_peer_comes)
{
	settings = settings_plain("Press", false);
	settings.send_data = send_block;
	settings.local_port = free_port();
	begin();
	send_data("for whoever comes");
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	UNTIL(gate_has_begun(gate));
	peer = loopback_connected(settings.local_port);
	UNTIL(outputs_of(connection).done);
	read_message("for whoever comes");
}

Test(connection, tells_that_nobody_listens_and_gives_the_order_up)
{
	settings = settings_plain("Press", true);
	settings.remote_port = free_port();
	settings.send_data = send_block;
	begin();
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_REFUSED);
	cr_assert(!outputs_of(connection).busy);
	cr_assert(!outputs_of(connection).done);
	cr_assert_eq(outputs_of(connection).failures, 1);
	cr_assert_not_null(strstr(event_text("state", "message"), "nobody listens"));
	cr_assert_str_eq(event_text("state", "status"), "80C5");
}

/* The same error of each try is no news. */
Test(connection, connects_again_by_itself)
{
	settings = settings_plain("Press", true);
	settings.remote_port = free_port();
	settings.receive_data = receive_block;
	begin();
	UNTIL(outputs_of(connection).failures == 2);
	size_t told = event_count("state");

	UNTIL(outputs_of(connection).failures == 3);
	cr_assert_eq(event_count("state"), told);
	listening = loopback_listening(settings.remote_port);
	accept_peer();
	cr_assert(!outputs_of(connection).error);
	cr_assert_str_eq(event_text("state", "status"), "7004");
}

Test(connection, connects_again_after_its_peer_has_gone)
{
	settings = settings_plain("Press", true);
	begin_active(send_block, NULL);
	accept_peer();
	close(peer);
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_REFUSED);
	cr_assert_not_null(strstr(outputs_of(connection).message, "the peer ended"));
	cr_assert(!outputs_of(connection).is_connected);
	accept_peer();
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	cr_assert(outputs_of(connection).done);
}

Test(connection, waits_for_the_next_peer_when_one_has_gone)
{
	settings = settings_plain("Press", false);
	begin_passive(NULL, receive_block);
	close(peer);
	UNTIL(!outputs_of(connection).is_connected);
	cr_assert(!outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_CONNECTING);
	peer = loopback_connected(settings.local_port);
	UNTIL(outputs_of(connection).is_connected);
}

Test(connection, refuses_a_message_that_is_cut_short)
{
	settings = settings_plain("Press", false);
	begin_passive(NULL, receive_block);
	uint8_t bytes[258];

	message_make(bytes, "short");
	write_peer(bytes, 100);
	close(peer);
	peer = -1;
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_BROKEN);
	cr_assert_not_null(strstr(outputs_of(connection).message, "100 of the 258"));
	cr_assert_str_eq(received_text(), "");
}

Test(connection, refuses_what_is_no_such_block)
{
	settings = settings_plain("Press", false);
	begin_passive(NULL, receive_block);
	uint8_t bytes[258];

	message_make(bytes, "bad");
	bytes[2] = 20;
	write_peer(bytes, sizeof(bytes));
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_BAD_DATA);
	cr_assert(!outputs_of(connection).is_connected);
	cr_assert_str_eq(received_text(), "");
	cr_assert_eq(event_count("received"), 0);
	cr_assert(peer_has_end());
}

Test(connection, does_not_wait_for_ever_for_the_rest_of_a_message)
{
	settings = settings_plain("Press", false);
	settings.message_ms = 50;
	begin_passive(NULL, receive_block);
	write_peer("\1", 1);
	UNTIL(outputs_of(connection).status == OUC_RECEIVING);
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_TIMEOUT);
}

Test(connection, refuses_data_that_it_has_no_block_for)
{
	settings = settings_plain("Press", false);
	begin_passive(send_block, NULL);
	write_message("what for?");
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_BAD_DATA);
}

Test(connection, connects_for_each_message_without_cont)
{
	settings = settings_plain("Press", true);
	settings.keeps_open = false;
	begin_active(send_block, receive_block);
	loop_settle();
	cr_assert_eq(outputs_of(connection).status, OUC_IDLE);
	for (unsigned i = 1; i <= 2; i++) {
		send_data(i == 1 ? "one" : "two");
		cr_assert_eq(connection_send(connection), SEND_TAKEN);
		UNTIL(outputs_of(connection).status == OUC_CLOSING);
		peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		read_message(i == 1 ? "one" : "two");
		cr_assert(peer_has_end());
		cr_assert(outputs_of(connection).busy);
		/* It may still answer. */
		write_message(i == 1 ? "first" : "second");
		close(peer);
		UNTIL(outputs_of(connection).done);
		cr_assert_eq(outputs_of(connection).sent, i);
		cr_assert_eq(outputs_of(connection).status, OUC_OK);
		cr_assert(!outputs_of(connection).is_connected);
		cr_assert_str_eq(received_text(), i == 1 ? "first" : "second");
	}
	peer = -1;
}

Test(connection, wants_the_peer_to_end_it_without_cont)
{
	settings = settings_plain("Press", true);
	settings.keeps_open = false;
	settings.message_ms = 50;
	begin_active(send_block, NULL);
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_TIMEOUT);
	cr_assert(!outputs_of(connection).done);
	cr_assert_eq(outputs_of(connection).sent, 0);
}

Test(connection, sends_in_cycles)
{
	settings = settings_plain("Press", true);
	settings.send_on = SEND_ON_CYCLE;
	settings.cycle_ms = 10;
	begin_active(send_block, NULL);
	UNTIL(outputs_of(connection).sent == 20);
	accept_peer();
	for (int i = 0; i < 20; i++) {
		uint8_t bytes[258];

		cr_assert_eq(recv(peer, bytes, sizeof(bytes), MSG_WAITALL), 258);
	}
}

static void make_large(struct data_block **block, struct data_image **image)
{
	char problem[DATA_PROBLEM_MAX];
	struct data_type type;

	*block = data_block_new("Large");
	cr_assert(data_type_parse("Array[0..8000] of DWord", &type, problem), "%s", problem);
	cr_assert(data_block_add(*block, "Values", &type, problem), "%s", problem);
	cr_assert(data_image_create(world_dir, *block, image, problem), "%s", problem);
}

Test(connection, counts_cycles_in_which_the_peer_takes_nothing)
{
	struct data_block *block;
	struct data_image *image;

	make_large(&block, &image);
	settings = settings_plain("Press", true);
	settings.send_on = SEND_ON_CYCLE;
	settings.cycle_ms = 10;
	settings.send_data = block;
	listening = loopback_listening(0);
	settings.remote_port = port_of(listening);
	connection = connection_new(&world, &settings, image, NULL);
	/* The kernel's buffers grow for a while, and a message that was late goes out all the same. */
	UNTIL(outputs_of(connection).skipped >= 3 && outputs_of(connection).busy &&
	      outputs_of(connection).status == OUC_SENDING);
	connection_free(connection);
	connection = NULL;
	data_image_close(image);
	data_block_free(block);
}

/* And a peer that has ended its own direction still gets all. */
Test(connection, goes_on_sending_to_a_peer_that_sends_no_more)
{
	static char bytes[65536];
	struct data_block *block;
	struct data_image *image;
	size_t count = 0;
	ssize_t got;

	make_large(&block, &image);
	settings = settings_plain("Press", false);
	settings.send_data = block;
	settings.local_port = free_port();
	connection = connection_new(&world, &settings, image, NULL);
	cr_assert(gate_place_of(&settings, &place));
	gate = gate_new(&world, &place);
	cr_assert(gate_add(gate, connection));
	UNTIL(gate_has_begun(gate));
	peer = loopback_connected(settings.local_port);
	UNTIL(outputs_of(connection).is_connected);
	while (connection_send(connection) == SEND_TAKEN)
		loop_settle();
	shutdown(peer, SHUT_WR);
	loop_settle();
	cr_assert(outputs_of(connection).busy);
	fcntl(peer, F_SETFL, O_NONBLOCK);
	while ((got = recv(peer, bytes, sizeof(bytes), 0)) != 0) {
		cr_assert(got > 0 || errno == EAGAIN);
		count += got > 0 ? (size_t)got : 0;
		loop_settle();
	}
	cr_assert_eq(count % block->size, 0);
	cr_assert_eq(count / block->size, outputs_of(connection).sent);
	cr_assert(!outputs_of(connection).is_connected);
	gate_free(gate);
	gate = NULL;
	connection_free(connection);
	connection = NULL;
	data_image_close(image);
	data_block_free(block);
}

Test(connection, sends_when_the_block_changes)
{
	settings = settings_plain("Press", true);
	settings.send_on = SEND_ON_CHANGE;
	begin_active(send_block, NULL);
	world_on_change = connection;
	/* Before there is a connection: the last is sent when there is. */
	send_data("one");
	send_data("two");
	UNTIL(outputs_of(connection).done);
	accept_peer();
	read_message("two");
	send_data("three");
	read_message("three");
	loop_settle();
	cr_assert_eq(outputs_of(connection).sent, 2);
}

Test(connection, sends_a_change_again_that_was_lost)
{
	settings = settings_plain("Press", true);
	settings.send_on = SEND_ON_CHANGE;
	settings.keeps_open = false;
	settings.remote_port = free_port();
	settings.send_data = send_block;
	begin();
	world_on_change = connection;
	send_data("patience");
	UNTIL(outputs_of(connection).error);
	listening = loopback_listening(settings.remote_port);
	UNTIL(outputs_of(connection).status == OUC_CLOSING);
	peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	read_message("patience");
	close(peer);
	peer = -1;
	UNTIL(outputs_of(connection).done);
	cr_assert_eq(outputs_of(connection).sent, 1);
}

Test(connection, reads_nothing_while_it_is_not_enabled)
{
	settings = settings_plain("Press", false);
	settings.is_enabled = false;
	begin_passive(NULL, receive_block);
	uint8_t bytes[258];
	uint64_t written = 0;

	message_make(bytes, "wait");
	fcntl(peer, F_SETFL, O_NONBLOCK);
	while (write(peer, bytes, sizeof(bytes)) > 0) {
		written++;
		loop_settle();
	}
	cr_assert_gt(written, 10);
	cr_assert_eq(outputs_of(connection).received, 0);
	cr_assert_str_eq(received_text(), "");
}

Test(connection, sees_that_a_peer_has_gone_whose_data_it_does_not_read)
{
	settings = settings_plain("Press", false);
	settings.is_enabled = false;
	begin_passive(NULL, receive_block);
	write_message("unheard");
	connection_tick(connection);
	cr_assert(outputs_of(connection).is_connected);
	shutdown(peer, SHUT_WR);
	connection_tick(connection);
	cr_assert(!outputs_of(connection).is_connected);
	close(peer);
	peer = loopback_connected(settings.local_port);
	UNTIL(outputs_of(connection).is_connected);
}

Test(connection, tells_that_the_port_is_taken_until_it_is_free)
{
	settings = settings_plain("Press", false);
	settings.receive_data = receive_block;
	listening = loopback_listening(0);
	settings.local_port = port_of(listening);
	begin();
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_PORT_IN_USE);
	close(listening);
	listening = -1;
	UNTIL(!outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_CONNECTING);
}

Test(connection, tells_that_there_is_no_such_interface)
{
	settings = settings_plain("Press", false);
	settings.receive_data = receive_block;
	settings.local_port = free_port();
	strcpy(settings.interface, "no-such-0");
	begin();
	UNTIL(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).status, OUC_BAD_INTERFACE);
}

Test(connection, tells_nothing_where_events_are_off)
{
	settings = settings_plain("Press", true);
	settings.events = EVENTS_OFF;
	begin_active(send_block, NULL);
	cr_assert_eq(connection_send(connection), SEND_TAKEN);
	UNTIL(outputs_of(connection).done);
	cr_assert_eq(json_array_size(world_events), 0);
	cr_assert_gt(world_changes, 0);
}
