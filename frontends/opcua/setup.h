/*
 * Whether the server is still to be set up: its trust list is empty (OPC 10000-12 7.5). Hides how
 * keystored is asked for that. What is not known is not empty.
 */
#ifndef OPCUA_SETUP_H
#define OPCUA_SETUP_H

#include <systemd/sd-event.h>

#include "uplink.h"

struct setup;

/*
 * @changed: at each change; at first it is not. @service, whose trust group it is, is borrowed as
 * @uplink. NULL: no memory.
 */
struct setup *setup_new(sd_event *event, struct uplink *uplink, const char *service,
			void (*changed)(bool is_on, void *user), void *user);
void setup_free(struct setup *setup); /* after the uplink; NULL is fine */

void setup_uplink_up(struct setup *setup); /* again: anything may have changed */
void setup_uplink_down(struct setup *setup);
void setup_event(struct setup *setup, const struct ks_event *event);
bool setup_is_on(const struct setup *setup);

#endif
