/*
 * Makes certificates: keys in the TPM where they are new, signatures of the issuers, and then
 * everything as one change. Hides the jobs in between; until the end nothing is stored.
 */
#ifndef SERVICE_CERT_ISSUE_H
#define SERVICE_CERT_ISSUE_H

#include <engine.h>
#include <openssl/types.h>

#include "change.h"
#include "store_cert.h"

struct request;

#define ISSUE_MAX 2 /* certificates at once */

/* One certificate to be made. Owned: its key, its issuer and what store_cert_wipe() frees. */
struct issue_order {
	/*
	 * What is to be stored, without what the finished certificate tells. The id is that of
	 * a certificate to renew, or 0. The issuer_id is 0 for a self-signed one.
	 */
	struct store_cert cert;
	int64_t not_before, not_after;
	enum tpm_algorithm new_key; /* 0: @key is there */
	uint64_t old_key_id;	    /* whose grants the new key takes over; 0: the creator's */
	struct pooled_key *pooled;  /* where the new key was made ahead */
	struct tpm_key *key;
	struct tpm_key *issuer_key; /* NULL: self-signed */
	char issuer_key_name[NAMES_KEY_MAX + 1];
	uint8_t *issuer; /* its certificate, DER */
	size_t issuer_len;
	unsigned ca_levels;   /* of a CA: its path length and one; 0: no limit */
	EVP_PKEY *public_key; /* somebody else's, to be certified: there is no key here */
	struct cert *building;
	/*
	 * No certificate but a request for one is made, and stored with @cert, whose id is that
	 * of one that is there, or 0.
	 */
	bool is_request;
	struct csr *requesting;
	uint8_t *csr;
	size_t csr_len;
};

struct issue {
	struct change change; /* once all is made */
	struct issue_order orders[ISSUE_MAX];
	size_t count;
	char note[160];	 /* for the reply */
	bool to_project; /* switches to project mode when it is done */
	bool is_renewal; /* the certificate was there before */

	size_t at;
};

/* The state of @request, freed with it. NULL: no memory, and answered. */
struct issue *issue_new(struct request *request);

/* Subject alternative names as they are stored. False: no memory. */
bool issue_names_pack(const struct csr_name *names, size_t count, uint8_t **ret_names,
		      size_t *ret_len);
/* The list, which points into @cert: free(). NULL: no memory. */
struct csr_name *issue_names_unpack(const struct store_cert *cert, size_t *ret_count);

/* For service_cert_issue*.c: everything that was made, as one change. Answers. */
void issue_store(struct request *request);
/* Keys that were made and will not be stored leave the TPM. */
void issue_forget_keys(struct service *service, struct issue *issue);
void issue_free(struct issue *issue);

/* Starts; the request is answered when all is done, or when something failed. */
void issue_run(struct request *request);

#endif
