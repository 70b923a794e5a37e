#include "server_link.h"

#include <open62541/client_config_default.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "asymmetric.h"
#include "client_log.h"
#include "input.h"
#include "keystore_side.h"
#include "server_endpoints.h"

#define NONE_URI	   "http://opcfoundation.org/UA/SecurityPolicy#None"
#define PRODUCT_URI	   "urn:keystored:keystore-opcua-client"
#define URI_MAX		   1024
#define SESSION_TIMEOUT_MS 60000

struct server_link {
	const struct program *program;
	const char *url;
	char host[256];
	char uri[URI_MAX]; /* of the server's application */
	char security[64];
	struct choice_wish wish;
	struct keystore_side *side; /* NULL: nothing of keystored is needed */
	struct own_cert *cert, *user_cert;
	struct policy_set *policies, *user_policies;
	struct input password;
	UA_Client *client;
	char refusal[KEYSTORE_SIDE_MESSAGE]; /* of the server's certificate; "": none */
	bool is_told_host;
};

enum exit_code server_url(const struct program *program, const char *word, const char **ret_url)
{
	const char *url = word ? word : program_option(program, OPTION_URL);

	if (!url)
		url = getenv("KEYSTORE_OPCUA_URL");
	if (!url || !*url)
		return program_fail(program, EXIT_USAGE,
				    "which server? Give --url, like --url opc.tcp://plc-1:4840");
	if (strncmp(url, "opc.tcp://", 10) != 0 || !url[10])
		return program_fail(program, EXIT_USAGE,
				    "%s is no URL of an OPC UA server, like opc.tcp://plc-1:4840",
				    url);
	*ret_url = url;
	return EXIT_OK;
}

static UA_StatusCode verify(const UA_CertificateVerification *verification,
			    const UA_ByteString *chain)
{
	struct server_link *link = verification->context;
	char message[KEYSTORE_SIDE_MESSAGE];

	/* Without a channel's security it proves nothing. */
	if (!link || !link->side)
		return UA_STATUSCODE_GOOD;
	switch (keystore_side_judge(link->side, chain->data, chain->length, link->uri, NULL,
				    message)) {
	case JUDGEMENT_ACCEPTED:
	case JUDGEMENT_HOST:
		return UA_STATUSCODE_GOOD;
	case JUDGEMENT_REFUSED:
	case JUDGEMENT_NONE:
		break;
	}
	snprintf(link->refusal, sizeof(link->refusal), "%s", message);
	return UA_STATUSCODE_BADCERTIFICATEUNTRUSTED;
}

/* open62541 asks that of our own certificate only, whose URI we have told it. */
static UA_StatusCode verify_uri(const UA_CertificateVerification *verification,
				const UA_ByteString *certificate, const UA_String *uri)
{
	(void)verification;
	(void)certificate;
	(void)uri;
	return UA_STATUSCODE_GOOD;
}

static void describe_client(UA_ClientConfig *config, const char *uri)
{
	UA_ApplicationDescription *description = &config->clientDescription;

	UA_ApplicationDescription_clear(description);
	description->applicationUri = UA_STRING_ALLOC(uri);
	description->productUri = UA_STRING_ALLOC(PRODUCT_URI);
	description->applicationName = UA_LOCALIZEDTEXT_ALLOC("en", PROGRAM_NAME);
	description->applicationType = UA_APPLICATIONTYPE_CLIENT;
	config->sessionName = UA_STRING_ALLOC(PROGRAM_NAME);
	/*
	 * open62541 would look for a server of that name by FindServers, and connect again where
	 * the URL is written otherwise. None has it.
	 */
	config->applicationUri = UA_STRING_ALLOC("urn:keystored:no-server");
}

/* With @policies, or with None alone where that is NULL. */
static UA_Client *client_new(const struct program *program, struct policy_set *policies,
			     struct server_link *link, const char *uri)
{
	UA_ClientConfig config = {.logging =
					  (UA_Logger *)(uintptr_t)client_log(program->is_verbose),
				  .timeout = program->timeout_ms,
				  .requestedSessionTimeout = SESSION_TIMEOUT_MS};
	UA_Client *client;

	config.certificateVerification = (UA_CertificateVerification){
		.context = link, .verifyCertificate = verify, .verifyApplicationURI = verify_uri};
	if (policies)
		config.securityPolicies =
			policy_set_policies(policies, &config.securityPoliciesSize);
	if (UA_ClientConfig_setDefault(&config) != UA_STATUSCODE_GOOD)
		return NULL;
	describe_client(&config, uri);
	client = UA_Client_newWithConfig(&config);
	return client;
}

UA_Client *server_client_new(const struct program *program)
{
	UA_Client *client = client_new(program, NULL, NULL, PRODUCT_URI);
	UA_ClientConfig *config = client ? UA_Client_getConfig(client) : NULL;

	if (!config)
		return NULL;
	/* Else open62541 would want an endpoint without security, which is not needed for that. */
	config->endpoint.securityMode = UA_MESSAGESECURITYMODE_NONE;
	config->endpoint.securityPolicyUri = UA_STRING_ALLOC(NONE_URI);
	return client;
}

/* The policies' array is the set's. */
static void client_delete(UA_Client *client)
{
	UA_ClientConfig *config;

	if (!client)
		return;
	UA_Client_disconnect(client);
	config = UA_Client_getConfig(client);
	if (config->userIdentityToken.content.decoded.type ==
	    &UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN]) {
		UA_UserNameIdentityToken *token = config->userIdentityToken.content.decoded.data;

		OPENSSL_cleanse(token->password.data, token->password.length);
	}
	config->securityPolicies = NULL;
	config->securityPoliciesSize = 0;
	config->authSecurityPolicies = NULL;
	config->authSecurityPoliciesSize = 0;
	UA_Client_delete(client);
}

static enum exit_code take_login(struct server_link *link)
{
	const struct program *program = link->program;
	char prompt[320];
	uint64_t id;

	if (link->wish.token == CHOICE_USER_NAME) {
		snprintf(prompt, sizeof(prompt),
			 "Password of %s at %s: ", program_option(program, OPTION_USER), link->url);
		return input_password(program, OPTION_PASSWORD_FILE, prompt, &link->password);
	}
	if (link->wish.token != CHOICE_CERTIFICATE)
		return EXIT_OK;
	if (!option_read_number(program_option(program, OPTION_USER_CERT), 1, INT64_MAX, &id))
		return program_fail(program, EXIT_USAGE,
				    "--user-cert %s: not the ID of a certificate: keystorectl cert "
				    "list shows them",
				    program_option(program, OPTION_USER_CERT));
	return keystore_side_user_cert(link->side, id, &link->user_cert);
}

static unsigned all_kinds(const struct own_cert *cert)
{
	unsigned kinds = 1u << POLICY_NONE;

	for (int i = 0; cert && i < POLICY_COUNT; i++)
		if (policy_kind(i)->key_bits_min <= cert->key_size * 8 &&
		    policy_kind(i)->key_bits_max >= cert->key_size * 8)
			kinds |= 1u << i;
	return kinds;
}

/* What of keystored is needed, and no more: without security there is no certificate. */
static enum exit_code prepare(struct server_link *link)
{
	const struct program *program = link->program;
	bool is_open = (link->wish.kind && link->wish.kind->id == POLICY_NONE) ||
		       link->wish.mode == OPN_MODE_NONE;
	enum exit_code code = EXIT_OK;

	if (!is_open || link->wish.token != CHOICE_ANONYMOUS)
		code = keystore_side_open(program, &link->side);
	if (code == EXIT_OK && !is_open)
		code = keystore_side_cert(link->side, &link->cert);
	if (code == EXIT_OK)
		code = take_login(link);
	if (code != EXIT_OK)
		return code;
	/* A password is encrypted by the server's key alone. */
	if (!is_open)
		link->wish.kinds = all_kinds(link->cert);
	link->policies =
		policy_set_new(link->wish.kinds | 1u << POLICY_NONE,
			       client_log(program->is_verbose), &keystore_side_keys, link->side);
	if (!link->policies)
		return program_no_memory(program);
	if (link->cert)
		policy_set_show(link->policies, link->cert, 0);
	if (!link->user_cert)
		return EXIT_OK;
	link->user_policies =
		policy_set_new(all_kinds(link->user_cert), client_log(program->is_verbose),
			       &keystore_side_keys, link->side);
	if (!link->user_policies)
		return program_no_memory(program);
	policy_set_show(link->user_policies, link->user_cert, 0);
	return EXIT_OK;
}

static void copy_text(char *into, size_t size, const UA_String *text)
{
	snprintf(into, size, "%.*s", (int)(text->length < size ? text->length : size - 1),
		 (const char *)text->data);
}

/* Before anything is sent to it that its key could read. False: link->refusal says why not. */
static bool accepts(struct server_link *link, const UA_EndpointDescription *endpoint)
{
	char message[KEYSTORE_SIDE_MESSAGE];

	copy_text(link->uri, sizeof(link->uri), &endpoint->server.applicationUri);
	switch (keystore_side_judge(link->side, endpoint->serverCertificate.data,
				    endpoint->serverCertificate.length, link->uri, link->host,
				    message)) {
	case JUDGEMENT_ACCEPTED:
		return true;
	case JUDGEMENT_HOST:
		if (!link->is_told_host)
			program_note("note: the server is the one that is trusted, but its "
				     "certificate is not for the host %s: %s",
				     link->host, message);
		link->is_told_host = true;
		return true;
	case JUDGEMENT_REFUSED:
	case JUDGEMENT_NONE:
		break;
	}
	snprintf(link->refusal, sizeof(link->refusal), "%s", message);
	return false;
}

static bool needs_certificate(const UA_EndpointDescription *endpoint,
			      const UA_UserTokenPolicy *token)
{
	const struct policy_kind *kind = server_token_kind(endpoint, token);

	return endpoint->securityMode != UA_MESSAGESECURITYMODE_NONE ||
	       (token->tokenType != UA_USERTOKENTYPE_ANONYMOUS && kind && kind->id != POLICY_NONE);
}

/* open62541 compares the server's leaf certificate with what it is given here. */
static UA_StatusCode configure_endpoint(UA_ClientConfig *config,
					const UA_EndpointDescription *endpoint,
					const UA_UserTokenPolicy *token)
{
	UA_EndpointDescription cut = *endpoint;
	UA_StatusCode status;

	cut.serverCertificate.length = asymmetric_leaf(endpoint->serverCertificate.data,
						       endpoint->serverCertificate.length);
	UA_EndpointDescription_clear(&config->endpoint);
	UA_UserTokenPolicy_clear(&config->userTokenPolicy);
	status = UA_EndpointDescription_copy(&cut, &config->endpoint);
	if (status == UA_STATUSCODE_GOOD)
		status = UA_UserTokenPolicy_copy(token, &config->userTokenPolicy);
	config->securityMode = endpoint->securityMode;
	return status;
}

static UA_StatusCode configure_login(struct server_link *link, UA_ClientConfig *config)
{
	struct policy_set *policies = link->user_policies ? link->user_policies : link->policies;
	UA_X509IdentityToken *token;

	config->authSecurityPolicies =
		policy_set_policies(policies, &config->authSecurityPoliciesSize);
	if (link->password.data)
		return UA_ClientConfig_setAuthenticationUsername(
			config, program_option(link->program, OPTION_USER),
			(const char *)link->password.data);
	if (!link->user_cert)
		return UA_STATUSCODE_GOOD;
	token = UA_X509IdentityToken_new();
	if (!token)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	UA_ExtensionObject_setValue(&config->userIdentityToken, token,
				    &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN]);
	return UA_ByteString_copy(
		&(UA_ByteString){link->user_cert->leaf_len, link->user_cert->chain},
		&token->certificateData);
}

static UA_StatusCode client_make(struct server_link *link)
{
	char uri[URI_MAX] = PRODUCT_URI;

	if (link->cert)
		(void)asymmetric_uri(link->cert->chain, link->cert->leaf_len, uri, sizeof(uri));
	link->client = client_new(link->program, link->policies, link, uri);
	if (!link->client)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	return configure_login(link, UA_Client_getConfig(link->client));
}

/* What failed, in the words of who knows it best. */
static enum exit_code fail_connect(const struct server_link *link, UA_StatusCode status)
{
	const char *problem = link->side ? keystore_side_problem(link->side) : "";
	const struct advice *advice = advice_find(status_name(status));

	if (*link->refusal)
		return program_fail_named(link->program, EXIT_REFUSED, "BadCertificateUntrusted",
					  "%s: %s", link->url, link->refusal);
	if (*problem)
		return program_fail(link->program, EXIT_FAILED, "%s: %s", link->url, problem);
	if (advice->code == EXIT_REFUSED && link->cert)
		return server_fail(link->program, status,
				   "%s, for certificate %llu of service %s (keystorectl cert "
				   "export %llu)",
				   link->url, (unsigned long long)link->cert->cert_id,
				   keystore_side_service(link->side),
				   (unsigned long long)link->cert->cert_id);
	return server_fail(link->program, status, "%s", link->url);
}

/*
 * What was said without security has to be said with it too: else somebody in between has left out
 * the safer endpoints.
 */
static enum exit_code compare_endpoints(struct server_link *link,
					const struct server_endpoints *before)
{
	UA_ClientConfig *config = UA_Client_getConfig(link->client);
	struct server_endpoints now = {0};
	char url[URI_MAX];
	UA_StatusCode status;
	bool is_equal;

	if (config->endpoint.securityMode == UA_MESSAGESECURITYMODE_NONE)
		return EXIT_OK;
	/* open62541 wants its own again. */
	copy_text(url, sizeof(url), &config->endpoint.endpointUrl);
	status = UA_Client_getEndpoints(link->client, url, &now.count, &now.list);
	if (status != UA_STATUSCODE_GOOD)
		return server_fail(link->program, status, "%s: its endpoints", link->url);
	is_equal = server_endpoints_equal(before, &now);
	server_endpoints_clear(&now);
	if (is_equal)
		return EXIT_OK;
	return program_fail(link->program, EXIT_REFUSED,
			    "%s offers other endpoints on the secured connection than before: "
			    "somebody in between may have changed them, or the server has just "
			    "been changed; try again, and look for who is in between",
			    link->url);
}

static enum exit_code connect_to(struct server_link *link, const struct server_endpoints *endpoints)
{
	const UA_EndpointDescription *endpoint;
	const UA_UserTokenPolicy *token;
	size_t endpoint_at = 0, token_at = 0;
	UA_StatusCode status;
	enum choice_status choice =
		server_endpoints_choose(endpoints, &link->wish, &endpoint_at, &token_at);

	if (choice != CHOICE_OK)
		return server_choice_fail(link->program, link->url, choice);
	endpoint = &endpoints->list[endpoint_at];
	token = &endpoint->userIdentityTokens[token_at];
	snprintf(link->security, sizeof(link->security), "%s, %s",
		 choice_mode_name((enum opn_mode)endpoint->securityMode),
		 policy_kind_by_uri(endpoint->securityPolicyUri.data,
				    endpoint->securityPolicyUri.length)
			 ->name);
	if (needs_certificate(endpoint, token) && !accepts(link, endpoint))
		return fail_connect(link, UA_STATUSCODE_BADCERTIFICATEUNTRUSTED);
	status = client_make(link);
	if (status == UA_STATUSCODE_GOOD)
		status = configure_endpoint(UA_Client_getConfig(link->client), endpoint, token);
	if (status == UA_STATUSCODE_GOOD)
		status = UA_Client_connect(link->client, link->url);
	if (status != UA_STATUSCODE_GOOD)
		return fail_connect(link, status);
	return compare_endpoints(link, endpoints);
}

static void take_host(struct server_link *link)
{
	const char *start = link->url + strlen("opc.tcp://");
	size_t len;

	if (*start == '[')
		len = strcspn(++start, "]");
	else
		len = strcspn(start, ":/");
	snprintf(link->host, sizeof(link->host), "%.*s", (int)len, start);
}

enum exit_code server_link_open(const struct program *program, struct server_link **ret_link)
{
	struct server_link *link = calloc(1, sizeof(*link));
	struct server_endpoints endpoints = {0};
	enum exit_code code;
	UA_StatusCode status;

	if (!link)
		return program_no_memory(program);
	link->program = program;
	code = server_url(program, NULL, &link->url);
	if (code == EXIT_OK)
		code = server_wish(program, &link->wish);
	if (code == EXIT_OK)
		code = prepare(link);
	if (code == EXIT_OK) {
		take_host(link);
		status = server_endpoints_ask(program, link->url, &endpoints);
		code = status == UA_STATUSCODE_GOOD ? connect_to(link, &endpoints)
						    : server_fail(program, status, "%s", link->url);
	}
	server_endpoints_clear(&endpoints);
	if (code == EXIT_OK)
		*ret_link = link;
	else
		server_link_close(link);
	return code;
}

void server_link_close(struct server_link *link)
{
	if (!link)
		return;
	client_delete(link->client);
	policy_set_free(link->policies);
	policy_set_free(link->user_policies);
	own_cert_free(link->cert);
	own_cert_free(link->user_cert);
	keystore_side_close(link->side);
	input_free(&link->password);
	free(link);
}

UA_Client *server_link_client(struct server_link *link)
{
	return link->client;
}

const char *server_link_security(const struct server_link *link)
{
	return link->security;
}

bool server_link_reopen(struct server_link *link, bool *ret_later)
{
	struct server_endpoints endpoints = {0};
	size_t endpoint_at = 0, token_at = 0;
	const UA_EndpointDescription *endpoint;
	const UA_UserTokenPolicy *token;
	bool is_open = false;

	*ret_later = true;
	if (server_endpoints_ask(link->program, link->url, &endpoints) != UA_STATUSCODE_GOOD)
		return false;
	if (server_endpoints_choose(&endpoints, &link->wish, &endpoint_at, &token_at) != CHOICE_OK)
		goto out;
	endpoint = &endpoints.list[endpoint_at];
	token = &endpoint->userIdentityTokens[token_at];
	*link->refusal = '\0';
	if (needs_certificate(endpoint, token) && !accepts(link, endpoint)) {
		(void)fail_connect(link, UA_STATUSCODE_BADCERTIFICATEUNTRUSTED);
		*ret_later = false;
		goto out;
	}
	is_open = configure_endpoint(UA_Client_getConfig(link->client), endpoint, token) ==
			  UA_STATUSCODE_GOOD &&
		  UA_Client_connect(link->client, link->url) == UA_STATUSCODE_GOOD;
out:
	server_endpoints_clear(&endpoints);
	return is_open;
}

enum exit_code server_link_fail(const struct server_link *link, UA_StatusCode status,
				const char *format, ...)
{
	char doing[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(doing, sizeof(doing), format, list);
	va_end(list);
	return server_fail(link->program, status, "%s", doing);
}
