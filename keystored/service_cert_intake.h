/*
 * Certificates from outside, with a key or without, on their way into the store as one change.
 * Hides how they find their issuers, and what is refused.
 */
#ifndef SERVICE_CERT_INTAKE_H
#define SERVICE_CERT_INTAKE_H

#include <engine.h>

#include "change.h"
#include "store_cert.h"
#include "x509_crl.h"
#include "x509_import.h"

struct request;

#define INTAKE_NOTES_MAX 16
#define INTAKE_NOTE_MAX	 400 /* bytes, with its NUL */
/* Others wait meanwhile; many CAs of one name are no accident. */
#define INTAKE_CHECKS_MAX 512

struct intake_cert {
	/* id and version: what it replaces, only the first may; 0: it is new */
	struct store_cert cert;
	bool is_here;	  /* the very same, already: only helps to find issuers */
	bool has_new_key; /* the change's */
	bool is_self_signed;
};

struct intake {
	struct change change;
	struct intake_cert certs[IMPORT_CERTS_MAX];
	size_t count;
	/* the key that comes along; NULL: none */
	struct tpm_key *key;
	uint64_t key_id;
	char key_name[NAMES_KEY_MAX + 1];
	bool key_of_ca;
	uint64_t old_key_id; /* whose grants it takes over; 0: the creator's */
	int64_t csr_created; /* of the CSR that waits where one is replaced; 0: none */
	unsigned checks;     /* signatures looked at to find issuers */
	unsigned judged;     /* and to see whether they are broken */
	/* what a CA whose key comes along has revoked elsewhere; owned */
	struct crl_entry *revoked;
	size_t revoked_count;
	struct crl_number crl_number; /* of its last list; zeros: it has none, or no number */
	/* what was here, and is revoked by that; owned */
	uint64_t *hit;
	size_t hit_count;
	char notes[INTAKE_NOTES_MAX][INTAKE_NOTE_MAX];
	size_t note_count;
};

/* NULL: no memory. */
struct intake *intake_new(void);
void intake_free(struct intake *intake); /* NULL is fine */

/* Dropped where there are too many. */
__attribute__((format(printf, 2, 3))) void intake_note(struct intake *intake, const char *format,
						       ...);

/* @der (copied), read and found or not found here. False: answered. */
bool intake_add(struct request *request, struct intake *intake, const struct import_item *item);

/*
 * @crl, if it is of @ca, whose key comes along: counted in *ret_taken, and taken where it is the
 * latest so far. False: answered.
 */
bool intake_add_crl(struct request *request, struct intake *intake, const struct import_item *ca,
		    const struct import_item *crl, size_t *ret_taken);

/*
 * Makes @one what it is to be. @profile NULL: not known. Refused is what nobody could use; what
 * is only unusual becomes a note. False: answered.
 */
bool intake_judge(struct request *request, struct intake *intake, struct intake_cert *one,
		  enum store_cert_kind kind, const struct profile *profile);

/*
 * Whether each is signed by the issuer that it names, as far as that is in the file or here: a
 * damaged one would install, and be trusted by nobody. False: answered.
 */
bool intake_judge_signatures(struct request *request, struct intake *intake);

/* Applies @intake, which is the request's no longer, and answers. */
void intake_run(struct request *request, struct intake *intake);

#endif
