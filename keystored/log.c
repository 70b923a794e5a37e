#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", LOG_ERR},
	[LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
	[LOG_LEVEL_INFO] = {"info", LOG_INFO},
	[LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

bool log_level_from_name(const char *name, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

struct log log_to_stderr(enum log_level level)
{
	return (struct log){.level = level, .has_prefixes = getenv("JOURNAL_STREAM") != NULL};
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
	if (!log || level > log->level)
		return;

	int saved_errno = errno;
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);

	/* A client's text must not forge a second line. */
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	if (log->is_detached) {
		syslog(LOG_DAEMON | levels[level].priority, "%s", text);
	} else {
		char line[LINE_MAX_BYTES + 32];
		char prefix[8] = "";

		if (log->has_prefixes)
			snprintf(prefix, sizeof prefix, "<%d>", levels[level].priority);
		int len = snprintf(line, sizeof line, "%skeystored: %s\n", prefix, text);

		/* One write, so that lines of several processes do not mix. */
		if (write(STDERR_FILENO, line, (size_t)len) < 0)
			errno = saved_errno;
	}
	errno = saved_errno;
}
