/* keystore-ouc-ctl, the program, against the control socket of a fake station. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../../support/fake_station.h"
#include "control.h"

#define WORDS_MAX 12
#define TEXT_MAX  65536

extern char **environ;

static char path[TEMP_PATH_MAX + 16];
static char program[4096];
static struct events *events;
static struct control *control;
static char out[TEXT_MAX], errors[TEXT_MAX];

static void set_up(void)
{
	char problem[CONTROL_MESSAGE_MAX];
	char self[4000] = "";

	signal(SIGPIPE, SIG_IGN);
	cr_assert_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	snprintf(program, sizeof(program), "%s/keystore-ouc-ctl", dirname(self));
	fake_up();
	snprintf(path, sizeof(path), "%s/%s", fake.dir, CONTROL_SOCKET_NAME);
	setenv("KEYSTORE_OUC_SOCKET", path, 1);
	events = events_new(fake.event, -1);
	cr_assert(control_open(path, &control, problem), "%s", problem);
	cr_assert(control_serve(control, fake.event, &fake.settings, &fake.station, events));
}

static void tear_down(void)
{
	control_close(control);
	events_free(events);
	fake_down();
}

struct running {
	pid_t pid;
	int out, errors;
	size_t out_len, errors_len;
};

static int spawn_pipe(posix_spawn_file_actions_t *actions, int target)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	posix_spawn_file_actions_adddup2(actions, ends[1], target);
	return ends[0] | ends[1] << 16;
}

static struct running start(const char *const *words)
{
	char *argv[WORDS_MAX + 2] = {program};
	posix_spawn_file_actions_t actions;
	struct running running = {0};
	int out_ends, errors_ends;

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	posix_spawn_file_actions_init(&actions);
	out_ends = spawn_pipe(&actions, STDOUT_FILENO);
	errors_ends = spawn_pipe(&actions, STDERR_FILENO);
	cr_assert_eq(posix_spawn(&running.pid, program, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(out_ends >> 16);
	close(errors_ends >> 16);
	running.out = out_ends & 0xFFFF;
	running.errors = errors_ends & 0xFFFF;
	return running;
}

/* False: it has ended. */
static bool read_more(int fd, char *text, size_t *len)
{
	ssize_t more = read(fd, text + *len, TEXT_MAX - 1 - *len);

	*len += more > 0 ? (size_t)more : 0;
	text[*len] = '\0';
	return more > 0 || (more < 0 && errno == EAGAIN);
}

static void run_until(struct running *running, const char *text)
{
	while (!strstr(out, text) && read_more(running->out, out, &running->out_len))
		sd_event_run(fake.event, 10000);
	cr_assert_not_null(strstr(out, text), "%s", out);
}

static int finish(struct running *running)
{
	bool is_open = true;
	int status = 0;

	while (is_open) {
		sd_event_run(fake.event, 10000);
		is_open = read_more(running->out, out, &running->out_len);
		is_open = read_more(running->errors, errors, &running->errors_len) || is_open;
	}
	cr_assert_eq(waitpid(running->pid, &status, 0), running->pid);
	close(running->out);
	close(running->errors);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *const *words)
{
	struct running running = start(words);

	return finish(&running);
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void expect_in(const char *text, const char *part)
{
	cr_assert_not_null(strstr(text, part), "'%s' is not in: %s", part, text);
}

TestSuite(ctl, .init = set_up, .fini = tear_down, .timeout = 120);

Test(ctl, lists_connections)
{
	cr_assert_eq(RUN("list"), 0, "%s", errors);
	expect_in(out, "CONNECTION  WHERE");
	expect_in(out, "\nSend        to 192.0.2.1:2000  Send_Data      -");
	expect_in(out, "\nModbus      to 192.0.2.1:2000  forward        forward");
}

Test(ctl, lists_connections_as_json)
{
	json_t *list;

	cr_assert_eq(RUN("--json", "list"), 0, "%s", errors);
	list = json_loads(out, 0, NULL);
	cr_assert_eq(json_array_size(json_object_get(list, "connections")), 4u);
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(list, "blocks"), 0)),
			 "Send_Data");
	json_decref(list);
}

Test(ctl, shows_a_connection)
{
	fake.station.connections[0].outputs.error = true;
	strcpy(fake.station.connections[0].outputs.message, "nobody listens there");
	cr_assert_eq(RUN("show", "Send"), 0, "%s", errors);
	expect_in(out, "connection    Send\n");
	expect_in(out, "outputs       error\n");
	expect_in(out, "message       nobody listens there\n");
}

Test(ctl, shows_a_forward_and_an_unsecured_connection)
{
	fake.connections[3].is_secure = false;
	cr_assert_eq(RUN("show", "Modbus"), 0, "%s", errors);
	expect_in(out, "forwards      127.0.0.1, port 502\n");
	expect_in(out, "NOT secured");
}

Test(ctl, sets_what_is_typed_and_shows_it)
{
	cr_assert_eq(RUN("set", "Send_Data", "Var1=TRUE", "Var2=Hello World!", "Count=-5",
			 "List[3]=16#7F"),
		     0, "%s", errors);
	cr_assert_eq(RUN("get", "Send_Data"), 0, "%s", errors);
	expect_in(out, "FIELD  PLACE  TYPE");
	expect_in(out, "Hello World!\n");
	expect_in(out, "0, 0, 127\n");
	cr_assert_eq(RUN("get", "Send_Data", "--json"), 0, "%s", errors);
	expect_in(out, "\"Var1\":true,\"Var2\":\"Hello World!\"");
}

Test(ctl, prints_nothing_that_a_terminal_obeys)
{
	cr_assert_eq(RUN("set", "Send_Data",
			 "Var2=\x1b[2J\xc2\x9b"
			 "2J"),
		     0, "%s", errors);
	cr_assert_eq(RUN("get", "Send_Data"), 0, "%s", errors);
	expect_in(out, "\"\\u001B[2J\\u009B2J\"\n");
	cr_assert_null(strchr(out, 0x1b));
	cr_assert_null(strchr(out, '\xc2'));
}

Test(ctl, sends)
{
	cr_assert_eq(RUN("send", "Send", "Var1=TRUE"), 0, "%s", errors);
	cr_assert_str_eq(out, "Send: is being sent\n");
	cr_assert_eq(fake.station.connections[0].orders, 1u);
	cr_assert_eq(RUN("send", "Send", "--wait", "--json"), 0, "%s", errors);
	expect_in(out, "{\"connection\":\"Send\",\"state\":\"done\"}\n");
	cr_assert_eq(fake.station.connections[0].orders, 2u);
}

Test(ctl, waits_until_the_message_has_failed)
{
	struct running running;

	fake.station.connections[0].takes_time = true;
	running = start((const char *const[]){"send", "Send", "--wait", NULL});
	while (!fake.station.connections[0].orders)
		sd_event_run(fake.event, 10000);
	fake_finish(&fake.station.connections[0], "the peer is away");
	cr_assert_eq(finish(&running), 1);
	expect_in(errors, "keystore-ouc-ctl: Send: not sent: 80A7: the peer is away\n");
}

Test(ctl, prints_events_of_one_connection)
{
	struct running running = start((const char *const[]){"watch", "Send", NULL});
	int told = 0;

	/* It may not watch yet. */
	while (!strstr(out, "n=") && told < 10000) {
		events_tell(events, "state", json_pack("{s:s}", "connection", "Both"));
		events_tell(events, "state",
			    json_pack("{s:s, s:b, s:b, s:i}", "connection", "Send", "busy", false,
				      "done", true, "n", ++told));
		sd_event_run(fake.event, 10000);
		cr_assert(read_more(running.out, out, &running.out_len), "%s", errors);
	}
	run_until(&running, "\n");
	expect_in(out, "Z  state  Send  done=TRUE  n=");
	cr_assert_null(strstr(out, "Both"));
	control_end(control);
	cr_assert_eq(finish(&running), 1);
	expect_in(errors, "has ended");
}

Test(ctl, says_what_was_wrong_with_the_request)
{
	cr_assert_eq(RUN("show", "Sent"), 2);
	expect_in(errors, "keystore-ouc-ctl: there is no connection 'Sent'");
	cr_assert_eq(RUN("set", "Send_Data", "Count=40000"), 2);
	expect_in(errors, "Count");
	cr_assert_eq(RUN("watch", "Sent"), 2);
	cr_assert_eq(RUN("--json", "get", "X"), 2);
	expect_in(out, "{\"error\":{\"status\":\"not-found\",\"message\":\"");
}

Test(ctl, says_what_was_wrong_with_the_command_line)
{
	cr_assert_eq(RUN("stop"), 2);
	expect_in(errors, "there is no command 'stop'");
	cr_assert_eq(RUN("show"), 2);
	expect_in(errors, "usage: keystore-ouc-ctl show NAME");
	cr_assert_eq(RUN("list", "Send"), 2);
	cr_assert_eq(RUN("set", "Send_Data", "Var1"), 2);
	expect_in(errors, "'Var1' is not FIELD=VALUE");
	cr_assert_eq(RUN("set", "Send_Data", "Var1=TRUE", "Var1=FALSE"), 2);
	expect_in(errors, "Var1 is given twice");
	cr_assert_eq(RUN("list", "--wait"), 2);
	cr_assert_eq(RUN("--colour"), 2);
	cr_assert_eq(RUN("set", "Send_Data", "Var2=\xff"), 2);
	expect_in(errors, "UTF-8");
	cr_assert_eq(fake.station.writes, 0u);
}

Test(ctl, says_when_the_daemon_is_not_there)
{
	cr_assert_eq(RUN("--socket", "/nowhere/control.sock", "list"), 1);
	expect_in(errors, "is keystore-ouc running?");
	control_close(control);
	control = NULL;
	cr_assert_eq(RUN("list"), 1);
	expect_in(errors, path);
}

/* Whoever listens at the socket instead. */
static int run_against(const char *answer, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct running running;
	char scratch[64];
	int code;
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/other", fake.dir);
	unlink(address.sun_path);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	running = start((const char *const[]){"--socket", address.sun_path, "list", NULL});
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_gt(recv(fd, scratch, sizeof(scratch), 0), 0);
	for (size_t sent = 0; sent < len;) {
		ssize_t part = send(fd, answer + sent, len - sent, MSG_NOSIGNAL);

		if (part < 0)
			break;
		sent += (size_t)part;
	}
	close(fd);
	code = finish(&running);
	close(listener);
	return code;
}

Test(ctl, believes_nobody_else_who_answers)
{
	static char endless[5 << 20];

	cr_assert_eq(run_against("", 0), 1);
	expect_in(errors, "has ended the connection");
	cr_assert_eq(run_against("220 mail\n", 9), 1);
	expect_in(errors, "is not of keystore-ouc");
	cr_assert_eq(run_against("{\"ok\":7}\n", 9), 1);
	expect_in(errors, "gave no reason");
	memset(endless, 'x', sizeof(endless));
	cr_assert_eq(run_against(endless, sizeof(endless)), 1);
	expect_in(errors, "too long a line");
}
