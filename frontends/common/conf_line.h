/*
 * Lines of a configuration's file. Hides what keeps one from being text: length, encoding, control
 * characters.
 */
#ifndef COMMON_CONF_LINE_H
#define COMMON_CONF_LINE_H

#include <stdbool.h>
#include <stdio.h>

#define CONF_LINE_MAX 196
/* inih's, that has "\r\n" and an end too; it cuts longer ones in two. */
#define CONF_LINE_BUFFER (CONF_LINE_MAX + 4)

enum conf_line {
	CONF_LINE_OK,
	CONF_LINE_END, /* of the file, or it cannot be read on: ferror() */
	CONF_LINE_TOO_LONG,
	CONF_LINE_CONTROL, /* it has a control character */
	CONF_LINE_NO_UTF8,
};

/*
 * The next line to its end, whatever is wrong with it. @ret_line: without blanks at its front and
 * its end, nor the byte order mark of a first line.
 */
[[nodiscard]] enum conf_line conf_line_read(FILE *file, bool is_first,
					    char ret_line[CONF_LINE_BUFFER]);

/* A sentence for those that are faults. */
const char *conf_line_text(enum conf_line status);

#endif
