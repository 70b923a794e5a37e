/*
 * The security policies of OPC UA (OPC 10000-7) for open62541, server and client, with the private
 * key in keystored. Hides algorithms, key derivation, generations of the own certificate, and how
 * open62541 wants all that.
 */
#ifndef OPCUA_POLICY_H
#define OPCUA_POLICY_H

#include <stdbool.h>

#include <open62541/plugin/securitypolicy.h>

#include "own_cert.h"
#include "policy_kind.h"

/* What the private key has to do. */
struct policy_order {
	const struct policy_kind *kind;
	struct own_cert *own; /* by whose key: the current one, or one in its grace; borrowed */
	/* To sign: a digest of kind->sign. To decrypt: one block, own->key_size bytes. */
	const uint8_t *bytes;
	size_t len;
};

struct policy_channel;

/*
 * Who has the private key. open62541 waits in sign() and decrypt(): whoever wants it not to, has the
 * answers ready before it gives open62541 the message that needs them.
 */
struct policy_keys {
	/* @signature: own->key_size bytes. */
	UA_StatusCode (*sign)(const struct policy_order *order, uint8_t *signature, void *user);
	/* @plain: own->key_size bytes; *ret_len of them are filled. */
	UA_StatusCode (*decrypt)(const struct policy_order *order, uint8_t *plain, size_t *ret_len,
				 void *user);
	/*
	 * A channel's first OPN is about to be decrypted. True: the signature of what it answers to an
	 * OPN comes later (policy_late); the answer must not be sent before. NULL: never, as in a
	 * client.
	 */
	bool (*opened)(struct policy_channel *channel, void *user);
	void (*closed)(struct policy_channel *channel, void *user); /* may be NULL */
	/* Random bytes were made: the nonce of a channel or of a session. May be NULL. */
	void (*nonce)(const uint8_t *nonce, size_t len, void *user);
	/* Milliseconds of a clock that nobody sets, for graces. NULL: CLOCK_MONOTONIC. */
	int64_t (*now)(void *user);
};

/* What a peer has encrypted for us has at most so many blocks of own->key_size. */
#define POLICY_BLOCKS_MAX 8

struct policy_set;

/*
 * The policies of @kinds (bits 1 << enum policy_id), None among them or not, which sign by @keys.
 * @logger and @keys are borrowed. NULL: no memory.
 */
struct policy_set *policy_set_new(unsigned kinds, const UA_Logger *logger,
				  const struct policy_keys *keys, void *user);
void policy_set_free(struct policy_set *set); /* after what uses it; NULL is fine */

/*
 * For UA_ServerConfig and UA_ClientConfig, which must not clear it: they get an array whose place
 * never changes (*ret_count of them), in order of enum policy_id; the set keeps it. It works in the
 * thread of open62541's event loop.
 */
UA_SecurityPolicy *policy_set_policies(struct policy_set *set, size_t *ret_count);

/*
 * Shows @own from now on (NULL: nothing). The one before stays good for @grace_s seconds: its
 * thumbprint in what peers send, its key for what they encrypt, signatures over it. At most
 * POLICY_GENERATIONS at a time: the oldest goes first.
 *
 * A peer that has encrypted an OPN for one that is in its grace, as for a channel's renewal, is
 * answered by that one: certificate in the header, and signature. So is CreateSession on that
 * channel. OPC 10000-4 5.6.2 has clients check that it is the same, and those that renew compare it
 * with what they opened the channel with (open62541 does).
 *
 * A client's own channels are not carried over: it connects anew.
 */
#define POLICY_GENERATIONS 4
void policy_set_show(struct policy_set *set, struct own_cert *own, uint32_t grace_s);
struct own_cert *policy_set_current(const struct policy_set *set); /* borrowed; NULL: none */
/* Current or in its grace; borrowed; NULL: none. */
struct own_cert *policy_set_find(const struct policy_set *set,
				 const uint8_t thumbprint[OWN_CERT_THUMBPRINT]);

/* The lifetime that a peer asks for in an OPN is taken for one from @min_ms on. */
void policy_set_lifetime(struct policy_set *set, uint32_t min_ms);

/* An answer to an OPN whose signature comes later. */
struct policy_late;

/* What was answered last, once: the caller's, past the channel's end too. NULL: nothing waits. */
struct policy_late *policy_channel_late(struct policy_channel *channel);
void policy_late_order(const struct policy_late *late, struct policy_order *ret_order);
/*
 * Puts @signature in, own->key_size bytes, and encrypts: @chunk is the whole of what open62541 wants
 * to send, of which it has written the headers so far.
 */
[[nodiscard]] bool policy_late_finish(struct policy_late *late, const uint8_t *signature,
				      uint8_t *chunk, size_t len);
void policy_late_free(struct policy_late *late); /* NULL is fine */

#endif
