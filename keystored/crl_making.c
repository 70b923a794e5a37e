#include "crl_making.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_ENTRIES  500 /* from here on a thread's work: a millisecond or more */
#define SIGNATURE_MAX 1024

struct crl_making {
	struct worker_job job; /* first: the worker knows nothing else */
	struct worker *worker;
	struct crl_order order;
	crl_making_fn *done;
	void *user;
	bool is_with_worker;
	bool is_orphan; /* freed by its owner, and the worker still has it */

	/* what the steps leave; with the worker, the thread's */
	struct crl *crl;
	uint8_t signature[SIGNATURE_MAX];
	size_t signature_len; /* 0: it is built */
	enum crl_status status;
	char error[X509_ERROR_MAX];
	uint8_t *der;
	size_t len;
};

static void really_free(struct crl_making *making)
{
	crl_free(making->crl);
	free(making->order.issuer);
	free(making->order.spki);
	free(making->order.entries);
	free(making->der);
	free(making);
}

static enum crl_status build(struct crl_making *making)
{
	const struct crl_order *order = &making->order;
	const uint8_t *at = order->spki;
	/* Its own copy: what threads share they have to lock. */
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)order->spki_len);
	struct crl_spec spec = {
		.issuer = order->issuer,
		.issuer_len = order->issuer_len,
		.issuer_key = key,
		.number = order->number,
		.this_update = order->this_update,
		.next_update = order->next_update,
		.entries = order->entries,
		.count = order->count,
		.hash = order->hash,
		.padding = order->padding,
	};
	enum crl_status status = key ? crl_new(&spec, making->error, &making->crl) : CRL_NOMEM;

	EVP_PKEY_free(key);
	return status;
}

static void run(struct worker_job *job)
{
	struct crl_making *making = (struct crl_making *)job;

	making->error[0] = '\0';
	making->status = making->signature_len
				 ? crl_finish(making->crl, making->signature, making->signature_len,
					      &making->der, &making->len)
				 : build(making);
}

static void ran(struct worker_job *job)
{
	struct crl_making *making = (struct crl_making *)job;

	making->done(making, making->status, making->error, making->user);
}

static void let_go(struct worker_job *job)
{
	struct crl_making *making = (struct crl_making *)job;

	making->is_with_worker = false;
	if (making->is_orphan)
		really_free(making);
}

static void step(struct crl_making *making)
{
	making->is_with_worker = making->order.count >= LONG_ENTRIES;
	if (making->is_with_worker && worker_submit(making->worker, &making->job) == WORKER_OK)
		return;
	/* Short, or the worker has more than enough to do. */
	making->is_with_worker = false;
	run(&making->job);
	ran(&making->job);
}

struct crl_making *crl_making_new(struct worker *worker, const struct crl_order *order,
				  crl_making_fn *done, void *user)
{
	struct crl_making *making = calloc(1, sizeof *making);

	if (!making) {
		free(order->issuer);
		free(order->spki);
		free(order->entries);
		return NULL;
	}
	making->job =
		(struct worker_job){.run = run, .done = ran, .free = let_go, .group = geteuid()};
	making->worker = worker;
	making->order = *order;
	making->done = done;
	making->user = user;
	return making;
}

void crl_making_free(struct crl_making *making)
{
	if (!making)
		return;
	if (!making->is_with_worker) {
		really_free(making);
		return;
	}
	/* From within done() the worker lets go of it right after. */
	if (!making->is_orphan) {
		making->is_orphan = true;
		worker_cancel(making->worker, &making->job);
	}
}

void crl_making_build(struct crl_making *making)
{
	step(making);
}

void crl_making_finish(struct crl_making *making, const uint8_t *signature, size_t len)
{
	if (len == 0 || len > sizeof making->signature) {
		making->done(making, CRL_UNVERIFIED, "", making->user);
		return;
	}
	memcpy(making->signature, signature, len);
	making->signature_len = len;
	step(making);
}

void crl_making_digest(const struct crl_making *making, const uint8_t **ret_digest, size_t *ret_len)
{
	crl_digest(making->crl, ret_digest, ret_len);
}

void crl_making_der(const struct crl_making *making, const uint8_t **ret_der, size_t *ret_len)
{
	*ret_der = making->der;
	*ret_len = making->len;
}
