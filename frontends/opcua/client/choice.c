#include "choice.h"

#include <string.h>

static const char *const modes[] = {
	[OPN_MODE_NONE] = "None",
	[OPN_MODE_SIGN] = "Sign",
	[OPN_MODE_SIGN_AND_ENCRYPT] = "SignAndEncrypt",
};

const char *choice_mode_name(enum opn_mode mode)
{
	return mode >= OPN_MODE_NONE && mode <= OPN_MODE_SIGN_AND_ENCRYPT ? modes[mode] : "?";
}

enum opn_mode choice_mode_from_name(const char *name)
{
	for (int i = OPN_MODE_NONE; i <= OPN_MODE_SIGN_AND_ENCRYPT; i++)
		if (strcmp(modes[i], name) == 0)
			return (enum opn_mode)i;
	return 0;
}

/*
 * A server's own securityLevel is not asked: whoever is in between writes it. None before the
 * deprecated ones would be as wrong: both are only taken when asked for.
 */
static unsigned safety_of_kind(const struct policy_kind *kind)
{
	static const unsigned safety[POLICY_COUNT] = {
		[POLICY_NONE] = 0,
		[POLICY_BASIC128RSA15] = 1,
		[POLICY_BASIC256] = 2,
		[POLICY_BASIC256SHA256] = 3,
		[POLICY_AES128_SHA256_RSAOAEP] = 4,
		[POLICY_AES256_SHA256_RSAPSS] = 5,
	};

	return safety[kind->id];
}

static unsigned safety_of(const struct choice_endpoint *endpoint)
{
	return (unsigned)endpoint->mode * POLICY_COUNT + safety_of_kind(endpoint->kind);
}

static bool is_consistent(const struct choice_endpoint *endpoint)
{
	if (!endpoint->is_binary || !endpoint->kind || endpoint->mode < OPN_MODE_NONE ||
	    endpoint->mode > OPN_MODE_SIGN_AND_ENCRYPT)
		return false;
	return (endpoint->kind->id == POLICY_NONE) == (endpoint->mode == OPN_MODE_NONE);
}

static bool is_wished(const struct choice_endpoint *endpoint, const struct choice_wish *wish)
{
	return is_consistent(endpoint) && wish->kinds & 1u << endpoint->kind->id &&
	       (!wish->kind || wish->kind == endpoint->kind) &&
	       (!wish->mode || wish->mode == endpoint->mode);
}

static bool hides_token(const struct choice_endpoint *endpoint,
			const struct choice_token_policy *token)
{
	return token->token != CHOICE_USER_NAME || token->kind->id != POLICY_NONE ||
	       endpoint->mode == OPN_MODE_SIGN_AND_ENCRYPT;
}

/*
 * The safest way to log in there. A deprecated policy is as good for a password inside of an
 * encrypted channel as any, and elsewhere only where it was asked for.
 */
static enum choice_status find_token(const struct choice_endpoint *endpoint,
				     const struct choice_wish *wish, size_t *ret_token)
{
	enum choice_status status = CHOICE_NO_TOKEN;
	unsigned best = 0;

	for (size_t i = 0; i < endpoint->token_count; i++) {
		const struct choice_token_policy *token = &endpoint->tokens[i];

		if (token->token != wish->token || !token->kind ||
		    !(wish->kinds & 1u << token->kind->id))
			continue;
		/* A certificate that signs nothing proves nothing. */
		if (token->token == CHOICE_CERTIFICATE && token->kind->id == POLICY_NONE)
			continue;
		if (token->kind->is_deprecated && token->kind != wish->kind &&
		    endpoint->mode != OPN_MODE_SIGN_AND_ENCRYPT)
			continue;
		if (!hides_token(endpoint, token)) {
			if (status == CHOICE_NO_TOKEN)
				status = CHOICE_OPEN_PASSWORD;
			continue;
		}
		if (status == CHOICE_OK && safety_of_kind(token->kind) <= best)
			continue;
		best = safety_of_kind(token->kind);
		status = CHOICE_OK;
		*ret_token = i;
	}
	return status;
}

/* Whether it is one that nobody gets without asking for it. */
static enum choice_status look_at(const struct choice_endpoint *endpoint,
				  const struct choice_wish *wish, size_t *ret_token)
{
	if (endpoint->kind->id == POLICY_NONE && !wish->kind && !wish->mode)
		return CHOICE_ONLY_NONE;
	if (endpoint->kind->is_deprecated && !wish->kind)
		return CHOICE_ONLY_OLD;
	return find_token(endpoint, wish, ret_token);
}

/* How far an endpoint came before it was left out: what is told of the one that came furthest. */
static int progress(enum choice_status status)
{
	static const int steps[] = {
		[CHOICE_NO_ENDPOINT] = 0, [CHOICE_ONLY_NONE] = 1,     [CHOICE_ONLY_OLD] = 2,
		[CHOICE_NO_TOKEN] = 3,	  [CHOICE_OPEN_PASSWORD] = 4, [CHOICE_OK] = 5,
	};

	return steps[status];
}

enum choice_status choice_make(const struct choice_endpoint *endpoints, size_t count,
			       const struct choice_wish *wish, size_t *ret_endpoint,
			       size_t *ret_token)
{
	enum choice_status result = CHOICE_NO_ENDPOINT;
	unsigned best = 0;

	for (size_t i = 0; i < count; i++) {
		size_t token = 0;
		enum choice_status status;

		if (!is_wished(&endpoints[i], wish))
			continue;
		status = look_at(&endpoints[i], wish, &token);
		if (progress(status) > progress(result))
			result = status;
		if (status != CHOICE_OK || (best && safety_of(&endpoints[i]) <= best))
			continue;
		best = safety_of(&endpoints[i]);
		*ret_endpoint = i;
		*ret_token = token;
	}
	return result;
}
