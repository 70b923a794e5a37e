#include "events.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../support/temp_dir.h"

static sd_event *event;
static struct events *events;
static char text[4 * EVENTS_QUEUE_MAX];
static size_t text_len;

static void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	cr_assert_geq(sd_event_new(&event), 0);
}

static void tear_down(void)
{
	event = sd_event_unref(event);
}

/* What is there now. */
static void read_all(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		ssize_t len = read(fd, text + text_len, sizeof(text) - 1 - text_len);

		if (len <= 0)
			break;
		text_len += (size_t)len;
	}
	text[text_len] = '\0';
}

static void settle(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

/* The next line of what was read, as JSON; NULL: none. */
static json_t *next_line(char **at)
{
	char *end = strchr(*at, '\n');
	json_t *object;

	if (!end)
		return NULL;
	object = json_loadb(*at, (size_t)(end - *at), JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(object, "%.200s", *at);
	*at = end + 1;
	return object;
}

static void tell_number(int number, size_t padding)
{
	char *pad = calloc(1, padding + 1);

	memset(pad, 'x', padding);
	events_tell(events, "number", json_pack("{s:i, s:s}", "n", number, "pad", pad));
	free(pad);
}

/* Tells until lines are lost, reads all of it, and looks at what came. */
static void overrun(int reader)
{
	char *at = text;
	json_int_t expected = 0;
	json_int_t lost = 0;
	json_t *line;
	const int told = 40;

	for (int i = 0; i < told; i++)
		tell_number(i, 65536);
	for (int i = 0; i < 1000 && !strstr(text, "\"lost\""); i++) {
		read_all(reader);
		settle();
	}
	tell_number(told, 0);
	read_all(reader);
	while ((line = next_line(&at))) {
		if (strcmp(json_string_value(json_object_get(line, "event")), "lost") == 0)
			lost = json_integer_value(json_object_get(line, "lines"));
		else
			cr_assert_eq(json_integer_value(json_object_get(line, "n")),
				     expected++ + lost);
		json_decref(line);
	}
	cr_assert_gt(lost, 0);
	cr_assert_eq(expected + lost, told + 1);
}

TestSuite(events, .init = set_up, .fini = tear_down, .timeout = 60);

Test(events, are_lines_with_time_and_name_before_the_members)
{
	char *at = text;
	json_t *line;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	events_tell(events, "state", json_pack("{s:s}", "connection", "Send"));
	read_all(ends[0]);
	cr_assert_eq(strncmp(text, "{\"time\":\"2", 10), 0, "%s", text);
	cr_assert_not_null(strstr(text, "Z\",\"event\":\"state\",\"connection\":\"Send\"}\n"), "%s",
			   text);
	line = next_line(&at);
	json_decref(line);
	cr_assert_eq(*at, '\0');
	events_free(events);
}

Test(events, are_ascii_whatever_a_peer_has_sent)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	events_tell(events, "received",
		    json_pack("{s:s}", "text",
			      "\xc2\x9b"
			      "2J\x1b[H\n"));
	events_free(events);
	read_all(ends[0]);
	for (size_t i = 0; i + 1 < text_len; i++)
		cr_assert(text[i] >= 0x20 && text[i] < 0x7f);
}

Test(events, a_slow_reader_of_a_pipe_loses_lines_and_is_told_how_many)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	overrun(ends[0]);
	events_free(events);
}

Test(events, a_slow_reader_of_another_user_s_pipe_loses_lines_and_is_told_how_many)
{
	bool is_root = geteuid() == 0;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(fchmod(ends[1], 0), 0);
	if (is_root)
		cr_assert_eq(seteuid(65534), 0);
	events = events_new(event, ends[1]);
	if (is_root)
		cr_assert_eq(seteuid(0), 0);
	/* Whoever has changed users is not looked into by the leak checker. */
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	overrun(ends[0]);
	events_free(events);
}

Test(events, a_slow_reader_of_a_socket_loses_lines_and_is_told_how_many)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	events = events_new(event, ends[1]);
	overrun(ends[0]);
	events_free(events);
}

Test(events, a_slow_terminal_loses_lines_and_is_told_how_many)
{
	struct termios raw = {0};
	int reader, writer;

	cfmakeraw(&raw);
	cr_assert_eq(openpty(&reader, &writer, NULL, &raw, NULL), 0);
	events = events_new(event, writer);
	overrun(reader);
	events_free(events);
}

Test(events, leave_the_descriptor_blocking_that_others_write_to)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	for (int i = 0; i < 40; i++)
		tell_number(i, 65536);
	cr_assert_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	events_free(events);
	cr_assert_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
}

Test(events, go_into_a_file)
{
	char dir[TEMP_PATH_MAX];
	char path[TEMP_PATH_MAX + 8];
	char *at = text;
	json_t *line;
	int fd;

	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/out", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	events = events_new(event, fd);
	for (int i = 0; i < 40; i++)
		tell_number(i, 65536);
	events_free(events);
	lseek(fd, 0, SEEK_SET);
	read_all(fd);
	for (int i = 0; i < 40; i++) {
		line = next_line(&at);
		cr_assert_eq(json_integer_value(json_object_get(line, "n")), i);
		json_decref(line);
	}
	close(fd);
	temp_dir_remove(dir);
}

Test(events, go_nowhere_when_the_reader_has_gone)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	close(ends[0]);
	tell_number(1, 10);
	tell_number(2, 10);
	settle();
	events_free(events);
}

static unsigned heard;
static struct events_watch *watches[EVENTS_WATCHES_MAX];

static void hear(const char *line, size_t len, void *user)
{
	cr_assert_eq(line[len - 1], '\n');
	cr_assert_eq(user, &heard);
	heard++;
}

static void hear_once(const char *line, size_t len, void *user)
{
	struct events_watch **watch = user;

	cr_assert_eq(strlen(line), len);
	heard++;
	events_watch_remove(events, *watch);
	events_watch_remove(events, watches[2]);
}

Test(events, are_told_to_as_many_watchers_as_are_allowed_and_no_more)
{
	events = events_new(event, -1);
	for (size_t i = 0; i < EVENTS_WATCHES_MAX; i++)
		cr_assert_not_null(watches[i] = events_watch_add(events, hear, &heard));
	cr_assert_null(events_watch_add(events, hear, &heard));
	tell_number(1, 10);
	cr_assert_eq(heard, EVENTS_WATCHES_MAX);
	events_watch_remove(events, watches[0]);
	cr_assert_not_null(events_watch_add(events, hear, &heard));
	events_free(events);
}

Test(events, let_watchers_go_while_they_are_told)
{
	events = events_new(event, -1);
	for (size_t i = 0; i < 3; i++)
		watches[i] = events_watch_add(events, i == 1 ? hear_once : hear,
					      i == 1 ? (void *)&watches[1] : &heard);
	tell_number(1, 10);
	cr_assert_eq(heard, 2u);
	tell_number(2, 10);
	cr_assert_eq(heard, 3u);
	events_free(events);
}

Test(events, without_members_are_told_as_lost)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	events = events_new(event, ends[1]);
	events_tell(events, "state", NULL);
	events_tell(events, "state", NULL);
	tell_number(1, 10);
	read_all(ends[0]);
	cr_assert_not_null(strstr(text, "\"event\":\"lost\",\"lines\":2}\n{"), "%s", text);
	cr_assert_not_null(strstr(text, "\"n\":1"), "%s", text);
	events_free(events);
}
