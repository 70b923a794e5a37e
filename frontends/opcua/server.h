/*
 * Everything that runs by one configuration: the OPC UA server, its connections, and the one to
 * keystored. Hides which certificate is shown, that it is exchanged while sessions go on, and that
 * there is no server as long as there is no certificate.
 */
#ifndef OPCUA_SERVER_H
#define OPCUA_SERVER_H

#include <systemd/sd-event.h>

#include "front_end_main.h"
#include "settings.h"

#define SERVER_MESSAGE_MAX FRONT_END_MESSAGE_MAX

struct server;

/* @settings must outlive it. False: @problem. */
[[nodiscard]] bool server_new(sd_event *event, const struct opcua_settings *settings,
			      const struct front_end_handler *handler, void *user,
			      struct server **ret_server, char problem[SERVER_MESSAGE_MAX]);
void server_free(struct server *server); /* NULL is fine */

/* Takes nobody any more, ends all sessions, and calls @ended, perhaps before it returns. */
void server_end(struct server *server, void (*ended)(void *user), void *user);

#endif
