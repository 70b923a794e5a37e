#include "tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp_private.h"

#define HOST_MAX 256

/* Where peers come from; a connection too, as open62541 sees it. */
struct tcp_listening {
	struct tcp *tcp;
	const struct listener_place *place;
	uintptr_t id;
	void *context; /* open62541's */
	struct listener *listener;
	bool is_known, is_ending;
	UA_DelayedCallback ended;
};

/* IDs are those of connections, and then those of places. */
static struct tcp_listening *find_listening(const struct tcp *tcp, uintptr_t id)
{
	size_t at = id - 1 - tcp->limits.connections;

	if (id <= tcp->limits.connections || !tcp->listenings || at >= tcp->place_count ||
	    !tcp->listenings[at].is_known)
		return NULL;
	return &tcp->listenings[at];
}

static struct tcp_connection *find(const struct tcp *tcp, uintptr_t id)
{
	struct tcp_connection *connection;

	if (!id || id > tcp->limits.connections)
		return NULL;
	connection = tcp->connections[id - 1];
	return connection && !connection->is_ending ? connection : NULL;
}

void tcp_look_stopped(struct tcp *tcp)
{
	if (tcp->manager.eventSource.state == UA_EVENTSOURCESTATE_STOPPING &&
	    !tcp->connection_count && !tcp->listening_count)
		tcp->manager.eventSource.state = UA_EVENTSOURCESTATE_STOPPED;
}

static bool has_room(const struct tcp *tcp, const char *address)
{
	unsigned count = 0;

	if (tcp->connection_count >= tcp->limits.connections)
		return false;
	for (unsigned i = 0; i < tcp->limits.connections; i++)
		count += tcp->connections[i] && strcmp(tcp->connections[i]->address, address) == 0;
	return count < tcp->limits.connections_of_address;
}

static void on_accepted(int fd, const char *address, void *user)
{
	struct tcp_listening *listening = user;
	struct tcp *tcp = listening->tcp;
	struct tcp_connection *connection;
	const int on = 1;
	unsigned at = 0;

	if (!listening->is_known || listening->is_ending) {
		close(fd);
		return;
	}
	if (!has_room(tcp, address)) {
		tcp_out_turn_away(fd, UA_STATUSCODE_BADTCPSERVERTOOBUSY);
		close(fd);
		return;
	}
	/* Fails for a Unix socket, which has no such delay. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while (tcp->connections[at])
		at++;
	connection = tcp_connection_new(tcp, at + 1, fd, address, listening->context);
	if (!connection)
		return;
	tcp->connections[at] = connection;
	tcp->connection_count++;
	tcp_connection_open(connection);
}

static void on_changed(enum listener_state state, const char *message, void *user)
{
	struct tcp_listening *listening = user;

	if (listening->tcp->changed)
		listening->tcp->changed(listening->place, state, message,
					listening->tcp->changed_user);
}

static void on_listening_ended(void *application, void *context)
{
	struct tcp *tcp = application;
	struct tcp_listening *listening = context;

	listening->is_known = false;
	tcp->listening_count--;
	tcp->callback(&tcp->manager, listening->id, tcp->application, &listening->context,
		      UA_CONNECTIONSTATE_CLOSING, &UA_KEYVALUEMAP_NULL, UA_BYTESTRING_NULL);
	if (!tcp->listening_count) {
		free(tcp->listenings);
		tcp->listenings = NULL;
	}
	tcp_look_stopped(tcp);
}

/* open62541 hears of it later: not from within what it calls. */
static void end_listening(struct tcp_listening *listening)
{
	UA_EventLoop *el = listening->tcp->manager.eventSource.eventLoop;

	if (!listening->is_known || listening->is_ending)
		return;
	listening->is_ending = true;
	listener_free(listening->listener);
	listening->listener = NULL;
	listening->ended.callback = on_listening_ended;
	listening->ended.application = listening->tcp;
	listening->ended.context = listening;
	el->addDelayedCallback(el, &listening->ended);
}

/* As open62541's own manager says it: its URLs for discovery are made of that. */
static void announce(struct tcp_listening *listening)
{
	struct tcp *tcp = listening->tcp;
	char host[HOST_MAX + 2] = "", name[HOST_MAX] = "localhost";
	UA_UInt16 port = listening->place->port;
	UA_KeyValuePair params[2] = {{.key = tcp_param("listen-address")},
				     {.key = tcp_param("listen-port")}};
	UA_KeyValueMap map = {2, params};
	UA_String text;

	if (*listening->place->host)
		snprintf(name, sizeof(name), "%s", listening->place->host);
	else
		(void)gethostname(name, sizeof(name) - 1);
	snprintf(host, sizeof(host), strchr(name, ':') ? "[%.253s]" : "%.255s", name);
	text = UA_STRING(host);
	UA_Variant_setScalar(&params[0].value, &text, &UA_TYPES[UA_TYPES_STRING]);
	UA_Variant_setScalar(&params[1].value, &port, &UA_TYPES[UA_TYPES_UINT16]);
	listening->is_known = true;
	tcp->listening_count++;
	tcp->callback(&tcp->manager, listening->id, tcp->application, &listening->context,
		      UA_CONNECTIONSTATE_ESTABLISHED, &map, UA_BYTESTRING_NULL);
}

static UA_StatusCode listen_at_places(struct tcp *tcp, void *context)
{
	static const struct listener_handler handler = {on_accepted, on_changed};
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	tcp->listenings = calloc(tcp->place_count, sizeof(*tcp->listenings));
	if (!tcp->listenings)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	for (size_t i = 0; i < tcp->place_count; i++) {
		struct tcp_listening *listening = &tcp->listenings[i];

		listening->tcp = tcp;
		listening->place = &tcp->places[i];
		listening->id = tcp->limits.connections + 1 + i;
		listening->context = context;
		announce(listening);
	}
	/* Afterwards, so that no peer is there before all of it is. */
	for (size_t i = 0; i < tcp->place_count && !status; i++) {
		struct tcp_listening *listening = &tcp->listenings[i];

		if (listening->is_ending)
			continue;
		listening->listener =
			listener_new(tcp->event, listening->place, &handler, listening);
		if (!listening->listener)
			status = UA_STATUSCODE_BADOUTOFMEMORY;
	}
	for (size_t i = 0; i < tcp->place_count && status; i++)
		end_listening(&tcp->listenings[i]);
	return status;
}

static UA_StatusCode open_connection(UA_ConnectionManager *manager, const UA_KeyValueMap *params,
				     void *application, void *context,
				     UA_ConnectionManager_connectionCallback callback)
{
	struct tcp *tcp = (struct tcp *)manager;
	const UA_Boolean *listens = params ? UA_KeyValueMap_getScalar(params, tcp_param("listen"),
								      &UA_TYPES[UA_TYPES_BOOLEAN])
					   : NULL;

	if (manager->eventSource.state != UA_EVENTSOURCESTATE_STARTED)
		return UA_STATUSCODE_BADINTERNALERROR;
	if (!listens || !*listens)
		return UA_STATUSCODE_BADNOTSUPPORTED;
	if (!tcp->place_count)
		return UA_STATUSCODE_BADCONFIGURATIONERROR;
	/* Each of the server's URLs comes here, and all places were opened for the first. */
	if (tcp->listenings)
		return tcp->application == application ? UA_STATUSCODE_GOOD
						       : UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
	tcp->callback = callback;
	tcp->application = application;
	return listen_at_places(tcp, context);
}

static UA_StatusCode send_with_connection(UA_ConnectionManager *manager, uintptr_t id,
					  const UA_KeyValueMap *params, UA_ByteString *buffer)
{
	struct tcp_connection *connection = find((struct tcp *)manager, id);

	(void)params;
	if (connection)
		return tcp_out_send(connection, buffer);
	UA_ByteString_clear(buffer);
	return UA_STATUSCODE_BADCONNECTIONCLOSED;
}

static UA_StatusCode close_connection(UA_ConnectionManager *manager, uintptr_t id)
{
	struct tcp *tcp = (struct tcp *)manager;
	struct tcp_listening *listening = find_listening(tcp, id);
	struct tcp_connection *connection = find(tcp, id);

	if (!listening && !connection)
		return UA_STATUSCODE_BADNOTFOUND;
	if (listening)
		end_listening(listening);
	else
		tcp_connection_end(connection, false);
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode alloc_buffer(UA_ConnectionManager *manager, uintptr_t id,
				  UA_ByteString *buffer, size_t size)
{
	(void)manager;
	(void)id;
	return UA_ByteString_allocBuffer(buffer, size);
}

static void free_buffer(UA_ConnectionManager *manager, uintptr_t id, UA_ByteString *buffer)
{
	(void)manager;
	(void)id;
	UA_ByteString_clear(buffer);
}

static UA_StatusCode start(UA_EventSource *source)
{
	if (source->state != UA_EVENTSOURCESTATE_STOPPED)
		return UA_STATUSCODE_BADINTERNALERROR;
	source->state = UA_EVENTSOURCESTATE_STARTED;
	return UA_STATUSCODE_GOOD;
}

static void stop(UA_EventSource *source)
{
	struct tcp *tcp = (struct tcp *)source;

	source->state = UA_EVENTSOURCESTATE_STOPPING;
	for (size_t i = 0; tcp->listenings && i < tcp->place_count; i++)
		end_listening(&tcp->listenings[i]);
	for (unsigned i = 0; i < tcp->limits.connections; i++)
		if (tcp->connections[i])
			tcp_connection_end(tcp->connections[i], true);
	tcp_look_stopped(tcp);
}

static UA_StatusCode free_source(UA_EventSource *source)
{
	struct tcp *tcp = (struct tcp *)source;

	if (source->state >= UA_EVENTSOURCESTATE_STARTING)
		return UA_STATUSCODE_BADINTERNALERROR;
	UA_String_clear(&source->name);
	UA_KeyValueMap_clear(&source->params);
	sd_event_unref(tcp->event);
	free(tcp->connections);
	free(tcp->places);
	free(tcp);
	return UA_STATUSCODE_GOOD;
}

struct tcp *tcp_new(sd_event *event, const struct tcp_limits *limits, const struct tcp_gate *gate,
		    void *user)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->event = sd_event_ref(event);
	tcp->limits = *limits;
	if (gate)
		tcp->gate = *gate;
	tcp->user = user;
	tcp->connections = calloc(limits->connections, sizeof(struct tcp_connection *));
	tcp->manager = (UA_ConnectionManager){
		.eventSource = {.eventSourceType = UA_EVENTSOURCETYPE_CONNECTIONMANAGER,
				.name = UA_STRING_ALLOC("tcp"),
				.start = start,
				.stop = stop,
				.free = free_source},
		.protocol = UA_STRING((char *)(uintptr_t) "tcp"),
		.openConnection = open_connection,
		.sendWithConnection = send_with_connection,
		.closeConnection = close_connection,
		.allocNetworkBuffer = alloc_buffer,
		.freeNetworkBuffer = free_buffer,
	};
	if (tcp->connections && tcp->manager.eventSource.name.data)
		return tcp;
	(void)free_source(&tcp->manager.eventSource);
	return NULL;
}

UA_ConnectionManager *tcp_manager(struct tcp *tcp)
{
	return &tcp->manager;
}

bool tcp_listen(struct tcp *tcp, const struct listener_place *places, size_t count,
		void (*changed)(const struct listener_place *place, enum listener_state state,
				const char *message, void *user),
		void *user)
{
	struct listener_place *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy)
		return false;
	memcpy(copy, places, count * sizeof(*copy));
	free(tcp->places);
	tcp->places = copy;
	tcp->place_count = count;
	tcp->changed = changed;
	tcp->changed_user = user;
	return true;
}

uint64_t tcp_serial(const struct tcp_connection *connection)
{
	return connection->serial;
}

struct tcp_connection *tcp_current(const struct tcp *tcp)
{
	return tcp->current;
}
