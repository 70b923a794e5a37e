/* What is wrong with a configuration, on its way to who asked. Hides that sentences are bounded. */
#ifndef COMMON_CONF_REPORT_H
#define COMMON_CONF_REPORT_H

#include <stdbool.h>

#define CONF_MESSAGE_MAX 512

/*
 * A fault, or a warning: what is odd, and allowed. Several of both may come. @line 0: the file as a
 * whole; @section: what stands in the brackets; @field, @section: "" for none. @message: a sentence
 * of at most CONF_MESSAGE_MAX - 1 bytes, in UTF-8 and without control characters as the others.
 */
typedef void conf_problem_fn(unsigned line, const char *section, const char *field, bool is_warning,
			     const char *message, void *user);

struct conf_report {
	conf_problem_fn *problem;
	void *user;
	bool is_faulty; /* a fault was told */
};

__attribute__((format(printf, 5, 6))) void conf_fault(struct conf_report *report, unsigned line,
						      const char *section, const char *field,
						      const char *format, ...);
__attribute__((format(printf, 5, 6))) void conf_warning(struct conf_report *report, unsigned line,
							const char *section, const char *field,
							const char *format, ...);

#endif
