/*
 * opcua-plain_server PORT [OPTION VALUE]...: a server of open62541 with its own cryptography, as
 * other makers have them: a key in a file, no keystored. Says "ready" when it serves; ends with
 * SIGTERM.
 *
 *   --cert FILE --key FILE   its own, DER
 *   --trust FILE             whom it trusts, DER, up to 4 times; without: anybody
 *   --crl FILE               DER
 *   --uri URI                of its application
 *   --claim URI              what it says that is, once it runs
 *   --none yes               endpoints without security too
 *   --only NAME              of the others this policy's alone
 *
 * Users: anna, with the password "correct horse 1". Nodes of namespace urn:plain:server: the
 * variables number, real, text, list, time, bytes, flag, constant (read-only), counter (which
 * counts), state (an enumeration: ServerState), and the method add, of the object machine.
 */
#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/plugin/log_stdout.h>
#include <open62541/plugin/pki_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES 65536
#define FILES_MAX      4
#define COUNT_MS       50
#define POLICY_URI     "http://opcfoundation.org/UA/SecurityPolicy#"

struct options {
	const char *uri, *claim, *only;
	bool has_none;
	UA_ByteString cert, key;
	UA_ByteString trust[FILES_MAX], crls[FILES_MAX];
	size_t trust_count, crl_count;
};

_Noreturn static void die(const char *what, const char *object)
{
	fprintf(stderr, "opcua-plain_server: %s: %s\n", what, object);
	exit(2);
}

static void check(UA_StatusCode status, const char *what)
{
	if (status != UA_STATUSCODE_GOOD)
		die(what, UA_StatusCode_name(status));
}

/* Literals, which nobody changes. */
static UA_String text_of(const char *text)
{
	return (UA_String){strlen(text), (UA_Byte *)(uintptr_t)text};
}

static UA_NodeId node_of(const char *name)
{
	return (UA_NodeId){.namespaceIndex = 1,
			   .identifierType = UA_NODEIDTYPE_STRING,
			   .identifier.string = text_of(name)};
}

static UA_QualifiedName name_of(const char *name)
{
	return (UA_QualifiedName){1, text_of(name)};
}

static UA_LocalizedText label_of(const char *label)
{
	return (UA_LocalizedText){UA_STRING_NULL, text_of(label)};
}

static UA_ByteString load(const char *path)
{
	UA_ByteString bytes = {0, malloc(FILE_MAX_BYTES)};
	FILE *file = fopen(path, "rb");

	if (!file || !bytes.data)
		die("cannot be read", path);
	bytes.length = fread(bytes.data, 1, FILE_MAX_BYTES, file);
	fclose(file);
	return bytes;
}

static void take_option(struct options *options, const char *name, const char *value)
{
	if (strcmp(name, "--cert") == 0)
		options->cert = load(value);
	else if (strcmp(name, "--key") == 0)
		options->key = load(value);
	else if (strcmp(name, "--trust") == 0 && options->trust_count < FILES_MAX)
		options->trust[options->trust_count++] = load(value);
	else if (strcmp(name, "--crl") == 0 && options->crl_count < FILES_MAX)
		options->crls[options->crl_count++] = load(value);
	else if (strcmp(name, "--uri") == 0)
		options->uri = value;
	else if (strcmp(name, "--claim") == 0)
		options->claim = value;
	else if (strcmp(name, "--none") == 0)
		options->has_none = true;
	else if (strcmp(name, "--only") == 0)
		options->only = value;
	else
		die("no such option", name);
}

static void put(UA_Server *server, const char *name, void *value, size_t count,
		const UA_DataType *type, UA_NodeId data_type, UA_Byte access)
{
	UA_VariableAttributes attributes = UA_VariableAttributes_default;
	UA_UInt32 any_length = 0;
	UA_NodeId id = node_of(name);

	if (count)
		UA_Variant_setArray(&attributes.value, value, count, type);
	else
		UA_Variant_setScalar(&attributes.value, value, type);
	attributes.valueRank = count ? 1 : UA_VALUERANK_SCALAR;
	attributes.arrayDimensions = &any_length;
	attributes.arrayDimensionsSize = count ? 1 : 0;
	attributes.dataType = data_type;
	attributes.accessLevel = access;
	attributes.displayName = label_of(name);
	check(UA_Server_addVariableNode(server, id, node_of("machine"),
					UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT), name_of(name),
					UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE),
					attributes, NULL, NULL),
	      name);
}

static void put_simple(UA_Server *server, const char *name, void *value, size_t count, int type)
{
	put(server, name, value, count, &UA_TYPES[type], UA_TYPES[type].typeId,
	    UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_WRITE);
}

static UA_StatusCode add(UA_Server *server, const UA_NodeId *session, void *session_context,
			 const UA_NodeId *method, void *method_context, const UA_NodeId *object,
			 void *object_context, size_t input_count, const UA_Variant *inputs,
			 size_t output_count, UA_Variant *outputs)
{
	UA_Int32 sum = *(UA_Int32 *)inputs[0].data + *(UA_Int32 *)inputs[1].data;

	(void)server, (void)session, (void)session_context, (void)method, (void)method_context;
	(void)object, (void)object_context, (void)input_count, (void)output_count;
	return UA_Variant_setScalarCopy(outputs, &sum, &UA_TYPES[UA_TYPES_INT32]);
}

static void put_method(UA_Server *server)
{
	UA_MethodAttributes attributes = UA_MethodAttributes_default;
	UA_Argument inputs[2], output;

	for (int i = 0; i < 2; i++) {
		UA_Argument_init(&inputs[i]);
		inputs[i].name = text_of(i ? "Second" : "First");
		inputs[i].dataType = UA_TYPES[UA_TYPES_INT32].typeId;
		inputs[i].valueRank = UA_VALUERANK_SCALAR;
	}
	UA_Argument_init(&output);
	output.name = text_of("Sum");
	output.dataType = UA_TYPES[UA_TYPES_INT32].typeId;
	output.valueRank = UA_VALUERANK_SCALAR;
	attributes.executable = attributes.userExecutable = true;
	attributes.displayName = label_of("add");
	check(UA_Server_addMethodNode(server, node_of("add"), node_of("machine"),
				      UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT), name_of("add"),
				      attributes, add, 2, inputs, 1, &output, NULL, NULL),
	      "add");
}

static void fill(UA_Server *server)
{
	UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
	UA_UInt16 index = UA_Server_addNamespace(server, "urn:plain:server");
	UA_Int32 number = 42, list[] = {1, 2, 3};
	UA_Double real = 1.5;
	UA_String text = text_of("idle");
	UA_DateTime time = UA_DateTime_fromUnixTime(1772366400);
	UA_ByteString bytes = text_of("abc");
	UA_Boolean flag = true;
	UA_UInt32 counter = 0;
	UA_ServerState state = UA_SERVERSTATE_RUNNING;

	/* All is in namespace 1; this one is to be found by its URI. */
	(void)index;
	attributes.displayName = label_of("machine");
	check(UA_Server_addObjectNode(
		      server, node_of("machine"), UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER),
		      UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES), name_of("machine"),
		      UA_NODEID_NUMERIC(0, UA_NS0ID_BASEOBJECTTYPE), attributes, NULL, NULL),
	      "machine");
	put_simple(server, "number", &number, 0, UA_TYPES_INT32);
	put_simple(server, "real", &real, 0, UA_TYPES_DOUBLE);
	put_simple(server, "text", &text, 0, UA_TYPES_STRING);
	put_simple(server, "list", list, 3, UA_TYPES_INT32);
	put_simple(server, "time", &time, 0, UA_TYPES_DATETIME);
	put_simple(server, "bytes", &bytes, 0, UA_TYPES_BYTESTRING);
	put_simple(server, "flag", &flag, 0, UA_TYPES_BOOLEAN);
	put_simple(server, "counter", &counter, 0, UA_TYPES_UINT32);
	put(server, "state", &state, 0, &UA_TYPES[UA_TYPES_INT32],
	    UA_TYPES[UA_TYPES_SERVERSTATE].typeId,
	    UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_WRITE);
	put(server, "constant", &number, 0, &UA_TYPES[UA_TYPES_INT32],
	    UA_TYPES[UA_TYPES_INT32].typeId, UA_ACCESSLEVELMASK_READ);
	put_method(server);
}

static void count(UA_Server *server, void *user)
{
	UA_UInt32 *counter = user;
	UA_Variant value;

	(*counter)++;
	UA_Variant_setScalar(&value, counter, &UA_TYPES[UA_TYPES_UINT32]);
	(void)UA_Server_writeValue(server, node_of("counter"), value);
}

/* Those that are wanted come first, and the rest is not counted. */
static void keep_endpoints(UA_ServerConfig *config, const struct options *options)
{
	size_t kept = 0;

	for (size_t i = 0; i < config->endpointsSize; i++) {
		UA_EndpointDescription *endpoint = &config->endpoints[i];
		UA_String only = UA_STRING_NULL;
		bool is_none = endpoint->securityMode == UA_MESSAGESECURITYMODE_NONE;
		char uri[128];

		if (options->only) {
			snprintf(uri, sizeof(uri), POLICY_URI "%s", options->only);
			only = UA_STRING(uri);
		}
		if (is_none ? !options->has_none
			    : options->only &&
				      !UA_String_equal(&only, &endpoint->securityPolicyUri)) {
			UA_EndpointDescription_clear(endpoint);
			continue;
		}
		config->endpoints[kept++] = *endpoint;
	}
	config->endpointsSize = kept;
}

static UA_Server *make(UA_UInt16 port, const struct options *options)
{
	UA_UsernamePasswordLogin users[] = {
		{UA_STRING_STATIC("anna"), UA_STRING_STATIC("correct horse 1")}};
	UA_ServerConfig config;

	memset(&config, 0, sizeof(config));
	config.logging = UA_Log_Stdout_new(UA_LOGLEVEL_WARNING);
	if (options->cert.length)
		check(UA_ServerConfig_setDefaultWithSecurityPolicies(
			      &config, port, &options->cert, &options->key, options->trust,
			      options->trust_count, options->trust, options->trust_count,
			      options->crls, options->crl_count),
		      "its configuration");
	else
		check(UA_ServerConfig_setMinimal(&config, port, NULL), "its configuration");
	if (!options->trust_count) {
		config.secureChannelPKI.clear(&config.secureChannelPKI);
		UA_CertificateVerification_AcceptAll(&config.secureChannelPKI);
	}
	config.sessionPKI.clear(&config.sessionPKI);
	UA_CertificateVerification_AcceptAll(&config.sessionPKI);
	UA_String_clear(&config.applicationDescription.applicationUri);
	config.applicationDescription.applicationUri =
		UA_STRING_ALLOC(options->uri ? options->uri : "urn:plain:application");
	for (size_t i = 0; i < config.endpointsSize; i++) {
		UA_String_clear(&config.endpoints[i].server.applicationUri);
		check(UA_String_copy(&config.applicationDescription.applicationUri,
				     &config.endpoints[i].server.applicationUri),
		      "its endpoints");
	}
	config.allowNonePolicyPassword = options->has_none;
	check(UA_AccessControl_default(&config, true, NULL, 1, users), "its users");
	keep_endpoints(&config, options);
	return UA_Server_newWithConfig(&config);
}

/* open62541 looks at it when it starts. */
static void claim(UA_Server *server, const char *uri)
{
	UA_ServerConfig *config = UA_Server_getConfig(server);

	UA_String_clear(&config->applicationDescription.applicationUri);
	config->applicationDescription.applicationUri = UA_STRING_ALLOC(uri);
}

static void take_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigprocmask(SIG_BLOCK, ret_signals, NULL);
}

int main(int argc, char **argv)
{
	const struct timespec at_once = {0};
	struct options options = {0};
	UA_UInt32 counter = 0;
	UA_Server *server;
	sigset_t signals;

	if (argc < 2 || argc % 2)
		die("usage", "PORT [OPTION VALUE]...");
	for (int i = 2; i < argc; i += 2)
		take_option(&options, argv[i], argv[i + 1]);
	take_signals(&signals);
	server = make((UA_UInt16)atoi(argv[1]), &options);
	if (!server)
		die("it could not be made", argv[1]);
	fill(server);
	check(UA_Server_addRepeatedCallback(server, count, &counter, COUNT_MS, NULL), "counting");
	check(UA_Server_run_startup(server), "its port");
	if (options.claim)
		claim(server, options.claim);
	puts("ready");
	fflush(stdout);
	while (sigtimedwait(&signals, NULL, &at_once) < 0)
		UA_Server_run_iterate(server, true);
	UA_Server_run_shutdown(server);
	UA_Server_delete(server);
	free(options.cert.data);
	free(options.key.data);
	for (size_t i = 0; i < FILES_MAX; i++) {
		free(options.trust[i].data);
		free(options.crls[i].data);
	}
	return 0;
}
