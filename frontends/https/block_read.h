/*
 * Data blocks as keystore-ouc has them now, as JSON (schema Block of openapi.json). Hides the folder
 * of images; nothing in it is trusted, and what is broken hides nothing else.
 */
#ifndef HTTPS_BLOCK_READ_H
#define HTTPS_BLOCK_READ_H

#include <jansson.h>
#include <stdbool.h>

#include "data_image.h"

#define BLOCK_READ_FILES_MAX 1024 /* images; more are not looked at: keystore-ouc has no more */
#define BLOCK_SENTENCE_MAX   512

enum block_status {
	BLOCK_OK,
	BLOCK_NONE, /* there is none of that name */
	BLOCK_AWAY, /* there is no folder, or it may not be read */
	BLOCK_BUSY, /* it changes whenever it is looked at: ask again */
	BLOCK_BROKEN,
	BLOCK_NOMEM,
};

/* "FOLDER/NAME.image". Else than BLOCK_OK: @sentence. */
[[nodiscard]] enum block_status block_read_open(const char *folder, const char *name,
						struct data_view **ret_view,
						char sentence[BLOCK_SENTENCE_MAX]);

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
