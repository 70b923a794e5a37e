/*
 * One client of the control socket. Hides lines, replies that wait for the reader, and that one
 * command at a time is carried out.
 */
#ifndef OUC_CONTROL_CLIENT_H
#define OUC_CONTROL_CLIENT_H

#include <systemd/sd-event.h>

#include "control_reply.h"
#include "events.h"

/*
 * A request with all of the largest block: six bytes for a character, as \u00e9, up to 27 for an
 * element of an array, and the fields' names.
 */
#define CONTROL_LINE_MAX ((size_t)640 * 1024)
/* Replies and events that a client has not read. */
#define CONTROL_OUTPUT_MAX   ((size_t)2 * 1024 * 1024)
#define CONTROL_LAST_WORDS_S 10 /* for reading why the connection ends */

struct control_client;

struct control_world {
	sd_event *event;
	const struct settings *settings;
	struct station *station;
	struct events *events;
};

/* It has ended: free it. */
typedef void control_gone_fn(struct control_client *client, void *user);

/* Takes @fd in each case; @world must outlive it. NULL: no memory. */
struct control_client *control_client_new(const struct control_world *world, int fd,
					  control_gone_fn *gone, void *user);
void control_client_free(struct control_client *client); /* NULL is fine */

/* Outputs of @connection have changed. */
void control_client_changed(struct control_client *client, const struct connection *connection);

/* Tells a client that there is no place for it, and closes. */
void control_client_refuse(int fd);

#endif
