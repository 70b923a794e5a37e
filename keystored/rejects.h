/*
 * Certificates that were refused on their way to the rejected list. They are entered a moment
 * later, many at once, so that a flood of them costs no disk access each. Hides that delay and
 * its bounds.
 */
#ifndef REJECTS_H
#define REJECTS_H

#include "store_trust.h"
#include "x509_path.h"

#define REJECTS_KEPT	    1000 /* the list's length */
#define REJECTS_PENDING_MAX 64

struct rejects;
struct service;

/* NULL: no memory. */
struct rejects *rejects_new(struct service *service);
/* Enters what is pending. */
void rejects_free(struct rejects *rejects);

/* Soon. The same certificate again only counts. What is no certificate is not listed. */
void rejects_note(struct rejects *rejects, const struct store_group *group,
		  const struct path_der *candidate, const struct path_verdict *verdict);
/* It is trusted now. */
void rejects_forget(struct rejects *rejects, uint64_t group_id, const uint8_t fingerprint[32]);
void rejects_flush(struct rejects *rejects);

#endif
