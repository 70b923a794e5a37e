/*
 * A TLS server and where its key is: what bench tls compares. Hides how each is set up.
 */
#ifndef BENCH_TLS_SITE_H
#define BENCH_TLS_SITE_H

#include <sys/types.h>

#include "fixture.h"

enum site_kind {
	SITE_FILE,	    /* the key is a file, OpenSSL signs by itself */
	SITE_KEYSTORE,	    /* keystore.so */
	SITE_KEYSTORE_SYNC, /* in a server without async jobs */
	SITE_TPM2,	    /* OpenSSL's provider tpm2, alone at the TPM */
	SITE_TPM2_ABRMD,    /* behind the resource manager tpm2-abrmd */
	SITE_PKCS11,	    /* tpm2-pkcs11, behind tpm2-abrmd */
	SITE_NGINX_FILE,    /* nginx with two workers */
	SITE_NGINX_KEYSTORE,
	SITE_KINDS,
};

struct site;

/* Whether it shares the TPM with keystored; the others want one of their own. */
bool site_kind_is_ours(enum site_kind kind);

/* How the table calls it. */
const char *site_kind_name(enum site_kind kind);

/*
 * A server with a key of @algorithm, "ec-p256" or "rsa-2048", in @fixture, whose service runs. It
 * is ready, or site_why_not() says that it cannot be. Unless the kind is ours the service is
 * stopped.
 */
struct site *site_new(struct fixture *fixture, enum site_kind kind, const char *algorithm);
void site_free(struct site *site); /* ends it; the fixture stays. NULL is fine */

/* NULL: it works. Borrowed. */
const char *site_why_not(const struct site *site);

/* Where it listens. Borrowed. */
const char *site_path(const struct site *site);

pid_t site_server_pid(const struct site *site);

#endif
