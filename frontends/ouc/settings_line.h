/*
 * Lines of the configuration's file. Hides what keeps one from being text: length, encoding, control
 * characters.
 */
#ifndef OUC_SETTINGS_LINE_H
#define OUC_SETTINGS_LINE_H

#include <stdbool.h>
#include <stdio.h>

#define LINE_BYTES_MAX 196
/* inih's, that has "\r\n" and an end too; it cuts longer ones in two. */
#define LINE_BUFFER (LINE_BYTES_MAX + 4)

enum line_status {
	LINE_OK,
	LINE_END, /* of the file, or it cannot be read on: ferror() */
	LINE_TOO_LONG,
	LINE_CONTROL, /* it has a control character */
	LINE_NO_UTF8,
};

/*
 * The next line to its end, whatever is wrong with it. @ret_line: without blanks at its front and
 * its end, nor the byte order mark of a first line.
 */
[[nodiscard]] enum line_status line_read(FILE *file, bool is_first, char ret_line[LINE_BUFFER]);

/* A sentence for those that are faults. */
const char *line_status_text(enum line_status status);

#endif
