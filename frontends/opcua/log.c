#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WINDOW_S  10
#define LINES_MAX 20 /* in a window */

struct log {
	UA_Logger logger;
	void (*line)(const char *message, void *user);
	void *user;
	time_t window;
	unsigned lines, dropped;
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void tell_dropped(struct log *log)
{
	char text[LOG_LINE_MAX];

	if (!log->dropped)
		return;
	snprintf(text, sizeof(text), "%u more lines like these are left out", log->dropped);
	log->dropped = 0;
	log->line(text, log->user);
}

static bool may_tell(struct log *log)
{
	time_t time = now();

	if (time - log->window >= WINDOW_S) {
		tell_dropped(log);
		log->window = time;
		log->lines = 0;
	}
	if (log->lines++ < LINES_MAX)
		return true;
	log->dropped++;
	return false;
}

/* Texts of peers are in it. */
static void clean(char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = *at == '\t' ? ' ' : '?';
}

static void on_log(void *context, UA_LogLevel level, UA_LogCategory category, const char *format,
		   va_list arguments)
{
	struct log *log = context;
	char text[LOG_LINE_MAX];

	(void)category;
	if (level < UA_LOGLEVEL_WARNING || !may_tell(log))
		return;
	vsnprintf(text, sizeof(text), format, arguments);
	clean(text);
	log->line(text, log->user);
}

struct log *log_new(void (*line)(const char *message, void *user), void *user)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->logger = (UA_Logger){.log = on_log, .context = log};
	log->line = line;
	log->user = user;
	log->window = now();
	return log;
}

void log_free(struct log *log)
{
	if (!log)
		return;
	tell_dropped(log);
	free(log);
}

const UA_Logger *log_logger(struct log *log)
{
	return &log->logger;
}
