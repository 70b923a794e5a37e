/* Reaching the service: which path, how long to wait for it, and what to say when it fails. */
#ifndef CLIENT_SOCKET_H
#define CLIENT_SOCKET_H

/*
 * The path to use where the caller gives @path, or NULL: KEYSTORE_SOCKET of the environment
 * (not in a setuid program), else KS_SOCKET_DEFAULT. Borrowed from its source.
 */
const char *socket_path(const char *path);

/* A connected, non-blocking, close-on-exec descriptor; -1 with errno. Waits up to 5 seconds. */
int socket_open(const char *path);

#endif
