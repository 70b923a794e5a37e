/*
 * What the parts of a connection, and the station that has it, know of each other. Hides from them
 * how outputs become events.
 */
#ifndef OUC_CONNECTION_PARTS_H
#define OUC_CONNECTION_PARTS_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "connection.h"
#include "data_image.h"
#include "listener.h"
#include "refusals.h"
#include "security.h"

#define WORLD_SCRATCH	   ((size_t)65536)
#define CONNECTION_TICK_MS 5000 /* how often connection_tick() is called */

/* What all connections of a station share. */
struct connection_world {
	sd_event *event;
	struct tls *tls;	     /* NULL: all are plain */
	uint8_t *scratch;	     /* WORLD_SCRATCH bytes for whoever runs just now */
	const char *service_problem; /* why keystored is away; "": it is there */
	struct refusals refusals;
	void (*tell)(const char *name, json_t *members, void *user); /* as events_tell() */
	void (*changed)(struct connection *connection, void *user);
	void (*write)(struct data_image *image, const uint8_t *bytes, void *user);
	void *user;
};

struct transfer;
struct forward;

struct connection {
	struct connection_world *world;
	const struct connection_settings *settings;
	struct connection_outputs outputs;
	enum ouc_status told; /* of the last event "state" */
	struct security security;
	struct transfer *transfer; /* either has blocks … */
	struct forward *forward;   /* … or forwards */
};

/* For the station. Images: NULL where there is no such block. NULL: no memory. */
struct connection *connection_new(struct connection_world *world,
				  const struct connection_settings *settings,
				  struct data_image *send, struct data_image *receive);
void connection_free(struct connection *connection); /* NULL is fine */

/* Whether a peer that has come is for this connection; a later one is the better. */
enum connection_fit {
	FIT_STRANGER, /* it is not its RemoteAddress */
	FIT_UNREADY,  /* the own certificate */
	FIT_TAKEN,    /* it has as many peers as it may */
	FIT_CROWDED,  /* as many as it may are on their way already */
	FIT_ANY,
	FIT_BY_ADDRESS,
};
/* @ret_load: peers that are on their way; of equals the one with fewer is the better. */
enum connection_fit connection_fits(const struct connection *connection, const char *address,
				    unsigned *ret_load);
void connection_accept(struct connection *connection, int fd, const char *address);

/* As of the listener of its place. */
void connection_listens(struct connection *connection, enum listener_state state,
			const char *message);

void connection_image_changed(struct connection *connection); /* what it sends on change */
void connection_service_changed(struct connection *connection);
void connection_tick(struct connection *connection);

/* For the parts. Outputs are set, told where they are news, and watchers called. */
void connection_says(struct connection *connection, enum ouc_status status); /* no error */
void connection_fails(struct connection *connection, enum ouc_status status, const char *message);
void connection_clear_error(struct connection *connection);
void connection_changed(struct connection *connection); /* what is no event of its own */

/* {"connection":NAME}; NULL: no memory. */
json_t *connection_members(const struct connection *connection);
/* Takes @members, NULL included. @level: from which on it is told. */
void connection_tell(struct connection *connection, enum event_level level, const char *name,
		     json_t *members);
void connection_refuses(struct connection *connection, const char *peer, enum ouc_status status,
			const char *message);

#endif
