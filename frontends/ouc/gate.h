/*
 * A place where peers come, and the connections that wait there. Hides who gets a peer: the first
 * whose RemoteAddress it has, else the first that takes any.
 */
#ifndef OUC_GATE_H
#define OUC_GATE_H

#include <stdbool.h>

#include "connection_parts.h"
#include "listener.h"

struct gate;

/* NULL: no memory. */
struct gate *gate_new(struct connection_world *world, const struct listener_place *place);
void gate_free(struct gate *gate); /* before its connections; NULL is fine */

bool gate_is_at(const struct gate *gate, const struct listener_place *place);

/* @connection outlives it. False: no memory. */
[[nodiscard]] bool gate_add(struct gate *gate, struct connection *connection);

/* Where the peers of a connection come; false: it connects, and nobody comes. */
bool gate_place_of(const struct connection_settings *settings, struct listener_place *ret_place);

/* Whether it is known if it can listen. */
bool gate_has_begun(const struct gate *gate);

#endif
