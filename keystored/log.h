/*
 * The service's log: one line where something is handled. Hides where lines go: stderr, with
 * the journal's level prefixes when the journal reads it, or syslog once detached.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log {
	enum log_level level;
	bool has_prefixes; /* "<3>", as sd-daemon(3) has it */
	bool is_detached;  /* to syslog */
};

/* False: no such level. */
bool log_level_from_name(const char *name, enum log_level *ret_level);

/* Looks at the environment for what stderr is. */
struct log log_to_stderr(enum log_level level);

/* Keeps errno. Control characters become '?'. A NULL @log swallows everything. */
__attribute__((format(printf, 3, 4))) void log_line(const struct log *log, enum log_level level,
						    const char *format, ...);

#endif
