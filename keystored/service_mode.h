/*
 * Local mode and project mode (A15): certificates that sign themselves, or CAs and what they
 * issue. Switching keeps everything; what a mode allows is a column of request_kind.c.
 */
#ifndef SERVICE_MODE_H
#define SERVICE_MODE_H

#include "keyring.h"

struct request;

void service_mode_show(struct request *request, const void *body, const struct keyring_key *key);
void service_mode_set(struct request *request, const void *body, const struct keyring_key *key);

#endif
