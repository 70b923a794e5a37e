#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "settings_check.h"
#include "settings_reading.h"

/* NULL: that was told, or there is none to look for. */
static const struct data_block *resolve(struct reading *reading, const struct draft *draft,
					enum connection_field field, const char *name)
{
	const struct settings *settings = reading->settings;
	size_t found = reading_find_block(reading, name);

	if (!*name)
		return NULL;
	if (found < settings->block_count)
		return settings->blocks[found];
	conf_fault(&reading->conf.report, draft_line(draft, field), draft->connection.name,
		   connection_field_name(field),
		   "there is no block %s; add a section [" SECTION_BLOCK_NAME " %s]", name, name);
	return NULL;
}

static void check_blocks(struct reading *reading)
{
	const struct settings *settings = reading->settings;
	char section[sizeof(SECTION_BLOCK_NAME " ") + DATA_NAME_MAX];

	for (size_t i = 0; i < settings->block_count; i++) {
		if (reading->block_has_lines[i])
			continue;
		snprintf(section, sizeof(section), SECTION_BLOCK_NAME " %s",
			 settings->blocks[i]->name);
		conf_fault(&reading->conf.report, reading->block_lines[i], section, "",
			   "the block is empty; add its fields, as Var1 = Bool");
	}
}

static void check_handshakes(struct reading *reading)
{
	struct settings *settings = reading->settings;
	unsigned line = reading->general_lines[GENERAL_HANDSHAKES_PER_ADDRESS];

	if (settings->handshakes_of_address <= settings->handshakes_max)
		return;
	if (line)
		conf_fault(&reading->conf.report, line, SECTION_GENERAL_NAME,
			   "HandshakesPerAddress",
			   "it is more than HandshakesMax, %u; give at most that",
			   settings->handshakes_max);
	settings->handshakes_of_address = settings->handshakes_max;
}

static void check_all(struct reading *reading)
{
	check_handshakes(reading);
	check_blocks(reading);
	for (size_t i = 0; i < reading->draft_count; i++) {
		struct draft *draft = &reading->drafts[i];

		draft->connection.send_data =
			resolve(reading, draft, FIELD_TSEND_C, draft->send_data);
		draft->connection.receive_data =
			resolve(reading, draft, FIELD_TRCV_C, draft->receive_data);
		settings_check(draft, &reading->conf.report);
	}
	settings_check_clashes(reading->drafts, reading->draft_count, &reading->conf.report);
}

static bool take_connections(struct settings *settings, const struct draft *drafts, size_t count)
{
	settings->connections = calloc(count ? count : 1, sizeof(*settings->connections));
	if (!settings->connections)
		return false;
	for (size_t i = 0; i < count; i++)
		settings->connections[i] = drafts[i].connection;
	settings->connection_count = count;
	return true;
}

/* False: no memory. */
static bool read_all(struct reading *reading)
{
	if (!reading_run(reading))
		return false;
	check_all(reading);
	return reading->conf.report.is_faulty ||
	       take_connections(reading->settings, reading->drafts, reading->draft_count);
}

static struct settings *settings_new(void)
{
	struct settings *settings = malloc(sizeof(*settings));

	if (!settings)
		return NULL;
	settings_init(settings);
	settings->blocks = calloc(SETTINGS_BLOCKS_MAX, sizeof(*settings->blocks));
	if (!settings->blocks) {
		free(settings);
		return NULL;
	}
	return settings;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->block_count; i++)
		data_block_free(settings->blocks[i]);
	free(settings->blocks);
	free(settings->connections);
	free(settings);
}

bool settings_read(FILE *file, conf_problem_fn *problem, void *user, struct settings **ret_settings)
{
	struct reading reading = {
		.conf = {.file = file, .report = {.problem = problem, .user = user}},
		.settings = settings_new(),
	};

	if (!reading.settings || !read_all(&reading))
		conf_fault(&reading.conf.report, 0, "", "", "there is not enough memory");
	free(reading.drafts);
	if (reading.conf.report.is_faulty) {
		settings_free(reading.settings);
		return false;
	}
	*ret_settings = reading.settings;
	return true;
}
