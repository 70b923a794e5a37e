/*
 * Everything that runs by one configuration: the server, its pages, and the one connection to
 * keystored. Hides which certificate is shown, and that it is exchanged while requests go on.
 */
#ifndef HTTPS_SITE_H
#define HTTPS_SITE_H

#include <systemd/sd-event.h>

#include "front_end_main.h"
#include "settings.h"

#define SITE_MESSAGE_MAX FRONT_END_MESSAGE_MAX

struct site;

/* @settings must outlive it. False: @problem. */
[[nodiscard]] bool site_new(sd_event *event, const struct https_settings *settings,
			    const struct front_end_handler *handler, void *user,
			    struct site **ret_site, char problem[SITE_MESSAGE_MAX]);
void site_free(struct site *site); /* NULL is fine */

/* Takes nobody any more; @ended is called from the loop when what is under way is answered. */
void site_end(struct site *site, void (*ended)(void *user), void *user);

#endif
