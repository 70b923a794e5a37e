/*
 * The text of a configuration becomes blocks and drafts of connections. Hides inih, sections, and
 * what each line by itself can have wrong.
 */
#ifndef OUC_SETTINGS_READING_H
#define OUC_SETTINGS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "settings_field.h"
#include "settings_line.h"
#include "settings_report.h"

#define SECTION_GENERAL_NAME "keystore-ouc"
#define SECTION_BLOCK_NAME   "block"

enum section_kind {
	SECTION_NONE,	 /* before the first */
	SECTION_UNKNOWN, /* refused: its fields are passed over */
	SECTION_GENERAL,
	SECTION_BLOCK,
	SECTION_CONNECTION,
};

/* It begins with @file, @report and @settings, which has room for all blocks. */
struct reading {
	FILE *file;
	struct settings_report report;
	unsigned line;
	bool is_pending; /* inih has a line that is to be a field, and has made nothing of it yet */
	bool is_nomem;

	enum section_kind kind;
	char section[LINE_BUFFER];

	struct settings *settings;
	unsigned general_line;
	unsigned general_lines[GENERAL_FIELDS];
	unsigned block_lines[SETTINGS_BLOCKS_MAX];
	bool block_has_lines[SETTINGS_BLOCKS_MAX];
	struct draft *drafts;
	size_t draft_count;
	bool is_full_of_connections, is_full_of_blocks; /* that was told */
};

/* False: no memory. Faults are told. */
[[nodiscard]] bool reading_run(struct reading *reading);

/* Its index; block_count: there is none. */
size_t reading_find_block(const struct reading *reading, const char *name);

#endif
