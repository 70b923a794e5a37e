/*
 * The text of a configuration becomes blocks and drafts of connections. Hides which sections
 * there are, and whose fields.
 */
#ifndef OUC_SETTINGS_READING_H
#define OUC_SETTINGS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf_file.h"
#include "settings_field.h"

#define SECTION_GENERAL_NAME "keystore-ouc"
#define SECTION_BLOCK_NAME   "block"

enum section_kind { SECTION_GENERAL, SECTION_BLOCK, SECTION_CONNECTION };

/* It begins with @conf's file and report, and @settings, which has room for all blocks. */
struct reading {
	struct conf_file conf;
	enum section_kind kind;

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
