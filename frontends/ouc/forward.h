/*
 * Forward: what comes at one side goes out at the other, for any protocol over TCP; one side is
 * TLS (or plain, where the section says so), the other plain TCP or a Unix socket of this machine.
 * Hides the pairs of streams that are open, and who is connected to when.
 */
#ifndef OUC_FORWARD_H
#define OUC_FORWARD_H

#include "connection_parts.h"

/* NULL: no memory. */
struct forward *forward_new(struct connection *connection);
void forward_free(struct forward *forward); /* NULL is fine */

enum connection_fit forward_fits(const struct forward *forward);
void forward_accept(struct forward *forward, int fd, const char *address);
void forward_listens(struct forward *forward, enum listener_state state, const char *message);
void forward_security_changed(struct forward *forward);
void forward_tick(struct forward *forward);

#endif
