/* A question by HTTP/1.1 on a connection that stays. Hides how long an answer is. */
#ifndef BENCH_TLS_GET_H
#define BENCH_TLS_GET_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* @header: one more, "Name: value". False: another answer than 200 with all of its body. */
bool tls_get(SSL *ssl, const char *path, const char *header);

#endif
