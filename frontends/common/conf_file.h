/*
 * The file of a configuration, section by section and field by field. Hides inih, and what a line by
 * itself can have wrong.
 */
#ifndef COMMON_CONF_FILE_H
#define COMMON_CONF_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "conf_field.h"
#include "conf_line.h"
#include "conf_report.h"

struct conf_file;

struct conf_sections {
	/* A section begins. False: it was refused, and told; its fields are passed over. */
	bool (*begin)(struct conf_file *file, const char *name, void *user);
	/* A field in one that was not refused. Both texts are borrowed. */
	void (*field)(struct conf_file *file, const char *name, const char *value, void *user);
	const char *outside; /* a sentence for a field before the first section */
};

/* It begins with these four. */
struct conf_file {
	FILE *file;
	struct conf_report report;
	const struct conf_sections *sections;
	void *user;

	/* For handlers; the last is theirs to set, and ends the reading. */
	unsigned line;
	char section[CONF_LINE_BUFFER];
	bool is_nomem;

	bool has_section, is_refused;
	bool is_pending; /* inih has a line that is to be a field, and has made nothing of it yet */
};

/* False: no memory. Faults are told. */
[[nodiscard]] bool conf_file_read(struct conf_file *file);

/* For begin: the section was there already, in @line. */
void conf_file_refuse_second(struct conf_file *file, unsigned line);

/*
 * For field: its value goes into @owner, and its line into *@at, which is 0 before. False: the value
 * was refused. That is told, as is a second one of its name, which is passed over.
 */
bool conf_file_take(struct conf_file *file, const struct conf_field *field, const char *value,
		    void *owner, unsigned *at);

/*
 * For field: there is none called @name. @nearest: the one that was meant perhaps, or NULL;
 * @elsewhere: where it belongs, or NULL; @manual: the page that has the list.
 */
void conf_file_refuse_field(struct conf_file *file, const char *name, const char *nearest,
			    const char *elsewhere, const char *manual);

#endif
