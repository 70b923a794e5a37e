/*
 * An OPC UA server and clients of open62541 in one thread, with the policies of open62541 itself or
 * ours, whose keys are OpenSSL's here. Hides their configurations, and who waits for whom.
 */
#ifndef INTEROP_TWO_PARTIES_H
#define INTEROP_TWO_PARTIES_H

#include <arpa/inet.h>
#include <inttypes.h>
#include <open62541/client.h>
#include <open62541/client_config_default.h>
#include <open62541/client_highlevel_async.h>
#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/plugin/pki_default.h>
#include <open62541/plugin/securitypolicy_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../support/rsa_maker.h"
#include "policy.h"

#define PARTY_KEYS_MAX	  6
#define PARTY_CHANNELS	  16
#define PARTY_DEADLINE_MS 30000
#define PARTY_USER	  "operator"
#define PARTY_PASSWORD                                                                             \
	"a password that is longer than one block, so that there are two: "                        \
	"0123456789012345678901234567890123456789012345678901234567890123456789"                   \
	"0123456789012345678901234567890123456789012345678901234567890123456789"

/* open62541's clock, in place of its own, so that nobody has to wait until a channel is renewed. */
static int64_t party_ahead_s;

UA_DateTime UA_DateTime_nowMonotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec + party_ahead_s) * UA_DATETIME_SEC + now.tv_nsec / 100;
}

_Noreturn static inline void party_die(const char *what, UA_StatusCode status)
{
	fprintf(stderr, "policy_peer: %s: %s\n", what, UA_StatusCode_name(status));
	exit(1);
}

static inline void party_expect(bool holds, const char *what)
{
	if (!holds)
		party_die(what, UA_STATUSCODE_GOOD);
}

static inline void party_good(UA_StatusCode status, const char *what)
{
	if (status != UA_STATUSCODE_GOOD)
		party_die(what, status);
}

/* Who has private keys, in place of keystored. */
struct party_keys {
	const struct rsa_cert *certs[PARTY_KEYS_MAX]; /* "#0", … */
	size_t count;
	struct policy_channel *channels[PARTY_CHANNELS];
	bool is_late;
	unsigned signatures, decryptions, lates;
	int64_t now_ms;
};

static inline const EVP_MD *party_hash(enum ks_hash hash)
{
	return hash == KS_HASH_SHA1 ? EVP_sha1() : EVP_sha256();
}

static inline EVP_PKEY *party_key(const struct party_keys *keys, const struct own_cert *own)
{
	const size_t i = strtoul(own->key + 1, NULL, 10);

	party_expect(own->key[0] == '#' && i < keys->count, "there is no such key");
	return keys->certs[i]->key;
}

static inline UA_StatusCode party_sign(const struct policy_order *order, uint8_t *signature,
				       void *user)
{
	struct party_keys *keys = user;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(party_key(keys, order->own), NULL);
	size_t len = order->own->key_size;
	const bool is_pss = order->kind->sign_padding == KS_PADDING_PSS;
	bool is_done =
		EVP_PKEY_sign_init(ctx) == 1 &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, is_pss ? RSA_PKCS1_PSS_PADDING
							 : RSA_PKCS1_PADDING) == 1 &&
		(!is_pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) == 1) &&
		EVP_PKEY_CTX_set_signature_md(ctx, party_hash(order->kind->sign_hash)) == 1 &&
		EVP_PKEY_sign(ctx, signature, &len, order->bytes, order->len) == 1 &&
		len == order->own->key_size;

	EVP_PKEY_CTX_free(ctx);
	keys->signatures++;
	return is_done ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADINTERNALERROR;
}

static inline UA_StatusCode party_decrypt(const struct policy_order *order, uint8_t *plain,
					  size_t *ret_len, void *user)
{
	struct party_keys *keys = user;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(party_key(keys, order->own), NULL);
	const bool is_oaep = order->kind->cipher == POLICY_CIPHER_OAEP;
	size_t len = order->own->key_size;
	bool is_done = EVP_PKEY_decrypt_init(ctx) == 1 &&
		       EVP_PKEY_CTX_set_rsa_padding(ctx, is_oaep ? RSA_PKCS1_OAEP_PADDING
								 : RSA_PKCS1_PADDING) == 1 &&
		       (!is_oaep || EVP_PKEY_CTX_set_rsa_oaep_md(
					    ctx, party_hash(order->kind->cipher_hash)) == 1) &&
		       EVP_PKEY_decrypt(ctx, plain, &len, order->bytes, order->len) == 1;

	EVP_PKEY_CTX_free(ctx);
	keys->decryptions++;
	*ret_len = len;
	return is_done ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADINTERNALERROR;
}

static inline bool party_opened(struct policy_channel *channel, void *user)
{
	struct party_keys *keys = user;

	for (size_t i = 0; i < PARTY_CHANNELS; i++)
		if (!keys->channels[i]) {
			keys->channels[i] = channel;
			return keys->is_late;
		}
	party_die("more channels than expected", UA_STATUSCODE_GOOD);
}

static inline void party_closed(struct policy_channel *channel, void *user)
{
	struct party_keys *keys = user;

	for (size_t i = 0; i < PARTY_CHANNELS; i++)
		if (keys->channels[i] == channel)
			keys->channels[i] = NULL;
}

static inline int64_t party_now(void *user)
{
	return ((struct party_keys *)user)->now_ms;
}

static const struct policy_keys party_server_keys = {
	.sign = party_sign,
	.decrypt = party_decrypt,
	.opened = party_opened,
	.closed = party_closed,
	.now = party_now,
};

static const struct policy_keys party_client_keys = {
	.sign = party_sign,
	.decrypt = party_decrypt,
};

/* The certificate of @keys' number @i; with @issuer's behind it, where there is one. */
static inline struct own_cert *party_own(const struct party_keys *keys, size_t i,
					 const struct rsa_cert *issuer)
{
	const uint8_t *ders[] = {keys->certs[i]->der, issuer ? issuer->der : NULL};
	const size_t lens[] = {keys->certs[i]->len, issuer ? issuer->len : 0};
	struct own_cert *own = own_cert_new(1, 1, i, ders, lens, issuer ? 2 : 1);

	party_expect(own != NULL, "no certificate of ours");
	return own;
}

static inline void party_show(struct policy_set *set, const struct party_keys *keys, size_t i,
			      uint32_t grace_s)
{
	struct own_cert *own = party_own(keys, i, NULL);

	policy_set_show(set, own, grace_s);
	own_cert_free(own);
}

/* POLICY_PEER_LOG: to look for what goes wrong. */
static inline void party_log(void *context, UA_LogLevel level, UA_LogCategory category,
			     const char *text, va_list values)
{
	(void)context;
	(void)category;
	if (level < UA_LOGLEVEL_INFO || !getenv("POLICY_PEER_LOG"))
		return;
	vfprintf(stderr, text, values);
	fputc('\n', stderr);
}

static inline UA_Logger *party_logger(void)
{
	static UA_Logger logger = {.log = party_log};

	return &logger;
}

/* open62541's own policy of @kind, with a key in the clear. */
static inline UA_StatusCode party_policy(UA_SecurityPolicy *sp, enum policy_id id,
					 const struct rsa_cert *cert, const UA_Logger *logger)
{
	typedef UA_StatusCode make(UA_SecurityPolicy *, const UA_ByteString, const UA_ByteString,
				   const UA_Logger *);
	static make *const makers[POLICY_COUNT] = {
		[POLICY_BASIC128RSA15] = UA_SecurityPolicy_Basic128Rsa15,
		[POLICY_BASIC256] = UA_SecurityPolicy_Basic256,
		[POLICY_BASIC256SHA256] = UA_SecurityPolicy_Basic256Sha256,
		[POLICY_AES128_SHA256_RSAOAEP] = UA_SecurityPolicy_Aes128Sha256RsaOaep,
		[POLICY_AES256_SHA256_RSAPSS] = UA_SecurityPolicy_Aes256Sha256RsaPss,
	};
	UA_ByteString der = {cert->len, cert->der}, key = UA_BYTESTRING_NULL;
	UA_StatusCode status;
	int len;

	if (id == POLICY_NONE)
		return UA_SecurityPolicy_None(sp, der, logger);
	len = i2d_PrivateKey(cert->key, &key.data);
	key.length = (size_t)len;
	status = makers[id](sp, der, key, logger);
	OPENSSL_free(key.data);
	return status;
}

static inline UA_SecurityPolicy *party_policies(unsigned kinds, const struct rsa_cert *cert,
						const UA_Logger *logger, size_t *ret_count)
{
	UA_SecurityPolicy *policies = UA_calloc(POLICY_COUNT, sizeof(*policies));
	size_t count = 0;

	for (unsigned id = 0; id < POLICY_COUNT; id++)
		if (kinds & 1u << id)
			party_good(
				party_policy(&policies[count++], (enum policy_id)id, cert, logger),
				"open62541's policy");
	*ret_count = count;
	return policies;
}

/* Ours, or, without @set, open62541's with @cert. */
struct party_server {
	UA_Server *server;
	struct policy_set *set;
	char url[64];
};

static inline uint16_t party_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	party_expect(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
			     getsockname(fd, (struct sockaddr *)&address, &len) == 0,
		     "no port");
	close(fd);
	return ntohs(address.sin_port);
}

static inline void party_login(UA_ServerConfig *config)
{
	UA_UsernamePasswordLogin login = {UA_STRING_STATIC(PARTY_USER),
					  UA_STRING_STATIC(PARTY_PASSWORD)};

	if (config->accessControl.clear)
		config->accessControl.clear(&config->accessControl);
	party_good(UA_AccessControl_default(config, true, NULL, 1, &login), "access control");
}

static inline void party_server_start(struct party_server *party, unsigned kinds,
				      const struct rsa_cert *cert)
{
	UA_ServerConfig config = {0};
	const uint16_t port = party_port();

	config.logging = party_logger();
	snprintf(party->url, sizeof(party->url), "opc.tcp://127.0.0.1:%u", port);
	party_good(UA_ServerConfig_setBasics_withPort(&config, port), "configuration");
	UA_String_clear(&config.serverUrls[0]);
	config.serverUrls[0] = UA_String_fromChars(party->url);
	if (party->set)
		config.securityPolicies =
			policy_set_policies(party->set, &config.securityPoliciesSize);
	else
		config.securityPolicies =
			party_policies(kinds, cert, config.logging, &config.securityPoliciesSize);
	if (config.secureChannelPKI.clear)
		config.secureChannelPKI.clear(&config.secureChannelPKI);
	UA_CertificateVerification_AcceptAll(&config.secureChannelPKI);
	if (config.sessionPKI.clear)
		config.sessionPKI.clear(&config.sessionPKI);
	UA_CertificateVerification_AcceptAll(&config.sessionPKI);
	party_login(&config);
	party_good(UA_ServerConfig_addAllEndpoints(&config), "endpoints");
	party->server = UA_Server_newWithConfig(&config);
	party_expect(party->server != NULL, "no server");
	party_good(UA_Server_run_startup(party->server), "start");
}

static inline void party_server_stop(struct party_server *party)
{
	UA_ServerConfig *config = UA_Server_getConfig(party->server);

	party_good(UA_Server_run_shutdown(party->server), "shutdown");
	if (party->set) {
		config->securityPolicies = NULL;
		config->securityPoliciesSize = 0;
	}
	UA_Server_delete(party->server);
	policy_set_free(party->set);
	party->set = NULL;
}

struct party_client {
	UA_Client *client;
	struct policy_set *set;
	const struct rsa_cert *cert;
	enum policy_id id;
	UA_MessageSecurityMode mode;
	bool is_user; /* by his password, or by */
	const struct rsa_cert *user;
	uint32_t lifetime_ms; /* of a channel; 0: as open62541 wants it */
	bool is_read;	      /* an answer has come, … */
	UA_StatusCode read_status;
	struct own_cert *endpoint; /* what it takes for the server's, without having asked */
};

static inline void party_endpoint(UA_ClientConfig *config, const struct party_client *party,
				  const char *url)
{
	UA_EndpointDescription *endpoint = &config->endpoint;
	UA_UserTokenPolicy *token;
	char policy[128];
	UA_ByteString cert = {party->endpoint->chain_len, party->endpoint->chain};
	UA_String uri = {strlen(policy_kind(party->id)->uri),
			 (UA_Byte *)(uintptr_t)policy_kind(party->id)->uri};

	endpoint->endpointUrl = UA_String_fromChars(url);
	endpoint->securityMode = party->mode;
	UA_String_copy(&uri, &endpoint->securityPolicyUri);
	UA_ByteString_copy(&cert, &endpoint->serverCertificate);
	endpoint->transportProfileUri = UA_String_fromChars(
		"http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary");
	/* As open62541's access control and its discovery make its name. */
	token = UA_UserTokenPolicy_new();
	token->tokenType = UA_USERTOKENTYPE_USERNAME;
	snprintf(policy, sizeof(policy), "open62541-username-policy#%s",
		 policy_kind(party->id)->name);
	token->policyId = UA_String_fromChars(policy);
	UA_String_copy(&uri, &token->securityPolicyUri);
	endpoint->userIdentityTokens = token;
	endpoint->userIdentityTokensSize = 1;
}

static inline void party_user(UA_ClientConfig *config, const struct rsa_cert *user)
{
	UA_X509IdentityToken *token = UA_X509IdentityToken_new();
	UA_ByteString cert = {user->len, user->der};

	UA_ByteString_copy(&cert, &token->certificateData);
	config->userIdentityToken.encoding = UA_EXTENSIONOBJECT_DECODED;
	config->userIdentityToken.content.decoded.type = &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN];
	config->userIdentityToken.content.decoded.data = token;
}

static inline void party_client_start(struct party_client *party, const char *url)
{
	const unsigned kinds = 1u << POLICY_NONE | 1u << party->id;
	UA_ClientConfig config = {0};

	config.logging = party_logger();
	party_good(UA_ClientConfig_setDefault(&config), "client's configuration");
	for (size_t i = 0; i < config.securityPoliciesSize; i++)
		config.securityPolicies[i].clear(&config.securityPolicies[i]);
	UA_free(config.securityPolicies);
	if (party->set)
		config.securityPolicies =
			policy_set_policies(party->set, &config.securityPoliciesSize);
	else
		config.securityPolicies = party_policies(kinds, party->cert, config.logging,
							 &config.securityPoliciesSize);
	/* A password is encrypted by one of these; with a user's certificate they have his key. */
	if (party->set && !party->user)
		config.authSecurityPolicies =
			policy_set_policies(party->set, &config.authSecurityPoliciesSize);
	else
		config.authSecurityPolicies =
			party_policies(kinds, party->user ? party->user : party->cert,
				       config.logging, &config.authSecurityPoliciesSize);
	if (party->user)
		party_user(&config, party->user);
	if (config.certificateVerification.clear)
		config.certificateVerification.clear(&config.certificateVerification);
	UA_CertificateVerification_AcceptAll(&config.certificateVerification);
	config.securityMode = party->mode;
	config.securityPolicyUri = UA_String_fromChars(policy_kind(party->id)->uri);
	config.noNewSession = true;
	if (party->lifetime_ms)
		config.secureChannelLifeTime = party->lifetime_ms;
	if (party->endpoint)
		party_endpoint(&config, party, url);
	if (party->is_user)
		party_good(UA_ClientConfig_setAuthenticationUsername(&config, PARTY_USER,
								     PARTY_PASSWORD),
			   "user");
	party->client = UA_Client_newWithConfig(&config);
	party_expect(party->client != NULL, "no client");
	party_good(UA_Client_connectAsync(party->client, url), "connect");
}

/* The server's turn, then the clients'. False: @holds does not, in all the time there is. */
static inline bool party_until(struct party_server *server, struct party_client *client,
			       bool (*holds)(struct party_client *client))
{
	struct timespec now;
	int64_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (int64_t)now.tv_sec * 1000 + PARTY_DEADLINE_MS;
	while (!holds(client)) {
		UA_Server_run_iterate(server->server, false);
		(void)UA_Client_run_iterate(client->client, 1);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((int64_t)now.tv_sec * 1000 > end)
			return false;
	}
	return true;
}

static inline UA_StatusCode party_state(struct party_client *client, UA_SessionState *ret_session)
{
	UA_SecureChannelState channel;
	UA_StatusCode status;

	UA_Client_getState(client->client, &channel, ret_session, &status);
	return status;
}

static inline bool party_is_settled(struct party_client *client)
{
	UA_SessionState session;
	UA_StatusCode status = party_state(client, &session);

	return status != UA_STATUSCODE_GOOD || session == UA_SESSIONSTATE_ACTIVATED;
}

/* True: with a session. */
static inline bool party_connect(struct party_server *server, struct party_client *client)
{
	party_client_start(client, server->url);
	party_expect(party_until(server, client, party_is_settled), "nothing happens");
	/* From here on: to ask for endpoints first, it connects twice by itself. */
	UA_Client_getConfig(client->client)->noReconnect = true;
	return party_state(client, &(UA_SessionState){0}) == UA_STATUSCODE_GOOD;
}

static inline bool party_is_read(struct party_client *client)
{
	return client->is_read || party_state(client, &(UA_SessionState){0}) != UA_STATUSCODE_GOOD;
}

static inline void party_take(UA_Client *client, void *user, UA_UInt32 id, UA_StatusCode status,
			      UA_DataValue *value)
{
	struct party_client *party = user;

	(void)client;
	(void)id;
	party->is_read = true;
	party->read_status = status != UA_STATUSCODE_GOOD ? status
			     : value->hasValue		  ? UA_STATUSCODE_GOOD
							  : value->status;
}

static inline bool party_read(struct party_server *server, struct party_client *client)
{
	client->is_read = false;
	client->read_status = UA_STATUSCODE_BADCONNECTIONCLOSED;
	if (UA_Client_readValueAttribute_async(
		    client->client, UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER_SERVERSTATUS_CURRENTTIME),
		    party_take, client, NULL) != UA_STATUSCODE_GOOD)
		return false;
	party_expect(party_until(server, client, party_is_read), "no answer");
	return client->read_status == UA_STATUSCODE_GOOD;
}

/* Channels are renewed after three quarters of ten minutes. */
static inline void party_wait(void)
{
	party_ahead_s += 480;
}

/* After party_wait(). A read is answered after it, and so it is over. */
static inline bool party_renew(struct party_server *server, struct party_client *client)
{
	return UA_Client_renewSecureChannel(client->client) == UA_STATUSCODE_GOOD &&
	       party_read(server, client) && party_read(server, client);
}

static inline bool party_is_gone(struct party_client *client)
{
	UA_SecureChannelState channel;

	UA_Client_getState(client->client, &channel, NULL, NULL);
	return channel == UA_SECURECHANNELSTATE_CLOSED;
}

static inline void party_client_stop(struct party_server *server, struct party_client *client)
{
	UA_ClientConfig *config = UA_Client_getConfig(client->client);

	(void)UA_Client_disconnectAsync(client->client);
	party_expect(party_until(server, client, party_is_gone), "no end");
	if (client->set && !client->user) {
		config->authSecurityPolicies = NULL;
		config->authSecurityPoliciesSize = 0;
	}
	if (client->set) {
		config->securityPolicies = NULL;
		config->securityPoliciesSize = 0;
	}
	UA_Client_delete(client->client);
	client->client = NULL;
}

#endif
