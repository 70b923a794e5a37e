/* discover, endpoints: what a server says of itself to everybody. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json_text.h"
#include "node_id.h"
#include "server_endpoints.h"
#include "table.h"

#define SERVERS_MAX 256
#define CELL	    512

static const char *kind_of(UA_ApplicationType type)
{
	static const char *const names[] = {"server", "client", "client and server",
					    "discovery server"};

	return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

static json_t *server_json(const UA_ApplicationDescription *server)
{
	json_t *urls = json_array();
	json_t *object = json_object();

	for (size_t i = 0; i < server->discoveryUrlsSize; i++)
		json_append(&urls, ua_text_json(&server->discoveryUrls[i]));
	json_add(&object, "name", ua_text_json(&server->applicationName.text));
	json_add(&object, "application_uri", ua_text_json(&server->applicationUri));
	json_add(&object, "product_uri", ua_text_json(&server->productUri));
	json_add(&object, "type", json_string(kind_of(server->applicationType)));
	json_add(&object, "urls", urls);
	return object;
}

static void print_server(const UA_ApplicationDescription *server)
{
	char text[CELL];

	ua_text(&server->applicationName.text, text, sizeof(text));
	fact_print(stdout, "name", "%s", text);
	fact_print(stdout, "type", "%s", kind_of(server->applicationType));
	ua_text(&server->applicationUri, text, sizeof(text));
	fact_print(stdout, "application", "%s", text);
	for (size_t i = 0; i < server->discoveryUrlsSize; i++) {
		ua_text(&server->discoveryUrls[i], text, sizeof(text));
		fact_print(stdout, i ? "" : "URL", "%s", text);
	}
}

static enum exit_code print_servers(const struct program *program,
				    const UA_ApplicationDescription *servers, size_t count)
{
	json_t *list = json_array();

	if (!program->json) {
		json_decref(list);
		for (size_t i = 0; i < count; i++) {
			if (i)
				putchar('\n');
			print_server(&servers[i]);
		}
		return EXIT_OK;
	}
	for (size_t i = 0; i < count; i++)
		json_append(&list, server_json(&servers[i]));
	return program_print_json(program, list ? json_pack("{s:o}", "servers", list) : NULL);
}

static enum exit_code command_discover(struct program *program)
{
	UA_ApplicationDescription *servers = NULL;
	UA_Client *client = NULL;
	const char *url = NULL;
	size_t count = 0;
	UA_StatusCode status;
	enum exit_code code = server_url(program, program->words[0], &url);

	if (code != EXIT_OK)
		return code;
	client = server_client_new(program);
	if (!client)
		return program_no_memory(program);
	status = UA_Client_findServers(client, url, 0, NULL, 0, NULL, &count, &servers);
	if (status != UA_STATUSCODE_GOOD)
		code = server_fail(program, status, "%s", url);
	else
		code = print_servers(program, servers, count < SERVERS_MAX ? count : SERVERS_MAX);
	UA_Array_delete(servers, count, &UA_TYPES[UA_TYPES_APPLICATIONDESCRIPTION]);
	UA_Client_delete(client);
	return code;
}

static const char *policy_name(const UA_EndpointDescription *endpoint, char buf[CELL])
{
	const struct policy_kind *kind = policy_kind_by_uri(endpoint->securityPolicyUri.data,
							    endpoint->securityPolicyUri.length);

	if (kind)
		return kind->name;
	ua_text(&endpoint->securityPolicyUri, buf, CELL);
	return strchr(buf, '#') ? strchr(buf, '#') + 1 : buf;
}

/* "anonymous, user name": each once. */
static void logins_text(const UA_EndpointDescription *endpoint, char text[CELL])
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < endpoint->userIdentityTokensSize; i++) {
		const char *name = server_token_name(endpoint->userIdentityTokens[i].tokenType);

		if (!strstr(text, name) && len + strlen(name) + 3 < CELL)
			len += (size_t)snprintf(text + len, CELL - len, "%s%s", len ? ", " : "",
						name);
	}
}

static json_t *logins_json(const UA_EndpointDescription *endpoint)
{
	json_t *list = json_array();

	for (size_t i = 0; i < endpoint->userIdentityTokensSize; i++) {
		const UA_UserTokenPolicy *token = &endpoint->userIdentityTokens[i];
		const struct policy_kind *kind = server_token_kind(endpoint, token);

		json_append(&list, json_pack("{s:s, s:o, s:s}", "type",
					     server_token_name(token->tokenType), "policy_id",
					     ua_text_json(&token->policyId), "policy",
					     kind ? kind->name : "?"));
	}
	return list;
}

static json_t *endpoint_json(const UA_EndpointDescription *endpoint)
{
	const UA_ByteString *cert = &endpoint->serverCertificate;
	json_t *object = json_object();
	char buf[CELL];

	json_add(&object, "url", ua_text_json(&endpoint->endpointUrl));
	json_add(&object, "mode",
		 json_string(choice_mode_name((enum opn_mode)endpoint->securityMode)));
	json_add(&object, "policy", json_text(policy_name(endpoint, buf)));
	json_add(&object, "security_level", json_integer(endpoint->securityLevel));
	json_add(&object, "application_uri", ua_text_json(&endpoint->server.applicationUri));
	json_add(&object, "logins", logins_json(endpoint));
	json_add(&object, "certificate",
		 cert->length ? json_hex(cert->data, cert->length) : json_null());
	return object;
}

static enum exit_code print_endpoints(const struct program *program,
				      const struct server_endpoints *endpoints)
{
	static const char *const heads[] = {"MODE", "POLICY", "LOGINS", "URL"};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	bool is_ok = table != NULL;

	for (size_t i = 0; is_ok && i < endpoints->count; i++) {
		const UA_EndpointDescription *endpoint = &endpoints->list[i];
		char policy[CELL], logins[CELL], url[CELL];

		logins_text(endpoint, logins);
		ua_text(&endpoint->endpointUrl, url, sizeof(url));
		is_ok = table_add(table,
				  (const char *const[]){
					  choice_mode_name((enum opn_mode)endpoint->securityMode),
					  policy_name(endpoint, policy), logins, url});
	}
	if (is_ok)
		table_print(table, stdout, 0);
	table_free(table);
	return is_ok ? EXIT_OK : program_no_memory(program);
}

static enum exit_code command_endpoints(struct program *program)
{
	struct server_endpoints endpoints = {0};
	json_t *list = NULL;
	const char *url = NULL;
	UA_StatusCode status;
	enum exit_code code = server_url(program, program->words[0], &url);

	if (code != EXIT_OK)
		return code;
	status = server_endpoints_ask(program, url, &endpoints);
	if (status != UA_STATUSCODE_GOOD)
		return server_fail(program, status, "%s", url);
	if (program->json) {
		list = json_array();
		for (size_t i = 0; i < endpoints.count; i++)
			json_append(&list, endpoint_json(&endpoints.list[i]));
		code = program_print_json(program,
					  list ? json_pack("{s:o}", "endpoints", list) : NULL);
	} else {
		code = print_endpoints(program, &endpoints);
	}
	server_endpoints_clear(&endpoints);
	return code;
}

const struct command commands_discover[] = {
	{
		.name = "discover",
		.words = "[URL]",
		.most = 1,
		.options = HAS(URL),
		.summary = "the servers that are known at a URL",
		.help = "FindServers (OPC 10000-4 5.4.2). No security, no certificate, no login.",
		.run = command_discover,
	},
	{
		.name = "endpoints",
		.words = "[URL]",
		.most = 1,
		.options = HAS(URL),
		.summary = "how one can connect to a server, and log in there",
		.help = "GetEndpoints (OPC 10000-4 5.4.4). No security, no certificate, no login.",
		.run = command_endpoints,
	},
	{.name = NULL},
};
