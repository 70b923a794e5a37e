/* A server's key and certificate. Hides in how many ways OpenSSL gets at a key. */
#ifndef BENCH_TLS_IDENTITY_H
#define BENCH_TLS_IDENTITY_H

#include <stdbool.h>

#include <openssl/ssl.h>

/*
 * Gives @tls the key @name, a file or a URI that the providers and engines of OPENSSL_CONF know,
 * and a certificate that is made with it. False: OpenSSL's errors say why.
 */
bool identity_use(SSL_CTX *tls, const char *name);

#endif
