/*
 * The folder in which keystore-ouc has the images of its data blocks. Hides how they are called;
 * nothing in it is trusted.
 */
#ifndef BLOCKS_BLOCK_FOLDER_H
#define BLOCKS_BLOCK_FOLDER_H

#include <stdbool.h>

#include "data_image.h"

#define BLOCK_FILES_MAX	   1024 /* images; more are not looked at: keystore-ouc has no more */
#define BLOCK_SENTENCE_MAX 512

enum block_status {
	BLOCK_OK,
	BLOCK_NONE, /* there is none of that name */
	BLOCK_AWAY, /* there is no folder, or it may not be read */
	BLOCK_BUSY, /* it changes whenever it is looked at: ask again */
	BLOCK_BROKEN,
	BLOCK_NOMEM,
};

/* "FOLDER/NAME.image". Else than BLOCK_OK: @sentence. */
[[nodiscard]] enum block_status block_folder_open(const char *folder, const char *name,
						  struct data_view **ret_view,
						  char sentence[BLOCK_SENTENCE_MAX]);
/* What reading an open one has come to. Else than BLOCK_OK: @sentence. */
[[nodiscard]] enum block_status block_folder_judge(enum data_view_status status, const char *name,
						   char sentence[BLOCK_SENTENCE_MAX]);

/*
 * The names of its images' files, sorted, each to be freed. @ret_is_whole: there are no more. Else
 * than BLOCK_OK: @sentence, and none.
 */
[[nodiscard]] enum block_status block_folder_list(const char *folder,
						  char *ret_files[BLOCK_FILES_MAX],
						  size_t *ret_count, bool *ret_is_whole,
						  char sentence[BLOCK_SENTENCE_MAX]);
/* Of which block such a file is. False: of none. */
[[nodiscard]] bool block_folder_name(const char *file, char ret_name[DATA_NAME_MAX + 1]);

#endif
