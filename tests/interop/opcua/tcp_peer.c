/*
 * A server of open62541 by our connection manager and loop, and clients that put it to the test.
 *
 *     opcua-tcp_peer SCENARIO
 *
 * The client is a process of its own; the scenario ends when that does. Exit code 0: all of it held.
 */
#include <sys/wait.h>

#include <open62541/server.h>
#include <open62541/server_config_default.h>

#include "loop.h"
#include "tcp.h"
#include "tcp_clients.h"

/* What the gate does to the connection that came first; "": nothing of the kind. */
struct rule {
	char in[4], out[4]; /* the type of chunk that waits until others were READS times heard */
	bool refuses;	    /* and is refused then, not let go */
	char refuses_in[4], refuses_out[4]; /* the type of chunk that is refused at once */
	bool refuses_peers;		    /* all but the first are turned away */
};

struct scenario {
	const char *name;
	void (*client)(uint16_t port);
	struct rule rule;
	struct tcp_limits limits;
};

struct site;

struct peer {
	struct site *site;
	struct tcp_connection *connection;
	bool is_first, waits;
};

struct site {
	const struct scenario *scenario;
	struct tcp *tcp;
	sd_event *event;
	struct listener_place place;
	pid_t client;
	int client_status;
	struct peer *first;
	unsigned opened, closed, heard;
};

/* The gate */

static bool is_open_for(const struct site *site)
{
	return site->heard >= READS;
}

static bool opened(struct tcp_connection *connection, void **ret_context, void *user)
{
	struct site *site = user;
	struct peer *peer;

	raw_assert(strncmp(tcp_address(connection), "127.0.0.", 8) == 0);
	if (site->scenario->rule.refuses_peers && site->opened)
		return false;
	peer = calloc(1, sizeof(*peer));
	peer->site = site;
	peer->connection = connection;
	peer->is_first = !site->opened++;
	if (peer->is_first)
		site->first = peer;
	*ret_context = peer;
	return true;
}

static void closed(void *context, void *user)
{
	struct site *site = user;

	site->closed++;
	if (site->first == context)
		site->first = NULL;
	free(context);
}

static enum tcp_step step(struct peer *peer, const uint8_t *chunk, const char *waits,
			  const char *refused, UA_StatusCode *ret_status)
{
	const struct rule *rule = &peer->site->scenario->rule;

	if (!peer->is_first)
		return TCP_PASS;
	*ret_status = UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	if (*refused && memcmp(chunk, refused, 3) == 0)
		return TCP_REFUSE;
	if (!*waits || memcmp(chunk, waits, 3) != 0)
		return TCP_PASS;
	peer->waits = !is_open_for(peer->site);
	if (peer->waits)
		return TCP_HOLD;
	return rule->refuses ? TCP_REFUSE : TCP_PASS;
}

static enum tcp_step in(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			void *user)
{
	struct site *site = user;
	const struct rule *rule = &site->scenario->rule;

	raw_assert(len >= 8 && raw_get(chunk + 4) == len && !tcp_current(site->tcp));
	return step(context, chunk, rule->in, rule->refuses_in, ret_status);
}

static enum tcp_step out(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			 void *user)
{
	struct site *site = user;
	const struct rule *rule = &site->scenario->rule;

	raw_assert(len >= 8 && raw_get(chunk + 4) == len);
	return step(context, chunk, rule->out, rule->refuses_out, ret_status);
}

static void fed(void *context, void *user)
{
	struct site *site = user;
	struct peer *peer = context;

	raw_assert(!tcp_current(site->tcp));
	if (peer->is_first)
		return;
	site->heard++;
	if (site->first && site->first->waits && is_open_for(site)) {
		site->first->waits = false;
		if (site->scenario->rule.refuses)
			tcp_refuse(site->first->connection, UA_STATUSCODE_BADSECURITYCHECKSFAILED);
		else
			tcp_release(site->first->connection);
	}
}

/* The server */

static uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	raw_assert(bind(fd, (struct sockaddr *)&address, len) == 0);
	raw_assert(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int on_client_ended(sd_event_source *source, const siginfo_t *info, void *user)
{
	struct site *site = user;

	(void)source;
	site->client_status = info->si_code == CLD_EXITED ? info->si_status : 1;
	site->client = 0;
	return sd_event_exit(site->event, 0);
}

/* Somebody listens: the client may come. */
static void changed(const struct listener_place *place, enum listener_state state,
		    const char *message, void *user)
{
	struct site *site = user;
	pid_t client;

	if (state != LISTENER_LISTENS) {
		fprintf(stderr, "%s\n", message);
		exit(1);
	}
	client = fork();
	if (!client) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		site->scenario->client(place->port);
		_exit(0);
	}
	site->client = client;
	raw_assert(client > 0 && sd_event_add_child(site->event, NULL, client, WEXITED,
						    on_client_ended, site) >= 0);
}

static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	raw_assert(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
}

static void add_large_value(UA_Server *server)
{
	UA_VariableAttributes attributes = UA_VariableAttributes_default;
	UA_ByteString bytes;

	raw_assert(!UA_ByteString_allocBuffer(&bytes, LARGE_BYTES));
	memset(bytes.data, 0, bytes.length);
	UA_Variant_setScalar(&attributes.value, &bytes, &UA_TYPES[UA_TYPES_BYTESTRING]);
	attributes.dataType = UA_TYPES[UA_TYPES_BYTESTRING].typeId;
	raw_assert(!UA_Server_addVariableNode(server, UA_NODEID_NUMERIC(1, LARGE_NODE),
					      UA_NODEID_NUMERIC(0, UA_NS0ID_OBJECTSFOLDER),
					      UA_NODEID_NUMERIC(0, UA_NS0ID_ORGANIZES),
					      UA_QUALIFIEDNAME(1, (char *)(uintptr_t) "large"),
					      UA_NODEID_NUMERIC(0, UA_NS0ID_BASEDATAVARIABLETYPE),
					      attributes, NULL, NULL));
	UA_ByteString_clear(&bytes);
}

static UA_Server *server_new(UA_EventLoop *el)
{
	UA_ServerConfig config = {.logging = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL),
				  .eventLoop = el,
				  .externalEventLoop = true};

	raw_assert(!UA_ServerConfig_setMinimal(&config, 0, NULL));
	config.tcpBufSize = RAW_CHUNK;
	config.maxSecureChannels = config.maxSessions = 100;
	return UA_Server_newWithConfig(&config);
}

static void serve(struct site *site)
{
	static const struct tcp_gate gate = {opened, closed, in, fed, out};
	UA_Logger *logger = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL);
	struct loop *loop;
	UA_Server *server;

	raw_assert(sd_event_new(&site->event) >= 0);
	raw_assert(sd_event_add_signal(site->event, NULL, SIGTERM, NULL, NULL) >= 0);
	loop = loop_new(site->event, logger);
	site->tcp = tcp_new(site->event, &site->scenario->limits, &gate, site);
	raw_assert(loop && site->tcp);
	site->place = (struct listener_place){.host = "127.0.0.1", .port = free_port()};
	raw_assert(tcp_listen(site->tcp, &site->place, 1, changed, site));
	raw_assert(!loop_event_loop(loop)->registerEventSource(
		loop_event_loop(loop), &tcp_manager(site->tcp)->eventSource));
	server = server_new(loop_event_loop(loop));
	raw_assert(server && !UA_Server_run_startup(server));
	add_large_value(server);
	raw_assert(sd_event_loop(site->event) >= 0);

	raw_assert(!loop_shutdown(loop, server));
	raw_assert(UA_Server_getLifecycleState(server) == UA_LIFECYCLESTATE_STOPPED);
	raw_assert(!UA_Server_delete(server));
	loop_free(loop);
	logger->clear(logger);
	/* Each that came has gone, and the gate knows. */
	raw_assert(site->opened == site->closed);
	if (site->client)
		raw_assert(waitpid(site->client, &site->client_status, 0) == site->client);
	sd_event_unref(site->event);
}

#define LIMITS                                                                                     \
	{                                                                                          \
		.connections = 100, .connections_of_address = 100, .chunk_bytes = 131072,          \
		.hello_ms = 60000, .unread_bytes = 16 << 20                                        \
	}

static const struct scenario scenarios[] = {
	{"reads", reads_and_subscribes, .limits = LIMITS},
	{"many", many_connect, .limits = LIMITS},
	{"pieces", chunks_come_in_pieces, .limits = LIMITS},
	{"garbage", what_is_no_chunk_is_refused, .limits = LIMITS},
	{"sizes", chunks_have_a_largest_size, .limits = LIMITS},
	{"hold-open", open_waits, {.in = "OPN"}, LIMITS},
	{"hold-opened", open_waits, {.out = "OPN"}, LIMITS},
	{"hold-messages", messages_wait, {.in = "MSG"}, LIMITS},
	{"hold-answers", messages_wait, {.out = "MSG"}, LIMITS},
	{"refuse-held", message_is_refused, {.in = "MSG", .refuses = true}, LIMITS},
	{"refuse-held-answer", message_is_refused, {.out = "MSG", .refuses = true}, LIMITS},
	{"refuse-open", open_is_refused, {.refuses_in = "OPN"}, LIMITS},
	{"refuse-opened", open_is_refused, {.refuses_out = "OPN"}, LIMITS},
	{"refuse-peers", peers_are_turned_away, {.refuses_peers = true}, LIMITS},
	{"connections", connections_are_limited, .limits = {3, 2, 65536, 60000, 16 << 20}},
	{"slow", slow_reader_waits, .limits = {9, 9, 65536, 60000, 600000}},
	{"unread", who_reads_nothing_is_given_up, .limits = {9, 9, 65536, 60000, 100000}},
	{"silent", who_says_nothing_is_ended, .limits = {9, 9, 65536, 500, 600000}},
	{"vanish", peers_vanish, {.in = "MSG"}, LIMITS},
	{"end", server_ends_first, {.in = "MSG"}, LIMITS},
};

int main(int argc, char **argv)
{
	struct site site = {.client_status = 1};

	for (size_t i = 0; argc == 2 && i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (strcmp(argv[1], scenarios[i].name) == 0)
			site.scenario = &scenarios[i];
	if (!site.scenario) {
		fprintf(stderr, "usage: opcua-tcp_peer SCENARIO\n");
		return 2;
	}
	block_signals();
	serve(&site);
	return site.client_status;
}
