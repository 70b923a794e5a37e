/* What is wrong with a configuration, on its way to who asked. Hides that sentences are bounded. */
#ifndef OUC_SETTINGS_REPORT_H
#define OUC_SETTINGS_REPORT_H

#include <stdbool.h>

#include "settings.h"

struct settings_report {
	settings_problem_fn *problem;
	void *user;
	bool is_faulty; /* a fault was told */
};

__attribute__((format(printf, 5, 6))) void report_fault(struct settings_report *report,
							unsigned line, const char *section,
							const char *field, const char *format, ...);
__attribute__((format(printf, 5, 6))) void report_warning(struct settings_report *report,
							  unsigned line, const char *section,
							  const char *field, const char *format,
							  ...);

#endif
