/*
 * A gateway with an OPC UA server for tests: a TPM, a keystored with its own CA, and a
 * keystore-opcua. Hides their places, clients' certificates, and how one knows that it serves.
 */
#ifndef SUPPORT_OPCUA_SITE_H
#define SUPPORT_OPCUA_SITE_H

#include <stdlib.h>
#include <sys/types.h>

#include "fixture.h"

/* Certificates by their IDs: project init makes 1, which is of RSA, and 2; the server's is 3. */
enum { OPCUA_SITE_CA = 1, OPCUA_SITE_CERT = 3 };

#define OPCUA_SITE_URI	    "urn:plant:gateway:opcua" /* the server's */
#define OPCUA_SITE_CLIENT   "urn:plant:client"
#define OPCUA_SITE_PASSWORD "correct horse 1"

struct opcua_site {
	struct fixture *fixture; /* in its folder: opcua.conf, opcua.log; ca.der and crl.der, of the
				  * CA; client.der and client.key.der, of a client that is trusted */
	int port;		 /* of loopback */
	pid_t opcua;		 /* 0: it does not run */
};

/*
 * keystore-opcua does not run yet. Users: admin (an administrator with opcua-access), operator
 * (opcua-access, view, diagnostics and process data), nobody (no opcua-access), all with
 * OPCUA_SITE_PASSWORD. Scripts are logged in to keystored as admin.
 */
struct opcua_site opcua_site_new(const struct fixture_options *options);
void opcua_site_free(struct opcua_site *site);

/*
 * Starts keystore-opcua with @format as more lines of its section; returns when it serves. What it
 * says is in opcua.log.
 */
void opcua_site_start(struct opcua_site *site, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, and returns at once. */
void opcua_site_launch(struct opcua_site *site, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int opcua_site_end(struct opcua_site *site, int signal); /* its exit code */

/* Until opcua.log has @text, a fixed string. */
void opcua_site_until_said(struct opcua_site *site, const char *text);
/* Until a script succeeds, as OPCUA_SITE() runs it. */
void opcua_site_until(struct opcua_site *site, const char *script);

/*
 * Where it fails, it shows what keystore-opcua has said. "set -e" lets a "! command" that succeeds pass. probe: opcua-client_probe at the server, with the
 * client's certificate, its trust in the CA, and what follows; as: with a policy and a mode.
 */
#define OPCUA_SITE_SHELL                                                                           \
	"set -e; trap 'test $? = 0 || tail -n 50 opcua.log >&2 2> /dev/null' EXIT; "               \
	"export HOME=$PWD; unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; fails() { if \"$@\"; "            \
	"then exit 1; fi; }; "                                                                     \
	"probe() { opcua-client_probe opc.tcp://localhost:$PORT --cert client.der "                \
	"--key client.key.der --ca ca.der --crl crl.der --uri " OPCUA_SITE_CLIENT " \"$@\"; }; "   \
	"as() { p=$1 m=$2; shift 2; probe --policy $p --mode $m \"$@\"; }; "

/* Runs a script in the fixture's directory; it must succeed. Its output; free() it. */
#define OPCUA_SITE(site, script, ...)                                                              \
	fixture_sh_ok((site)->fixture, "PORT=%d; " OPCUA_SITE_SHELL script, (site)->port,          \
		      ##__VA_ARGS__)

#endif
