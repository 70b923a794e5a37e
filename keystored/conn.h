/*
 * A client's connection. Hides framing, pipelining, back-pressure, and what becomes of a
 * peer that sends slowly, sends garbage or does not read.
 */
#ifndef CONN_H
#define CONN_H

#include <codec.h>
#include <status.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

struct conn;
struct conns;
struct request;
struct request_list;
struct service;

/* All connections of a service. NULL: no memory. */
struct conns *conns_new(struct service *service);
void conns_free(struct conns *conns);
unsigned conns_count(const struct conns *conns);

/*
 * Serves @fd, a connected stream socket, on behalf of @peer (from malloc()). Both are taken
 * over, also when there is no memory and NULL is returned.
 */
struct conn *conn_new(struct service *service, int fd, struct peer *peer);

/* For what serves requests. */
const struct peer *conn_peer(const struct conn *conn);
uint64_t conn_number(const struct conn *conn); /* never reused */
struct account *conn_account(const struct conn *conn);
struct request_list *conn_requests(struct conn *conn);
void conn_request_began(struct conn *conn);
void conn_request_ended(struct conn *conn);

/* Sends now what the socket takes. A peer with too much unread is disconnected. */
void conn_send(struct conn *conn, const ks_pb_reply *reply);

/* Says why, with id 0, and disconnects; requests in flight are cancelled. */
__attribute__((format(printf, 3, 4))) void conn_refuse(struct conn *conn, enum status status,
						       const char *format, ...);

/* As user of the login @session; 0: as nobody. */
void conn_subscribe(struct conn *conn, uint64_t session);

/* To each subscriber for which @wants, if not NULL, says so. */
void conns_publish(struct conns *conns, const ks_pb_reply *event,
		   bool (*wants)(const struct policy_caller *caller, void *user), void *user);

/* Nothing is read any more; then: replies get @grace_ms to leave. */
void conns_stop(struct conns *conns);
void conns_drain(struct conns *conns, unsigned grace_ms);

#endif
