/*
 * Everything that runs by one configuration: data blocks with their images, connections and
 * forwards, and the one connection to keystored. Hides who holds what.
 */
#ifndef OUC_STATION_H
#define OUC_STATION_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "connection.h"
#include "data_image.h"
#include "events.h"
#include "settings.h"

#define STATION_PROBLEM_MAX 512

struct station;

/* @settings and @events must outlive it. False: @problem. */
[[nodiscard]] bool station_new(sd_event *event, const struct settings *settings,
			       struct events *events, struct station **ret_station,
			       char problem[STATION_PROBLEM_MAX]);
void station_free(struct station *station); /* ends all connections; NULL is fine */

/* Whether each place where peers come listens, or is known not to. */
bool station_has_begun(const struct station *station);

/* In the order of the file; NULL: beyond the last. */
struct connection *station_connection(struct station *station, size_t index);
struct connection *station_find(struct station *station, const char *name);
struct data_image *station_image(struct station *station, const char *block);

/*
 * Writes an image, and has sent what sends on change. @bytes: the block's size. Everything that
 * changes an image comes by here.
 */
void station_write(struct station *station, struct data_image *image, const uint8_t *bytes);

/*
 * Has @changed called after outputs of a connection have changed, counts apart; from within
 * connection_send() and station_write() too. There is one at a time; NULL: nobody.
 */
typedef void station_changed_fn(struct connection *connection, void *user);
void station_on_change(struct station *station, station_changed_fn *changed, void *user);

#endif
