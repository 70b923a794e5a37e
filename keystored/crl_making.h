/*
 * One CRL in the making: built, its digest signed by somebody else, finished. Hides that a long
 * list, which takes tens of milliseconds, is worked on by the worker's thread and not the loop's.
 */
#ifndef CRL_MAKING_H
#define CRL_MAKING_H

#include "worker.h"
#include "x509_crl.h"

/* What is wanted, as in crl_spec, but owned. */
struct crl_order {
	uint8_t *issuer; /* certificate, DER; free() */
	size_t issuer_len;
	uint8_t *spki; /* of its key, SubjectPublicKeyInfo, DER; free() */
	size_t spki_len;
	struct crl_number number;
	int64_t this_update, next_update;
	struct crl_entry *entries; /* free() */
	size_t count;
	enum tpm_hash hash;
	enum tpm_padding padding;
};

struct crl_making;

/* A step is done. @error: a sentence, where there is one. It may free @making. */
typedef void crl_making_fn(struct crl_making *making, enum crl_status status, const char *error,
			   void *user);

/* Takes over what @order owns, also where it fails. NULL: no memory. */
struct crl_making *crl_making_new(struct worker *worker, const struct crl_order *order,
				  crl_making_fn *done, void *user);
/* NULL is fine, and a step under way too: done() will not be called. */
void crl_making_free(struct crl_making *making);

/* The steps; done() is called later, or from within. */
void crl_making_build(struct crl_making *making);
void crl_making_finish(struct crl_making *making, const uint8_t *signature, size_t len);

/* After each step. Borrowed. */
void crl_making_digest(const struct crl_making *making, const uint8_t **ret_digest,
		       size_t *ret_len);
void crl_making_der(const struct crl_making *making, const uint8_t **ret_der, size_t *ret_len);

#endif
