/*
 * A keystored with a CA, keystore-deploy beside it, and the files of a program. Hides their
 * places, and how a script in a test reaches them.
 */
#ifndef DEPLOY_SITE_H
#define DEPLOY_SITE_H

#include <stdlib.h>
#include <sys/types.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define DEPLOY_SITE_SHELL                                                                          \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; "                                        \
	"export KEYSTORE_DEPLOY_DIR=$PWD/deploy.d KEYSTORE_DEPLOY_STATUS=$PWD/status; "            \
	"export PATH=$PWD/bin:$PATH; "

/*
 * pair: certificate and reference file are whole, and of one key: the public key is the end of the
 * reference's DER.
 */
#define DEPLOY_SITE_PAIR                                                                           \
	"pair() { openssl x509 -in $1 -noout -pubkey | openssl pkey -pubin -outform DER > "        \
	"is.der; "                                                                                 \
	"tail -n 1 $1 | grep -q 'END CERTIFICATE'; tail -n 1 $2 | grep -q 'END KEYSTORE'; "        \
	"sed -n '/^-----BEGIN/,/^-----END/p' $2 | grep -v -e ----- | base64 -d | "                 \
	"tail -c $(stat -c %%s is.der) | cmp - is.der; }; "

/* Runs a script in the fixture's directory; it must succeed. @script is a literal. */
#define SITE(site, script, ...)                                                                    \
	free(fixture_sh_ok((site)->fixture, DEPLOY_SITE_SHELL DEPLOY_SITE_PAIR script,             \
			   ##__VA_ARGS__))

struct deploy_site {
	struct fixture *fixture;
	pid_t agent; /* 0: it does not run */
};

/* Certificate 3 is of key "web", issued by the P-256 CA. */
struct deploy_site deploy_site_new(void);
void deploy_site_free(struct deploy_site *site);

/* @command: of a shell, what becomes keystore-deploy. */
void deploy_site_start_as(struct deploy_site *site, const char *command);
void deploy_site_start(struct deploy_site *site);
int deploy_site_end(struct deploy_site *site, int signal); /* its exit code */

/* Until a script succeeds. */
void deploy_site_until(struct deploy_site *site, const char *script);

#endif
