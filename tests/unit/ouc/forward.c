#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>

#include "world.h"

#define BULK ((size_t)64 * 1024 * 1024)

static struct connection_settings settings;
static struct connection *connection;
static struct gate *gate;
static int inner; /* the program behind it listens here */
static int client, server;

static void set_up(void)
{
	world_up();
	inner = loopback_listening(0);
	client = server = -1;
	settings = settings_plain("Modbus", false);
	settings.is_forward = true;
	settings.forward_max = 3;
	settings.local_port = free_port();
	strcpy(settings.plain_host, "127.0.0.1");
	settings.plain_port = port_of(inner);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void tear_down(void)
{
	gate_free(gate);
	connection_free(connection);
	shut(&client);
	shut(&server);
	shut(&inner);
	world_down();
}

static void begin(void)
{
	struct listener_place place;

	connection = connection_new(&world, &settings, NULL, NULL);
	cr_assert_not_null(connection);
	cr_assert(gate_place_of(&settings, &place));
	gate = gate_new(&world, &place);
	cr_assert(gate_add(gate, connection));
	UNTIL(gate_has_begun(gate));
}

static bool is_readable(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	return poll(&readable, 1, 0) > 0;
}

/* Through it: @client to @server. */
static void connect_through(void)
{
	size_t before = event_count("opened");

	client = loopback_connected(settings.local_port);
	UNTIL(event_count("opened") > before);
	server = accept4(inner, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(server, 0);
}

static void pass(int from, int to, const char *text)
{
	char got[64] = "";

	cr_assert_eq(write(from, text, strlen(text)), (ssize_t)strlen(text));
	UNTIL(is_readable(to));
	cr_assert_eq(recv(to, got, sizeof(got), 0), (ssize_t)strlen(text));
	cr_assert_str_eq(got, text);
}

static void expect_end(int fd)
{
	char byte;

	UNTIL(is_readable(fd));
	cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 0, "%s", strerror(errno));
}

static void expect_reset(int fd)
{
	char byte;

	UNTIL(is_readable(fd));
	cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	cr_assert_eq(errno, ECONNRESET);
}

TestSuite(forward, .init = set_up, .fini = tear_down, .timeout = 60);

Test(forward, carries_both_directions)
{
	begin();
	cr_assert_eq(outputs_of(connection).status, OUC_CONNECTING);
	connect_through();
	pass(client, server, "request");
	pass(server, client, "response!");
	cr_assert_eq(outputs_of(connection).status, OUC_CONNECTED);
	cr_assert_eq(outputs_of(connection).open, 1);
	/* Of the side that would be TLS. */
	cr_assert_eq(outputs_of(connection).received, strlen("request"));
	cr_assert_eq(outputs_of(connection).sent, strlen("response!"));
}

Test(forward, ends_one_direction_and_goes_on_with_the_other)
{
	begin();
	connect_through();
	pass(client, server, "the last of it");
	shutdown(client, SHUT_WR);
	expect_end(server);
	pass(server, client, "an answer");
	pass(server, client, "and another");
	cr_assert_eq(outputs_of(connection).open, 1);
	shutdown(server, SHUT_WR);
	expect_end(client);
	UNTIL(outputs_of(connection).open == 0);
	cr_assert_str_eq(event_text("closed", "message"), "");
	cr_assert_eq(json_integer_value(json_object_get(event_last("closed"), "received")), 14);
	cr_assert_eq(json_integer_value(json_object_get(event_last("closed"), "sent")), 20);
}

Test(forward, ends_the_other_direction_first)
{
	begin();
	connect_through();
	shutdown(server, SHUT_WR);
	expect_end(client);
	pass(client, server, "still there");
	shutdown(client, SHUT_WR);
	expect_end(server);
	UNTIL(outputs_of(connection).open == 0);
}

static uint64_t mix(uint64_t hash, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint8_t byte_at(size_t index)
{
	return (uint8_t)(index * 2654435761u >> 24 ^ index);
}

/* As much as is taken. */
static void feed(int fd, size_t *written, uint64_t *hash)
{
	static uint8_t bytes[65536];
	size_t len = BULK - *written < sizeof(bytes) ? BULK - *written : sizeof(bytes);
	ssize_t took;

	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(*written + i);
	took = len ? write(fd, bytes, len) : 0;
	cr_assert(took >= 0 || errno == EAGAIN);
	if (took <= 0)
		return;
	*hash = mix(*hash, bytes, (size_t)took);
	*written += (size_t)took;
}

static void drink(int fd, size_t at_most, size_t *got, uint64_t *hash)
{
	static uint8_t bytes[65536];
	ssize_t len = recv(fd, bytes, at_most < sizeof(bytes) ? at_most : sizeof(bytes), 0);

	cr_assert(len >= 0 || errno == EAGAIN);
	if (len <= 0)
		return;
	*hash = mix(*hash, bytes, (size_t)len);
	*got += (size_t)len;
}

/* A slow reader stops the writer; nothing is lost, and the other direction does not care. */
Test(forward, waits_for_a_slow_reader)
{
	size_t written = 0, got = 0, before = 1;
	uint64_t in = 0, out = 0;

	begin();
	connect_through();
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(server, F_SETFL, O_NONBLOCK);
	while (written != before) {
		before = written;
		feed(client, &written, &in);
		loop_settle();
	}
	cr_assert_lt(written, BULK, "nothing stops the writer");
	pass(server, client, "meanwhile");
	for (size_t turn = 0; got < BULK; turn++) {
		feed(client, &written, &in);
		loop_settle();
		drink(server, turn % 2 ? 1000 : 65536, &got, &out);
	}
	cr_assert_eq(in, out);
	shutdown(client, SHUT_WR);
	expect_end(server);
}

/* What still waits when the end comes goes before it. */
Test(forward, passes_an_end_on_behind_all_the_bytes)
{
	size_t written = 0, got = 0, before = 1;
	uint64_t in = 0, out = 0;

	begin();
	connect_through();
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(server, F_SETFL, O_NONBLOCK);
	while (written != before) {
		before = written;
		feed(client, &written, &in);
		loop_settle();
	}
	shutdown(client, SHUT_WR);
	while (got < written) {
		loop_settle();
		drink(server, 65536, &got, &out);
	}
	cr_assert_eq(in, out);
	expect_end(server);
}

Test(forward, passes_a_reset_on)
{
	const struct linger at_once = {.l_onoff = 1};

	begin();
	connect_through();
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shut(&client);
	expect_reset(server);
	UNTIL(outputs_of(connection).open == 0);
	cr_assert_not_null(strstr(event_text("closed", "message"), "broke"));
	shut(&server);
	connect_through();
	setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shut(&server);
	expect_reset(client);
}

Test(forward, tells_that_nobody_is_behind_it)
{
	shut(&inner);
	begin();
	client = loopback_connected(settings.local_port);
	expect_reset(client);
	cr_assert_eq(outputs_of(connection).status, OUC_REFUSED);
	cr_assert(outputs_of(connection).error);
	cr_assert_eq(outputs_of(connection).open, 0);
	cr_assert_str_eq(event_text("refused", "status"), "80C5");
	/* Until it works. */
	shut(&client);
	inner = loopback_listening(settings.plain_port);
	connect_through();
	cr_assert(!outputs_of(connection).error);
}

Test(forward, keeps_what_comes_before_the_other_side_is_connected)
{
	begin();
	client = loopback_connected(settings.local_port);
	cr_assert_eq(write(client, "early", 5), 5);
	shutdown(client, SHUT_WR);
	UNTIL(event_count("opened") == 1);
	server = accept4(inner, NULL, NULL, SOCK_CLOEXEC);
	UNTIL(outputs_of(connection).received == 5);
	char got[8] = "";

	cr_assert_eq(recv(server, got, sizeof(got), 0), 5);
	cr_assert_str_eq(got, "early");
	expect_end(server);
}

Test(forward, has_no_more_connections_than_it_may)
{
	int clients[3], servers[3];

	begin();
	for (size_t i = 0; i < 3; i++) {
		connect_through();
		clients[i] = client;
		servers[i] = server;
	}
	client = loopback_connected(settings.local_port);
	server = -1;
	UNTIL(event_count("refused") == 1);
	UNTIL(is_readable(client));
	cr_assert_eq(outputs_of(connection).open, 3);
	shut(&client);
	shut(&clients[0]);
	shut(&servers[0]);
	UNTIL(outputs_of(connection).open == 2);
	connect_through();
	for (size_t i = 1; i < 3; i++) {
		shut(&clients[i]);
		shut(&servers[i]);
	}
}

/* The other way round: programs of this machine come to a Unix socket. */
Test(forward, takes_programs_at_a_unix_socket)
{
	settings = settings_plain("Modbus", true);
	settings.is_forward = true;
	settings.forward_max = 3;
	settings.remote_port = port_of(inner);
	snprintf(settings.plain_host, sizeof(settings.plain_host), "%s/modbus.sock", world_dir);
	begin();
	struct sockaddr_un address = unix_address(settings.plain_host);

	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	UNTIL(event_count("opened") == 1);
	server = accept4(inner, NULL, NULL, SOCK_CLOEXEC);
	pass(client, server, "request");
	pass(server, client, "response!");
	cr_assert_eq(outputs_of(connection).sent, strlen("request"));
	cr_assert_eq(outputs_of(connection).received, strlen("response!"));
	shut(&client);
	expect_end(server);
}

Test(forward, takes_no_orders)
{
	begin();
	cr_assert_eq(connection_send(connection), SEND_NO_SENDER);
}

Test(forward, looks_after_its_connections)
{
	begin();
	connect_through();
	connection_tick(connection);
	pass(client, server, "still there");
}
