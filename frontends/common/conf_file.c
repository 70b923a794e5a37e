#include "conf_file.h"

#include <ini.h>
#include <string.h>

#define BLANKS	  " \t"
#define COMMENTS  "#;"
#define INI_NOMEM -2

void conf_file_refuse_second(struct conf_file *file, unsigned line)
{
	conf_fault(&file->report, file->line, file->section, "",
		   "line %u has this section already; join the two, or give one another name",
		   line);
}

bool conf_file_take(struct conf_file *file, const struct conf_field *field, const char *value,
		    void *owner, unsigned *at)
{
	char takes[CONF_TAKES_MAX];

	if (*at) {
		conf_fault(&file->report, file->line, file->section, field->name,
			   "line %u gives it already; leave one of the two", *at);
		return true;
	}
	*at = file->line;
	if (conf_field_read(field, value, owner, takes))
		return true;
	conf_fault(&file->report, file->line, file->section, field->name,
		   "\"%s\" is not possible; it takes %s", value, takes);
	return false;
}

void conf_file_refuse_field(struct conf_file *file, const char *name, const char *nearest,
			    const char *elsewhere, const char *manual)
{
	if (elsewhere)
		conf_fault(&file->report, file->line, file->section, name,
			   "this field belongs into %s", elsewhere);
	else if (nearest)
		conf_fault(&file->report, file->line, file->section, name,
			   "there is no such field; did you mean %s?", nearest);
	else
		conf_fault(&file->report, file->line, file->section, name,
			   "there is no such field; %s has the list", manual);
}

/* @line: from its bracket on. */
static void begin_section(struct conf_file *file, char *line)
{
	char *end = strchr(line, ']');

	file->has_section = true;
	file->is_refused = true;
	strcpy(file->section, "");
	if (!end || !strchr(COMMENTS, end[1 + strspn(end + 1, BLANKS)])) {
		conf_fault(&file->report, file->line, "", "",
			   "a section's name stands between [ and ], with nothing behind it");
		return;
	}
	*end = '\0';
	while (end > line && strchr(BLANKS, end[-1]))
		*--end = '\0';
	strcpy(file->section, line + 1 + strspn(line + 1, BLANKS));
	file->is_refused = !file->sections->begin(file, file->section, file->user);
}

static void end_line(struct conf_file *file)
{
	if (file->is_pending)
		conf_fault(&file->report, file->line, file->section, "",
			   "the line is neither a [section] nor FIELD = VALUE; a comment begins "
			   "with # or ;");
	file->is_pending = false;
}

/* inih gets what can be fields; without blanks at the front, which would continue a line. */
static char *read_line(char *buf, int size, void *user)
{
	struct conf_file *file = user;
	char line[CONF_LINE_BUFFER];
	enum conf_line status;

	end_line(file);
	if (file->is_nomem || size < CONF_LINE_BUFFER)
		return NULL;
	status = conf_line_read(file->file, file->line == 0, line);
	if (status == CONF_LINE_END)
		return NULL;
	file->line++;
	strcpy(buf, "\n");
	if (status != CONF_LINE_OK) {
		conf_fault(&file->report, file->line, file->section, "", "%s",
			   conf_line_text(status));
	} else if (*line == '[') {
		begin_section(file, line);
	} else if (*line && !strchr(COMMENTS, *line)) {
		file->is_pending = true;
		strcpy(buf, line);
	}
	return buf;
}

static int read_field(void *user, const char *section, const char *name, const char *value)
{
	struct conf_file *file = user;

	(void)section;
	file->is_pending = false;
	if (!file->has_section) {
		conf_fault(&file->report, file->line, "", name, "%s", file->sections->outside);
		/* Once is enough. */
		file->has_section = true;
		file->is_refused = true;
	} else if (!file->is_refused) {
		file->sections->field(file, name, value, file->user);
	}
	return 1;
}

/* inih tells neither lines nor empty sections, and cuts long names: sections are found here. */
bool conf_file_read(struct conf_file *file)
{
	int result = ini_parse_stream(read_line, file, read_field, file);

	if (result == INI_NOMEM || file->is_nomem)
		return false;
	if (ferror(file->file))
		conf_fault(&file->report, 0, "", "", "the file cannot be read to its end");
	return true;
}
