#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "opn.h"
#include "policy_private.h"

/* A literal, which nobody changes. */
UA_String policy_text(const char *text)
{
	return (UA_String){strlen(text), (UA_Byte *)(uintptr_t)text};
}

/* Whoever has keys in the clear to give is told that this is no place for them. */
static UA_StatusCode refuse_key(UA_SecurityPolicy *sp, const UA_ByteString certificate,
				const UA_ByteString key)
{
	(void)sp;
	(void)certificate;
	(void)key;
	return UA_STATUSCODE_BADNOTSUPPORTED;
}

/* The set's. */
static void clear(UA_SecurityPolicy *sp)
{
	(void)sp;
}

struct policy_set *policy_set_new(unsigned kinds, const UA_Logger *logger,
				  const struct policy_keys *keys, void *user)
{
	struct policy_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->logger = logger;
	set->keys = keys;
	set->user = user;
	for (unsigned id = 0; id < POLICY_COUNT; id++) {
		const struct policy_kind *kind = policy_kind((enum policy_id)id);
		struct policy *policy = &set->policies[set->count];
		UA_SecurityPolicy *sp = &set->sps[set->count];

		if (!(kinds & 1u << id))
			continue;
		*policy = (struct policy){.set = set, .sp = sp, .kind = kind};
		sp->policyContext = policy;
		sp->policyUri = policy_text(kind->uri);
		sp->logger = logger;
		sp->updateCertificateAndPrivateKey = refuse_key;
		sp->clear = clear;
		if (id == POLICY_NONE) {
			policy_none_set(sp);
		} else {
			policy_asymmetric_set(sp, kind);
			policy_symmetric_set(sp, kind);
			policy_channel_set(sp);
		}
		sp->symmetricModule.generateNonce = policy_nonce;
		set->count++;
	}
	return set;
}

void policy_set_free(struct policy_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < POLICY_GENERATIONS; i++)
		own_cert_free(set->generations[i].own);
	free(set);
}

UA_SecurityPolicy *policy_set_policies(struct policy_set *set, size_t *ret_count)
{
	*ret_count = set->count;
	return set->sps;
}

int64_t policy_now(const struct policy_set *set)
{
	struct timespec now;

	if (set->keys->now)
		return set->keys->now(set->user);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct own_cert *policy_generation(const struct policy_set *set, size_t i)
{
	const struct policy_generation *generation = &set->generations[i];

	if (i == 0 || (generation->own && policy_now(set) < generation->until_ms))
		return generation->own;
	return NULL;
}

bool policy_is_good(const struct policy_set *set, const struct own_cert *own)
{
	for (size_t i = 0; own && i < POLICY_GENERATIONS; i++)
		if (policy_generation(set, i) == own)
			return true;
	return false;
}

static bool is_same(const struct own_cert *a, const struct own_cert *b)
{
	return a && b && a->chain_len == b->chain_len &&
	       memcmp(a->chain, b->chain, a->chain_len) == 0 && strcmp(a->key, b->key) == 0;
}

/* Those in their grace that still are, and are not what is shown anew. */
static void drop_old(struct policy_set *set, const struct own_cert *own)
{
	size_t kept = 1;

	for (size_t i = 1; i < POLICY_GENERATIONS; i++) {
		struct policy_generation generation = set->generations[i];

		set->generations[i] = (struct policy_generation){0};
		if (generation.own && policy_now(set) < generation.until_ms &&
		    !is_same(generation.own, own))
			set->generations[kept++] = generation;
		else
			own_cert_free(generation.own);
	}
}

void policy_set_show(struct policy_set *set, struct own_cert *own, uint32_t grace_s)
{
	struct policy_generation *current = &set->generations[0];

	if (own == current->own || is_same(own, current->own))
		return;
	(void)own_cert_share(own);
	/* Nobody may point to what goes. */
	for (size_t i = 0; i < set->count; i++) {
		set->policies[i].matched = NULL;
		policy_show(&set->policies[i], NULL);
	}
	drop_old(set, own);
	if (current->own && grace_s) {
		own_cert_free(set->generations[POLICY_GENERATIONS - 1].own);
		memmove(current + 1, current, (POLICY_GENERATIONS - 1) * sizeof(*current));
		current[1].until_ms = policy_now(set) + (int64_t)grace_s * 1000;
	} else {
		own_cert_free(current->own);
	}
	current->own = own;
	for (size_t i = 0; i < set->count; i++)
		policy_settle(&set->policies[i]);
}

struct own_cert *policy_set_current(const struct policy_set *set)
{
	return policy_generation(set, 0);
}

struct own_cert *policy_set_find(const struct policy_set *set,
				 const uint8_t thumbprint[OWN_CERT_THUMBPRINT])
{
	for (size_t i = 0; i < POLICY_GENERATIONS; i++) {
		struct own_cert *own = policy_generation(set, i);

		if (own && memcmp(own->thumbprint, thumbprint, OWN_CERT_THUMBPRINT) == 0)
			return own;
	}
	return NULL;
}

void policy_set_lifetime(struct policy_set *set, uint32_t min_ms)
{
	set->lifetime_min_ms = min_ms;
}

/* Borrowed by open62541: it never frees it, since it never clears us. */
void policy_show(struct policy *policy, struct own_cert *own)
{
	policy->shown = own;
	policy->sp->localCertificate =
		own ? (UA_ByteString){own->chain_len, own->chain} : UA_BYTESTRING_NULL;
}

void policy_settle_slowly(struct policy *policy)
{
	policy_show(policy, policy->set->generations[0].own);
}

UA_StatusCode policy_nonce(void *policy_context, UA_ByteString *out)
{
	const struct policy *policy = policy_context;
	const struct policy_set *set = policy->set;

	if (out->length > INT32_MAX || RAND_bytes(out->data, (int)out->length) != 1)
		return UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (set->keys->nonce)
		set->keys->nonce(out->data, out->length, set->user);
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode policy_check_opn(const struct policy *policy, const UA_ByteString *message)
{
	const uint32_t least = policy->set->lifetime_min_ms;
	struct opn_request request;
	struct opn_header header;

	/* The answer, in a client, or what open62541 will find out to be nothing. */
	if (!opn_header_read(message->data, message->length, &header) ||
	    !opn_request_read(message->data + header.body, message->length - header.body, &request))
		return UA_STATUSCODE_GOOD;
	/* open62541 does not ask: with such a mode it would answer in the clear. */
	if ((request.mode == OPN_MODE_NONE) != (policy->kind->id == POLICY_NONE))
		return UA_STATUSCODE_BADSECURITYMODEREJECTED;
	/* OPC 10000-4 5.6.2.2: as long as the policy says. */
	if (policy->kind->nonce_size && request.nonce_len != policy->kind->nonce_size)
		return UA_STATUSCODE_BADNONCEINVALID;
	/* 0 is as long as may be, which open62541 has a number for. */
	if (request.lifetime_ms && request.lifetime_ms < least) {
		UA_Byte *at = message->data + header.body + request.lifetime_at;

		for (unsigned i = 0; i < 4; i++)
			at[i] = (UA_Byte)(least >> 8 * i);
	}
	return UA_STATUSCODE_GOOD;
}
