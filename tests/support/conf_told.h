/*
 * What a reader of configurations tells, and texts for it. Hides how it is collected, and files in
 * memory.
 */
#ifndef CONF_TOLD_H
#define CONF_TOLD_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_report.h"

#define CONF_TEXT_MAX 65536

static char told[65536]; /* "5 [Send] ID: it is missing\n", a warning with "~" in front */

/* A conf_problem_fn. */
static inline void conf_told(unsigned line, const char *section, const char *field, bool is_warning,
			     const char *message, void *user)
{
	size_t used = strlen(told);

	(void)user;
	cr_assert(strlen(message) < CONF_MESSAGE_MAX - 1, "cut off: %s", message);
	snprintf(told + used, sizeof(told) - used, "%s%u [%s] %s: %s\n", is_warning ? "~" : "",
		 line, section, field, message);
}

/* The text as a file; nothing was told of it yet. */
static inline FILE *conf_told_open(const char *text, size_t len)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");

	if (!len)
		getc(file);
	strcpy(told, "");
	return file;
}

/* All of it; free() it. */
static inline char *conf_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, CONF_TEXT_MAX);

	cr_assert_not_null(file, "%s", path);
	cr_assert_lt(fread(text, 1, CONF_TEXT_MAX - 1, file), CONF_TEXT_MAX - 1);
	fclose(file);
	return text;
}

/* Gives @reads each example of a manual's page; how many there were. */
static inline unsigned conf_examples(const char *path, void (*reads)(const char *text))
{
	char *manual = conf_text(path);
	char *at = strstr(manual, ".Sh EXAMPLES");
	unsigned count = 0;

	cr_assert_not_null(at);
	while ((at = strstr(at, ".Bd -literal")) != NULL) {
		char *end = strstr(at, "\n.Ed");

		cr_assert_not_null(end);
		end[1] = '\0';
		reads(strchr(at, '\n') + 1);
		at = end + 2;
		count++;
	}
	free(manual);
	return count;
}

/* "#X" becomes "X"; "# words" stays a comment. */
static inline void conf_uncomment(char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line == '#' && line[1] != ' ' && line[1] != '\n')
			*line = ' ';
	}
}

#endif
