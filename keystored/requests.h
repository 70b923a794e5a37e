/*
 * All requests in flight, as request.c enters them. Hides their deadlines, which names of keys
 * are taken by those that are being made, and how requests end that nobody waits for any more.
 * What others see of that is in request.h.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "request.h"

void requests_add(struct request *request);
void requests_remove(struct request *request);

/* As the client asks, or as is usual for its kind. */
void requests_set_deadline(struct request *request, const ks_pb_request *message);

/* request.c's: the audit's line on how it ended, and the end itself. */
void request_note(struct request *request, enum status status, const char *detail);
void request_end(struct request *request);

#endif
