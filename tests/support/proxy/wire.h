/* Unix sockets of the proxy. Hides addresses and partial transfers. */
#ifndef PROXY_WIRE_H
#define PROXY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A non-blocking listener at @path, replacing what a dead proxy left. -1: errno says. */
int wire_listen(const char *path);

/* -1: errno says. The descriptor blocks, for at most ten seconds. */
int wire_connect(const char *path);

/* Sends everything. False: the peer is gone. */
bool wire_send(int fd, const uint8_t *bytes, size_t len);

/* One TPM command and its whole response, over a connection of its own. 0: no answer. */
size_t wire_transact(const char *path, const uint8_t *command, size_t len, uint8_t *ret_response);

#endif
