#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <open62541/plugin/nodestore_default.h>
#include <open62541/server.h>

#include "access.h"
#include "describe.h"
#include "gate.h"
#include "identity.h"
#include "log.h"
#include "loop.h"
#include "policy.h"
#include "push.h"
#include "setup.h"
#include "space.h"
#include "tcp.h"
#include "uplink.h"
#include "users.h"

#define HELLO_MS   10000
#define UNREAD_MAX (16u << 20)
#define REASON_MAX 256
/* Channels and logins that wait for keystored at a time, and failures that cost no time. */
#define WAITING_MAX	   128
#define WAITING_OF_ADDRESS 32
#define FAILURES_FREE	   5

struct server {
	const struct opcua_settings *settings;
	struct front_end_handler handler;
	void *user;
	sd_event *event;
	struct uplink *uplink;
	struct identity *identity;
	struct users *users;
	struct access *access;
	struct log *log;
	struct gate *gate;
	struct policy_set *policies;
	struct loop *loop;
	struct tcp *tcp; /* the loop's */
	UA_Server *ua;	 /* NULL: there was no certificate yet */
	struct space *space;
	struct push *push;
	struct setup *setup; /* NULL: it is never set up over the network */
	char uri[IDENTITY_URI_MAX];
	size_t places_begun;
	bool has_begun, is_ending;
	char no_tpm[REASON_MAX]; /* why it is not ready; "": it is, or nothing else was said */
	char status[SERVER_MESSAGE_MAX];
};

static void begin(struct server *server)
{
	if (!server->has_begun)
		server->handler.begun(server->user);
	server->has_begun = true;
}

/* Each change is in the log, once. */
static void set_status(struct server *server, const char *message)
{
	if (strcmp(server->status, message) == 0)
		return;
	snprintf(server->status, sizeof(server->status), "%s", message);
	server->handler.log(message, server->user);
	server->handler.status(message, server->user);
}

static void show_status(struct server *server)
{
	const struct identity_status *status = identity_status(server->identity);
	char message[SERVER_MESSAGE_MAX];

	if (status->state != IDENTITY_READY)
		snprintf(message, sizeof(message), "%s: %s",
			 server->ua ? "new channels fail, and sessions go on"
				    : "nothing is listened at yet",
			 status->message);
	else if (*server->no_tpm)
		snprintf(message, sizeof(message),
			 "new channels fail, and sessions go on: keystored has no TPM: %s",
			 server->no_tpm);
	else
		snprintf(message, sizeof(message), "serving with certificate %llu, version %u%s%s",
			 (unsigned long long)status->own->cert_id, status->own->version,
			 *status->message ? ": " : "", status->message);
	set_status(server, message);
}

static void on_place(const struct listener_place *place, enum listener_state state,
		     const char *message, void *user)
{
	struct server *server = user;
	char text[LISTENER_MESSAGE_MAX];

	if (state == LISTENER_LISTENS)
		snprintf(text, sizeof(text), "listens at port %u%s%.250s", (unsigned)place->port,
			 *place->host ? " of " : "", place->host);
	else
		snprintf(text, sizeof(text), "%s", message);
	server->handler.log(text, server->user);
	if (++server->places_begun >= server->settings->place_count)
		begin(server);
}

static const char *caller_address(void *user)
{
	const struct server *server = user;
	const struct tcp_connection *connection = tcp_current(server->tcp);

	return connection ? tcp_address(connection) : "";
}

static uint64_t caller_connection(void *user)
{
	const struct server *server = user;
	const struct tcp_connection *connection = tcp_current(server->tcp);

	return connection ? tcp_serial(connection) : 0;
}

static bool is_newcomer(void *user)
{
	const struct server *server = user;

	return gate_is_newcomer(server->gate, caller_connection(user));
}

static unsigned right_to_read(const UA_NodeId *node, void *user)
{
	const struct server *server = user;

	return server->space ? space_right_to_read(server->space, node) : 0;
}

static unsigned right_to_write(const UA_NodeId *node, void *user)
{
	const struct server *server = user;

	return server->space ? space_right_to_write(server->space, node) : ~0u;
}

static void on_session_ended(const struct session *session, void *user)
{
	const struct server *server = user;

	if (server->push)
		push_session_ended(server->push, session);
}

static struct session *caller(void *user)
{
	const struct server *server = user;

	return access_caller(server->access);
}

/* keystored tells of what was changed, too, but not in time for who connects at once. */
static void on_applied(void *user)
{
	const struct server *server = user;

	identity_uplink_up(server->identity);
}

static void on_log(const char *message, void *user)
{
	const struct server *server = user;

	server->handler.log(message, server->user);
}

static void on_setup(bool is_on, void *user)
{
	struct server *server = user;

	if (server->is_ending)
		return;
	gate_set_setup(server->gate, is_on);
	if (server->push)
		push_set_setup(server->push, is_on);
	server->handler.log(is_on ? "nobody is trusted yet: any client is let in with a user who "
				    "may manage certificates and trust, until the trust list has "
				    "an entry"
				  : "clients are let in that the trust list knows, and nobody else",
			    server->user);
}

/* His client comes again, and logs in anew: without a word it would go on, and may nothing. */
static void on_login_over(struct session *session, const char *why, void *user)
{
	struct server *server = user;
	char text[SESSION_USER_MAX + REASON_MAX];

	snprintf(text, sizeof(text), "the session of user %s ends: %s", session->user, why);
	server->handler.log(text, server->user);
	if (server->ua)
		(void)UA_Server_closeSession(server->ua, &session->id);
}

static bool make_parts(struct server *server)
{
	const struct opcua_settings *settings = server->settings;
	const struct tcp_limits limits = {
		.connections = settings->connections_max,
		.connections_of_address = settings->connections_of_address,
		.chunk_bytes = settings->buffer_max,
		.hello_ms = HELLO_MS,
		.unread_bytes = UNREAD_MAX,
	};

	server->policies = policy_set_new(describe_policies(settings), log_logger(server->log),
					  gate_keys(), server->gate);
	server->loop = loop_new(server->event, log_logger(server->log));
	server->tcp = tcp_new(server->event, &limits, gate_tcp(), server->gate);
	if (!server->policies || !server->loop || !server->tcp)
		return false;
	gate_set_policies(server->gate, server->policies);
	policy_set_lifetime(server->policies, settings->lifetime_min_ms);
	return tcp_listen(server->tcp, settings->places, settings->place_count, on_place, server);
}

/* Nothing of the library's defaults, which let everybody do everything. */
static bool configure(struct server *server, UA_ServerConfig *config)
{
	UA_EventLoop *el = loop_event_loop(server->loop);
	bool is_described;

	config->logging = (UA_Logger *)(uintptr_t)log_logger(server->log);
	config->eventLoop = el;
	config->externalEventLoop = true;
	config->accessControl = access_control(server->access);
	config->secureChannelPKI = gate_pki(server->gate);
	config->sessionPKI = gate_pki(server->gate);
	config->securityPolicies =
		policy_set_policies(server->policies, &config->securityPoliciesSize);
	is_described = el->registerEventSource(el, &tcp_manager(server->tcp)->eventSource) ==
			       UA_STATUSCODE_GOOD &&
		       UA_Nodestore_HashMap(&config->nodestore) == UA_STATUSCODE_GOOD &&
		       describe_server(server->settings, server->uri, config);
	push_prepare(config);
	return is_described;
}

static void keep_policies(UA_ServerConfig *config)
{
	config->securityPolicies = NULL;
	config->securityPoliciesSize = 0;
}

/* What is in it besides what OPC UA itself says. */
static bool fill(struct server *server)
{
	const struct opcua_settings *settings = server->settings;
	const struct space_options space = {
		.server = server->ua,
		.uplink = server->uplink,
		.data_images = settings->data_images,
		.data_control = settings->data_control,
		.log = on_log,
		.user = server,
	};
	const struct push_options push = {
		.server = server->ua,
		.socket = *settings->socket ? settings->socket : NULL,
		.service = settings->service,
		.https_service = settings->https_service,
		.user_group = settings->allows_user_certificates ? settings->user_group : "",
		.trust_list_max = settings->trust_list_max,
		.caller = caller,
		.applied = on_applied,
		.log = on_log,
		.user = server,
	};

	server->space = space_new(server->event, &space);
	server->push = server->space ? push_new(server->event, &push) : NULL;
	if (server->push && server->setup)
		push_set_setup(server->push, setup_is_on(server->setup));
	if (server->push && uplink_client(server->uplink)) {
		space_uplink_up(server->space);
		push_uplink_up(server->push);
	}
	return server->push != NULL;
}

static bool start(struct server *server)
{
	UA_ServerConfig config = {0};

	if (!make_parts(server))
		return false;
	if (configure(server, &config))
		server->ua = UA_Server_newWithConfig(&config);
	if (!server->ua) {
		keep_policies(&config);
		UA_ServerConfig_clean(&config);
		return false;
	}
	policy_set_show(server->policies, identity_status(server->identity)->own, 0);
	if (UA_Server_run_startup(server->ua) != UA_STATUSCODE_GOOD)
		return false;
	return fill(server);
}

static void stop_server(struct server *server)
{
	if (UA_Server_getLifecycleState(server->ua) == UA_LIFECYCLESTATE_STARTED)
		(void)loop_shutdown(server->loop, server->ua);
	keep_policies(UA_Server_getConfig(server->ua));
	(void)UA_Server_delete(server->ua);
}

static void stop(struct server *server)
{
	push_free(server->push);
	server->push = NULL;
	space_free(server->space);
	server->space = NULL;
	if (server->ua)
		stop_server(server);
	server->ua = NULL;
	loop_free(server->loop);
	server->loop = NULL;
	server->tcp = NULL;
	policy_set_free(server->policies);
	server->policies = NULL;
}

/* The description is the certificate's, which a GDS may have changed (OPC 10000-4 6.1.3). */
static void set_uri(struct server *server, const char *uri)
{
	UA_ServerConfig *config = UA_Server_getConfig(server->ua);
	UA_String text = UA_STRING_ALLOC(uri);
	UA_Variant array;

	snprintf(server->uri, sizeof(server->uri), "%s", uri);
	if (!text.length)
		return;
	UA_String_clear(&config->applicationDescription.applicationUri);
	config->applicationDescription.applicationUri = text;
	UA_Variant_setArray(&array, &config->applicationDescription.applicationUri, 1,
			    &UA_TYPES[UA_TYPES_STRING]);
	(void)UA_Server_writeValue(server->ua, UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER_SERVERARRAY),
				   array);
}

static void on_identity(const struct identity_status *status, void *user)
{
	struct server *server = user;

	if (server->is_ending)
		return;
	if (server->ua) {
		policy_set_show(server->policies, status->own, server->settings->grace_s);
		if (status->own && strcmp(status->uri, server->uri) != 0)
			set_uri(server, status->uri);
	} else if (status->own) {
		snprintf(server->uri, sizeof(server->uri), "%s", status->uri);
		if (!start(server)) {
			stop(server);
			set_status(server, "the server cannot be started: out of memory");
			begin(server);
			return;
		}
	}
	show_status(server);
	if (!server->ua)
		begin(server);
}

static void on_up(void *user)
{
	struct server *server = user;

	*server->no_tpm = '\0';
	identity_uplink_up(server->identity);
	users_uplink_up(server->users);
	if (server->setup)
		setup_uplink_up(server->setup);
	if (server->space)
		space_uplink_up(server->space);
	if (server->push)
		push_uplink_up(server->push);
	if (identity_status(server->identity)->own)
		show_status(server);
}

static void on_down(const char *why, void *user)
{
	struct server *server = user;

	set_status(server, why);
	if (server->setup)
		setup_uplink_down(server->setup);
	if (server->space)
		space_uplink_down(server->space, why);
	begin(server);
}

/* What signs for channels. */
static void note_tpm(struct server *server, const struct ks_tpm *tpm)
{
	const char *reason = *tpm->reason ? tpm->reason : "it does not say why";

	snprintf(server->no_tpm, sizeof(server->no_tpm), "%s",
		 tpm->state == KS_TPM_READY ? "" : reason);
	if (server->ua)
		show_status(server);
}

static void on_event(const struct ks_event *event, void *user)
{
	struct server *server = user;

	if (event->type == KS_EVENT_TPM && event->tpm)
		note_tpm(server, event->tpm);
	identity_event(server->identity, event);
	if (server->setup)
		setup_event(server->setup, event);
	if (server->space)
		space_event(server->space, event);
	if (server->push)
		push_event(server->push, event);
}

static bool make_services(struct server *server)
{
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	const struct opcua_settings *settings = server->settings;
	const char *socket = *settings->socket ? settings->socket : NULL;
	struct gate_options gate = {
		.socket = socket,
		.service = settings->service,
		.user_group = settings->allows_user_certificates ? settings->user_group : NULL,
		.kinds = describe_policies(settings),
		.throttle = {WAITING_MAX, WAITING_OF_ADDRESS, FAILURES_FREE},
		.log = on_log,
		.user = server,
	};
	struct users_options users = {
		.socket = socket,
		.over = on_login_over,
		.user = server,
	};
	struct access_options access = {
		.settings = settings,
		.address = caller_address,
		.connection = caller_connection,
		.is_newcomer = is_newcomer,
		.right_to_read = right_to_read,
		.right_to_write = right_to_write,
		.ended = on_session_ended,
		.log = on_log,
		.user = server,
	};

	server->uplink = uplink_new(server->event, socket, &handler, server);
	if (!server->uplink)
		return false;
	gate.uplink = server->uplink;
	server->gate = gate_new(server->event, &gate);
	users.uplink = server->uplink;
	users.gate = server->gate;
	server->users = users_new(server->event, &users);
	access.users = server->users;
	server->access = access_new(&access);
	server->log = log_new(on_log, server);
	server->identity =
		identity_new(server->event, server->uplink, settings->service,
			     settings->application_uri, settings->sends_chain, on_identity, server);
	if (settings->is_provisioned)
		server->setup = setup_new(server->event, server->uplink, settings->service,
					  on_setup, server);
	return server->gate && server->users && server->access && server->log && server->identity &&
	       (server->setup || !settings->is_provisioned);
}

bool server_new(sd_event *event, const struct opcua_settings *settings,
		const struct front_end_handler *handler, void *user, struct server **ret_server,
		char problem[SERVER_MESSAGE_MAX])
{
	struct server *server = calloc(1, sizeof(*server));

	snprintf(problem, SERVER_MESSAGE_MAX, "out of memory");
	if (!server)
		return false;
	server->event = event;
	server->settings = settings;
	server->handler = *handler;
	server->user = user;
	if (!make_services(server)) {
		server_free(server);
		return false;
	}
	*ret_server = server;
	return true;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	server->is_ending = true;
	stop(server);
	gate_free(server->gate);
	uplink_free(server->uplink);
	identity_free(server->identity);
	setup_free(server->setup);
	users_free(server->users);
	access_free(server->access);
	log_free(server->log);
	free(server);
}

void server_end(struct server *server, void (*ended)(void *user), void *user)
{
	server->is_ending = true;
	stop(server);
	ended(user);
}
