/*
 * A gateway with web pages for tests: a TPM, a keystored with its own CA, and a keystore-https. Hides
 * their places, and how one knows that it serves.
 */
#ifndef SUPPORT_HTTPS_SITE_H
#define SUPPORT_HTTPS_SITE_H

#include <stdlib.h>
#include <sys/types.h>

#include "fixture.h"

/* Certificates by their IDs: project init makes 1 and 2; the web server's is for the rest. */
enum { HTTPS_SITE_CA = 2, HTTPS_SITE_CERT = 3 };

struct https_site {
	struct fixture
		*fixture; /* in its folder: ca.pem, whom clients trust; https.conf, https.log */
	int port;	  /* of loopback; its names are localhost, 127.0.0.1, ::1 */
	int plain_port;	  /* for RedirectHTTP */
	pid_t https;	  /* 0: it does not run */
};

/* keystore-https does not run yet. */
struct https_site https_site_new(const struct fixture_options *options);
void https_site_free(struct https_site *site);

/*
 * Starts keystore-https with @format as more lines of its section; returns when it serves. What it
 * says is in https.log.
 */
void https_site_start(struct https_site *site, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, and returns at once. */
void https_site_launch(struct https_site *site, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int https_site_end(struct https_site *site, int signal); /* its exit code */

/* Until https.log has @text, a fixed string. */
void https_site_until_said(struct https_site *site, const char *text);
/* Until a script succeeds, as HTTPS_SITE() runs it. */
void https_site_until(struct https_site *site, const char *script);

/* "set -e" lets a "! command" that succeeds pass. get: curl, which trusts ca.pem alone. */
#define HTTPS_SITE_SHELL                                                                           \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; "                                        \
	"get() { curl -sS --max-time 30 --cacert ca.pem \"$@\"; }; "

/* Runs a script in the fixture's directory; it must succeed. Its output; free() it. */
#define HTTPS_SITE(site, script, ...)                                                              \
	fixture_sh_ok((site)->fixture, HTTPS_SITE_SHELL script, ##__VA_ARGS__)

#endif
