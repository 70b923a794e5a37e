#include "listener.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../../support/fake_service.h"

static char path[TEMP_PATH_MAX + 16];
static char error[LISTENER_ERROR_MAX];
static struct listener *listener;

static void set_up(void)
{
	bench_up();
	snprintf(path, sizeof path, "%s/sock", bench.dir);
	unsetenv("LISTEN_FDS");
}

static void tear_down(void)
{
	listener_free(listener);
	bench_down();
}

static enum listener_status open_socket(int *ret_fd)
{
	bool is_ours = false;

	return listener_socket(path, 0600, NULL, error, ret_fd, &is_ours);
}

static void listen_here(void)
{
	int fd = -1;

	cr_assert_eq(open_socket(&fd), LISTENER_OK, "%s", error);
	cr_assert_eq(listener_new(&bench.service, fd, path, &listener), LISTENER_OK);
}

static struct client connect_here(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct client client = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	cr_assert_eq(connect(client.fd, (struct sockaddr *)&address, sizeof address), 0);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
	return client;
}

TestSuite(listener, .init = set_up, .fini = tear_down);

Test(listener, knows_the_peer)
{
	listen_here();
	struct client client = connect_here();

	/* This process's uid is the service's own, so it manages. */
	cr_assert_eq(client_create(&client, "web", 4), STATUS_OK);
	client_close(&client);
}

Test(listener, sets_the_mode_and_removes_the_socket_at_the_end)
{
	struct stat st;

	listen_here();
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600u);
	listener_free(listener);
	listener = NULL;
	cr_assert_neq(stat(path, &st), 0);
}

Test(listener, refuses_a_path_where_somebody_listens)
{
	int fd = -1;

	listen_here();
	cr_assert_eq(open_socket(&fd), LISTENER_IN_USE);
	cr_assert_not_null(strstr(error, path), "%s", error);
	cr_assert_eq(fd, -1);
}

Test(listener, replaces_a_stale_socket)
{
	int fd = -1;

	cr_assert_eq(open_socket(&fd), LISTENER_OK);
	close(fd);
	cr_assert_eq(open_socket(&fd), LISTENER_OK, "%s", error);
	close(fd);
}

Test(listener, leaves_what_is_no_socket)
{
	int fd = -1;

	fclose(fopen(path, "w"));
	cr_assert_eq(open_socket(&fd), LISTENER_REFUSED);
	cr_assert_eq(access(path, F_OK), 0);
}

Test(listener, refuses_a_path_that_is_too_long)
{
	int fd = -1;

	memset(path, 'x', sizeof path - 1);
	path[0] = '/';
	cr_assert_eq(open_socket(&fd), LISTENER_REFUSED);
	cr_assert_not_null(strstr(error, "too long"), "%s", error);
}

static void expect_limit(struct client *client, const char *said)
{
	ks_pb_reply *reply = client_receive(client);

	cr_assert_not_null(reply);
	cr_assert_eq(reply->id, 0u);
	cr_assert_eq(reply->status, (Keystore__V1__Status)STATUS_LIMIT);
	cr_assert_not_null(strstr(reply->message, said), "%s", reply->message);
	codec_reply_free(reply);
	cr_assert(client_is_dropped(client));
	client_close(client);
}

Test(listener, tells_one_connection_too_many_of_a_user)
{
	bench.config.connections_per_uid = 2;
	listen_here();
	struct client first = connect_here();
	struct client second = connect_here();
	struct client third = connect_here();

	expect_limit(&third, "2 connections");
	client_close(&first);
	bench_settle();
	first = connect_here();
	bench_settle();
	cr_assert_eq(conns_count(bench.service.conns), 2u);
	client_close(&first);
	client_close(&second);
}

Test(listener, tells_one_connection_too_many_of_all)
{
	bench.config.connections = 1;
	listen_here();
	struct client first = connect_here();
	struct client second = connect_here();

	expect_limit(&second, "the service has 1 connections");
	client_close(&first);
}

Test(listener, goes_on_after_running_out_of_descriptors)
{
	struct rlimit limit;
	struct rlimit none;

	listen_here();
	struct client client = connect_here();

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)client.fd + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	bench_settle();
	cr_assert_eq(conns_count(bench.service.conns), 0u);
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert_eq(client_create(&client, "web", 4), STATUS_OK);
	client_close(&client);
}

/* In a child, since descriptor 3 is the test runner's. */
static int take_passed_socket(int fd)
{
	bool is_ours = true;
	int passed = -1;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (dup2(fd, 3) != 3 ||
	    listener_socket("/nowhere", 0, NULL, error, &passed, &is_ours) != LISTENER_OK)
		return 1;
	return passed == 3 && !is_ours && (fcntl(passed, F_GETFL) & O_NONBLOCK) ? 0 : 2;
}

Test(listener, takes_the_socket_that_systemd_passes_and_leaves_its_path)
{
	int status = -1;
	int fd = -1;

	cr_assert_eq(open_socket(&fd), LISTENER_OK);
	fcntl(fd, F_SETFL, 0); /* blocking, as it comes from systemd */
	pid_t child = fork();

	if (child == 0)
		_exit(take_passed_socket(fd));
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
	close(fd);
}
