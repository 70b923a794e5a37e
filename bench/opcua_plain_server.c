/*
 * What a bench compares with: open62541's own server, as its examples make one, with a key in a file.
 *
 *     bench-opcua-plain PORT CERT KEY URI USER PASSWORD        both in DER
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <open62541/plugin/accesscontrol_default.h>
#include <open62541/plugin/log_stdout.h>
#include <open62541/plugin/pki_default.h>
#include <open62541/server.h>
#include <open62541/server_config_default.h>

#include "opcua_client.h"

static volatile UA_Boolean is_running = true;

static void on_signal(int signal)
{
	(void)signal;
	is_running = false;
}

static void allow(UA_ServerConfig *config, char *user, char *password)
{
	UA_UsernamePasswordLogin login = {UA_STRING(user), UA_STRING(password)};

	config->accessControl.clear(&config->accessControl);
	opcua_check(UA_AccessControl_default(config, false, NULL, 1, &login), "access control");
	config->secureChannelPKI.clear(&config->secureChannelPKI);
	config->sessionPKI.clear(&config->sessionPKI);
	UA_CertificateVerification_AcceptAll(&config->secureChannelPKI);
	UA_CertificateVerification_AcceptAll(&config->sessionPKI);
	config->maxSecureChannels = config->maxSessions = 1000;
}

int main(int argc, char **argv)
{
	UA_ServerConfig config = {.logging = UA_Log_Stdout_new(UA_LOGLEVEL_ERROR)};
	UA_ByteString cert, key;
	UA_Server *server;
	UA_StatusCode status;

	if (argc != 7) {
		fputs("usage: bench-opcua-plain PORT CERT KEY URI USER PASSWORD\n", stderr);
		return 2;
	}
	(void)signal(SIGTERM, on_signal);
	cert = opcua_read_file(argv[2]);
	key = opcua_read_file(argv[3]);
	opcua_check(UA_ServerConfig_setDefaultWithSecurityPolicies(&config,
								   (UA_UInt16)atoi(argv[1]), &cert,
								   &key, NULL, 0, NULL, 0, NULL, 0),
		    "configuration");
	UA_String_clear(&config.applicationDescription.applicationUri);
	config.applicationDescription.applicationUri = UA_STRING_ALLOC(argv[4]);
	allow(&config, argv[5], argv[6]);
	server = UA_Server_newWithConfig(&config);
	status = server ? UA_Server_run(server, &is_running) : UA_STATUSCODE_BADOUTOFMEMORY;
	UA_Server_delete(server);
	UA_ByteString_clear(&cert);
	UA_ByteString_clear(&key);
	return status ? 1 : 0;
}
