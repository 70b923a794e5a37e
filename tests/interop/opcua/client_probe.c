/*
 * opcua-client_probe URL [OPTION VALUE]... STEP...: a client of open62541 with its own cryptography,
 * which takes the steps one after the other and prints what came of each.
 *
 *   --policy NAME --mode none|sign|encrypt  (None, none)
 *   --cert FILE --key FILE    its own, DER
 *   --ca FILE, --crl FILE     whom it trusts, DER; without: anybody
 *   --uri URI                 of its application
 *   --user NAME --password TEXT
 *   --user-cert FILE --user-key FILE
 *
 *   endpoints    those of the server, without a session
 *   connect      with a channel and a session
 *   read:NODE    "i=2259"
 *   write:NODE=TEXT
 *   browse:NODE  names of what it refers to
 *   watch:NODE   subscribes; "notifications N, lost N" at each count
 *   watch-for:N  until that many notifications have come since the step before
 *   count
 *   renew        the channel
 *   touch:FILE, until:FILE   makes it; goes on when it is there
 *   saved:FILE   the server's certificate as it comes by GetEndpoints, DER
 *   call:OBJECT/METHOD,ARGUMENT...   client_call.h; try: goes on where it fails
 *   keep:FILE    the first byte string that the last call has brought
 *   close
 *
 * Ends with 1 where a step has failed; its last line has the status.
 */
#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>
#include <open62541/plugin/pki_default.h>
#include <open62541/plugin/securitypolicy_default.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client_call.h"

#define FILE_MAX    65536
#define FILES_MAX   4
#define TURN_MS	    20
#define PATIENCE_MS 60000  /* tests bring TPMs to a halt */
#define TURNS_MAX   3000   /* a minute */
#define LIFETIME_MS 300000 /* the shortest */
#define RENEW_S	    230
#define RENEW_TURNS 25
#define POLICY_URI  "http://opcfoundation.org/UA/SecurityPolicy#"

struct probe {
	UA_Client *client;
	const char *url;
	UA_UInt32 subscription;
	UA_UInt32 handle; /* client_call.h */
	unsigned notifications, seen, lost;
	UA_Logger logger;
};

struct options {
	const char *policy, *mode, *uri, *user, *password;
	const char *cert, *key, *user_cert, *user_key;
	UA_ByteString cas[FILES_MAX], crls[FILES_MAX];
	size_t ca_count, crl_count;
};

_Noreturn static void die(const char *what, const char *object)
{
	fprintf(stderr, "opcua-client_probe: %s: %s\n", what, object);
	exit(2);
}

static UA_ByteString file_read(const char *name)
{
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	FILE *file = name ? fopen(name, "rb") : NULL;

	if (!name)
		return bytes;
	if (!file || UA_ByteString_allocBuffer(&bytes, FILE_MAX) != UA_STATUSCODE_GOOD)
		die("cannot be read", name);
	bytes.length = fread(bytes.data, 1, FILE_MAX, file);
	fclose(file);
	return bytes;
}

static void file_save(const char *name, const UA_ByteString *bytes)
{
	FILE *file = fopen(name, "wb");

	if (!file || (bytes->length && fwrite(bytes->data, bytes->length, 1, file) != 1) ||
	    fclose(file) != 0)
		die("cannot be written", name);
}

/* The client tells of lost notifications in no other way. */
static void on_log(void *context, UA_LogLevel level, UA_LogCategory category, const char *format,
		   va_list arguments)
{
	struct probe *probe = context;

	(void)category;
	if (strstr(format, "Invalid subscription sequence number"))
		probe->lost++;
	if (level < UA_LOGLEVEL_WARNING)
		return;
	fputs("# ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

static int say(const char *step, UA_StatusCode code)
{
	printf("%s: %s\n", step, UA_StatusCode_name(code));
	fflush(stdout);
	return code == UA_STATUSCODE_GOOD ? 0 : 1;
}

/* To a list of three, as the library makes it. */
static void add_old(UA_SecurityPolicy **policies, size_t *count, UA_ByteString cert,
		    UA_ByteString key, const UA_Logger *logger)
{
	UA_SecurityPolicy *list = realloc(*policies, (*count + 2) * sizeof(*list));

	if (!list)
		die("out of memory", "");
	*policies = list;
	if (UA_SecurityPolicy_Basic128Rsa15(&list[*count], cert, key, logger) == UA_STATUSCODE_GOOD)
		++*count;
	if (UA_SecurityPolicy_Basic256(&list[*count], cert, key, logger) == UA_STATUSCODE_GOOD)
		++*count;
}

static void set_security(UA_ClientConfig *config, const struct options *options)
{
	UA_ByteString cert = file_read(options->cert), key = file_read(options->key);
	char uri[128];

	if (options->cert) {
		if (UA_ClientConfig_setDefaultEncryption(config, cert, key, options->cas,
							 options->ca_count, options->crls,
							 options->crl_count) != UA_STATUSCODE_GOOD)
			die("the certificate cannot be used", options->cert);
		add_old(&config->securityPolicies, &config->securityPoliciesSize, cert, key,
			config->logging);
		if (!options->user_cert)
			add_old(&config->authSecurityPolicies, &config->authSecurityPoliciesSize,
				cert, key, config->logging);
	} else {
		UA_ClientConfig_setDefault(config);
	}
	if (!options->ca_count) {
		config->certificateVerification.clear(&config->certificateVerification);
		UA_CertificateVerification_AcceptAll(&config->certificateVerification);
	}
	config->secureChannelLifeTime = LIFETIME_MS;
	snprintf(uri, sizeof(uri), POLICY_URI "%s", options->policy);
	config->securityPolicyUri = UA_STRING_ALLOC(uri);
	config->securityMode = strcmp(options->mode, "encrypt") == 0
				       ? UA_MESSAGESECURITYMODE_SIGNANDENCRYPT
			       : strcmp(options->mode, "sign") == 0 ? UA_MESSAGESECURITYMODE_SIGN
								    : UA_MESSAGESECURITYMODE_NONE;
	UA_String_clear(&config->clientDescription.applicationUri);
	config->clientDescription.applicationUri = UA_STRING_ALLOC(options->uri);
	UA_ByteString_clear(&cert);
	UA_ByteString_clear(&key);
}

static void set_user(UA_ClientConfig *config, const struct options *options)
{
	UA_ByteString cert = file_read(options->user_cert), key = file_read(options->user_key);

	if (options->user)
		UA_ClientConfig_setAuthenticationUsername(config, options->user, options->password);
	if (options->user_cert)
		UA_ClientConfig_setAuthenticationCert(config, cert, key);
	UA_ByteString_clear(&cert);
	UA_ByteString_clear(&key);
}

static const char **option_of(struct options *options, const char *name)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
		{"--policy", &options->policy},	    {"--mode", &options->mode},
		{"--uri", &options->uri},	    {"--user", &options->user},
		{"--password", &options->password}, {"--cert", &options->cert},
		{"--key", &options->key},	    {"--user-cert", &options->user_cert},
		{"--user-key", &options->user_key},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].value;
	return NULL;
}

static void take_option(struct options *options, const char *name, const char *value)
{
	const char **known = option_of(options, name);

	if (!value)
		die("it needs a value", name);
	if (known)
		*known = value;
	else if (strcmp(name, "--ca") == 0 && options->ca_count < FILES_MAX)
		options->cas[options->ca_count++] = file_read(value);
	else if (strcmp(name, "--crl") == 0 && options->crl_count < FILES_MAX)
		options->crls[options->crl_count++] = file_read(value);
	else
		die("there is no such option, or one too many", name);
}

/* By a client of its own, which has not chosen any yet, and so opens a channel without security. */
static UA_StatusCode get_endpoints(struct probe *probe, size_t *count,
				   UA_EndpointDescription **endpoints)
{
	UA_Client *client = UA_Client_new();
	UA_ClientConfig *config = UA_Client_getConfig(client);
	UA_StatusCode code;

	UA_ClientConfig_setDefault(config);
	config->logging->log = NULL;
	config->endpoint.endpointUrl = UA_STRING_ALLOC(probe->url);
	config->endpoint.securityMode = UA_MESSAGESECURITYMODE_NONE;
	config->endpoint.securityPolicyUri = UA_STRING_ALLOC(POLICY_URI "None");
	code = UA_Client_connectSecureChannel(client, probe->url);
	if (code == UA_STATUSCODE_GOOD)
		code = UA_Client_getEndpoints(client, probe->url, count, endpoints);
	UA_Client_delete(client);
	return code;
}

static int print_endpoints(struct probe *probe, const char *save)
{
	UA_EndpointDescription *endpoints = NULL;
	size_t count = 0;
	UA_StatusCode code = get_endpoints(probe, &count, &endpoints);

	for (size_t i = 0; i < count && !save; i++) {
		const UA_EndpointDescription *endpoint = &endpoints[i];

		printf("%.*s %d level %d url %.*s:",
		       (int)endpoint->securityPolicyUri.length - (int)strlen(POLICY_URI),
		       (char *)endpoint->securityPolicyUri.data + strlen(POLICY_URI),
		       endpoint->securityMode, endpoint->securityLevel,
		       (int)endpoint->endpointUrl.length, (char *)endpoint->endpointUrl.data);
		for (size_t j = 0; j < endpoint->userIdentityTokensSize; j++)
			printf(" %.*s", (int)endpoint->userIdentityTokens[j].policyId.length,
			       (char *)endpoint->userIdentityTokens[j].policyId.data);
		printf("\n");
	}
	if (save && count)
		file_save(save, &endpoints[0].serverCertificate);
	UA_Array_delete(endpoints, count, &UA_TYPES[UA_TYPES_ENDPOINTDESCRIPTION]);
	return say(save ? "saved" : "endpoints", code);
}

static UA_NodeId node_of(const char *text)
{
	UA_NodeId node;

	if (UA_NodeId_parse(&node, UA_STRING((char *)(uintptr_t)text)) != UA_STATUSCODE_GOOD)
		die("it is no node's ID", text);
	return node;
}

static int read_node(struct probe *probe, const char *text)
{
	UA_NodeId node = node_of(text);
	UA_String out = UA_STRING_NULL;
	UA_StatusCode code;
	UA_Variant value;

	UA_Variant_init(&value);
	code = UA_Client_readValueAttribute(probe->client, node, &value);
	if (code == UA_STATUSCODE_GOOD && value.type &&
	    UA_print(&value, &UA_TYPES[UA_TYPES_VARIANT], &out) == UA_STATUSCODE_GOOD)
		printf("%s = %.*s\n", text, (int)out.length, (char *)out.data);
	UA_String_clear(&out);
	UA_Variant_clear(&value);
	UA_NodeId_clear(&node);
	return say("read", code);
}

static int write_node(struct probe *probe, char *text)
{
	char *value = strstr(text, "==");
	UA_Variant variant;
	UA_StatusCode code;
	UA_String string;
	UA_NodeId node;

	if (!value)
		die("it takes NODE==TEXT", text);
	*value = '\0';
	node = node_of(text);
	string = UA_STRING(value + 2);
	UA_Variant_setScalar(&variant, &string, &UA_TYPES[UA_TYPES_STRING]);
	code = UA_Client_writeValueAttribute(probe->client, node, &variant);
	UA_NodeId_clear(&node);
	return say("write", code);
}

static int browse(struct probe *probe, const char *text)
{
	UA_BrowseRequest request;
	UA_BrowseResponse response;
	UA_StatusCode code;

	UA_BrowseRequest_init(&request);
	request.nodesToBrowse = UA_BrowseDescription_new();
	request.nodesToBrowseSize = 1;
	request.nodesToBrowse[0].nodeId = node_of(text);
	request.nodesToBrowse[0].resultMask = UA_BROWSERESULTMASK_ALL;
	response = UA_Client_Service_browse(probe->client, request);
	code = response.responseHeader.serviceResult;
	if (code == UA_STATUSCODE_GOOD && response.resultsSize)
		code = response.results[0].statusCode;
	for (size_t i = 0; response.resultsSize && i < response.results[0].referencesSize; i++)
		printf("%.*s\n", (int)response.results[0].references[i].browseName.name.length,
		       (char *)response.results[0].references[i].browseName.name.data);
	UA_BrowseRequest_clear(&request);
	UA_BrowseResponse_clear(&response);
	return say("browse", code);
}

static void on_data(UA_Client *client, UA_UInt32 subscription, void *subscription_context,
		    UA_UInt32 item, void *context, UA_DataValue *value)
{
	struct probe *probe = context;

	(void)client;
	(void)subscription;
	(void)subscription_context;
	(void)item;
	if (value->hasStatus && value->status != UA_STATUSCODE_GOOD)
		printf("# %s\n", UA_StatusCode_name(value->status));
	probe->notifications++;
}

static int watch(struct probe *probe, const char *text)
{
	UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
	UA_NodeId node = node_of(text);
	UA_CreateSubscriptionResponse response;
	UA_MonitoredItemCreateRequest item;
	UA_MonitoredItemCreateResult result;

	request.requestedPublishingInterval = 50;
	response = UA_Client_Subscriptions_create(probe->client, request, NULL, NULL, NULL);
	if (response.responseHeader.serviceResult != UA_STATUSCODE_GOOD)
		return say("watch", response.responseHeader.serviceResult);
	item = UA_MonitoredItemCreateRequest_default(node);
	item.requestedParameters.samplingInterval = 50;
	item.requestedParameters.queueSize = 100;
	result = UA_Client_MonitoredItems_createDataChange(probe->client, response.subscriptionId,
							   UA_TIMESTAMPSTORETURN_BOTH, item, probe,
							   on_data, NULL);
	UA_NodeId_clear(&node);
	return say("watch", result.statusCode);
}

static int count(struct probe *probe)
{
	printf("notifications %u, lost %u\n", probe->notifications, probe->lost);
	return say("count", UA_STATUSCODE_GOOD);
}

static UA_StatusCode turn(struct probe *probe)
{
	return UA_Client_run_iterate(probe->client, TURN_MS);
}

static int watch_for(struct probe *probe, const char *text)
{
	unsigned wanted = probe->notifications + (unsigned)atoi(text);
	UA_StatusCode code = UA_STATUSCODE_GOOD;

	for (int i = 0; i < TURNS_MAX && probe->notifications < wanted; i++)
		if ((code = turn(probe)) != UA_STATUSCODE_GOOD)
			break;
	if (code == UA_STATUSCODE_GOOD && probe->notifications < wanted)
		code = UA_STATUSCODE_BADTIMEOUT;
	return say("watch-for", code);
}

static int until(struct probe *probe, const char *file)
{
	UA_StatusCode code = UA_STATUSCODE_GOOD;

	for (int i = 0; i < TURNS_MAX && access(file, F_OK) < 0; i++)
		if ((code = turn(probe)) != UA_STATUSCODE_GOOD)
			break;
	if (code == UA_STATUSCODE_GOOD && access(file, F_OK) < 0)
		code = UA_STATUSCODE_BADTIMEOUT;
	return say("until", code);
}

static int touch(const char *file)
{
	file_save(file, &UA_BYTESTRING_NULL);
	return say("touch", UA_STATUSCODE_GOOD);
}

/*
 * The library renews when three quarters of the lifetime are over, and not before: so its clock goes
 * on by these.
 */
static int64_t clock_ahead_s;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, ret_time);

	if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC)
		ret_time->tv_sec += clock_ahead_s;
	return result;
}

static int renew(struct probe *probe)
{
	UA_StatusCode code;

	clock_ahead_s += RENEW_S;
	code = UA_Client_renewSecureChannel(probe->client);
	for (int i = 0; i < RENEW_TURNS && code == UA_STATUSCODE_GOOD; i++)
		code = turn(probe);
	return say("renew", code);
}

static int take(struct probe *probe, char *step)
{
	char *object = strchr(step, ':');

	if (object)
		*object++ = '\0';
	if (strcmp(step, "endpoints") == 0)
		return print_endpoints(probe, NULL);
	if (strcmp(step, "saved") == 0)
		return print_endpoints(probe, object);
	if (strcmp(step, "connect") == 0)
		return say(step, UA_Client_connect(probe->client, probe->url));
	if (strcmp(step, "read") == 0)
		return read_node(probe, object);
	if (strcmp(step, "write") == 0)
		return write_node(probe, object);
	if (strcmp(step, "browse") == 0)
		return browse(probe, object);
	if (strcmp(step, "watch") == 0)
		return watch(probe, object);
	if (strcmp(step, "watch-for") == 0)
		return watch_for(probe, object);
	if (strcmp(step, "count") == 0)
		return count(probe);
	if (strcmp(step, "renew") == 0)
		return renew(probe);
	if (strcmp(step, "touch") == 0)
		return touch(object);
	if (strcmp(step, "until") == 0)
		return until(probe, object);
	if (strcmp(step, "call") == 0)
		return say("call", call_method(probe->client, object, &probe->handle));
	if (strcmp(step, "try") == 0) {
		(void)say("try", call_method(probe->client, object, &probe->handle));
		return 0;
	}
	if (strcmp(step, "keep") == 0)
		return rename("out.0", object) == 0 ? 0 : 1;
	if (strcmp(step, "close") == 0)
		return say(step, UA_Client_disconnect(probe->client));
	die("there is no such step", step);
}

int main(int argc, char **argv)
{
	struct options options = {.policy = "None", .mode = "none", .uri = "urn:probe"};
	struct probe probe = {.url = argc > 1 ? argv[1] : ""};
	UA_ClientConfig *config;
	UA_ClientConfig start;
	int failures = 0, at = 2;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
		take_option(&options, argv[at], argv[at + 1]);
	memset(&start, 0, sizeof(start));
	probe.logger = (UA_Logger){.log = on_log, .context = &probe};
	start.logging = &probe.logger;
	probe.client = UA_Client_newWithConfig(&start);
	config = UA_Client_getConfig(probe.client);
	set_security(config, &options);
	set_user(config, &options);
	config->timeout = PATIENCE_MS;
	for (; at < argc && !failures; at++)
		failures += take(&probe, argv[at]);
	UA_Client_delete(probe.client);
	for (size_t i = 0; i < options.ca_count; i++)
		UA_ByteString_clear(&options.cas[i]);
	for (size_t i = 0; i < options.crl_count; i++)
		UA_ByteString_clear(&options.crls[i]);
	return failures ? 1 : 0;
}
