/*
 * libkeystore: keys in a TPM, used over keystored's socket.
 *
 * Each operation has a blocking call, and a _start form for event loops that hands its result
 * to a callback. A client is a connection; it belongs to one thread at a time, and a child of
 * fork() opens its own (a client carried over a fork refuses with KS_DISCONNECTED).
 *
 * Strings are UTF-8. Keys are named by name, or by "#ID" (an ID is never reused).
 * docs/PROTOCOL.md has the protocol below this.
 */
#ifndef KEYSTORE_H
#define KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define KS_SOCKET_DEFAULT "/run/keystored/keystored.sock"

enum ks_status {
	KS_OK = 0,
	KS_INVALID = 1,	    /* the request is out of shape: the message says which part */
	KS_UNSUPPORTED = 2, /* the TPM, the key or the service cannot do it */
	KS_DENIED = 3,	    /* this process may not do this with this object */
	KS_NOT_FOUND = 4,
	KS_EXISTS = 5,		/* the name is taken */
	KS_LIMIT = 6,		/* a configured limit, or room in the TPM, is used up */
	KS_BUSY = 7,		/* too much at once: try again shortly */
	KS_UNAVAILABLE = 8,	/* the TPM does not answer now; the service is getting it back */
	KS_DEADLINE = 9,	/* not done in time; nothing has changed */
	KS_CONFLICT = 10,	/* the object is not in a state for this */
	KS_DECRYPT_FAILED = 11, /* one answer for every ciphertext that does not decrypt */
	KS_STORAGE = 12,	/* the service's database could not be read or written */
	KS_TPM = 13,		/* the TPM refused: the message says its response in words */
	KS_INTERNAL = 14,	/* a fault of the service */

	KS_NOMEM = 101,
	KS_UNREACHABLE = 102,  /* no service at the socket, or not allowed to connect */
	KS_DISCONNECTED = 103, /* the service went away; whether it acted is unknown */
	KS_PROTOCOL = 104,     /* the peer does not speak this protocol */
};

enum ks_algorithm {
	KS_ALGORITHM_RSA_2048 = 1,
	KS_ALGORITHM_RSA_3072 = 2,
	KS_ALGORITHM_RSA_4096 = 3,
	KS_ALGORITHM_EC_P256 = 4,
	KS_ALGORITHM_EC_P384 = 5,
};

enum ks_hash {
	KS_HASH_DEFAULT = 0, /* SHA-256 */
	KS_HASH_SHA1 = 1,
	KS_HASH_SHA256 = 2,
	KS_HASH_SHA384 = 3,
	KS_HASH_SHA512 = 4,
};

enum ks_padding {
	KS_PADDING_DEFAULT = 0, /* RSA: PKCS#1 v1.5; EC: none */
	KS_PADDING_PKCS1 = 1,
	KS_PADDING_PSS = 2, /* MGF1 of the same hash, salt as long as the digest */
};

/* Bits. */
enum ks_operation { KS_OPERATION_SIGN = 1, KS_OPERATION_DECRYPT = 2 };

enum ks_origin { KS_ORIGIN_TPM = 1, KS_ORIGIN_IMPORTED = 2 };

enum ks_priority { KS_PRIORITY_NORMAL = 0, KS_PRIORITY_URGENT = 1, KS_PRIORITY_BULK = 2 };

enum ks_tpm_state {
	KS_TPM_STARTING = 1,
	KS_TPM_READY = 2,
	KS_TPM_UNAVAILABLE = 3,
	KS_TPM_LOCKED_OUT = 4,
};

enum ks_subject { KS_SUBJECT_UID = 1, KS_SUBJECT_GID = 2 };

struct ks_grant {
	enum ks_subject subject;
	uint32_t id;
	unsigned operations; /* KS_OPERATION_* */
};

struct ks_key {
	uint64_t id;
	const char *name;
	enum ks_algorithm algorithm;
	unsigned operations; /* what it is for */
	enum ks_origin origin;
	bool pinned;
	uint32_t persistent_handle;
	int64_t created; /* Unix time, seconds */
	uint32_t created_by;
	const char *service; /* whose user may use it too; "": none; not in lists */
	bool of_ca;	     /* signs only what the service itself built, for no client */
	/* not in lists: */
	const uint8_t *public_key; /* SubjectPublicKeyInfo, DER (RFC 5280 4.1.2.7) */
	size_t public_key_len;
	const uint8_t *fingerprint; /* SHA-256 of it, 32 bytes; NULL in lists */
	const struct ks_grant *grants;
	size_t grant_count;
};

struct ks_tpm {
	enum ks_tpm_state state;
	const char *reason; /* not ready: why; else "" */
	const char *manufacturer;
	const char *model;
	const char *firmware;
	const enum ks_algorithm *algorithms;
	size_t algorithm_count;
	const enum ks_hash *hashes;
	size_t hash_count;
	uint32_t transient_slots;
	uint32_t persistent_free;
	bool pss_padded_here;
};

struct ks_limits {
	uint32_t frame_bytes;
	uint32_t requests_per_connection;
	uint32_t requests_per_uid;
	uint32_t connections_per_uid;
	uint32_t keys;
	uint32_t random_bytes;
	uint32_t list_page;
	uint32_t grants_per_key;
};

/* Whether the service believes its clock; as long as not, nothing is renewed. */
enum ks_clock_state {
	KS_CLOCK_GOOD = 1,
	KS_CLOCK_BEFORE_BUILD = 2, /* before the service was built */
	KS_CLOCK_BEHIND = 3,	   /* more than a day behind what it was */
	KS_CLOCK_AHEAD = 4,	   /* jumped ahead */
};

/* Keys made ahead while the TPM is idle. */
struct ks_key_pool {
	enum ks_algorithm algorithm;
	uint32_t ready;
	uint32_t wanted; /* as configured */
};

struct ks_service {
	const char *version;
	uint32_t protocol_version; /* hello only */
	struct ks_tpm tpm;
	struct ks_limits limits;
	/* status only: */
	uint64_t uptime_ms;
	uint32_t connections;
	uint32_t queue_length;
	uint32_t queue_limit;
	uint64_t keys;
	uint64_t signatures;
	uint64_t decryptions;
	uint64_t tpm_commands;
	uint64_t tpm_reopened;
	uint64_t signatures_withheld;
	/* since start, so that the difference of two statuses is what was in between: */
	uint64_t tpm_busy_us;	/* microseconds that commands took which have ended */
	uint64_t queue_wait_us; /* that jobs waited for their turn */
	uint64_t tpm_jobs;	/* that had their turn */
	/*
	 * Signatures by what the TPM took for them: element n counts those of less than 2^n
	 * microseconds that no element before it counts; the last, all others.
	 */
	const uint64_t *tpm_latency_us;
	size_t tpm_latency_count;
	enum ks_clock_state clock;
	const char *clock_note;	 /* what is wrong with it, or whether it is synchronised */
	uint64_t certs_expiring; /* active ones that end within 30 days */
	uint64_t certs_expired;	 /* active ones that have ended */
	bool names_watched;	 /* the device's addresses and host name */
	const char *names_note;	 /* how many there are, or why not */
	const struct ks_key_pool *key_pools; /* of the algorithms that were ever asked for */
	size_t key_pool_count;
};

enum ks_name_type {
	KS_NAME_URI = 1,
	KS_NAME_IP = 2,
	KS_NAME_DNS = 3,
	KS_NAME_EMAIL = 4,
	KS_NAME_RID = 5,
	KS_NAME_OTHER = 6, /* "1.3.6.1.4.1.311.20.2.3;anna@plant": its type, and UTF-8 text */
};

struct ks_name {
	enum ks_name_type type;
	const char *value;
};

struct ks_cert; /* keystore_cert.h has these */
struct ks_check;
struct ks_profile;
struct ks_crl;

enum ks_event_type {
	KS_EVENT_TPM = 1,
	KS_EVENT_KEY_CREATED = 2,
	KS_EVENT_KEY_UPDATED = 3,
	KS_EVENT_KEY_DELETED = 4,
	KS_EVENT_CERT_CREATED = 5,
	KS_EVENT_CERT_UPDATED = 6, /* renewed */
	KS_EVENT_CERT_DELETED = 7,
	KS_EVENT_EXPIRY = 21, /* a certificate ends soon, or is due and cannot be renewed */
	KS_EVENT_NAMES = 22,  /* a certificate names what the device is not called any more */
	KS_EVENT_CRL = 20,    /* a CA's list is a new one */
	KS_EVENT_TRUST = 30,  /* a trust group's lists or switches have changed */
	KS_EVENT_SERVICE_CREATED = 32,
	KS_EVENT_SERVICE_UPDATED = 33, /* or its certificate was renewed */
	KS_EVENT_SERVICE_DELETED = 34,
	KS_EVENT_REJECTED = 31, /* a certificate was refused */
};

struct ks_event {
	enum ks_event_type type;
	const struct ks_tpm *tpm; /* KS_EVENT_TPM */
	uint64_t key_id;	  /* KS_EVENT_KEY_* */
	const char *key_name;
	uint64_t cert_id; /* KS_EVENT_CERT_*, KS_EVENT_EXPIRY, KS_EVENT_NAMES */
	const char *cert_common_name;
	const struct ks_crl *crl; /* KS_EVENT_CRL: ca_id, number, next_update */
	int32_t days_left;	  /* KS_EVENT_EXPIRY, and of the certificate: … */
	int64_t not_after;
	const char *note;  /* … why it is not renewed; else "". KS_EVENT_NAMES: what is gone */
	const char *group; /* KS_EVENT_TRUST, KS_EVENT_REJECTED */
	const char *service_name;    /* KS_EVENT_SERVICE_*; its certificate in cert_id */
	uint64_t rejected_id;	     /* KS_EVENT_REJECTED */
	const uint8_t *fingerprint;  /* KS_EVENT_REJECTED: 32 bytes */
	const char *rejected_reason; /* KS_EVENT_REJECTED: a sentence */
};

struct ks_record { /* of the audit trail */
	uint64_t seq;
	int64_t time; /* Unix time, microseconds */
	uint32_t uid;
	int32_t pid;
	const char *operation;
	const char *object;
	const char *status;
	const char *detail;
	uint32_t count;	      /* how often in a row */
	const uint8_t *chain; /* 32 bytes: SHA-256 that binds it to the one before */
	const char *user;     /* who was logged in; "": nobody */
};

enum ks_finding {
	KS_FINDING_INTACT = 0,
	KS_FINDING_CHANGED = 1,	  /* record first is not what was written there */
	KS_FINDING_MISSING = 2,	  /* records first to last were removed */
	KS_FINDING_CUT_OFF = 3,	  /* the same, at the end */
	KS_FINDING_ADDED = 4,	  /* records first to last are not the service's */
	KS_FINDING_BEGINNING = 5, /* records up to last were removed, not by the limit */
	KS_FINDING_REWRITTEN = 6, /* record first is not the one that the TPM knows */
	KS_FINDING_DROPPED = 7,	  /* record first, which the TPM knows, is not kept any more */
};

struct ks_audit {
	enum ks_finding finding; /* the first thing wrong */
	uint64_t first;
	uint64_t last;
	int64_t since;	     /* Unix time, microseconds, of the last record before it; 0: none */
	const char *message; /* a sentence when not intact, else "" */
	uint64_t records;    /* found good */
	uint64_t newest;     /* the last of them */
	bool anchored;	     /* the TPM holds a record: the end up to there is vouched for */
	uint64_t anchored_seq;
	const char *anchor_note; /* not anchored: why */
};

enum ks_mode {
	KS_MODE_LOCAL = 1, /* certificates sign themselves; no CAs */
	KS_MODE_PROJECT = 2,
};

struct ks_client;
struct ks_login; /* keystore_users.h has these */
struct ks_role;
struct ks_session;
struct ks_user;
struct ks_whoami;

/*
 * What an operation brought. Everything is borrowed and ends with the callback, or, after a
 * blocking call, with ks_result_free(); what it held is wiped then.
 */
struct ks_result {
	enum ks_status status;
	const char *message; /* a sentence when status is not KS_OK, else "" */
	/* random, export, sign, decrypt, csr, cert request, cert and trust export */
	const uint8_t *data;
	size_t data_len;
	const struct ks_key *keys; /* create, show, allow, pin, import: one; list: a page */
	size_t key_count;
	bool more;			  /* list: there is a next page */
	const struct ks_service *service; /* hello, status */
	const struct ks_record *records;  /* audit_list: a page */
	size_t record_count;
	uint64_t audit_last;	      /* audit_list: up to that record was looked */
	const struct ks_audit *audit; /* audit_verify */
	const struct ks_cert
		*certs; /* cert create, show, renew, request, ca sign: one; list, project init,
			 * import, replace: several */
	size_t cert_count;
	const struct ks_check *check;		    /* cert check, draft */
	const struct ks_trust_entry *trust_entries; /* trust list: a page */
	size_t trust_entry_count;
	const struct ks_trust_group *groups; /* group set: one; group list: all */
	size_t group_count;
	const struct ks_rejected *rejected; /* rejected list: a page */
	size_t rejected_count;
	const char *const *notes; /* cert import, replace: what is unusual, in sentences */
	size_t note_count;
	const struct ks_user
		*users; /* login, user create, set, verify, recover: one; list: a page */
	size_t user_count;
	const struct ks_role *roles; /* role set: one; role list: all */
	size_t role_count;
	const struct ks_session *sessions; /* session list */
	size_t session_count;
	const struct ks_login *login;		 /* login */
	const struct ks_whoami *whoami;		 /* whoami */
	const struct ks_verdict *verdict;	 /* validate */
	const struct ks_txn *txn;		 /* txn begin, apply, cancel, status */
	const struct ks_assignment *assignments; /* service set: one; service list: a page */
	size_t assignment_count;
	enum ks_mode mode; /* mode show, mode set */
	const char *note;  /* cert create, renew: where it differs from what is usual; else "" */
	const struct ks_crl *crls; /* crl list: a page; crl renew: one */
	size_t crl_count;
	uint64_t data_total;		   /* crl export: bytes of the whole list */
	const char *crl_number;		   /* crl export: of which list */
	const struct ks_profile *profiles; /* profile list */
	size_t profile_count;
};

typedef void ks_done_fn(const struct ks_result *result, void *user);
typedef void ks_event_fn(const struct ks_event *event, void *user);

/* "not found", …; never NULL. */
const char *ks_status_name(enum ks_status status);

/* Names of a command line: "ec-p256", "sha256"; NULL and 0 where there is none. */
const char *ks_algorithm_name(enum ks_algorithm algorithm);
enum ks_algorithm ks_algorithm_from_name(const char *name);
const char *ks_hash_name(enum ks_hash hash);
enum ks_hash ks_hash_from_name(const char *name);
/*
 * Connects. @socket_path NULL: the environment's KEYSTORE_SOCKET (ignored in a setuid
 * program), else KS_SOCKET_DEFAULT. KS_UNREACHABLE or KS_NOMEM with errno set: no client.
 */
enum ks_status ks_connect(const char *socket_path, struct ks_client **ret_client);

/*
 * Why ks_connect() gave no client, as a sentence with the way out. @error: errno after it.
 * Fills @buf, cut off at @len bytes with the NUL, and returns it.
 */
const char *ks_connect_message(const char *socket_path, int error, char *buf, size_t len);

/* Ends the connection; operations under way are answered KS_DISCONNECTED first. */
void ks_close(struct ks_client *client);

/* For all that is started afterwards. */
struct ks_options {
	uint32_t deadline_ms; /* 0: the service's default */
	enum ks_priority priority;
	bool wait_for_tpm;   /* TPM away: wait for it up to the deadline */
	bool in_transaction; /* changes are staged, see ks_txn_begin() in keystore_service.h */
	bool passive;	     /* nobody's doing: a login does not count as used */
};
void ks_set_options(struct ks_client *client, const struct ks_options *options);

/*
 * Event loops: poll ks_fd() for ks_events() (POLLIN, POLLOUT) and call ks_process(), which
 * runs the callbacks. A callback may start operations; it may not close the client or call a
 * blocking form (KS_INVALID). KS_DISCONNECTED, KS_PROTOCOL: the connection has ended and every
 * operation has been answered so; close the client. A blocking call may connect again, which
 * changes ks_fd(); without a connection it is -1.
 */
int ks_fd(const struct ks_client *client);
short ks_events(const struct ks_client *client);
enum ks_status ks_process(struct ks_client *client);

/*
 * Events arrive through ks_process(), and while a blocking call waits. When a blocking call
 * connects again the subscription is renewed; what happened in between is not reported.
 */
enum ks_status ks_subscribe(struct ks_client *client, ks_event_fn *event, void *user,
			    struct ks_result **ret_result);
enum ks_status ks_subscribe_start(struct ks_client *client, ks_event_fn *event, void *event_user,
				  ks_done_fn *done, void *user);

/*
 * Blocking form: @ret_result, if not NULL, receives the result whatever the status; free it
 * with ks_result_free(). The status is the result's. Connects again when the service was
 * restarted since the last call, and repeats once what is safe to repeat. With a deadline in
 * the options it returns at most a second after that, whatever the service does.
 *
 * _start form: KS_OK means @done will be called exactly once; anything else (KS_NOMEM,
 * KS_INVALID, KS_BUSY with the output buffer full or 1024 operations under way,
 * KS_DISCONNECTED) means it will not.
 */
void ks_result_free(struct ks_result *result);

enum ks_status ks_hello(struct ks_client *client, const char *program,
			struct ks_result **ret_result);
enum ks_status ks_hello_start(struct ks_client *client, const char *program, ks_done_fn *done,
			      void *user);

enum ks_status ks_service_status(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_service_status_start(struct ks_client *client, ks_done_fn *done, void *user);

enum ks_status ks_random(struct ks_client *client, uint32_t bytes, struct ks_result **ret_result);
enum ks_status ks_random_start(struct ks_client *client, uint32_t bytes, ks_done_fn *done,
			       void *user);

/* @operations 0: all that the algorithm can. */
enum ks_status ks_key_create(struct ks_client *client, const char *name,
			     enum ks_algorithm algorithm, unsigned operations,
			     struct ks_result **ret_result);
enum ks_status ks_key_create_start(struct ks_client *client, const char *name,
				   enum ks_algorithm algorithm, unsigned operations,
				   ks_done_fn *done, void *user);

/* A page of keys in order of names, after the name @after (NULL: from the start). */
enum ks_status ks_key_list(struct ks_client *client, const char *after, uint32_t limit,
			   struct ks_result **ret_result);
enum ks_status ks_key_list_start(struct ks_client *client, const char *after, uint32_t limit,
				 ks_done_fn *done, void *user);

enum ks_status ks_key_show(struct ks_client *client, const char *key,
			   struct ks_result **ret_result);
enum ks_status ks_key_show_start(struct ks_client *client, const char *key, ks_done_fn *done,
				 void *user);

enum ks_status ks_key_delete(struct ks_client *client, const char *key,
			     struct ks_result **ret_result);
enum ks_status ks_key_delete_start(struct ks_client *client, const char *key, ks_done_fn *done,
				   void *user);

/* Replaces what the grant's subject may do with the key; operations 0 takes it all away. */
enum ks_status ks_key_allow(struct ks_client *client, const char *key, const struct ks_grant *grant,
			    struct ks_result **ret_result);
enum ks_status ks_key_allow_start(struct ks_client *client, const char *key,
				  const struct ks_grant *grant, ks_done_fn *done, void *user);

/* Keeps the key in the TPM as a persistent object, or no longer. */
enum ks_status ks_key_pin(struct ks_client *client, const char *key, bool pinned,
			  struct ks_result **ret_result);
enum ks_status ks_key_pin_start(struct ks_client *client, const char *key, bool pinned,
				ks_done_fn *done, void *user);

/* PEM, SubjectPublicKeyInfo. */
enum ks_status ks_key_export_public(struct ks_client *client, const char *key,
				    struct ks_result **ret_result);
enum ks_status ks_key_export_public_start(struct ks_client *client, const char *key,
					  ks_done_fn *done, void *user);

/*
 * PEM, TSS2 PRIVATE KEY (draft-bottomley-tpm2-keys): wrapped by this TPM and usable with it
 * only. @password, up to 32 bytes, is the auth value others must give; NULL: none.
 */
enum ks_status ks_key_export_tss2(struct ks_client *client, const char *key,
				  const uint8_t *password, size_t password_len,
				  struct ks_result **ret_result);
enum ks_status ks_key_export_tss2_start(struct ks_client *client, const char *key,
					const uint8_t *password, size_t password_len,
					ks_done_fn *done, void *user);

enum ks_status ks_key_import_tss2(struct ks_client *client, const char *name, const uint8_t *pem,
				  size_t pem_len, const uint8_t *password, size_t password_len,
				  unsigned operations, struct ks_result **ret_result);
enum ks_status ks_key_import_tss2_start(struct ks_client *client, const char *name,
					const uint8_t *pem, size_t pem_len, const uint8_t *password,
					size_t password_len, unsigned operations, ks_done_fn *done,
					void *user);

/*
 * Signs a digest. RSA: RFC 8017 octets; EC: ECDSA-Sig-Value, DER (RFC 3279 2.2.3).
 */
enum ks_status ks_sign(struct ks_client *client, const char *key, enum ks_hash hash,
		       enum ks_padding padding, const uint8_t *digest, size_t digest_len,
		       struct ks_result **ret_result);
enum ks_status ks_sign_start(struct ks_client *client, const char *key, enum ks_hash hash,
			     enum ks_padding padding, const uint8_t *digest, size_t digest_len,
			     ks_done_fn *done, void *user);

/* RSAES-OAEP; @hash: SHA-1 or SHA-256, for label and MGF1. */
enum ks_status ks_decrypt(struct ks_client *client, const char *key, enum ks_hash hash,
			  const uint8_t *ciphertext, size_t ciphertext_len,
			  struct ks_result **ret_result);
enum ks_status ks_decrypt_start(struct ks_client *client, const char *key, enum ks_hash hash,
				const uint8_t *ciphertext, size_t ciphertext_len, ks_done_fn *done,
				void *user);

/*
 * RSAES-PKCS1-v1_5, for partners that know nothing better: KS_UNSUPPORTED unless keystored.conf
 * allows it. A ciphertext whose padding is wrong is answered KS_OK, with pseudo-random bytes of a
 * pseudo-random length, always the same: the caller must not tell anybody the difference either.
 */
enum ks_status ks_decrypt_pkcs1(struct ks_client *client, const char *key,
				const uint8_t *ciphertext, size_t ciphertext_len,
				struct ks_result **ret_result);
enum ks_status ks_decrypt_pkcs1_start(struct ks_client *client, const char *key,
				      const uint8_t *ciphertext, size_t ciphertext_len,
				      ks_done_fn *done, void *user);

/* A PKCS#10 request (RFC 2986), DER. */
struct ks_csr {
	const char *subject; /* "CN=plc-1,O=Plant" */
	const struct ks_name *names;
	size_t name_count;
	enum ks_hash hash;
	enum ks_padding padding;
};
enum ks_status ks_csr(struct ks_client *client, const char *key, const struct ks_csr *csr,
		      struct ks_result **ret_result);
enum ks_status ks_csr_start(struct ks_client *client, const char *key, const struct ks_csr *csr,
			    ks_done_fn *done, void *user);

/* A page of the audit trail, after record @after (0: from the oldest kept). */
enum ks_status ks_audit_list(struct ks_client *client, uint64_t after, uint32_t limit,
			     struct ks_result **ret_result);
enum ks_status ks_audit_list_start(struct ks_client *client, uint64_t after, uint32_t limit,
				   ks_done_fn *done, void *user);

/* Which records; all zero: those of ks_audit_list() from the oldest on. */
struct ks_audit_query {
	uint64_t after;	   /* none up to that one; 0: from the oldest kept */
	bool newest_first; /* from before @before (0: the end) down */
	uint64_t before;
	uint32_t limit; /* of a page; 0: as many as there may be */
	/* filters of at most 128 bytes; NULL, "" and 0: none */
	const char *user;
	const char *operation; /* how it begins: "cert" */
	const char *object;    /* a part of it */
	const char *status;    /* "ok" */
	int64_t since;	       /* Unix time, seconds */
	int64_t until;	       /* and not at that time any more */
};

/*
 * A page of those. It may be empty while the result says more, since only so many records are
 * looked at for one; the next begins at the result's audit_last, as its @after or @before.
 */
enum ks_status ks_audit_search(struct ks_client *client, const struct ks_audit_query *query,
			       struct ks_result **ret_result);
enum ks_status ks_audit_search_start(struct ks_client *client, const struct ks_audit_query *query,
				     ks_done_fn *done, void *user);

/*
 * Whether the trail is the one that was written. KS_OK says that it was looked at; what was
 * found is in the result's audit.
 */
enum ks_status ks_audit_verify(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_audit_verify_start(struct ks_client *client, ks_done_fn *done, void *user);

/* The service's clock is right, whatever it was before. KS_CONFLICT: it cannot be. */
enum ks_status ks_clock_confirm(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_clock_confirm_start(struct ks_client *client, ks_done_fn *done, void *user);

#include "keystore_cert.h"
#include "keystore_users.h"

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
