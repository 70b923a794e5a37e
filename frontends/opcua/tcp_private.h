/*
 * Between the files of the connection manager: tcp.c is what open62541 sees, tcp_connection.c the
 * life of a peer's connection, tcp_in.c and tcp_out.c the chunks that come and go by it.
 */
#ifndef OPCUA_TCP_PRIVATE_H
#define OPCUA_TCP_PRIVATE_H

#include <sys/queue.h>

#include "address.h"
#include "tcp.h"

#define TCP_READ_BYTES 65536

struct tcp_listening;

struct tcp {
	UA_ConnectionManager manager; /* first: what open62541 has is this */
	sd_event *event;
	struct tcp_limits limits;
	struct tcp_gate gate; /* all of it, or nothing */
	void *user;
	UA_ConnectionManager_connectionCallback callback; /* open62541's, when it listens */
	void *application;

	struct listener_place *places;
	size_t place_count;
	void (*changed)(const struct listener_place *place, enum listener_state state,
			const char *message, void *user);
	void *changed_user;
	struct tcp_listening *listenings; /* one for each place; NULL: it listens nowhere */
	size_t listening_count;		  /* that open62541 knows */

	struct tcp_connection *
		*connections; /* limits.connections places; the number is the ID - 1 */
	unsigned connection_count;
	struct tcp_connection *current;
	uint64_t serial;	      /* of the last connection */
	uint8_t read[TCP_READ_BYTES]; /* what a socket has; nothing of it stays here */
};

struct tcp_out;
TAILQ_HEAD(tcp_outs, tcp_out);

struct tcp_connection {
	struct tcp *tcp;
	uintptr_t id;
	uint64_t serial;
	int fd;
	char address[ADDRESS_TEXT_MAX];
	void *context; /* open62541's */
	void *gate_context;
	sd_event_source *io, *timer;

	uint8_t *in; /* a chunk that is not whole, or waits, and what came behind it */
	size_t in_len, in_size;
	bool in_is_held;
	struct tcp_outs outs;
	size_t out_bytes; /* of all of them */
	bool out_is_held; /* the first of them */

	bool is_open;	    /* a channel; until then the timer runs */
	bool has_hung_up;   /* the peer's direction has ended, or is about to */
	bool has_paused;    /* he is not read, since he doesn't read either */
	bool is_ending;	    /* open62541 is given nothing more … */
	bool is_told;	    /* … and knows */
	bool is_broken;	    /* nothing can be sent */
	bool has_sent_last; /* and a FIN; what still comes is thrown away */
	bool is_finished;   /* it is freed at the next opportunity */
	bool is_again;	    /* the gate is asked again at the next opportunity */
	bool is_due;	    /* that is: */
	UA_DelayedCallback soon;
};

/* A parameter's name, as open62541 wants it: it writes to none. */
static inline UA_QualifiedName tcp_param(const char *name)
{
	return UA_QUALIFIEDNAME(0, (char *)(uintptr_t)name);
}

/* Whether open62541's manager has stopped by now. */
void tcp_look_stopped(struct tcp *tcp);

/* Takes @fd. @context: open62541's of whom it listens by. NULL: no memory, or he is turned away. */
struct tcp_connection *tcp_connection_new(struct tcp *tcp, uintptr_t id, int fd,
					  const char *address, void *context);
/* Tells open62541 of it, once it is in tcp->connections. */
void tcp_connection_open(struct tcp_connection *connection);
/* Ends it, soon; with @is_broken what was not sent yet is not sent any more. */
void tcp_connection_end(struct tcp_connection *connection, bool is_broken);
/* There is nothing to be said or heard by it any more; freed soon. */
void tcp_connection_finish(struct tcp_connection *connection);
/* The socket is edge-triggered: what was left unread in its turn is told of again after this. */
void tcp_connection_look_again(struct tcp_connection *connection);

/* What has come is taken as far as that is allowed. */
bool tcp_in_is_wanted(const struct tcp_connection *connection);
void tcp_in_read(struct tcp_connection *connection);
void tcp_in_throw_away(struct tcp_connection *connection);

/* Takes @buffer. */
UA_StatusCode tcp_out_send(struct tcp_connection *connection, UA_ByteString *buffer);
/* What waits is sent as far as the gate and the peer take it. */
void tcp_out_flush(struct tcp_connection *connection);
void tcp_out_drop(struct tcp_connection *connection, bool is_unpassed_only);
/* The peer leaves so much unread that he shouldn't ask for more. */
bool tcp_out_is_behind(const struct tcp_connection *connection);
/* An ERR message in one go. */
void tcp_out_turn_away(int fd, UA_StatusCode status);

#endif
