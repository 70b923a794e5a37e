#include "dial.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../support/temp_dir.h"
#include "lookup.h"
#include "loop.h"

static char dir[TEMP_PATH_MAX];
static struct dial *dial;
static struct dial_target target;
static bool is_done;
static int connected_fd;
static char peer[64], message[DIAL_MESSAGE_MAX];
static enum dial_fault fault;

static void on_connected(int fd, const char *address, void *user)
{
	(void)user;
	cr_assert(!is_done);
	connected_fd = fd;
	strcpy(peer, address);
	is_done = true;
	dial_free(dial);
	dial = NULL;
}

static void on_failed(enum dial_fault why, const char *text, void *user)
{
	(void)user;
	cr_assert(!is_done);
	fault = why;
	strcpy(message, text);
	is_done = true;
	dial_free(dial);
	dial = NULL;
}

static const struct dial_handler handler = {on_connected, on_failed};

static void set_up(void)
{
	loop_up();
	temp_dir_make(dir);
	connected_fd = -1;
	is_done = false;
	target = (struct dial_target){.host = "127.0.0.1"};
}

static void tear_down(void)
{
	if (connected_fd >= 0)
		close(connected_fd);
	dial_free(dial);
	loop_down();
	temp_dir_remove(dir);
}

static void start(void)
{
	dial = dial_start(loop, &target, &handler, NULL);
	cr_assert_not_null(dial);
	cr_assert(!is_done, "told before the loop runs");
}

static void run(void)
{
	start();
	loop_until(&is_done);
}

static int option_of(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	cr_assert_eq(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

/* IPv4 loopback listens only at what the test asks for, so that ::1 refuses. */
TestSuite(dial, .init = set_up, .fini = tear_down, .timeout = 60);

Test(dial, connects_and_finds_dead_peers)
{
	int listening = loopback_listening(0);

	target.port = port_of(listening);
	run();
	cr_assert_geq(connected_fd, 0, "%s", message);
	cr_assert_str_eq(peer, "127.0.0.1");
	cr_assert(fcntl(connected_fd, F_GETFL) & O_NONBLOCK);
	cr_assert(fcntl(connected_fd, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(option_of(connected_fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_assert_eq(option_of(connected_fd, IPPROTO_TCP, TCP_KEEPIDLE), 5);
	cr_assert_eq(option_of(connected_fd, IPPROTO_TCP, TCP_NODELAY), 1);
	close(listening);
}

Test(dial, connects_to_a_unix_socket)
{
	snprintf(target.host, sizeof(target.host), "%s/sock", dir);
	int listening = unix_listening(target.host);

	run();
	cr_assert_geq(connected_fd, 0, "%s", message);
	cr_assert_str_eq(peer, "");
	close(listening);
}

Test(dial, looks_a_name_up_and_tries_each_address)
{
	int listening = loopback_listening(0);

	strcpy(target.host, "localhost");
	target.port = port_of(listening);
	run();
	cr_assert_geq(connected_fd, 0, "%s", message);
	cr_assert_str_eq(peer, "127.0.0.1");
	close(listening);
}

Test(dial, tells_that_nobody_listens)
{
	target.port = free_port();
	run();
	cr_assert_eq(fault, DIAL_REFUSED);
	cr_assert_not_null(strstr(message, "nobody listens at 127.0.0.1 port "), "%s", message);
}

Test(dial, tells_that_nobody_listens_at_a_unix_socket)
{
	snprintf(target.host, sizeof(target.host), "%s/sock", dir);
	close(unix_listening(target.host));
	run();
	cr_assert_eq(fault, DIAL_REFUSED, "%s", message);
}

Test(dial, tells_a_path_that_is_too_long)
{
	memset(target.host, 'x', 200);
	target.host[0] = '/';
	run();
	cr_assert_eq(fault, DIAL_REFUSED);
	cr_assert_not_null(strstr(message, "107"), "%s", message);
}

/* A label has at most 63 characters: so no name server is asked. */
Test(dial, tells_that_a_name_is_unknown)
{
	memset(target.host, 'x', 64);
	target.host[64] = '\0';
	target.port = 1;
	run();
	cr_assert_eq(fault, DIAL_UNKNOWN);
	cr_assert_not_null(strstr(message, "cannot be looked up"), "%s", message);
}

Test(dial, uses_the_local_port_that_it_is_told)
{
	int listening = loopback_listening(0);
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);

	target.port = port_of(listening);
	target.local_port = free_port();
	run();
	cr_assert_geq(connected_fd, 0, "%s", message);
	int accepted = accept(listening, (struct sockaddr *)&from, &len);

	cr_assert_eq(ntohs(from.sin_port), target.local_port);
	close(accepted);
	close(listening);
}

Test(dial, tells_that_the_local_port_is_taken)
{
	int listening = loopback_listening(0);

	target.port = port_of(listening);
	target.local_port = port_of(listening);
	run();
	cr_assert_eq(fault, DIAL_LOCAL_PORT, "%s", message);
	close(listening);
}

/* TCP would connect it to itself. */
Test(dial, does_not_talk_to_itself)
{
	target.port = free_port();
	target.local_port = target.port;
	run();
	cr_assert_eq(connected_fd, -1);
	cr_assert_eq(fault, DIAL_REFUSED, "%s", message);
}

Test(dial, tells_that_there_is_no_such_interface)
{
	strcpy(target.interface, "no-such-0");
	target.port = 1;
	run();
	cr_assert_eq(fault, DIAL_INTERFACE, "%s", message);
	cr_assert_not_null(strstr(message, "no-such-0"), "%s", message);
}

Test(dial, tells_that_a_zone_has_no_interface)
{
	strcpy(target.host, "fe80::1%no-such-0");
	target.port = 1;
	run();
	cr_assert_eq(fault, DIAL_INTERFACE, "%s", message);
}

Test(dial, tells_that_there_are_no_more_descriptors)
{
	struct rlimit limit;
	int next = dup(0);

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	close(next);
	target.port = 1;
	start();
	limit.rlim_cur = (rlim_t)next;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	loop_until(&is_done);
	cr_assert_eq(fault, DIAL_RESOURCES, "%s", message);
}

/* A backlog of one that is full takes nobody, and answers nothing. */
Test(dial, does_not_wait_longer_than_it_is_told)
{
	int listening = loopback_bound(0), peers[8];

	cr_assert_eq(listen(listening, 0), 0);
	target.port = port_of(listening);
	target.timeout_ms = 50;
	for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++) {
		struct sockaddr_in address = {.sin_family = AF_INET,
					      .sin_port = htons(target.port),
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		peers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(peers[i], (struct sockaddr *)&address, sizeof(address));
	}
	run();
	cr_assert_eq(fault, DIAL_UNREACHABLE, "%s", message);
	cr_assert_not_null(strstr(message, "does not answer"), "%s", message);
	for (size_t i = 0; i < sizeof(peers) / sizeof(*peers); i++)
		close(peers[i]);
	close(listening);
}

Test(dial, can_be_given_up_before_it_begins)
{
	start();
	dial_free(dial);
	dial = NULL;
	loop_settle();
	cr_assert(!is_done);
}

Test(dial, can_be_given_up_while_it_connects)
{
	int listening = loopback_listening(0);

	target.port = port_of(listening);
	start();
	cr_assert_gt(sd_event_run(loop, UINT64_MAX), 0);
	dial_free(dial);
	dial = NULL;
	loop_settle();
	cr_assert(!is_done);
	close(listening);
}

Test(dial, can_be_given_up_while_a_name_is_looked_up)
{
	struct dial *many[LOOKUP_AT_ONCE * 8];

	strcpy(target.host, "localhost");
	target.port = 1;
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		many[i] = dial_start(loop, &target, &handler, NULL);
	/* Once round for each to begin; some are in threads then, most in the queue. */
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		cr_assert_gt(sd_event_run(loop, UINT64_MAX), 0);
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		dial_free(many[i]);
	loop_settle();
	/* Those that come afterwards have their turn. */
	run();
	cr_assert_eq(fault, DIAL_REFUSED, "%s", message);
}

Test(dial, sees_that_the_peer_has_ended)
{
	int listening = loopback_listening(0);

	target.port = port_of(listening);
	run();
	int peer_fd = accept(listening, NULL, NULL);

	cr_assert(!dial_look_after(connected_fd));
	cr_assert_eq(option_of(connected_fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
	shutdown(peer_fd, SHUT_WR);
	cr_assert(dial_look_after(connected_fd));
	close(peer_fd);
	close(listening);
}

/* TCP_USER_TIMEOUT alone would end it. */
Test(dial, is_patient_with_a_peer_that_takes_nothing_for_a_while)
{
	static char zeros[65536];
	int listening = loopback_listening(0);

	target.port = port_of(listening);
	run();
	int peer_fd = accept(listening, NULL, NULL);

	while (write(connected_fd, zeros, sizeof(zeros)) > 0)
		;
	/* Until all that is on its way is acknowledged. */
	do
		cr_assert(!dial_look_after(connected_fd));
	while (option_of(connected_fd, IPPROTO_TCP, TCP_USER_TIMEOUT) != 0);
	fcntl(peer_fd, F_SETFL, O_NONBLOCK);
	do {
		while (read(peer_fd, zeros, sizeof(zeros)) > 0)
			;
		cr_assert(!dial_look_after(connected_fd));
	} while (option_of(connected_fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 0);
	close(peer_fd);
	close(listening);
}
