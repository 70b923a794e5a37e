#include "settings_reading.h"

#include <stdlib.h>
#include <string.h>

#include "nearest.h"

#define GENERAL	    SECTION_GENERAL_NAME
#define BLOCK	    SECTION_BLOCK_NAME
#define BLANKS	    " \t"
#define DRAFTS_STEP 64
#define MANUAL	    "keystore-ouc.conf(5)"

size_t reading_find_block(const struct reading *reading, const char *name)
{
	const struct settings *settings = reading->settings;
	size_t i = 0;

	while (i < settings->block_count && strcmp(settings->blocks[i]->name, name) != 0)
		i++;
	return i;
}

static bool refuse_second(struct reading *reading, unsigned line)
{
	conf_file_refuse_second(&reading->conf, line);
	return false;
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

static bool begin_general(struct reading *reading)
{
	if (reading->general_line)
		return refuse_second(reading, reading->general_line);
	reading->general_line = reading->conf.line;
	reading->kind = SECTION_GENERAL;
	return true;
}

static bool begin_block(struct reading *reading, const char *name)
{
	struct settings *settings = reading->settings;
	size_t found = reading_find_block(reading, name);
	struct data_block *block;

	if (found < settings->block_count)
		return refuse_second(reading, reading->block_lines[found]);
	if (!data_name_is_valid(name)) {
		conf_fault(&reading->conf.report, reading->conf.line, reading->conf.section, "",
			   "\"%s\" is no name of a block; give 1 to 63 letters, digits, _ and -, "
			   "a letter or _ first",
			   name);
		return false;
	}
	if (found == SETTINGS_BLOCKS_MAX) {
		if (!reading->is_full_of_blocks)
			conf_fault(&reading->conf.report, reading->conf.line, reading->conf.section,
				   "",
				   "there are more than %d blocks; divide them among several "
				   "keystore-ouc",
				   SETTINGS_BLOCKS_MAX);
		reading->is_full_of_blocks = true;
		return false;
	}
	block = data_block_new(name);
	if (!block) {
		reading->conf.is_nomem = true;
		return false;
	}
	settings->blocks[found] = block;
	settings->block_count++;
	reading->block_lines[found] = reading->conf.line;
	reading->kind = SECTION_BLOCK;
	return true;
}

static bool begin_connection(struct reading *reading, const char *name)
{
	const struct draft *other = find_draft(reading, name);

	if (other)
		return refuse_second(reading, other->connection.line);
	if (reading->draft_count == SETTINGS_CONNECTIONS_MAX) {
		if (!reading->is_full_of_connections)
			conf_fault(&reading->conf.report, reading->conf.line, name, "",
				   "there are more than %d connections; divide them among several "
				   "keystore-ouc",
				   SETTINGS_CONNECTIONS_MAX);
		reading->is_full_of_connections = true;
		return false;
	}
	if (reading->draft_count % DRAFTS_STEP == 0) {
		struct draft *drafts = reallocarray(
			reading->drafts, reading->draft_count + DRAFTS_STEP, sizeof(*drafts));

		if (!drafts) {
			reading->conf.is_nomem = true;
			return false;
		}
		reading->drafts = drafts;
	}
	draft_init(&reading->drafts[reading->draft_count++], name, reading->conf.line);
	reading->kind = SECTION_CONNECTION;
	return true;
}

static bool refuse_section(struct reading *reading)
{
	const char *section = reading->conf.section;
	size_t word_len = strcspn(section, BLANKS);
	char word[CONF_LINE_BUFFER];

	memcpy(word, section, word_len);
	word[word_len] = '\0';
	if (section[word_len] && nearest_distance(word, BLOCK) <= NEAREST_MAX)
		conf_fault(&reading->conf.report, reading->conf.line, section, "",
			   "there is no such section; did you mean [" BLOCK "%s]?",
			   section + word_len);
	else
		conf_fault(&reading->conf.report, reading->conf.line, section, "",
			   "there is no such section; there are [" GENERAL "], [" BLOCK
			   " NAME], and a connection's name: 1 to 63 letters, digits, _ and -, a "
			   "letter or _ first");
	return false;
}

static bool begin_section(struct conf_file *conf, const char *name, void *user)
{
	struct reading *reading = user;
	size_t word_len = strlen(BLOCK);

	(void)conf;
	if (strcmp(name, GENERAL) == 0)
		return begin_general(reading);
	if (strncmp(name, BLOCK, word_len) == 0 && strchr(BLANKS, name[word_len]))
		return begin_block(reading, name + word_len + strspn(name + word_len, BLANKS));
	if (data_name_is_valid(name))
		return begin_connection(reading, name);
	return refuse_section(reading);
}

static int general_find(const char *name)
{
	return conf_field_find(general_fields, GENERAL_FIELDS, name);
}

static int connection_find(const char *name)
{
	return conf_field_find(connection_fields, FIELD_COUNT, name);
}

static void read_general(struct reading *reading, const char *name, const char *value)
{
	int field = general_find(name);

	if (field < 0)
		conf_file_refuse_field(
			&reading->conf, name,
			conf_field_nearest(general_fields, GENERAL_FIELDS, name),
			connection_find(name) < 0 ? NULL : "the section of a connection", MANUAL);
	else
		(void)conf_file_take(&reading->conf, &general_fields[field], value,
				     reading->settings, &reading->general_lines[field]);
}

static void read_connection(struct reading *reading, const char *name, const char *value)
{
	struct draft *draft = last_draft(reading);
	int field = connection_find(name);

	if (field < 0)
		conf_file_refuse_field(&reading->conf, name,
				       conf_field_nearest(connection_fields, FIELD_COUNT, name),
				       general_find(name) < 0 ? NULL : "[" GENERAL "]", MANUAL);
	else if (!conf_file_take(&reading->conf, &connection_fields[field], value, draft,
				 &draft->lines[field]))
		draft->bad |= 1u << field;
}

static void read_block(struct reading *reading, const char *name, const char *value)
{
	size_t last = reading->settings->block_count - 1;
	struct data_block *block = reading->settings->blocks[last];
	char problem[DATA_PROBLEM_MAX];
	struct data_type type;

	reading->block_has_lines[last] = true;
	if (!data_type_parse(value, &type, problem) || !data_block_add(block, name, &type, problem))
		conf_fault(&reading->conf.report, reading->conf.line, reading->conf.section, name,
			   "%s", problem);
}

static void read_field(struct conf_file *conf, const char *name, const char *value, void *user)
{
	struct reading *reading = user;

	(void)conf;
	switch (reading->kind) {
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
}

static const struct conf_sections sections = {
	.begin = begin_section,
	.field = read_field,
	.outside = "it stands before the first section; put [" GENERAL "], [" BLOCK
		   " NAME] or a connection's [NAME] above it",
};

bool reading_run(struct reading *reading)
{
	reading->conf.sections = &sections;
	reading->conf.user = reading;
	return conf_file_read(&reading->conf);
}
