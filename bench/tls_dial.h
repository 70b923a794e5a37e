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

/* Whether somebody listens at @path. */
bool tls_is_listening(const char *path);

/* A connection whose handshake is done; NULL: it was not to be had. */
SSL *tls_dial(SSL_CTX *tls, const char *path);
void tls_hang_up(SSL *ssl);

/* Says what went wrong, with OpenSSL's errors, and exits. */
_Noreturn void tls_die(const char *what);

#endif
