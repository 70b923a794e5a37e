#include "listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../support/temp_dir.h"
#include "loop.h"

static char dir[TEMP_PATH_MAX];
static struct listener *listener;
static struct listener_place place;
static bool has_changed, has_accepted, ends_at_a_peer;
static unsigned changes, peers;
static enum listener_state state;
static char message[LISTENER_MESSAGE_MAX], address[64];
static int accepted_fd;

static void on_accepted(int fd, const char *from, void *user)
{
	(void)user;
	if (accepted_fd >= 0)
		close(accepted_fd);
	accepted_fd = fd;
	strcpy(address, from);
	has_accepted = true;
	peers++;
	if (ends_at_a_peer) {
		listener_free(listener);
		listener = NULL;
	}
}

static void on_changed(enum listener_state now, const char *text, void *user)
{
	(void)user;
	state = now;
	strcpy(message, text);
	has_changed = true;
	changes++;
}

static const struct listener_handler handler = {on_accepted, on_changed};

static void set_up(void)
{
	loop_up();
	temp_dir_make(dir);
	accepted_fd = -1;
	has_changed = has_accepted = ends_at_a_peer = false;
	changes = peers = 0;
	place = (struct listener_place){.host = "127.0.0.1", .port = free_port()};
}

static void tear_down(void)
{
	if (accepted_fd >= 0)
		close(accepted_fd);
	listener_free(listener);
	loop_down();
	temp_dir_remove(dir);
}

static void start(void)
{
	has_changed = false;
	listener = listener_new(loop, &place, &handler, NULL);
	cr_assert_not_null(listener);
	cr_assert(!has_changed, "told before the loop runs");
	loop_until(&has_changed);
}

TestSuite(listener, .init = set_up, .fini = tear_down, .timeout = 60);

Test(listener, takes_peers_with_keep_alive)
{
	int value = 0;
	socklen_t len = sizeof(value);

	start();
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
	int peer = loopback_connected(place.port);

	loop_until(&has_accepted);
	cr_assert_str_eq(address, "127.0.0.1");
	cr_assert(fcntl(accepted_fd, F_GETFL) & O_NONBLOCK);
	cr_assert_eq(getsockopt(accepted_fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len), 0);
	cr_assert_eq(value, 5);
	cr_assert_eq(changes, 1);
	close(peer);
}

Test(listener, listens_at_all_addresses_of_both_families)
{
	strcpy(place.host, "");
	start();
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
	int peer = loopback_connected(place.port);

	loop_until(&has_accepted);
	cr_assert_str_eq(address, "127.0.0.1");
	close(peer);
}

Test(listener, tries_again_until_the_port_is_free)
{
	int other = loopback_listening(place.port);

	start();
	cr_assert_eq(state, LISTENER_PORT_IN_USE);
	cr_assert_not_null(strstr(message, "another program has it"), "%s", message);
	close(other);
	has_changed = false;
	loop_until(&has_changed);
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
	cr_assert_eq(changes, 2);
}

Test(listener, frees_its_port_at_the_end)
{
	start();
	int peer = loopback_connected(place.port);

	loop_until(&has_accepted);
	listener_free(listener);
	/* Ended by this side: its connection is in TIME_WAIT. */
	close(accepted_fd);
	accepted_fd = -1;
	close(peer);
	start();
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
}

Test(listener, tells_that_there_is_no_such_interface)
{
	strcpy(place.interface, "no-such-0");
	start();
	cr_assert_eq(state, LISTENER_NO_INTERFACE);
	cr_assert_not_null(strstr(message, "no-such-0"), "%s", message);
}

Test(listener, tells_an_address_that_is_not_of_this_machine)
{
	strcpy(place.host, "192.0.2.1");
	start();
	cr_assert_eq(state, LISTENER_FAILS);
	cr_assert_not_null(strstr(message, "192.0.2.1"), "%s", message);
}

Test(listener, waits_while_there_are_no_descriptors)
{
	struct rlimit limit, few;

	start();
	int peer = loopback_connected(place.port);
	int next = dup(0);

	close(next);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = (rlim_t)next;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	has_changed = false;
	loop_until(&has_changed);
	cr_assert_eq(state, LISTENER_FAILS);
	cr_assert_eq(peers, 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	loop_until(&has_accepted);
	cr_assert_eq(state, LISTENER_LISTENS);
	close(peer);
}

Test(listener, may_be_freed_by_its_handler)
{
	ends_at_a_peer = true;
	start();
	int first = loopback_connected(place.port), second = loopback_connected(place.port);

	loop_until(&has_accepted);
	loop_settle();
	cr_assert_eq(peers, 1);
	close(first);
	close(second);
}

Test(listener, makes_a_unix_socket_for_its_group_and_removes_it)
{
	struct stat st;

	snprintf(place.host, sizeof(place.host), "%s/sock", dir);
	start();
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
	cr_assert_eq(stat(place.host, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0660u);
	struct sockaddr_un to = unix_address(place.host);
	int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(peer, (struct sockaddr *)&to, sizeof(to)), 0);
	loop_until(&has_accepted);
	cr_assert_str_eq(address, "");
	listener_free(listener);
	listener = NULL;
	cr_assert_neq(stat(place.host, &st), 0);
	close(peer);
}

Test(listener, replaces_a_unix_socket_that_nobody_answers_at)
{
	snprintf(place.host, sizeof(place.host), "%s/sock", dir);
	close(unix_listening(place.host));
	start();
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
}

Test(listener, leaves_a_unix_socket_at_which_somebody_answers)
{
	struct stat st;

	snprintf(place.host, sizeof(place.host), "%s/sock", dir);
	int other = unix_listening(place.host);

	start();
	cr_assert_eq(state, LISTENER_PORT_IN_USE, "%s", message);
	listener_free(listener);
	listener = NULL;
	cr_assert_eq(stat(place.host, &st), 0);
	close(other);
}

Test(listener, leaves_a_file_that_is_no_socket)
{
	struct stat st;

	snprintf(place.host, sizeof(place.host), "%s/sock", dir);
	close(open(place.host, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	start();
	cr_assert_eq(state, LISTENER_FAILS, "%s", message);
	cr_assert_eq(stat(place.host, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
}

/* Renamed over ours, as a successor would. */
Test(listener, leaves_the_socket_of_a_successor)
{
	char other[TEMP_PATH_MAX + 8];
	struct stat st;

	snprintf(place.host, sizeof(place.host), "%s/sock", dir);
	snprintf(other, sizeof(other), "%s/next", dir);
	start();
	int successor = unix_listening(other);

	cr_assert_eq(rename(other, place.host), 0);
	listener_free(listener);
	listener = NULL;
	cr_assert_eq(stat(place.host, &st), 0);
	close(successor);
}
