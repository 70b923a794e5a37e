/*
 * The end of the audit trail in the TPM: an NV index holds the number and the chain value of
 * the last record, written now and then and when the service ends, so that a trail that is cut
 * off or written anew is not the one the TPM knows. Hides when it is written, and what becomes
 * of it when the TPM is away, has no room, or has somebody else's data there.
 *
 * It is never written over a trail that does not hold what it says.
 */
#ifndef ANCHOR_H
#define ANCHOR_H

#include <engine.h>
#include <stdbool.h>

#include "store.h"

struct anchor;
struct service;

/* @service has everything else, and outlives it. NULL: no memory. */
struct anchor *anchor_new(struct service *service);
void anchor_free(struct anchor *anchor);

/* The last one before the service ends, if the TPM takes it within @patience_ms. */
void anchor_finish(struct anchor *anchor, unsigned patience_ms);

/* A job that reads it. NULL: see @ret_reason, which is a sentence. */
struct tpm_job *anchor_read_job(struct anchor *anchor, const char **ret_reason);

/* What keeps it from being written; "": nothing that is known. */
const char *anchor_trouble(const struct anchor *anchor);

/* What a job that went well brought. False: the TPM holds nothing. */
bool anchor_parse(const struct tpm_job *job, struct store_link *ret_link);

enum anchor_verdict {
	ANCHOR_HOLDS = 0,
	ANCHOR_CUT_OFF,	  /* the trail ends before the record that the TPM holds */
	ANCHOR_REWRITTEN, /* that record is another one */
	ANCHOR_DROPPED,	  /* that record is not kept any more */
};

/* Whether the trail is the one that the TPM knows. */
[[nodiscard]] enum store_status anchor_compare(struct store *store, const struct store_link *link,
					       enum anchor_verdict *ret_verdict);

#endif
