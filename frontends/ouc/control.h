/*
 * The control socket, by which other programs of this machine see what runs and give orders: a
 * line of JSON for a command, one or more for its reply; keystore-ouc(8) has their form. Hides
 * sockets, and what becomes of clients that send garbage, too much, or do not read.
 */
#ifndef OUC_CONTROL_H
#define OUC_CONTROL_H

#include <systemd/sd-event.h>

#include "events.h"
#include "settings.h"
#include "station.h"

#define CONTROL_SOCKET_NAME "control.sock" /* in the runtime directory */
#define CONTROL_CLIENTS_MAX 32
#define CONTROL_MESSAGE_MAX 512

struct control;

/*
 * Takes @path for this process, as long as it is open: the socket is there, mode 0660, of its
 * directory's group, and clients wait. Comes before what only one process may do. A socket that
 * a dead process has left is replaced. False: @problem; another keystore-ouc has it, perhaps.
 */
[[nodiscard]] bool control_open(const char *path, struct control **ret_control,
				char problem[CONTROL_MESSAGE_MAX]);
/* Ends what control_serve() began, and removes the socket. NULL is fine. */
void control_close(struct control *control);

/* Serves clients from the loop, until control_end(): the others outlive that. False: no memory. */
[[nodiscard]] bool control_serve(struct control *control, sd_event *event,
				 const struct settings *settings, struct station *station,
				 struct events *events);
void control_end(struct control *control);

#endif
