/*
 * A gateway with keystore-opcua-client for tests: a TPM, a keystored with its own CA, and a server
 * of open62541 with its own cryptography. Hides their places, and how one knows that it serves.
 */
#ifndef SUPPORT_OPCUA_PLAIN_H
#define SUPPORT_OPCUA_PLAIN_H

#include <stdlib.h>
#include <sys/types.h>

#include "fixture.h"

#define OPCUA_PLAIN_URI "urn:plant:plain" /* the server's */

/*
 * In the fixture's folder: server.der and server.key.der, by the CA, whose ca.der and crl.der are
 * there; nobody trusts anybody yet. The client's service opcua-client has certificate 3.
 */
struct opcua_plain {
	struct fixture *fixture;
	int port;
	pid_t server; /* 0: it does not run */
};

struct opcua_plain opcua_plain_new(void);
void opcua_plain_free(struct opcua_plain *plain);

/* Starts opcua-plain_server with @options, words with blanks between; returns when it serves. */
void opcua_plain_start(struct opcua_plain *plain, const char *options);
void opcua_plain_end(struct opcua_plain *plain);

/* With those it has a certificate, and trusts what the CA has issued. */
#define OPCUA_PLAIN_SECURE                                                                         \
	"--cert server.der --key server.key.der --uri " OPCUA_PLAIN_URI                            \
	" --trust ca.der --crl crl.der "

/* fails CODE COMMAND…; ua: keystore-opcua-client. */
#define OPCUA_PLAIN_SHELL                                                                          \
	"set -ex; export KEYSTORE_OPCUA_URL=opc.tcp://localhost:%d; "                              \
	"fails() { want=$1; shift; if \"$@\"; then exit 1; else test $? = $want; fi; }; "          \
	"ua() { keystore-opcua-client \"$@\"; }; "

/* Runs a script in the fixture's directory; it must succeed. @script is a literal. */
#define OPCUA_PLAIN(plain, script, ...)                                                            \
	free(fixture_sh_ok((plain)->fixture, OPCUA_PLAIN_SHELL script, (plain)->port,              \
			   ##__VA_ARGS__))

#endif
