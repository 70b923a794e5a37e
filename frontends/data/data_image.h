/*
 * The current content of a data block in a file that other programs read. Hides the file's format
 * (docs/DATA-BLOCKS.md), and the sequence lock by which a reader knows that what it has copied
 * is of one moment.
 *
 * One process, the owner, writes; to change a value others ask it, by its control socket: so a
 * writer that dies, or lies about types, harms nobody.
 */
#ifndef DATA_DATA_IMAGE_H
#define DATA_DATA_IMAGE_H

#include "data_block.h"

struct data_image; /* the owner's */

/*
 * Makes "FOLDER/NAME.image" anew: written beside and renamed, so that a reader has a whole one, old
 * or new; mode 0640. It holds the block as data_block_initialise() makes it. @folder: absolute.
 * @block is borrowed and must outlive it. One descriptor stays open. False: @problem; so if the
 * image there has an owner that lives.
 */
[[nodiscard]] bool data_image_create(const char *folder, const struct data_block *block,
				     struct data_image **ret_image, char problem[DATA_PROBLEM_MAX]);
/* Removes it; those who still read it see that its owner has gone. NULL is fine. */
void data_image_close(struct data_image *image);

const struct data_block *data_image_block(const struct data_image *image);

/* The content; the owner's to read, and to change by data_image_write() only. */
const uint8_t *data_image_bytes(const struct data_image *image);

/* @bytes: block->size. @time: Unix time, nanoseconds. Counts the change. */
void data_image_write(struct data_image *image, const uint8_t *bytes, int64_t time);

struct data_view; /* a reader's */

struct data_moment {
	uint64_t changes; /* since the owner's start */
	int64_t time;	  /* of the last: Unix time, nanoseconds; 0: none yet */
	bool has_owner;	  /* false: whoever wrote it has ended; another may have made a new one */
};

/*
 * Opens it for reading, with the layout that it describes. Nothing in it is trusted: a file that
 * is cut short, or describes what cannot be, is refused. False: @problem.
 */
[[nodiscard]] bool data_view_open(const char *path, struct data_view **ret_view,
				  char problem[DATA_PROBLEM_MAX]);
void data_view_close(struct data_view *view); /* NULL is fine */

const struct data_block *data_view_block(const struct data_view *view);

enum data_view_status {
	DATA_VIEW_OK,
	DATA_VIEW_BUSY,	  /* it changed whenever it was looked at, for some 10 ms: ask again */
	DATA_VIEW_TORN,	  /* its owner died in the middle of a change: open again, later */
	DATA_VIEW_BROKEN, /* it was cut short, or holds what data_block_check() refuses */
	DATA_VIEW_NOMEM,
};

/*
 * Copies block->size bytes of one moment, which are such a block; @ret_bytes NULL: the moment
 * alone.
 */
[[nodiscard]] enum data_view_status data_view_read(const struct data_view *view, uint8_t *ret_bytes,
						   struct data_moment *ret_moment);

/*
 * The same in one attempt: as it never waits, it is for who must not, and may be BUSY while the
 * owner is well.
 */
[[nodiscard]] enum data_view_status data_view_look(const struct data_view *view, uint8_t *ret_bytes,
						   struct data_moment *ret_moment);

#endif
