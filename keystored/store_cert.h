/*
 * Certificates with their history, as stored. Hides the SQL, like store.h, whose rules on
 * memory and failures hold here too.
 */
#ifndef STORE_CERT_H
#define STORE_CERT_H

#include "store.h"
#include "x509_cert.h"

enum store_cert_kind {
	STORE_CERT_CA = 1,
	STORE_CERT_DEVICE = 2,
	STORE_CERT_TRUSTED = 3, /* somebody else's, known here */
};

enum store_cert_state {
	STORE_CERT_ACTIVE = 1,
	STORE_CERT_SUPERSEDED = 2,
	STORE_CERT_REVOKED = 3,
	STORE_CERT_REQUESTED = 4, /* no version yet: a CSR is out. Not written. */
};

/* One version of a certificate. */
struct store_cert {
	uint64_t id;
	enum store_cert_kind kind;
	enum profile_id profile; /* 0: not known */
	int64_t created;	 /* the first version */
	uint32_t created_by;
	uint32_t version; /* counts from 1; set by the store; 0: REQUESTED */
	enum store_cert_state state;
	uint64_t key_id;    /* 0: elsewhere */
	uint64_t issuer_id; /* read: 0 is elsewhere. Added: 0 is itself, unless … */
	bool issuer_is_elsewhere;
	struct cert_facts facts;
	enum tpm_hash hash; /* of the signature, as is the padding */
	enum tpm_padding padding;
	int64_t version_created;
	int64_t revoked_at;	 /* REVOKED: Unix time, seconds; not written */
	unsigned revoked_for;	 /* REVOKED: RFC 5280 5.3.1; not written */
	int64_t request_created; /* a CSR is out since then; 0: none; not written */
	/* of the key; not written: */
	char key_name[NAMES_KEY_MAX + 1];
	uint32_t key_algorithm;
	uint32_t key_origin;
	/* not in lists: */
	uint8_t *der;
	size_t der_len;
	char *subject;	/* as it was asked for */
	uint8_t *names; /* likewise: the caller's own form */
	size_t names_len;
};

void store_cert_wipe(struct store_cert *cert);

/*
 * A new certificate, version 1; in a transaction. IDs were never handed out before. EXISTS: issuer and serial, or
 * the very same certificate.
 */
[[nodiscard]] enum store_status store_cert_add(struct store *store, const struct store_cert *cert,
					       uint64_t *ret_id);
/*
 * A new version of @cert->id; the one before is superseded. Without names they stay what they
 * were. In a transaction.
 */
[[nodiscard]] enum store_status store_cert_renew(struct store *store,
						 const struct store_cert *cert);
/* The current version, all of it. */
[[nodiscard]] enum store_status store_cert_get(struct store *store, uint64_t id,
					       struct store_cert *ret_cert);
/* The certificate that has, or had, this version. NOT_FOUND: none. */
[[nodiscard]] enum store_status
store_cert_by_fingerprint(struct store *store, const uint8_t fingerprint[32], uint64_t *ret_id);
/* With its history, and its CSR. In a transaction. */
[[nodiscard]] enum store_status store_cert_delete(struct store *store, uint64_t id);

/*
 * Calls @each for current versions after @after in order of IDs until it returns false. @kind
 * 0: all. @peer not NULL: of DEVICE only those whose key has a grant for the peer or one of its
 * groups.
 */
[[nodiscard]] enum store_status
store_cert_list(struct store *store, uint64_t after, unsigned kind, const struct peer *peer,
		bool (*each)(const struct store_cert *cert, void *user), void *user);

/* The current version, all of it, of the first certificate after @after. NOT_FOUND: none. */
[[nodiscard]] enum store_status store_cert_next(struct store *store, uint64_t after,
						struct store_cert *ret_cert);

/* The versions of a certificate, the latest first; of a REQUESTED one what there is. */
[[nodiscard]] enum store_status
store_cert_history(struct store *store, uint64_t id,
		   bool (*each)(const struct store_cert *cert, void *user), void *user);

/* The first other certificate that @id issued, or one that has the key. NOT_FOUND: none. */
[[nodiscard]] enum store_status store_cert_issued_by(struct store *store, uint64_t id,
						     uint64_t *ret_id);
/* The latest one that is active. */
[[nodiscard]] enum store_status store_cert_active_of_key(struct store *store, uint64_t key_id,
							 uint64_t *ret_id);
[[nodiscard]] enum store_status store_cert_of_key(struct store *store, uint64_t key_id,
						  uint64_t *ret_id);

#endif
