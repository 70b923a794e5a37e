/*
 * A TLS 1.3 client of benchmarks, blocking, without resumption. Hides how a server is reached, and
 * that nobody asks who it is.
 */
#ifndef BENCH_TLS_DIAL_H
#define BENCH_TLS_DIAL_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* For tls_dial(); SSL_CTX_free(). Never NULL. */
SSL_CTX *tls_dial_context(void);

/* Whether somebody listens at @place: a Unix socket's path, or a port of loopback, ":4433". */
bool tls_is_listening(const char *place);

/* A connection whose handshake is done; NULL: it was not to be had. */
SSL *tls_dial(SSL_CTX *tls, const char *place);
void tls_hang_up(SSL *ssl);

/* Says what went wrong, with OpenSSL's errors, and exits. */
_Noreturn void tls_die(const char *what);

#endif
