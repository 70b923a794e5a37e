/*
 * libkeystore: whom a service trusts. Trust groups with their lists, validating a peer's
 * certificate, and those that were refused. Hides nothing that keystore.h does not.
 */
#ifndef KEYSTORE_TRUST_H
#define KEYSTORE_TRUST_H

#include "keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* The four lists of a trust group (OPC 10000-12 7.8.2). */
enum ks_trust_list {
	KS_TRUST_ALL = 0,
	KS_TRUSTED_CERTS = 1,
	KS_TRUSTED_CRLS = 2,
	KS_ISSUER_CERTS = 3,
	KS_ISSUER_CRLS = 4,
};

/* Whether the CRLs of a chain's issuers are looked at. */
enum ks_crl_policy {
	KS_CRLS_UNCHANGED = 0,
	KS_CRLS_REQUIRED = 1,	 /* a current one at every level */
	KS_CRLS_WHERE_KNOWN = 2, /* where the group has one it must be current */
	KS_CRLS_NONE = 3,
};

enum ks_switch { KS_UNCHANGED = 0, KS_ON = 1, KS_OFF = 2 };

struct ks_trust_group {
	const char *name;
	bool predefined;
	bool auto_accept; /* trusts whom nobody knows yet: not for production */
	enum ks_crl_policy crls;
	uint64_t trusted_certs; /* how many there are */
	uint64_t trusted_crls;
	uint64_t issuer_certs;
	uint64_t issuer_crls;
	uint64_t revision; /* counts changes */
	int64_t updated;   /* the lists' last change: Unix time, seconds; 0: none */
};

struct ks_trust_entry {
	uint64_t id; /* for the next page */
	enum ks_trust_list list;
	const uint8_t *fingerprint; /* SHA-256 of the DER, 32 bytes */
	const char *subject;	    /* "": a CRL */
	const char *issuer;
	const char *serial; /* hexadecimal; a CRL's number */
	int64_t not_before; /* Unix time, seconds; a CRL's thisUpdate */
	int64_t not_after;  /* a CRL's nextUpdate; 0: it has none */
	bool is_ca;
	uint64_t revocations; /* a CRL's */
	int64_t added;
	uint32_t added_by;
	bool auto_accepted; /* nobody looked at it */
};

/* A certificate or CRL for a list. */
struct ks_trust_item {
	enum ks_trust_list list;
	const uint8_t *der;
	size_t der_len;
	bool by_content; /* a CRL goes to the CRLs beside the list of certificates */
};

/* What became of a certificate; docs/PROTOCOL.md has the reasons. */
enum ks_verdict_reason {
	KS_VERDICT_ACCEPTED = 0,
	KS_VERDICT_MALFORMED = 1,
	KS_VERDICT_INCOMPLETE = 2, /* an issuer is missing */
	KS_VERDICT_UNTRUSTED = 3,
	KS_VERDICT_LOOP = 4,
	KS_VERDICT_TOO_DEEP = 5,
	KS_VERDICT_TOO_COMPLEX = 6,
	KS_VERDICT_SIGNATURE = 7,
	KS_VERDICT_NOT_YET_VALID = 8,
	KS_VERDICT_EXPIRED = 9,
	KS_VERDICT_REVOKED = 10,
	KS_VERDICT_CRL_MISSING = 11,
	KS_VERDICT_CRL_NOT_YET_VALID = 12,
	KS_VERDICT_CRL_EXPIRED = 13,
	KS_VERDICT_CRL_WRONG_ISSUER = 14,
	KS_VERDICT_CRL_SIGNATURE = 15,
	KS_VERDICT_CRL_SCOPE = 16,
	KS_VERDICT_NO_CA = 17,
	KS_VERDICT_LENGTH = 18,
	KS_VERDICT_NAME_CONSTRAINTS = 19,
	KS_VERDICT_CRITICAL_EXTENSION = 20,
	KS_VERDICT_EXTENSION = 21,
	KS_VERDICT_POLICY = 22,
	KS_VERDICT_USAGE = 23,
	KS_VERDICT_URI = 24,
	KS_VERDICT_WEAK = 25,
	KS_VERDICT_OTHER = 26,
	KS_VERDICT_HOST = 27,	/* trusted, but not for the host that was asked for */
	KS_VERDICT_ANCHOR = 28, /* trusted, but not by way of the certificate asked for */
};

struct ks_verdict {
	enum ks_verdict_reason reason;
	const char *message;	    /* why, with the certificate and the way out */
	uint32_t depth;		    /* of the certificate concerned; 0: the candidate */
	const uint8_t *fingerprint; /* its SHA-256, 32 bytes; NULL: none */
	const char *missing_issuer; /* INCOMPLETE: its name; else "" */
	int64_t revoked_at;	    /* REVOKED: Unix time, seconds */
	uint32_t revocation_reason; /* REVOKED: RFC 5280 5.3.1 */
	bool auto_accepted;	    /* it is on the trusted list since just now */
};

struct ks_rejected {
	uint64_t id;
	const char *group;
	const uint8_t *fingerprint; /* 32 bytes */
	const char *subject;
	const char *issuer;
	enum ks_verdict_reason reason; /* the last time */
	const char *message;
	int64_t first_seen; /* Unix time, seconds */
	int64_t last_seen;
	uint64_t count;
	const uint8_t *der; /* where it was asked for */
	size_t der_len;
};

/* "incomplete", …; never NULL. */
const char *ks_verdict_name(enum ks_verdict_reason reason);

/* The trust groups that this process may see or use, after the name @after (NULL: all). */
enum ks_status ks_group_list(struct ks_client *client, const char *after,
			     struct ks_result **ret_result);
enum ks_status ks_group_list_start(struct ks_client *client, const char *after, ks_done_fn *done,
				   void *user);

struct ks_group_change {
	enum ks_switch auto_accept;
	enum ks_crl_policy crls;
	bool create; /* KS_EXISTS if it is there */
	bool remove; /* with its lists */
};
enum ks_status ks_group_set(struct ks_client *client, const char *group,
			    const struct ks_group_change *change, struct ks_result **ret_result);
enum ks_status ks_group_set_start(struct ks_client *client, const char *group,
				  const struct ks_group_change *change, ks_done_fn *done,
				  void *user);

/* A page of a group's entries in order of IDs, after the ID @after (0: from the start). */
enum ks_status ks_trust_list(struct ks_client *client, const char *group, enum ks_trust_list list,
			     uint64_t after, uint32_t limit, struct ks_result **ret_result);
enum ks_status ks_trust_list_start(struct ks_client *client, const char *group,
				   enum ks_trust_list list, uint64_t after, uint32_t limit,
				   ks_done_fn *done, void *user);

/* All or none, up to 256. A CRL takes the place of an older one of its issuer. */
enum ks_status ks_trust_add(struct ks_client *client, const char *group,
			    const struct ks_trust_item *items, size_t count,
			    struct ks_result **ret_result);
enum ks_status ks_trust_add_start(struct ks_client *client, const char *group,
				  const struct ks_trust_item *items, size_t count, ks_done_fn *done,
				  void *user);

/* Empties the lists, bits 1 << enum ks_trust_list, and fills them, as one. */
enum ks_status ks_trust_set(struct ks_client *client, const char *group, unsigned lists,
			    const struct ks_trust_item *items, size_t count,
			    struct ks_result **ret_result);
enum ks_status ks_trust_set_start(struct ks_client *client, const char *group, unsigned lists,
				  const struct ks_trust_item *items, size_t count, ks_done_fn *done,
				  void *user);

/* @fingerprint: 32 bytes. KS_TRUST_ALL: whichever list has it. A CA's CRLs go with it. */
enum ks_status ks_trust_remove(struct ks_client *client, const char *group, enum ks_trust_list list,
			       const uint8_t *fingerprint, struct ks_result **ret_result);
enum ks_status ks_trust_remove_start(struct ks_client *client, const char *group,
				     enum ks_trust_list list, const uint8_t *fingerprint,
				     ks_done_fn *done, void *user);

/* DER. */
enum ks_status ks_trust_export(struct ks_client *client, const char *group, enum ks_trust_list list,
			       const uint8_t *fingerprint, struct ks_result **ret_result);
enum ks_status ks_trust_export_start(struct ks_client *client, const char *group,
				     enum ks_trust_list list, const uint8_t *fingerprint,
				     ks_done_fn *done, void *user);

enum ks_purpose {
	KS_PURPOSE_DEFAULT = 0,
	KS_PURPOSE_ANY = 1,
	KS_PURPOSE_TLS_CLIENT = 2, /* the candidate is one */
	KS_PURPOSE_TLS_SERVER = 3,
	KS_PURPOSE_OPCUA = 4, /* an application instance (OPC 10000-6 6.2.2) */
};

/* Certificates are DER. */
struct ks_validation {
	const char *group;   /* or … */
	const char *service; /* … the trust group of a service; NULL: none */
	const uint8_t *candidate;
	size_t candidate_len;
	const uint8_t *const *chain; /* what came along, in any order */
	const size_t *chain_lens;
	size_t chain_count;
	enum ks_purpose purpose;
	const char *application_uri; /* OPC UA: must be in the certificate; NULL: not looked at */
	int64_t at;		     /* Unix time, seconds; 0: now */
	const char *host; /* the subjectAltName must have it (RFC 9525); NULL: not looked at */
	/*
	 * By which certificate of the service it must be verified: itself, a CA above, or another
	 * with the name and the key of one of these; 0: any. It need not be in the group, and is
	 * not trusted for being named.
	 */
	uint64_t anchor_id;
	/* UNTRUSTED and INCOMPLETE only where nothing else is wrong with the candidate. */
	bool thorough;
};

/*
 * KS_OK says that it was looked at; the result's verdict has what came of it. What is refused goes
 * to the rejected list, but for HOST and ANCHOR, where trusting would not help; what nobody knows
 * yet becomes trusted where the group's switch is on.
 */
enum ks_status ks_validate(struct ks_client *client, const struct ks_validation *validation,
			   struct ks_result **ret_result);
enum ks_status ks_validate_start(struct ks_client *client, const struct ks_validation *validation,
				 ks_done_fn *done, void *user);

/* A page of what was refused, after the ID @after. @group NULL: in all groups. */
enum ks_status ks_rejected_list(struct ks_client *client, const char *group, uint64_t after,
				bool with_der, struct ks_result **ret_result);
enum ks_status ks_rejected_list_start(struct ks_client *client, const char *group, uint64_t after,
				      bool with_der, ks_done_fn *done, void *user);

/* It moves to the trusted certificates of its group. */
enum ks_status ks_rejected_trust(struct ks_client *client, uint64_t id,
				 struct ks_result **ret_result);
enum ks_status ks_rejected_trust_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				       void *user);

/* @id 0: all of @group; NULL: of all groups. */
enum ks_status ks_rejected_delete(struct ks_client *client, uint64_t id, const char *group,
				  struct ks_result **ret_result);
enum ks_status ks_rejected_delete_start(struct ks_client *client, uint64_t id, const char *group,
					ks_done_fn *done, void *user);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
