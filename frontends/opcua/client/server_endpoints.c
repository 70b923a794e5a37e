#include "server_endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "server_link.h"

#define BINARY_PROFILE "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"

UA_StatusCode server_endpoints_ask(const struct program *program, const char *url,
				   struct server_endpoints *ret_endpoints)
{
	UA_Client *client = server_client_new(program);
	struct server_endpoints endpoints = {0};
	UA_StatusCode status;

	if (!client)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	status = UA_Client_getEndpoints(client, url, &endpoints.count, &endpoints.list);
	UA_Client_delete(client);
	if (status == UA_STATUSCODE_GOOD && endpoints.count > SERVER_ENDPOINTS_MAX) {
		server_endpoints_clear(&endpoints);
		return UA_STATUSCODE_BADRESPONSETOOLARGE;
	}
	if (status == UA_STATUSCODE_GOOD)
		*ret_endpoints = endpoints;
	return status;
}

void server_endpoints_clear(struct server_endpoints *endpoints)
{
	UA_Array_delete(endpoints->list, endpoints->count, &UA_TYPES[UA_TYPES_ENDPOINTDESCRIPTION]);
	*endpoints = (struct server_endpoints){0};
}

const struct policy_kind *server_token_kind(const UA_EndpointDescription *endpoint,
					    const UA_UserTokenPolicy *token)
{
	const UA_String *uri = token->securityPolicyUri.length ? &token->securityPolicyUri
							       : &endpoint->securityPolicyUri;

	return policy_kind_by_uri(uri->data, uri->length);
}

const char *server_token_name(UA_UserTokenType type)
{
	static const char *const names[] = {"anonymous", "user name", "certificate",
					    "issued token"};

	return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

enum exit_code server_wish(const struct program *program, struct choice_wish *ret_wish)
{
	const char *policy = program_option(program, OPTION_POLICY);
	const char *mode = program_option(program, OPTION_MODE);
	struct choice_wish wish = {.kinds = (1u << POLICY_COUNT) - 1};

	if (program_has(program, OPTION_USER) && program_has(program, OPTION_USER_CERT))
		return program_fail(program, EXIT_USAGE,
				    "--user and --user-cert are two ways to log in: take one");
	wish.token = program_has(program, OPTION_USER)	      ? CHOICE_USER_NAME
		     : program_has(program, OPTION_USER_CERT) ? CHOICE_CERTIFICATE
							      : CHOICE_ANONYMOUS;
	wish.kind = policy ? policy_kind_by_name(policy) : NULL;
	wish.mode = mode ? choice_mode_from_name(mode) : 0;
	if (policy && !wish.kind)
		return program_fail(
			program, EXIT_USAGE,
			"--policy %s: not one of None, Basic256Sha256, "
			"Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss, and the deprecated "
			"Basic256 and Basic128Rsa15",
			policy);
	if (mode && !wish.mode)
		return program_fail(program, EXIT_USAGE,
				    "--mode %s: not one of None, Sign, SignAndEncrypt", mode);
	if (wish.kind && wish.mode &&
	    (wish.kind->id == POLICY_NONE) != (wish.mode == OPN_MODE_NONE))
		return program_fail(program, EXIT_USAGE,
				    "--policy %s and --mode %s do not go together: with None both "
				    "are None",
				    policy, mode);
	*ret_wish = wish;
	return EXIT_OK;
}

static bool is_binary(const UA_EndpointDescription *endpoint)
{
	static const UA_String profile = UA_STRING_STATIC(BINARY_PROFILE);

	/* Siemens' servers leave it out. */
	return !endpoint->transportProfileUri.length ||
	       UA_String_equal(&endpoint->transportProfileUri, &profile);
}

static void describe(const UA_EndpointDescription *endpoint, struct choice_endpoint *into)
{
	into->kind = policy_kind_by_uri(endpoint->securityPolicyUri.data,
					endpoint->securityPolicyUri.length);
	into->mode = (enum opn_mode)endpoint->securityMode;
	into->is_binary = is_binary(endpoint);
	for (size_t i = 0;
	     i < endpoint->userIdentityTokensSize && into->token_count < CHOICE_TOKENS_MAX; i++) {
		const UA_UserTokenPolicy *token = &endpoint->userIdentityTokens[i];

		into->tokens[into->token_count++] =
			(struct choice_token_policy){.token = (enum choice_token)token->tokenType,
						     .kind = server_token_kind(endpoint, token)};
	}
}

enum choice_status server_endpoints_choose(const struct server_endpoints *endpoints,
					   const struct choice_wish *wish, size_t *ret_endpoint,
					   size_t *ret_token)
{
	struct choice_endpoint *described = calloc(endpoints->count + 1, sizeof(*described));
	enum choice_status status = CHOICE_NO_ENDPOINT;

	for (size_t i = 0; described && i < endpoints->count; i++)
		describe(&endpoints->list[i], &described[i]);
	if (described)
		status = choice_make(described, endpoints->count, wish, ret_endpoint, ret_token);
	free(described);
	return status;
}

enum exit_code server_choice_fail(const struct program *program, const char *url,
				  enum choice_status status)
{
	switch (status) {
	case CHOICE_OK:
	case CHOICE_NO_ENDPOINT:
		return program_fail(program, EXIT_UNSUPPORTED,
				    "%s offers no endpoint with that policy and mode: " PROGRAM_NAME
				    " endpoints %s lists what it offers",
				    url, url);
	case CHOICE_ONLY_NONE:
		return program_fail(program, EXIT_UNSUPPORTED,
				    "%s offers nothing but connections without security: everybody "
				    "in between can read and change all; --policy None takes one",
				    url);
	case CHOICE_ONLY_OLD:
		return program_fail(program, EXIT_UNSUPPORTED,
				    "%s offers nothing but deprecated policies, whose security is "
				    "broken: --policy Basic256 or --policy Basic128Rsa15 takes one",
				    url);
	case CHOICE_NO_TOKEN:
		return program_fail(
			program, EXIT_DENIED,
			"%s takes no such login: " PROGRAM_NAME
			" endpoints %s lists those that it takes; --user NAME logs in as "
			"a user",
			url, url);
	case CHOICE_OPEN_PASSWORD:
		return program_fail(program, EXIT_REFUSED,
				    "the password would be readable on the way to %s: take --mode "
				    "SignAndEncrypt",
				    url);
	}
	return EXIT_FAILED;
}

/* What an attacker in between would change; the rest may depend on the way there. */
static bool offers_same(const UA_EndpointDescription *left, const UA_EndpointDescription *right)
{
	return left->securityMode == right->securityMode &&
	       UA_String_equal(&left->securityPolicyUri, &right->securityPolicyUri) &&
	       UA_String_equal(&left->serverCertificate, &right->serverCertificate) &&
	       UA_String_equal(&left->server.applicationUri, &right->server.applicationUri) &&
	       left->userIdentityTokensSize == right->userIdentityTokensSize;
}

bool server_endpoints_equal(const struct server_endpoints *left,
			    const struct server_endpoints *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (!offers_same(&left->list[i], &right->list[i]))
			return false;
	return true;
}
