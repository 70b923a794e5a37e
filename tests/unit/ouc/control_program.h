/*
 * Programs that talk to the control socket of a fake station, in one loop with it.
 */
#ifndef CONTROL_PROGRAM_H
#define CONTROL_PROGRAM_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../support/fake_station.h"
#include "control.h"

#define TURNS_MAX 100000

static char path[TEMP_PATH_MAX + 16];
static char problem[CONTROL_MESSAGE_MAX];
static struct events *events;
static struct control *control;

static inline void set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	fake_up();
	snprintf(path, sizeof(path), "%s/%s", fake.dir, CONTROL_SOCKET_NAME);
	events = events_new(fake.event, -1);
	cr_assert(control_open(path, &control, problem), "%s", problem);
	cr_assert(control_serve(control, fake.event, &fake.settings, &fake.station, events));
}

static inline void tear_down(void)
{
	control_close(control);
	events_free(events);
	fake_down();
}

struct program {
	int fd;
	char *text;
	size_t len, capacity;
};

static inline struct program program_new(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct program program = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(connect(program.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fcntl(program.fd, F_SETFL, O_NONBLOCK);
	return program;
}

static inline void program_end(struct program *program)
{
	close(program->fd);
	free(program->text);
	fake_settle();
}

/* All of it, unless the other side ends the connection first. */
static inline void say_bytes(struct program *program, const char *bytes, size_t len)
{
	size_t sent = 0;

	for (int i = 0; sent < len && i < TURNS_MAX; i++) {
		ssize_t part = send(program->fd, bytes + sent, len - sent, MSG_NOSIGNAL);

		if (part < 0 && errno != EAGAIN)
			return;
		sent += part > 0 ? (size_t)part : 0;
		fake_settle();
	}
	cr_assert_eq(sent, len);
}

static inline void say(struct program *program, const char *line)
{
	say_bytes(program, line, strlen(line));
	say_bytes(program, "\n", 1);
}

/* What has come; false: the connection has ended. */
static inline bool receive(struct program *program)
{
	for (;;) {
		ssize_t len;

		if (program->capacity - program->len < 65536) {
			program->capacity += 1 << 20;
			program->text = realloc(program->text, program->capacity);
		}
		len = recv(program->fd, program->text + program->len,
			   program->capacity - program->len, 0);
		if (len <= 0)
			return len < 0 && errno == EAGAIN;
		program->len += (size_t)len;
	}
}

/* The next line; NULL: there is none, and @ret_ended says whether one may come. */
static inline json_t *try_hear(struct program *program, bool *ret_ended)
{
	char *end = NULL;
	json_t *object = NULL;

	*ret_ended = false;
	for (int i = 0; i < 100 && !end && !*ret_ended; i++) {
		fake_settle();
		*ret_ended = !receive(program);
		end = memchr(program->text, '\n', program->len);
	}
	if (!end)
		return NULL;
	object = json_loadb(program->text, (size_t)(end - program->text),
			    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	cr_assert_not_null(object);
	program->len -= (size_t)(end + 1 - program->text);
	memmove(program->text, end + 1, program->len);
	return object;
}

static inline json_t *hear(struct program *program)
{
	bool has_ended;
	json_t *line = try_hear(program, &has_ended);

	cr_assert_not_null(line);
	return line;
}

static inline json_t *ask(struct program *program, const char *line)
{
	say(program, line);
	return hear(program);
}

static inline void expect_ok(struct program *program, const char *line)
{
	json_t *reply = ask(program, line);

	cr_assert(json_is_true(json_object_get(reply, "ok")), "%s: %s", line,
		  json_string_value(json_object_get(reply, "message")));
	json_decref(reply);
}

static inline void check_error(json_t *reply, const char *error, const char *part)
{
	const char *message = json_string_value(json_object_get(reply, "message"));

	cr_assert(json_is_false(json_object_get(reply, "ok")));
	cr_assert_str_eq(json_string_value(json_object_get(reply, "error")), error);
	cr_assert_not_null(strstr(message, part), "%s", message);
	json_decref(reply);
}

static inline void expect_error(struct program *program, const char *line, const char *error,
				const char *part)
{
	check_error(ask(program, line), error, part);
}

static const char order[] = "{\"command\":\"send\",\"connection\":\"Send\"}\n";

/* Why, and that the connection is over then. */
static inline void expect_dismissal(struct program *program, const char *error, const char *part)
{
	bool has_ended;

	check_error(hear(program), error, part);
	cr_assert_null(try_hear(program, &has_ended));
	cr_assert(has_ended);
	program_end(program);
}

#endif
