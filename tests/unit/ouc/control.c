#include "control_program.h"

#include "control_client.h"

TestSuite(control, .init = set_up, .fini = tear_down, .timeout = 120);

Test(control, carries_out_the_order_of_one_who_does_not_wait_for_the_answer)
{
	struct program program = program_new();

	cr_assert_gt(send(program.fd, order, strlen(order), 0), 0);
	program_end(&program);
	cr_assert_eq(fake.station.connections[0].orders, 1u);
}

Test(control, answers_one_who_has_closed_its_side)
{
	struct program program = program_new();
	bool has_ended;

	cr_assert_gt(send(program.fd, order, strlen(order), 0), 0);
	shutdown(program.fd, SHUT_WR);
	json_decref(hear(&program));
	cr_assert_null(try_hear(&program, &has_ended));
	cr_assert(has_ended);
	program_end(&program);
}

Test(control, answers_commands_in_their_order_however_they_come)
{
	static const char line[] = "{\"command\":\"get\",\"block\":\"Send_Data\"}\n";
	struct program program = program_new();
	char many[100 * sizeof(line)];
	size_t len = 0;

	for (int i = 0; i < 100; i++, len += sizeof(line) - 1)
		memcpy(many + len, line, sizeof(line) - 1);
	/* A part, the rest, and more. */
	say_bytes(&program, many, 7);
	fake_settle();
	say_bytes(&program, many + 7, len - 7);
	for (int i = 0; i < 100; i++) {
		json_t *reply = hear(&program);

		cr_assert(json_is_true(json_object_get(reply, "ok")));
		json_decref(reply);
	}
	program_end(&program);
}

Test(control, lets_watchers_see_events)
{
	struct program program = program_new();
	json_t *line;

	expect_ok(&program, "{\"command\":\"watch\"}");
	events_tell(events, "state", json_pack("{s:s}", "connection", "Send"));
	line = hear(&program);
	cr_assert_str_eq(json_string_value(json_object_get(line, "event")), "state");
	json_decref(line);
	program_end(&program);
	events_tell(events, "state", json_pack("{s:s}", "connection", "Send"));
}

Test(control, takes_no_commands_from_one_who_watches)
{
	struct program program = program_new();

	expect_ok(&program, "{\"command\":\"watch\"}");
	say(&program, "{\"command\":\"list\"}");
	expect_dismissal(&program, "invalid", "open another");
}

Test(control, tells_a_watcher_who_does_not_read_and_lets_it_go)
{
	struct program slow = program_new();
	struct program program = program_new();
	static char pad[65536];
	json_t *line = NULL;
	int received = 0;

	memset(pad, 'x', sizeof(pad) - 1);
	expect_ok(&slow, "{\"command\":\"watch\"}");
	expect_ok(&program, "{\"command\":\"watch\"}");
	for (int i = 0; i < 64; i++) {
		events_tell(events, "pad", json_pack("{s:s}", "pad", pad));
		/* Who reads misses nothing. */
		json_decref(hear(&program));
	}
	for (;; received++) {
		line = hear(&slow);
		if (json_object_get(line, "error"))
			break;
		json_decref(line);
	}
	cr_assert_gt(received, 1);
	cr_assert_lt(received, 64);
	check_error(line, "slow", "events");
	program_end(&slow);
	program_end(&program);
}

Test(control, ends_the_connection_of_one_who_sends_garbage)
{
	static const char *const garbage[] = {"", "GET / HTTP/1.1", "{\"command\":\"stop\"}",
					      "{\"command\":\"list\"", "\x16\x03\x01"};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct program program = program_new();

		say(&program, garbage[i]);
		expect_dismissal(&program, "invalid", "");
	}
}

Test(control, tells_one_whose_last_line_has_no_end)
{
	struct program program = program_new();

	say_bytes(&program, "{\"command\":\"list\"}", 18);
	shutdown(program.fd, SHUT_WR);
	expect_dismissal(&program, "invalid", "no end");
}

/* A command of @len bytes, its newline included. */
static char *long_line(size_t len)
{
	static const char begin[] = "{\"command\":\"show\",\"connection\":\"Send\"";
	char *line = malloc(len);

	memset(line, ' ', len);
	memcpy(line, begin, strlen(begin));
	memcpy(line + len - 2, "}\n", 2);
	return line;
}

Test(control, takes_a_line_of_the_greatest_length)
{
	struct program program = program_new();
	char *line = long_line(CONTROL_LINE_MAX);
	json_t *reply;

	say_bytes(&program, line, CONTROL_LINE_MAX);
	reply = hear(&program);
	cr_assert(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	free(line);
	program_end(&program);
}

Test(control, refuses_a_line_that_is_a_byte_longer)
{
	struct program program = program_new();
	char *line = long_line(CONTROL_LINE_MAX + 1);

	say_bytes(&program, line, CONTROL_LINE_MAX + 1);
	free(line);
	expect_dismissal(&program, "limit", "655360");
}

Test(control, refuses_a_line_without_an_end)
{
	struct program program = program_new();
	char *line = long_line(3 * CONTROL_LINE_MAX);

	line[3 * CONTROL_LINE_MAX - 1] = ' ';
	say_bytes(&program, line, 3 * CONTROL_LINE_MAX);
	free(line);
	check_error(hear(&program), "limit", "655360");
	program_end(&program);
}

Test(control, has_so_many_clients_and_tells_the_next_one)
{
	struct program programs[CONTROL_CLIENTS_MAX];
	struct program next;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		programs[i] = program_new();
		expect_ok(&programs[i], "{\"command\":\"watch\"}");
	}
	next = program_new();
	expect_dismissal(&next, "limit", "32");
	program_end(&programs[0]);
	next = program_new();
	expect_ok(&next, "{\"command\":\"watch\"}");
	program_end(&next);
	for (size_t i = 1; i < CONTROL_CLIENTS_MAX; i++)
		program_end(&programs[i]);
}

Test(control, is_for_the_directory_s_group)
{
	struct stat of_socket, of_dir;

	cr_assert_eq(stat(path, &of_socket), 0);
	cr_assert_eq(stat(fake.dir, &of_dir), 0);
	cr_assert_eq(of_socket.st_mode & 07777, 0660u);
	cr_assert_eq(of_socket.st_gid, of_dir.st_gid);
}

Test(control, removes_the_socket_at_the_end)
{
	struct stat st;

	control_close(control);
	control = NULL;
	cr_assert_neq(stat(path, &st), 0);
}

Test(control, refuses_a_path_that_another_process_has)
{
	struct control *second = NULL;

	cr_assert_not(control_open(path, &second, problem));
	cr_assert_not_null(strstr(problem, "keystore-ouc runs already"), "%s", problem);
	cr_assert_null(second);
	/* The first is as it was. */
	struct program program = program_new();

	expect_ok(&program, "{\"command\":\"watch\"}");
	program_end(&program);
}

Test(control, replaces_the_socket_of_a_dead_process)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	control_close(control);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	cr_assert(control_open(path, &control, problem), "%s", problem);
}

Test(control, leaves_what_is_no_socket)
{
	struct control *second = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", fake.dir);
	file = fopen(path, "w");
	fclose(file);
	cr_assert_not(control_open(path, &second, problem));
	cr_assert_not_null(strstr(problem, "is no socket"), "%s", problem);
}

Test(control, says_when_a_path_is_too_long)
{
	struct control *second = NULL;
	char longer[VALUE_PATH_MAX + 2];

	memset(longer, 'p', sizeof(longer));
	longer[VALUE_PATH_MAX + 1] = '\0';
	cr_assert_not(control_open(longer, &second, problem));
	cr_assert_not_null(strstr(problem, "too long"), "%s", problem);
}
