/* Certificates, CAs and CRLs of libkeystore. A part of keystore.h, which includes it. */
#ifndef KEYSTORE_CERT_H
#define KEYSTORE_CERT_H

#include "keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Why a certificate was revoked (RFC 5280 5.3.1). */
enum ks_reason {
	KS_REASON_UNSPECIFIED = 0,
	KS_REASON_KEY_COMPROMISE = 1,
	KS_REASON_CA_COMPROMISE = 2,
	KS_REASON_AFFILIATION_CHANGED = 3,
	KS_REASON_SUPERSEDED = 4,
	KS_REASON_CESSATION_OF_OPERATION = 5,
	KS_REASON_CERTIFICATE_HOLD = 6, /* the only one that can be taken back */
	KS_REASON_REMOVE_FROM_CRL = 8,	/* takes a hold back */
	KS_REASON_PRIVILEGE_WITHDRAWN = 9,
	KS_REASON_AA_COMPROMISE = 10,
};

/* The list of what a CA has revoked. */
struct ks_crl {
	uint64_t ca_id;	    /* the CA's certificate */
	const char *ca;	    /* its subject; not in events */
	const char *number; /* decimal; it only grows */
	int64_t this_update;
	int64_t next_update; /* a new one comes when half of the time is over */
	uint64_t entries;
	uint64_t bytes; /* of the DER */
	bool pending;	/* something was revoked since */
};

enum ks_cert_kind {
	KS_CERT_ALL = 0,
	KS_CERT_CA = 1,
	KS_CERT_DEVICE = 2,
	KS_CERT_TRUSTED = 3, /* somebody else's, known there */
};

enum ks_cert_state {
	KS_CERT_ACTIVE = 1,
	KS_CERT_SUPERSEDED = 2, /* a newer version of the same certificate is active */
	KS_CERT_EXPIRED = 3,
	KS_CERT_REVOKED = 4,
	KS_CERT_REQUESTED = 5, /* a CSR is out, and there is no certificate yet */
};

enum ks_renewal_mode {
	KS_RENEWAL_DEFAULT = 0, /* as its profile has it: 10 per cent left, for CAs off */
	KS_RENEWAL_OFF = 1,
	KS_RENEWAL_DAYS_BEFORE = 2,  /* so many days before the end, 1..3650 */
	KS_RENEWAL_PERCENT_LEFT = 3, /* when so much of the life is left, 1..66 */
	KS_RENEWAL_UNCHANGED = 4,    /* to set the addresses alone: without value and new_key */
};

/*
 * What is done where a device's certificate names an address or a host name that the device had,
 * and has no longer.
 */
enum ks_addresses {
	KS_ADDRESSES_UNCHANGED = 0, /* to set; read: the certificate is no device's */
	KS_ADDRESSES_DEFAULT = 1, /* self-signed in local mode, and not OFF: FOLLOW; else REPORT */
	KS_ADDRESSES_IGNORE = 2,
	KS_ADDRESSES_REPORT = 3,
	KS_ADDRESSES_FOLLOW = 4, /* and it is renewed with what took the place */
};

/* When a certificate is renewed by itself: not before a third of its life is over. */
struct ks_renewal {
	enum ks_renewal_mode mode;
	uint32_t value; /* DAYS_BEFORE, PERCENT_LEFT */
	bool new_key;	/* each time with a new key */
	enum ks_addresses addresses;
};

/* What was a certificate once, under the same ID. */
struct ks_cert_version {
	uint32_t version; /* counts from 1 */
	enum ks_cert_state state;
	const char *serial; /* hexadecimal */
	int64_t not_before; /* Unix time, seconds */
	int64_t not_after;
	int64_t created;
	const uint8_t *fingerprint; /* SHA-256 of the DER, 32 bytes */
	const char *signature_algorithm;
	int64_t revoked_at;	    /* KS_CERT_REVOKED: when … */
	unsigned revocation_reason; /* … and why: RFC 5280 5.3.1 */
};

struct ks_cert {
	uint64_t id; /* kept over renewals, never reused */
	enum ks_cert_kind kind;
	const char *profile; /* "web-server": what it is used as; "": not known */
	const char *common_name;
	const char *subject;
	const char *issuer;
	uint64_t issuer_id; /* its own ID: self-signed; 0: not known there */
	const char *serial;
	int64_t not_before;
	int64_t not_after;
	enum ks_cert_state state;
	uint64_t key_id; /* 0: elsewhere */
	const char *key_name;
	enum ks_origin key_origin;
	enum ks_algorithm key_algorithm; /* of a key that is there */
	/* of any: "rsa-2048", "ec-p521", "ed25519"; others: an object identifier; "": not known */
	const char *key_type;
	const char *signature_algorithm; /* "ecdsa-sha256" */
	const uint8_t *fingerprint;	 /* 32 bytes; KS_CERT_REQUESTED: NULL */
	int64_t revoked_at;		 /* KS_CERT_REVOKED: when … */
	unsigned revocation_reason;	 /* … and why: RFC 5280 5.3.1 */
	int64_t request_created;	 /* a CSR is out since then; 0: none */
	uint32_t version;
	int64_t created;
	uint32_t created_by;
	/* not in lists: */
	struct ks_renewal renewal;
	int64_t renewal_at;		 /* when it is renewed by itself; 0: it is not */
	enum ks_addresses addresses_now; /* what the default comes to, where it is that */
	const char *names_note; /* why its names are not the device's any more; "": they are */
	const uint8_t *der;
	size_t der_len;
	const struct ks_cert_version *history; /* the latest first */
	size_t history_count;
};

enum ks_severity {
	KS_WARNING = 1, /* peers take it, though it should be otherwise */
	KS_ERROR = 2,	/* a peer may refuse it */
};

/* A rule that a certificate breaks (docs/CERTIFICATE-RULES.md). */
struct ks_check_finding {
	uint64_t id;	    /* the certificate; 0: the one that was sent */
	const char *rule;   /* "san-uri-mandatory" */
	const char *clause; /* "OPC 10000-6 6.2.2" */
	enum ks_severity severity;
	const char *text;  /* a sentence */
	const char *field; /* what of a ks_cert_request it is about: "profile", "subject",
			    * "names", "issuer", "validity", "key" (new_key, algorithm), "hash"
			    * (padding), "ca_levels"; "": nothing that one asks for */
};

struct ks_check { /* of certificates */
	const struct ks_check_finding *findings;
	size_t finding_count;
	uint64_t checked; /* certificates */
	uint64_t last;	  /* the last of them, for the next page */
};

/* What a certificate can be for. */
struct ks_profile {
	const char *name;  /* "opcua-server" */
	const char *title; /* "OPC UA server" */
	/*
	 * RFC 5280's names: "digitalSignature". Of an RSA key: an elliptic-curve key has no
	 * encipherments.
	 */
	const char *const *key_usages;
	size_t key_usage_count;
	const char *const *extended_key_usages; /* "serverAuth"; none: every purpose */
	size_t extended_key_usage_count;
	/* 1 << KS_NAME_*: which subject alternative names it has to have, and which it may */
	unsigned mandatory_names;
	unsigned optional_names;
	bool needs_host; /* an IP address or a DNS name, whichever */
	enum ks_algorithm default_algorithm;
	uint32_t default_days;
	bool is_ca;
};

/* RFC 5280's names: "keyCompromise"; -1: no such name. */
const char *ks_reason_name(enum ks_reason reason);
int ks_reason_from_name(const char *name);

/* All zero: from now on, for as long as is usual, and not beyond the issuer's end. */
struct ks_validity {
	int64_t not_before; /* Unix time, seconds; 0: now */
	int64_t not_after;  /* 0: by days */
	uint32_t days;	    /* 0: as the profile has it */
};

/* Makes the RSA-2048 and the P-256 CA, both or none. NULL, "" and 0 stand for defaults. */
struct ks_project {
	const char *rsa_subject;
	const char *ec_subject;
	uint32_t days;
};
enum ks_status ks_project_init(struct ks_client *client, const struct ks_project *project,
			       struct ks_result **ret_result);
enum ks_status ks_project_init_start(struct ks_client *client, const struct ks_project *project,
				     ks_done_fn *done, void *user);

struct ks_cert_request {
	const char *key;	     /* that is there, or NULL: … */
	const char *new_key;	     /* … the name of one that is made; a CA's key always is */
	enum ks_algorithm algorithm; /* of the new key */
	const char *profile;	     /* "web-server" */
	const char *subject;	     /* "CN=plc-1,O=Plant" */
	const struct ks_name *names;
	size_t name_count;
	uint64_t issuer; /* ID of a CA's certificate; 0: self-signed */
	struct ks_validity validity;
	enum ks_hash hash; /* default: SHA-384 for a P-384 issuer, else SHA-256 */
	enum ks_padding padding;
	uint32_t ca_levels; /* a CA's: path length + 1, so 1: no CA below it; 0: no limit */
};
enum ks_status ks_cert_create(struct ks_client *client, const struct ks_cert_request *cert,
			      struct ks_result **ret_result);
enum ks_status ks_cert_create_start(struct ks_client *client, const struct ks_cert_request *cert,
				    ks_done_fn *done, void *user);

/* All profiles. */
enum ks_status ks_profile_list(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_profile_list_start(struct ks_client *client, ks_done_fn *done, void *user);

/*
 * What would be wrong with that certificate, all of it at once, in the result's check; nothing is
 * made. What cannot be made is a finding too, so that KS_OK says only that it was looked at.
 */
enum ks_status ks_cert_draft(struct ks_client *client, const struct ks_cert_request *cert,
			     struct ks_result **ret_result);
enum ks_status ks_cert_draft_start(struct ks_client *client, const struct ks_cert_request *cert,
				   ks_done_fn *done, void *user);

/* A page of certificates in order of IDs, after the ID @after (0: from the start). */
enum ks_status ks_cert_list(struct ks_client *client, enum ks_cert_kind kind, uint64_t after,
			    uint32_t limit, struct ks_result **ret_result);
enum ks_status ks_cert_list_start(struct ks_client *client, enum ks_cert_kind kind, uint64_t after,
				  uint32_t limit, ks_done_fn *done, void *user);

enum ks_status ks_cert_show(struct ks_client *client, uint64_t id, struct ks_result **ret_result);
enum ks_status ks_cert_show_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				  void *user);

enum ks_cert_format {
	KS_CERT_DER = 1,
	KS_CERT_PEM = 2,
	KS_CERT_CHAIN_PEM = 3, /* with its issuers, the root last */
	KS_CERT_P7B = 4,       /* PKCS#7 with its issuers, DER */
	KS_CERT_P7B_PEM = 5,
	KS_CERT_CSR = 7, /* the request that waits for its answer, PEM */
	KS_CERT_CSR_DER = 8,
	KS_CERT_PRIVATE_KEY = 9, /* refused: the sentence says why */
};
enum ks_status ks_cert_export(struct ks_client *client, uint64_t id, enum ks_cert_format format,
			      struct ks_result **ret_result);
enum ks_status ks_cert_export_start(struct ks_client *client, uint64_t id,
				    enum ks_cert_format format, ks_done_fn *done, void *user);

/* PKCS#12 with its issuers, and never a key. @password encrypts it; NULL: it is not encrypted. */
enum ks_status ks_cert_export_pkcs12(struct ks_client *client, uint64_t id, const char *password,
				     struct ks_result **ret_result);
enum ks_status ks_cert_export_pkcs12_start(struct ks_client *client, uint64_t id,
					   const char *password, ks_done_fn *done, void *user);

/* A file from elsewhere: DER, PEM, PKCS#7 or PKCS#12. */
struct ks_cert_file {
	const uint8_t *bytes;
	size_t len;
	const char *password;	/* UTF-8; NULL: none */
	enum ks_cert_kind kind; /* import: KS_CERT_ALL: by its content */
	const char *profile;	/* import: of a device's; NULL: not known */
	const char *key_name;	/* of a private key in it; replace: NULL: "NAME.vVERSION" */
	bool first;		/* replace: its first certificate has to be the new version */
};

/*
 * All of it or nothing. A private key goes into the TPM and is marked as imported for ever.
 * KS_EXISTS where everything is there already.
 */
enum ks_status ks_cert_import(struct ks_client *client, const struct ks_cert_file *file,
			      struct ks_result **ret_result);
enum ks_status ks_cert_import_start(struct ks_client *client, const struct ks_cert_file *file,
				    ks_done_fn *done, void *user);

/*
 * A CSR for a CA elsewhere, kept until ks_cert_replace() brings its answer; the result has the
 * certificate and, as data, the CSR in DER. @id 0: a new certificate; else the next version of
 * that one, with its profile and names, without a subject with its own, and with neither key nor
 * new_key with its key too. Of @cert, issuer and validity are not used.
 */
enum ks_status ks_cert_request(struct ks_client *client, uint64_t id,
			       const struct ks_cert_request *cert, struct ks_result **ret_result);
enum ks_status ks_cert_request_start(struct ks_client *client, uint64_t id,
				     const struct ks_cert_request *cert, ks_done_fn *done,
				     void *user);

/*
 * A new version of @id from elsewhere: the answer to its CSR, or a certificate with another key.
 * The result has it first, then the issuers that came along.
 */
enum ks_status ks_cert_replace(struct ks_client *client, uint64_t id,
			       const struct ks_cert_file *file, struct ks_result **ret_result);
enum ks_status ks_cert_replace_start(struct ks_client *client, uint64_t id,
				     const struct ks_cert_file *file, ks_done_fn *done, void *user);

/* Somebody else's CSR, certified by a CA there: subject, names and key are the CSR's. */
struct ks_csr_order {
	const uint8_t *csr; /* PEM or DER */
	size_t csr_len;
	uint64_t issuer; /* ID of a CA's certificate */
	const char *profile;
	struct ks_validity validity;
	enum ks_hash hash;
	enum ks_padding padding;
	uint32_t ca_levels; /* as in ks_cert_request */
};
enum ks_status ks_ca_sign(struct ks_client *client, const struct ks_csr_order *order,
			  struct ks_result **ret_result);
enum ks_status ks_ca_sign_start(struct ks_client *client, const struct ks_csr_order *order,
				ks_done_fn *done, void *user);

/* The same ID, key, subject and names. @hash KS_HASH_DEFAULT: as before. */
enum ks_status ks_cert_renew(struct ks_client *client, uint64_t id,
			     const struct ks_validity *validity, enum ks_hash hash,
			     struct ks_result **ret_result);
enum ks_status ks_cert_renew_start(struct ks_client *client, uint64_t id,
				   const struct ks_validity *validity, enum ks_hash hash,
				   ks_done_fn *done, void *user);

/*
 * Which rules a certificate breaks: that with the ID @id; 0: all of them, a page after the ID
 * @after.
 */
enum ks_status ks_cert_check(struct ks_client *client, uint64_t id, uint64_t after,
			     struct ks_result **ret_result);
enum ks_status ks_cert_check_start(struct ks_client *client, uint64_t id, uint64_t after,
				   ks_done_fn *done, void *user);
/* One that is not there. @profile NULL: it is not known, and its rules are left out. */
enum ks_status ks_cert_check_der(struct ks_client *client, const uint8_t *der, size_t der_len,
				 const char *profile, struct ks_result **ret_result);
enum ks_status ks_cert_check_der_start(struct ks_client *client, const uint8_t *der, size_t der_len,
				       const char *profile, ks_done_fn *done, void *user);

/* With its history; its key stays. KS_CONFLICT while it is the issuer of others. */
enum ks_status ks_cert_delete(struct ks_client *client, uint64_t id, struct ks_result **ret_result);
enum ks_status ks_cert_delete_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				    void *user);

/*
 * Revokes what a CA there has issued: all versions (@version 0), or one. Answered once the CA's
 * new list is there; the note says where that comes only later. REMOVE_FROM_CRL takes a
 * CERTIFICATE_HOLD back, which nothing does for the others.
 */
enum ks_status ks_cert_revoke(struct ks_client *client, uint64_t id, uint32_t version,
			      enum ks_reason reason, struct ks_result **ret_result);
enum ks_status ks_cert_revoke_start(struct ks_client *client, uint64_t id, uint32_t version,
				    enum ks_reason reason, ks_done_fn *done, void *user);

/* A page of the CAs' lists, after that of the CA @after. */
enum ks_status ks_crl_list(struct ks_client *client, uint64_t after, struct ks_result **ret_result);
enum ks_status ks_crl_list_start(struct ks_client *client, uint64_t after, ks_done_fn *done,
				 void *user);

/*
 * A part of a CA's list, DER, from @offset on; data_total says how long it is, crl_number which
 * list it is of. With that as @number (else NULL) the parts of one list only are given:
 * KS_CONFLICT when there is a new one meanwhile.
 */
enum ks_status ks_crl_export(struct ks_client *client, uint64_t ca_id, uint64_t offset,
			     const char *number, struct ks_result **ret_result);
enum ks_status ks_crl_export_start(struct ks_client *client, uint64_t ca_id, uint64_t offset,
				   const char *number, ks_done_fn *done, void *user);

/* Renews with a new key, which takes over the grants; @algorithm 0: as before. */
enum ks_status ks_cert_rekey(struct ks_client *client, uint64_t id,
			     const struct ks_validity *validity, enum ks_hash hash,
			     enum ks_algorithm algorithm, struct ks_result **ret_result);
enum ks_status ks_cert_rekey_start(struct ks_client *client, uint64_t id,
				   const struct ks_validity *validity, enum ks_hash hash,
				   enum ks_algorithm algorithm, ks_done_fn *done, void *user);

enum ks_status ks_cert_set_renewal(struct ks_client *client, uint64_t id,
				   const struct ks_renewal *renewal, struct ks_result **ret_result);
enum ks_status ks_cert_set_renewal_start(struct ks_client *client, uint64_t id,
					 const struct ks_renewal *renewal, ks_done_fn *done,
					 void *user);

/* Signs a CA's list anew. */
enum ks_status ks_crl_renew(struct ks_client *client, uint64_t ca_id,
			    struct ks_result **ret_result);
enum ks_status ks_crl_renew_start(struct ks_client *client, uint64_t ca_id, ks_done_fn *done,
				  void *user);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
