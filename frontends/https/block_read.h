/*
 * Data blocks as keystore-ouc has them now, as JSON (schema Block of openapi.json). What is broken in
 * their folder hides nothing else.
 */
#ifndef HTTPS_BLOCK_READ_H
#define HTTPS_BLOCK_READ_H

#include <jansson.h>

#include "block_folder.h"

/*
 * A block with its values. @roles: see block_roles.h. Else than BLOCK_OK: @sentence. It may take
 * some 10 ms.
 */
[[nodiscard]] enum block_status block_read_show(const struct data_view *view, const json_t *roles,
						json_t **ret_object,
						char sentence[BLOCK_SENTENCE_MAX]);
/* The same of what was read already. NULL: no memory. */
json_t *block_read_json(const struct data_block *block, const uint8_t *bytes,
			const struct data_moment *moment, const json_t *roles);

/*
 * {"blocks": [...], "problems": [...]}: those without values, by name, and what could not be read.
 * NULL: no memory.
 */
json_t *block_read_list(const char *folder, const json_t *roles);

#endif
