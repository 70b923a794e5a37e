/*
 * One data block of keystore-ouc, as an object with a variable for each field. Hides its image, and
 * when that is read.
 */
#ifndef OPCUA_SPACE_BLOCK_H
#define OPCUA_SPACE_BLOCK_H

#include <systemd/sd-event.h>

#include "space_node.h"
#include "space_write.h"

struct data_view;
struct space_block;

struct space_block_place {
	sd_event *event;
	struct space_nodes *nodes;
	const char *folder;
	struct space_write *write; /* NULL: values are read only */
	/* Its image has another layout now: it is to be made anew. Not from within a call. */
	void (*changed)(void *user);
	/* @who has changed some values of a block; perhaps, if that is not known yet. */
	void (*written)(const char *who, const char *block, bool is_sure, void *user);
	void *user;
};

/* Takes @view. Its nodes are below SPACE_DATA. @place is borrowed. NULL: no memory. */
struct space_block *space_block_new(const struct space_block_place *place, struct data_view *view);
void space_block_free(struct space_block *block); /* with its nodes; NULL is fine */

const char *space_block_name(const struct space_block *block);
size_t space_block_fields(const struct space_block *block);
/* Its image is there, of an owner that lives, and has the layout that is shown. */
bool space_block_is_current(struct space_block *block);
/* Its image has another layout now. */
bool space_block_is_other(const struct space_block *block);

#endif
