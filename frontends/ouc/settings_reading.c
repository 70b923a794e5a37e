#include "settings_reading.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

#define GENERAL	    SECTION_GENERAL_NAME
#define BLOCK	    SECTION_BLOCK_NAME
#define BLANKS	    " \t"
#define COMMENTS    "#;"
#define DRAFTS_STEP 64
#define INI_NOMEM   -2

size_t reading_find_block(const struct reading *reading, const char *name)
{
	const struct settings *settings = reading->settings;
	size_t i = 0;

	while (i < settings->block_count && strcmp(settings->blocks[i]->name, name) != 0)
		i++;
	return i;
}

static struct draft *last_draft(struct reading *reading)
{
	return &reading->drafts[reading->draft_count - 1];
}

static const struct draft *find_draft(const struct reading *reading, const char *name)
{
	for (size_t i = 0; i < reading->draft_count; i++)
		if (strcmp(reading->drafts[i].connection.name, name) == 0)
			return &reading->drafts[i];
	return NULL;
}

static enum section_kind refuse_second(struct reading *reading, unsigned line)
{
	report_fault(&reading->report, reading->line, reading->section, "",
		     "line %u has this section already; join the two, or give one another name",
		     line);
	return SECTION_UNKNOWN;
}

static enum section_kind begin_general(struct reading *reading)
{
	if (reading->general_line)
		return refuse_second(reading, reading->general_line);
	reading->general_line = reading->line;
	return SECTION_GENERAL;
}

static enum section_kind begin_block(struct reading *reading, const char *name)
{
	struct settings *settings = reading->settings;
	size_t found = reading_find_block(reading, name);
	struct data_block *block;

	if (found < settings->block_count)
		return refuse_second(reading, reading->block_lines[found]);
	if (!data_name_is_valid(name)) {
		report_fault(&reading->report, reading->line, reading->section, "",
			     "\"%s\" is no name of a block; give 1 to 63 letters, digits, _ and -, "
			     "a letter or _ first",
			     name);
		return SECTION_UNKNOWN;
	}
	if (found == SETTINGS_BLOCKS_MAX) {
		if (!reading->is_full_of_blocks)
			report_fault(&reading->report, reading->line, reading->section, "",
				     "there are more than %d blocks; divide them among several "
				     "keystore-ouc",
				     SETTINGS_BLOCKS_MAX);
		reading->is_full_of_blocks = true;
		return SECTION_UNKNOWN;
	}
	block = data_block_new(name);
	if (!block) {
		reading->is_nomem = true;
		return SECTION_UNKNOWN;
	}
	settings->blocks[found] = block;
	settings->block_count++;
	reading->block_lines[found] = reading->line;
	return SECTION_BLOCK;
}

static enum section_kind begin_connection(struct reading *reading, const char *name)
{
	const struct draft *other = find_draft(reading, name);

	if (other)
		return refuse_second(reading, other->connection.line);
	if (reading->draft_count == SETTINGS_CONNECTIONS_MAX) {
		if (!reading->is_full_of_connections)
			report_fault(
				&reading->report, reading->line, name, "",
				"there are more than %d connections; divide them among several "
				"keystore-ouc",
				SETTINGS_CONNECTIONS_MAX);
		reading->is_full_of_connections = true;
		return SECTION_UNKNOWN;
	}
	if (reading->draft_count % DRAFTS_STEP == 0) {
		struct draft *drafts = reallocarray(
			reading->drafts, reading->draft_count + DRAFTS_STEP, sizeof(*drafts));

		if (!drafts) {
			reading->is_nomem = true;
			return SECTION_UNKNOWN;
		}
		reading->drafts = drafts;
	}
	draft_init(&reading->drafts[reading->draft_count++], name, reading->line);
	return SECTION_CONNECTION;
}

static enum section_kind refuse_section(struct reading *reading)
{
	const char *section = reading->section;
	size_t word_len = strcspn(section, BLANKS);
	char word[LINE_BUFFER];

	memcpy(word, section, word_len);
	word[word_len] = '\0';
	if (section[word_len] && nearest_distance(word, BLOCK) <= NEAREST_MAX)
		report_fault(&reading->report, reading->line, section, "",
			     "there is no such section; did you mean [" BLOCK "%s]?",
			     section + word_len);
	else
		report_fault(&reading->report, reading->line, section, "",
			     "there is no such section; there are [" GENERAL "], [" BLOCK
			     " NAME], and a connection's name: 1 to 63 letters, digits, _ and -, a "
			     "letter or _ first");
	return SECTION_UNKNOWN;
}

/* @line: from its bracket on. */
static void begin_section(struct reading *reading, char *line)
{
	char *end = strchr(line, ']');
	char *name;

	reading->kind = SECTION_UNKNOWN;
	strcpy(reading->section, "");
	if (!end || !strchr(COMMENTS, end[1 + strspn(end + 1, BLANKS)])) {
		report_fault(&reading->report, reading->line, "", "",
			     "a section's name stands between [ and ], with nothing behind it");
		return;
	}
	*end = '\0';
	while (end > line && strchr(BLANKS, end[-1]))
		*--end = '\0';
	name = line + 1 + strspn(line + 1, BLANKS);
	strcpy(reading->section, name);
	if (strcmp(name, GENERAL) == 0)
		reading->kind = begin_general(reading);
	else if (strncmp(name, BLOCK, strlen(BLOCK)) == 0 && strchr(BLANKS, name[strlen(BLOCK)]))
		reading->kind = begin_block(reading, name + strlen(BLOCK) +
							     strspn(name + strlen(BLOCK), BLANKS));
	else if (data_name_is_valid(name))
		reading->kind = begin_connection(reading, name);
	else
		reading->kind = refuse_section(reading);
}

static void end_line(struct reading *reading)
{
	if (reading->is_pending)
		report_fault(&reading->report, reading->line, reading->section, "",
			     "the line is neither a [section] nor FIELD = VALUE; a comment begins "
			     "with # or ;");
	reading->is_pending = false;
}

/* inih gets what can be fields; without blanks at the front, which would continue a line. */
static char *read_line(char *buf, int size, void *user)
{
	struct reading *reading = user;
	char line[LINE_BUFFER];
	enum line_status status;

	end_line(reading);
	if (reading->is_nomem || size < LINE_BUFFER)
		return NULL;
	status = line_read(reading->file, reading->line == 0, line);
	if (status == LINE_END)
		return NULL;
	reading->line++;
	strcpy(buf, "\n");
	if (status != LINE_OK) {
		report_fault(&reading->report, reading->line, reading->section, "", "%s",
			     line_status_text(status));
	} else if (*line == '[') {
		begin_section(reading, line);
	} else if (*line && !strchr(COMMENTS, *line)) {
		reading->is_pending = true;
		strcpy(buf, line);
	}
	return buf;
}

static void refuse_unknown(struct reading *reading, const char *name, const char *nearest,
			   bool is_elsewhere, const char *elsewhere)
{
	if (is_elsewhere)
		report_fault(&reading->report, reading->line, reading->section, name,
			     "this field belongs into %s", elsewhere);
	else if (nearest)
		report_fault(&reading->report, reading->line, reading->section, name,
			     "there is no such field; did you mean %s?", nearest);
	else
		report_fault(&reading->report, reading->line, reading->section, name,
			     "there is no such field; keystore-ouc.conf(5) has the list");
}

/* Whether it is the first of its name in its section. */
static bool note_line(struct reading *reading, const char *name, unsigned *at)
{
	if (*at) {
		report_fault(&reading->report, reading->line, reading->section, name,
			     "line %u gives it already; leave one of the two", *at);
		return false;
	}
	*at = reading->line;
	return true;
}

static void refuse_value(struct reading *reading, const char *name, const char *value,
			 const char *takes)
{
	report_fault(&reading->report, reading->line, reading->section, name,
		     "\"%s\" is not possible; it takes %s", value, takes);
}

static void read_general(struct reading *reading, const char *name, const char *value)
{
	int field = general_field_find(name);
	char takes[FIELD_TAKES_MAX];

	if (field < 0)
		refuse_unknown(reading, name, general_field_nearest(name),
			       connection_field_find(name) >= 0, "the section of a connection");
	else if (note_line(reading, name, &reading->general_lines[field]) &&
		 !general_field_read((enum general_field)field, value, reading->settings, takes))
		refuse_value(reading, name, value, takes);
}

static void read_connection(struct reading *reading, const char *name, const char *value)
{
	struct draft *draft = last_draft(reading);
	int field = connection_field_find(name);
	char takes[FIELD_TAKES_MAX];

	if (field < 0) {
		refuse_unknown(reading, name, connection_field_nearest(name),
			       general_field_find(name) >= 0, "[" GENERAL "]");
	} else if (note_line(reading, name, &draft->lines[field]) &&
		   !connection_field_read((enum connection_field)field, value, draft, takes)) {
		draft->bad |= 1u << field;
		refuse_value(reading, name, value, takes);
	}
}

static void read_block(struct reading *reading, const char *name, const char *value)
{
	size_t last = reading->settings->block_count - 1;
	struct data_block *block = reading->settings->blocks[last];
	char problem[DATA_PROBLEM_MAX];
	struct data_type type;

	reading->block_has_lines[last] = true;
	if (!data_type_parse(value, &type, problem) || !data_block_add(block, name, &type, problem))
		report_fault(&reading->report, reading->line, reading->section, name, "%s",
			     problem);
}

static int read_field(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	(void)section;
	reading->is_pending = false;
	switch (reading->kind) {
	case SECTION_NONE:
		report_fault(&reading->report, reading->line, "", name,
			     "it stands before the first section; put [" GENERAL "], [" BLOCK
			     " NAME] or a connection's [NAME] above it");
		reading->kind = SECTION_UNKNOWN;
		break;
	case SECTION_UNKNOWN:
		break;
	case SECTION_GENERAL:
		read_general(reading, name, value);
		break;
	case SECTION_BLOCK:
		read_block(reading, name, value);
		break;
	case SECTION_CONNECTION:
		read_connection(reading, name, value);
		break;
	}
	return 1;
}

/* inih tells neither lines nor empty sections, and cuts long names: sections are found here. */
bool reading_run(struct reading *reading)
{
	int result = ini_parse_stream(read_line, reading, read_field, reading);

	if (result == INI_NOMEM || reading->is_nomem)
		return false;
	if (ferror(reading->file))
		report_fault(&reading->report, 0, "", "", "the file cannot be read to its end");
	return true;
}
