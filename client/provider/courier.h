/*
 * Asks keystored for the provider, from any thread of any process of the program. Hides forks,
 * and that an event-driven program is let go on while it waits (OpenSSL's ASYNC jobs).
 */
#ifndef PROVIDER_COURIER_H
#define PROVIDER_COURIER_H

#include "call.h"

struct courier;

/* @socket_path NULL: as ks_connect(). @timeout_ms: of each call. NULL: no memory. */
struct courier *courier_new(const char *socket_path, uint32_t timeout_ms);
void courier_free(struct courier *courier); /* NULL is fine */

/* Always fills @ret_answer, whose status it returns. */
enum ks_status courier_ask(struct courier *courier, const struct call_request *request,
			   struct call_answer *ret_answer);

#endif
