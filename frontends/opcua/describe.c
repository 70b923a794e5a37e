#include "describe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy_kind.h"

#define TRANSPORT      "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
#define CHUNK_MIN      8192 /* OPC 10000-6 7.1.2.3: as small as a client may want them */
#define NODES_MAX      10000
#define CALLS_MAX      1000
#define CHANGES_MAX    100
#define ITEMS_MAX      10000 /* of a subscription, and of a call */
#define OF_SESSION_MAX 100   /* subscriptions, and requests that wait for notifications */
#define RESENT_MAX     100   /* notifications of a session that it has not acknowledged */
#define QUEUE_MAX      1000  /* values of an item */
#define NOTIFIED_MAX   10000 /* values in a notification */
#define INTERVAL_MIN   10.0  /* ms */
#define INTERVAL_MAX   3600000.0
#define TIMEOUT_S      3600
#define TOKENS_MAX     3

unsigned describe_policies(const struct opcua_settings *settings)
{
	unsigned policies = opcua_settings_policies(settings);

	/* A password is encrypted where nothing else is (C4). */
	if (policies == 1u << POLICY_NONE)
		policies |= 1u << POLICY_BASIC256SHA256;
	return policies | 1u << POLICY_NONE;
}

static enum policy_id policy_for_tokens(const struct opcua_settings *settings, enum policy_id id)
{
	unsigned policies = describe_policies(settings);

	if (id != POLICY_NONE)
		return id;
	if (policies & 1u << POLICY_BASIC256SHA256)
		return POLICY_BASIC256SHA256;
	id = POLICY_COUNT - 1;
	while (!(policies & 1u << id))
		id--;
	return id;
}

/* open62541 finds a policy by its ID's beginning, and the policy that encrypts by what follows #. */
static bool add_token(UA_EndpointDescription *endpoint, const char *name, UA_UserTokenType type,
		      enum policy_id policy)
{
	UA_UserTokenPolicy *token = &endpoint->userIdentityTokens[endpoint->userIdentityTokensSize];
	const struct policy_kind *kind = policy_kind(policy);
	char id[64];

	endpoint->userIdentityTokensSize++;
	snprintf(id, sizeof(id), "%s#%s", name, kind->name);
	token->policyId = UA_STRING_ALLOC(id);
	token->tokenType = type;
	/* Nothing of an anonymous one is secret. */
	if (type != UA_USERTOKENTYPE_ANONYMOUS)
		token->securityPolicyUri = UA_STRING_ALLOC(kind->uri);
	return token->policyId.length &&
	       (type == UA_USERTOKENTYPE_ANONYMOUS || token->securityPolicyUri.length);
}

static bool add_tokens(const struct opcua_settings *settings, enum policy_id policy,
		       UA_EndpointDescription *endpoint)
{
	enum policy_id secret = policy_for_tokens(settings, policy);

	endpoint->userIdentityTokens =
		UA_Array_new(TOKENS_MAX, &UA_TYPES[UA_TYPES_USERTOKENPOLICY]);
	return endpoint->userIdentityTokens &&
	       (!settings->allows_user_names ||
		add_token(endpoint, "username", UA_USERTOKENTYPE_USERNAME, secret)) &&
	       (!settings->allows_user_certificates ||
		add_token(endpoint, "certificate", UA_USERTOKENTYPE_CERTIFICATE, secret)) &&
	       (!settings->allows_anonymous ||
		add_token(endpoint, "anonymous", UA_USERTOKENTYPE_ANONYMOUS, policy));
}

/* The higher, the better; 0 is not recommended (OPC 10000-4 7.14). */
static UA_Byte level_of(const struct opcua_endpoint *endpoint)
{
	const struct policy_kind *kind = policy_kind(endpoint->policy);

	if (kind->id == POLICY_NONE || kind->is_deprecated)
		return 0;
	return (UA_Byte)(kind->id + (endpoint->mode == OPN_MODE_SIGN_AND_ENCRYPT) * POLICY_COUNT);
}

static bool add_endpoints(const struct opcua_settings *settings, UA_ServerConfig *config)
{
	config->endpoints =
		UA_Array_new(settings->endpoint_count, &UA_TYPES[UA_TYPES_ENDPOINTDESCRIPTION]);
	if (!config->endpoints)
		return false;
	config->endpointsSize = settings->endpoint_count;
	for (size_t i = 0; i < settings->endpoint_count; i++) {
		const struct opcua_endpoint *from = &settings->endpoints[i];
		UA_EndpointDescription *to = &config->endpoints[i];

		to->transportProfileUri = UA_STRING_ALLOC(TRANSPORT);
		to->securityMode = (UA_MessageSecurityMode)from->mode;
		to->securityPolicyUri = UA_STRING_ALLOC(policy_kind(from->policy)->uri);
		to->securityLevel = level_of(from);
		if (!to->transportProfileUri.length || !to->securityPolicyUri.length ||
		    !add_tokens(settings, from->policy, to))
			return false;
		if (from->policy == POLICY_NONE)
			config->securityPolicyNoneDiscoveryOnly = false;
	}
	return true;
}

static bool add_url(UA_ApplicationDescription *description, const char *host, uint16_t port)
{
	bool is_v6 = strchr(host, ':') != NULL;
	char text[VALUE_HOST_MAX + 32];
	UA_String url;

	snprintf(text, sizeof(text), "opc.tcp://%s%s%s:%u", is_v6 ? "[" : "", host,
		 is_v6 ? "]" : "", port);
	url = UA_STRING(text);
	return UA_Array_appendCopy((void **)&description->discoveryUrls,
				   &description->discoveryUrlsSize, &url,
				   &UA_TYPES[UA_TYPES_STRING]) == UA_STATUSCODE_GOOD;
}

static bool add_urls(const struct opcua_settings *settings, UA_ApplicationDescription *description)
{
	char name[VALUE_HOST_MAX + 1] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || !*name)
		strcpy(name, "localhost");
	for (size_t i = 0; i < settings->place_count; i++) {
		uint16_t port = settings->places[i].port;

		if (!settings->host_count && !add_url(description, name, port))
			return false;
		for (size_t host = 0; host < settings->host_count; host++)
			if (!add_url(description, settings->hosts[host], port))
				return false;
	}
	return true;
}

static bool describe_application(const struct opcua_settings *settings, const char *uri,
				 UA_ServerConfig *config)
{
	UA_ApplicationDescription *application = &config->applicationDescription;
	UA_BuildInfo *build = &config->buildInfo;

	application->applicationUri = UA_STRING_ALLOC(uri);
	application->productUri = UA_STRING_ALLOC(settings->product_uri);
	application->applicationName.text = UA_STRING_ALLOC(settings->name);
	application->applicationType = UA_APPLICATIONTYPE_SERVER;
	build->productUri = UA_STRING_ALLOC(settings->product_uri);
	build->manufacturerName = UA_STRING_ALLOC("keystored");
	build->productName = UA_STRING_ALLOC("keystore-opcua");
	build->softwareVersion = UA_STRING_ALLOC(KEYSTORE_VERSION);
	build->buildNumber = UA_STRING_ALLOC(KEYSTORE_VERSION);
	return application->applicationUri.length && application->productUri.length &&
	       application->applicationName.text.length && build->productUri.length &&
	       build->manufacturerName.length && build->productName.length &&
	       build->softwareVersion.length && build->buildNumber.length &&
	       add_urls(settings, application);
}

/* What a peer can take of us has a number, each. */
static void set_limits(const struct opcua_settings *settings, UA_ServerConfig *config)
{
	config->tcpEnabled = true;
	config->tcpBufSize = settings->buffer_max;
	config->tcpMaxMsgSize = settings->message_max;
	config->tcpMaxChunks = settings->message_max / CHUNK_MIN + 2;
	config->maxSecureChannels = (UA_UInt16)settings->connections_max;
	config->maxSecurityTokenLifetime = settings->lifetime_max_ms;
	config->maxSessions = (UA_UInt16)settings->sessions_max;
	config->maxSessionTimeout = settings->session_ms;
	config->maxNodesPerRead = NODES_MAX;
	config->maxNodesPerWrite = NODES_MAX;
	config->maxNodesPerMethodCall = CALLS_MAX;
	config->maxNodesPerBrowse = NODES_MAX;
	config->maxNodesPerRegisterNodes = NODES_MAX;
	config->maxNodesPerTranslateBrowsePathsToNodeIds = NODES_MAX;
	config->maxNodesPerNodeManagement = CHANGES_MAX;
	config->maxMonitoredItemsPerCall = ITEMS_MAX;
	config->discoveryCleanupTimeout = TIMEOUT_S;
}

static void set_subscription_limits(const struct opcua_settings *settings, UA_ServerConfig *config)
{
	config->subscriptionsEnabled = true;
	config->maxSubscriptions = settings->subscriptions_max;
	config->maxSubscriptionsPerSession = OF_SESSION_MAX;
	config->publishingIntervalLimits = (UA_DurationRange){INTERVAL_MIN, INTERVAL_MAX};
	config->lifeTimeCountLimits = (UA_UInt32Range){3, 15000};
	config->keepAliveCountLimits = (UA_UInt32Range){1, 100};
	config->maxNotificationsPerPublish = NOTIFIED_MAX;
	config->enableRetransmissionQueue = true;
	config->maxRetransmissionQueueSize = RESENT_MAX;
	config->maxEventsPerNode = QUEUE_MAX;
	config->maxMonitoredItems = settings->items_max;
	config->maxMonitoredItemsPerSubscription = ITEMS_MAX;
	config->samplingIntervalLimits = (UA_DurationRange){INTERVAL_MIN, 24 * INTERVAL_MAX};
	config->queueSizeLimits = (UA_UInt32Range){1, QUEUE_MAX};
	config->maxPublishReqPerSession = OF_SESSION_MAX;
}

bool describe_server(const struct opcua_settings *settings, const char *uri,
		     UA_ServerConfig *config)
{
	UA_String url =
		UA_STRING_STATIC("opc.tcp://:4840"); /* one of them; tcp knows where it listens */

	set_limits(settings, config);
	set_subscription_limits(settings, config);
	config->modellingRulesOnInstances = true;
	config->securityPolicyNoneDiscoveryOnly = true;
	return UA_Array_appendCopy((void **)&config->serverUrls, &config->serverUrlsSize, &url,
				   &UA_TYPES[UA_TYPES_STRING]) == UA_STATUSCODE_GOOD &&
	       describe_application(settings, uri, config) && add_endpoints(settings, config);
}
