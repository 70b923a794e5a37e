/*
 * What the files policy_*.c share: a policy as open62541's functions find it, and a channel of one.
 */
#ifndef OPCUA_POLICY_PRIVATE_H
#define OPCUA_POLICY_PRIVATE_H

#include "asymmetric.h"
#include "policy.h"
#include "symmetric.h"

/* One that is shown, or was and is in its grace. */
struct policy_generation {
	struct own_cert *own;
	int64_t until_ms; /* by policy_now() */
};

struct policy {
	struct policy_set *set;
	UA_SecurityPolicy *sp;
	const struct policy_kind *kind;
	struct own_cert *shown;	  /* what sp->localCertificate says just now; borrowed */
	struct own_cert *matched; /* whose thumbprint the OPN has that comes next; borrowed */
};

struct policy_set {
	const UA_Logger *logger;
	const struct policy_keys *keys;
	void *user;
	uint32_t lifetime_min_ms;
	/* The current one first, which may be none; then the younger before the older. */
	struct policy_generation generations[POLICY_GENERATIONS];
	size_t count; /* of policies */
	struct policy policies[POLICY_COUNT];
	UA_SecurityPolicy sps[POLICY_COUNT];
};

/* Of one direction: what open62541 hands over one by one. */
struct policy_direction {
	struct symmetric_keys keys;
	struct symmetric_work *work;
};

struct policy_channel {
	struct policy *policy;
	struct asymmetric_key *peer; /* NULL: it is there to decrypt a password, and is nobody's */
	uint8_t *peer_cert;	     /* one */
	size_t peer_cert_len;
	struct own_cert *own; /* for which the peer's last OPN was encrypted; NULL: none yet */
	bool is_open;	      /* who has the keys knows it */
	bool is_late;
	struct policy_late *late;
	struct policy_direction local, remote;
};

void policy_none_set(UA_SecurityPolicy *sp);
void policy_asymmetric_set(UA_SecurityPolicy *sp, const struct policy_kind *kind);
void policy_symmetric_set(UA_SecurityPolicy *sp, const struct policy_kind *kind);
void policy_channel_set(UA_SecurityPolicy *sp);

UA_String policy_text(const char *text);

/* That of open62541 which does not look at channels: of each policy, None too. */
UA_StatusCode policy_nonce(void *policy_context, UA_ByteString *out);
/* The request of an OPN, in @message, as open62541 will read it. Good for what is none. */
UA_StatusCode policy_check_opn(const struct policy *policy, const UA_ByteString *message);

int64_t policy_now(const struct policy_set *set);
/* NULL past its end, or where there is none. */
struct own_cert *policy_generation(const struct policy_set *set, size_t i);
bool policy_is_good(const struct policy_set *set, const struct own_cert *own);

/*
 * What open62541 reads from localCertificate from here on, until policy_settle(): the certificate
 * that the channel's peer knows, where it is another than that which everybody else is shown.
 */
void policy_show(struct policy *policy, struct own_cert *own);
void policy_settle_slowly(struct policy *policy);

static inline void policy_settle(struct policy *policy)
{
	if (policy->shown != policy->set->generations[0].own)
		policy_settle_slowly(policy);
}

/* The answer to an OPN: what sign() and then encrypt() leave to be done. False: no memory. */
[[nodiscard]] bool policy_late_begin(struct policy_channel *channel, const uint8_t *digest,
				     size_t digest_len);
[[nodiscard]] bool policy_late_keep(struct policy_late *late, const uint8_t *plain, size_t len);

#endif
