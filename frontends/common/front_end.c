#include "front_end.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void front_end_log(const char *program, const char *text)
{
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "%s\n", text);
	else
		fprintf(stderr, "%s: %s\n", program, text);
}

void front_end_problem(unsigned line, const char *section, const char *field, bool is_warning,
		       const char *message, void *user)
{
	const char *path = user;
	char place[32] = "";

	if (line)
		snprintf(place, sizeof(place), ":%u", line);
	fprintf(stderr, "%s%s:%s%s%s%s%s%s %s%s\n", path, place, *section ? " [" : "", section,
		*section ? "]" : "", *field ? " " : "", field, *section || *field ? ":" : "",
		is_warning ? "warning: " : "", message);
}

FILE *front_end_open(const char *program, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		fprintf(stderr, "%s: %s cannot be read: %s\n", program, path, strerror(errno));
	return file;
}

bool front_end_take_path(const char *program, const char *option, const char *path, char *to,
			 size_t size)
{
	if (!path)
		return true;
	if (*path != '/' || strlen(path) >= size) {
		fprintf(stderr,
			"%s: %s %s is not possible: give a path that begins with / and has at most "
			"%zu bytes\n",
			program, option, path, size - 1);
		return false;
	}
	strcpy(to, path);
	return true;
}

int front_end_refuse(const char *program, const char *argument)
{
	fprintf(stderr, "%s: it takes no argument like '%s': see %s --help\n", program, argument,
		program);
	return FRONT_END_EXIT_USAGE;
}

bool front_end_signals(sd_event *event, sd_event_signal_handler_t handler, void *user)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	       sd_event_add_signal(event, NULL, SIGTERM, handler, user) >= 0 &&
	       sd_event_add_signal(event, NULL, SIGINT, handler, user) >= 0;
}
