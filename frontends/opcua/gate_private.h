/*
 * Between the parts of the gate: gate.c, who is connected;
 * gate_keys.c, how these come upon answers; gate_flow.c, what keystored is asked; gate_open.c, OPN; gate_message.c, what is in a MSG;
 * gate_session.c, CreateSession and ActivateSession.
 */
#ifndef OPCUA_GATE_PRIVATE_H
#define OPCUA_GATE_PRIVATE_H

#include <sys/queue.h>

#include "answers.h"
#include "gate.h"
#include "keys.h"
#include "keystore_trust.h"
#include "opn.h"
#include "session.h"
#include "symmetric.h"

#define GATE_WORKING_MAX   6	  /* OPNs at a time; keystored reads 64 requests of a connection */
#define GATE_CHAIN_MAX	   10	  /* certificates of a peer */
#define GATE_ASSEMBLED_MAX 131072 /* bytes of a message that came in chunks */
#define GATE_NONCES	   1024	  /* of sessions, lately */
#define GATE_NONCE	   32	  /* bytes; open62541's sessions have no other */
#define GATE_PEER_NONCES   4
#define GATE_DIGEST	   32

#define FLOW_BLOCKS_MAX POLICY_BLOCKS_MAX
#define FLOW_BYTES	512 /* of a signature, or a block */

struct peer;

/* One thing for the private key. */
struct flow_block {
	uint8_t asked[FLOW_BYTES], answer[FLOW_BYTES];
	size_t asked_len, answer_len;
	bool is_refused;
};

/*
 * What keystored is asked for one message that waits. It outlives its peer, since what was asked
 * cannot be taken back: only when all is answered there is room for another.
 */
struct flow {
	struct gate *gate; /* NULL: gone */
	struct peer *peer; /* NULL: gone */
	unsigned step;	   /* its part of the gate knows of what */
	unsigned pending;  /* questions */
	/* All is answered. Not without a peer. */
	void (*next)(struct flow *flow);
	enum ks_status status; /* the first that is not KS_OK */
	char message[UPLINK_PROBLEM_MAX];
	enum ks_verdict_reason reason;
	uint32_t depth;
	bool is_thorough; /* UNTRUSTED and INCOMPLETE say that nothing else is wrong */
	bool is_newcomer; /* nobody trusts it, and it goes on */
	const struct policy_kind *kind;
	struct own_cert *own;
	struct flow_block blocks[FLOW_BLOCKS_MAX];
	size_t block_count;
	struct policy_late *late; /* what is signed; NULL: nothing */
	/* a login */
	char user[GATE_USER_MAX + 1]; /* "": by certificate */
	uint8_t credential[GATE_DIGEST];
	struct gate_login login;
	char address[SESSION_ADDRESS_MAX];
	bool has_place, is_working, is_queued;
	LIST_ENTRY(flow) all;
	TAILQ_ENTRY(flow) queue;
};

struct peer_keys {
	struct symmetric_keys keys;
	struct symmetric_work *work; /* NULL: there are none */
};

/* A login that was asked for, for who asks for it in a moment. */
struct peer_login {
	uint8_t credential[GATE_DIGEST];
	struct gate_login login;
};

struct peer {
	struct gate *gate;
	struct tcp_connection *connection;
	char address[SESSION_ADDRESS_MAX];
	struct flow *opening, *asking; /* of an OPN and its answer, and of a MSG; or NULL */
	bool is_ready;		       /* the chunk that waits goes on */
	bool is_opening;	       /* open62541 is being given an OPN */
	bool is_proven;	  /* it has used the keys that only the owner of its certificate can have */
	bool is_owing;	  /* it has cost something, and is not proven */
	bool is_newcomer; /* gate_set_setup() */
	/* of the last OPN: */
	const struct policy_kind *kind; /* NULL: there was none */
	enum opn_mode mode;
	bool is_accepted;
	uint8_t accepted[GATE_DIGEST], leaf[GATE_DIGEST]; /* SHA-256 of what it sent */
	uint8_t client_nonce[POLICY_NONCE_MAX], server_nonce[POLICY_NONCE_MAX];
	struct own_cert *own;		/* for which it was encrypted */
	struct policy_channel *channel; /* NULL: none, or without security */
	struct peer_keys keys[2];	/* the client's: as of the last OPN, and before */
	/* of messages: */
	uint8_t *message; /* put together so far; NULL: nothing */
	size_t message_len;
	uint32_t message_request;
	unsigned sessions;
	uint8_t nonces[GATE_PEER_NONCES][GATE_NONCE]; /* of its sessions, lately */
	size_t nonce_next;
	uint64_t session;	 /* that it is activating: as of gate_nonce; 0: none */
	struct answers *answers; /* for what open62541 is being given; NULL: none */
	struct peer_login *login;
	LIST_ENTRY(peer) all;
};

/* What a session's next activation has to be signed over. */
struct gate_nonce {
	uint8_t bytes[GATE_NONCE];
	uint64_t session; /* a hash of its token; 0: it was not activated yet */
};

struct gate {
	struct gate_options options;
	sd_event_source *turn;
	struct policy_set *policies;
	struct keys *keys;
	struct throttle *throttle;
	LIST_HEAD(, peer) peers;
	LIST_HEAD(, flow) flows;
	TAILQ_HEAD(, flow) queue; /* of those that wait until fewer are worked on */
	unsigned working;
	bool is_in_setup;
	struct peer *current; /* whose message open62541 is being given */
	struct gate_nonce nonces[GATE_NONCES];
	size_t nonce_next;
	uint64_t told_slow; /* when somebody was last told to come again later */
};

/* gate.c */
uint64_t gate_now(void); /* microseconds */
void gate_log(struct gate *gate, const char *address, const char *what);
void gate_log_let_in(struct gate *gate, const char *address, const char *why);
/* To be returned from in and out; the peer's flow of an OPN is dropped. */
enum tcp_step peer_refuse(struct peer *peer, UA_StatusCode status, const char *why,
			  UA_StatusCode *ret_status);
/* The same for a message that waits. @peer may be gone afterwards. */
void peer_turn_away(struct peer *peer, UA_StatusCode status, const char *why);
bool gate_digest(const uint8_t *bytes, size_t len, uint8_t digest[GATE_DIGEST]);
/* Certificates, DER one after the other (OPC 10000-6 6.2.6). False: it is none, or too many. */
bool gate_chain(const uint8_t *der, size_t len, const uint8_t *certs[GATE_CHAIN_MAX],
		size_t lens[GATE_CHAIN_MAX], size_t *ret_count);

/* gate_keys.c */
/* What @flow has brought, for open62541; false: no memory. */
bool peer_keep(struct peer *peer, const struct flow *flow, enum answers_kind kind);
/* Its blocks do not decrypt by @own. */
bool peer_keep_refused(struct peer *peer, const struct flow *flow, const struct own_cert *own);
/* Of a user and his password, or of "" and a certificate. */
bool gate_credential(const char *user, size_t user_len, const uint8_t *bytes, size_t len,
		     uint8_t digest[GATE_DIGEST]);
/* Whether a session of the server has this nonce, as far as is remembered. */
bool gate_knows_nonce(const struct gate *gate, const uint8_t nonce[GATE_NONCE]);
/* The one that a session was given last, or NULL. */
const uint8_t *gate_nonce_of(const struct gate *gate, uint64_t session);
/* What was for the message that open62541 has had. */
void peer_forget(struct peer *peer);

/* gate_flow.c */
struct flow *flow_new(struct peer *peer, const struct policy_kind *kind, struct own_cert *own,
		      void (*next)(struct flow *flow)); /* NULL: no memory */
void flow_drop(struct flow *flow);  /* its peer doesn't need it any more; NULL is fine */
bool flow_enter(struct flow *flow); /* a place by the throttle; false: there is none */
bool flow_work(struct flow *flow);  /* false: it is queued, and released when it is its turn */
/* KS_OK: flow->next comes; else flow->message says why not. */
enum ks_status flow_ask_verdict(struct flow *flow, const struct ks_validation *validation);
/* Block @index, whose asked is there. */
enum ks_status flow_ask_decrypt(struct flow *flow, size_t index, enum ks_priority priority);
enum ks_status flow_ask_sign(struct flow *flow, size_t index, enum ks_priority priority);
enum ks_status flow_ask_login(struct flow *flow, const struct ks_login_order *order);
/* Ends a login that nobody uses. */
void gate_logout(struct gate *gate, struct gate_login *login);

/* gate_open.c */
enum tcp_step open_in(struct peer *peer, const uint8_t *chunk, size_t len,
		      UA_StatusCode *ret_status);
enum tcp_step open_out(struct peer *peer, uint8_t *chunk, size_t len, UA_StatusCode *ret_status);
void open_fed(struct peer *peer);
/* What a peer is told of a certificate that was refused (OPC 10000-4 6.1.3). */
UA_StatusCode open_status(enum ks_verdict_reason reason, uint32_t depth);

/* gate_message.c */
enum tcp_step message_in(struct peer *peer, const uint8_t *chunk, size_t len);
void message_keys(struct peer *peer); /* the peer's are exchanged: an OPN was answered */
void message_forget(struct peer *peer);

/* gate_session.c: @body begins with the request's header. HOLD: peer->asking. */
enum tcp_step session_create(struct peer *peer, const uint8_t *body, size_t len);
enum tcp_step session_activate(struct peer *peer, const uint8_t *body, size_t len);

#endif
