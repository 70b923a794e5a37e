#include "control_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "byte_queue.h"

#define CHUNK 65536

struct control_link {
	int fd;
	struct byte_queue input;
	size_t searched; /* of the input: there is no line's end */
};

static bool fail(char *problem, const char *what)
{
	snprintf(problem, CONTROL_LINK_PROBLEM_MAX, "%s", what);
	return false;
}

static void say_unreachable(const char *path, char *problem)
{
	const char *to_do = errno == ENOENT || errno == ECONNREFUSED
				    ? "; is keystore-ouc running? (or choose with --socket)"
			    : errno == EACCES ? "; its group may use it"
					      : "";

	snprintf(problem, CONTROL_LINK_PROBLEM_MAX, "keystore-ouc is not reached at %s: %s%s", path,
		 strerror(errno), to_do);
}

bool control_link_open(const char *path, struct control_link **ret_link,
		       char problem[CONTROL_LINK_PROBLEM_MAX])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct control_link *link;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(problem, CONTROL_LINK_PROBLEM_MAX,
			 "the socket path %.200s is too long: it may have %zu characters", path,
			 sizeof(address.sun_path) - 1);
		return false;
	}
	strcpy(address.sun_path, path);
	link = calloc(1, sizeof(*link));
	if (!link)
		return fail(problem, "out of memory");
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd >= 0 &&
	    connect(link->fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*ret_link = link;
		return true;
	}
	say_unreachable(path, problem);
	control_link_close(link);
	return false;
}

void control_link_close(struct control_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	byte_queue_clear(&link->input);
	free(link);
}

bool control_link_say(struct control_link *link, json_t *request,
		      char problem[CONTROL_LINK_PROBLEM_MAX])
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) + 1 : 0;

	json_decref(request);
	if (!text)
		return fail(problem, "out of memory");
	text[len - 1] = '\n';
	for (size_t sent = 0; sent < len;) {
		ssize_t part = send(link->fd, text + sent, len - sent, MSG_NOSIGNAL);

		if (part < 0 && errno == EINTR)
			continue;
		/* What it has said before it closed says why. */
		if (part < 0)
			break;
		sent += (size_t)part;
	}
	free(text);
	return true;
}

static bool parse(const char *line, size_t len, json_t **ret_line, char *problem)
{
	/* A String may hold NUL characters. */
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return fail(problem,
			    "what came from the socket is not of keystore-ouc: is --socket "
			    "right?");
	}
	*ret_line = object;
	return true;
}

bool control_link_hear(struct control_link *link, json_t **ret_line,
		       char problem[CONTROL_LINK_PROBLEM_MAX])
{
	for (;;) {
		size_t waiting = byte_queue_waiting(&link->input);
		const char *end = NULL;
		char chunk[CHUNK];
		ssize_t len;

		if (waiting > link->searched)
			end = memchr(byte_queue_first(&link->input) + link->searched, '\n',
				     waiting - link->searched);
		if (end) {
			const char *first = byte_queue_first(&link->input);
			bool is_fine = parse(first, (size_t)(end - first), ret_line, problem);

			byte_queue_took(&link->input, (size_t)(end - first) + 1);
			link->searched = 0;
			return is_fine;
		}
		link->searched = waiting;
		len = recv(link->fd, chunk, sizeof(chunk), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return fail(problem, "keystore-ouc has ended the connection");
		if (!byte_queue_add(&link->input, chunk, (size_t)len, CONTROL_LINK_LINE_MAX))
			return fail(problem, "what came from the socket is too long a line");
	}
}
