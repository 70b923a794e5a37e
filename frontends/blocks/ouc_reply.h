/*
 * What keystore-ouc says by its control socket: a line, taken apart. Hides JSON, and which words it
 * has for what went wrong (keystore-ouc(8)). Nothing in a line is trusted.
 */
#ifndef BLOCKS_OUC_REPLY_H
#define BLOCKS_OUC_REPLY_H

#include <jansson.h>
#include <stddef.h>

#define OUC_SENTENCE_MAX 1023 /* bytes; keystore-ouc's own have 511 */

enum ouc_status {
	OUC_OK,
	OUC_INVALID,	/* no such value */
	OUC_NOT_FOUND,	/* no such block */
	OUC_REFUSED,	/* the block is not for that */
	OUC_BUSY,	/* too much is asked of it, or of the way to it */
	OUC_FAILED,	/* it could not do it */
	OUC_AWAY,	/* it was not reached, and has done nothing */
	OUC_UNANSWERED, /* it may have done it or not */
	OUC_GARBLED,	/* what came is not of keystore-ouc; the same */
};

struct ouc_reply {
	enum ouc_status status;
	json_t *line;			     /* OUC_OK: the object, owned; else NULL */
	char sentence[OUC_SENTENCE_MAX + 1]; /* "": OUC_OK */
};

/* A line of one reply, without its end. It is filled in each case; whatever comes is a reply. */
void ouc_reply_parse(const char *line, size_t len, struct ouc_reply *ret_reply);
void ouc_reply_clear(struct ouc_reply *reply);

#endif
