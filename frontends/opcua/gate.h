/*
 * Asks keystored, before open62541 is given a message, for all that open62541 will want to have at
 * once: whether a peer is trusted, what the private key has to sign or decrypt, whether a password is
 * right. Hides what is asked and when, that a message waits meanwhile and what it may cost, and how
 * open62541 comes upon the answers.
 */
#ifndef OPCUA_GATE_H
#define OPCUA_GATE_H

#include <open62541/plugin/pki.h>
#include <systemd/sd-event.h>

#include "policy.h"
#include "tcp.h"
#include "throttle.h"
#include "uplink.h"

#define GATE_MESSAGE_MAX 640
#define GATE_USER_MAX	 64

struct gate;

struct gate_options {
	struct uplink *uplink;	/* borrowed */
	const char *socket;	/* keystored's, for what has to wait for it; NULL: its default */
	const char *service;	/* whose trust group says which peers there are; borrowed */
	const char *user_group; /* of trust, for certificates of users; NULL: none such log in */
	unsigned kinds;		/* the policies that peers may use: bits 1 << enum policy_id */
	struct throttle_limits throttle;
	/* One line: who was turned away, and why. */
	void (*log)(const char *message, void *user);
	void *user;
};

/* NULL: no memory. */
struct gate *gate_new(sd_event *event, const struct gate_options *options);
/* After the server, its connections and the policies, before the uplink. NULL is fine. */
void gate_free(struct gate *gate);

/* For tcp_new() and policy_set_new(); the user of both is the gate. */
const struct tcp_gate *gate_tcp(void);
const struct policy_keys *gate_keys(void);
/* Before the first connection; borrowed. */
void gate_set_policies(struct gate *gate, struct policy_set *policies);

/*
 * While the server is being set up nobody has to be trusted, if nothing else is wrong with his
 * certificate (OPC 10000-12 7.5): such a peer is a newcomer until it renews its channel as one that is
 * trusted. Who was trusted when it came does not become one.
 */
void gate_set_setup(struct gate *gate, bool is_on);
/* Whether that connection, tcp_serial(), is a newcomer's. */
bool gate_is_newcomer(const struct gate *gate, uint64_t connection);

/*
 * For UA_ServerConfig's secureChannelPKI and sessionPKI. A certificate is good that keystored has
 * just accepted in the message that open62541 is being given.
 */
UA_CertificateVerification gate_pki(struct gate *gate);

/* What keystored said of a login. */
struct gate_login {
	enum ks_status status;
	char message[GATE_MESSAGE_MAX]; /* not KS_OK: a sentence */
	char user[GATE_USER_MAX + 1];
	unsigned rights;  /* enum ks_right */
	bool must_change; /* the password, before anything else */
	uint8_t token[UPLINK_TOKEN_MAX];
	size_t token_len;
};

/*
 * The login by @user and @password that was asked for in advance, once. False: there was none, and
 * whoever needs it has to ask. The token is the caller's then: wipe it, and end its login.
 */
bool gate_login_take(struct gate *gate, const UA_String *user, const UA_ByteString *password,
		     struct gate_login *ret_login);
/* The same by a certificate of a user, DER, whose key has signed. */
bool gate_login_take_certificate(struct gate *gate, const UA_ByteString *certificate,
				 struct gate_login *ret_login);

#endif
