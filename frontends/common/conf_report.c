#include "conf_report.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 6, 0))) static void tell(struct conf_report *report, unsigned line,
						       const char *section, const char *field,
						       bool is_warning, const char *format,
						       va_list list)
{
	char message[CONF_MESSAGE_MAX];

	vsnprintf(message, sizeof(message), format, list);
	report->problem(line, section, field, is_warning, message, report->user);
}

void conf_fault(struct conf_report *report, unsigned line, const char *section, const char *field,
		const char *format, ...)
{
	va_list list;

	report->is_faulty = true;
	va_start(list, format);
	tell(report, line, section, field, false, format, list);
	va_end(list);
}

void conf_warning(struct conf_report *report, unsigned line, const char *section, const char *field,
		  const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tell(report, line, section, field, true, format, list);
	va_end(list);
}
