/*
 * Programs of others that talk with a controller, and their certificates: by a CA that openssl
 * made. Hides how their input and output are reached, and that they end with the test.
 */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "ouc_site.h"

struct peer {
	struct plc *plc;
	const char *name; /* NAME.in, NAME.out, NAME.err in the controller's directory */
	pid_t pid;
};

/* What makes and names certificates in a script for PLC(): see pki.sh. */
#define PKI ". " KEYSTORE_SOURCE_DIR "/tests/support/pki.sh; mkdir -p pki; cd pki; "

/*
 * Makes the CA "plant", which the controller trusts in group "ouc", and "pump" by it, for
 * 127.0.0.1, 127.0.0.2, ::1, localhost and pump.plant. The controller's CA is pki/plc-ca.pem.
 */
void peers_certify(struct plc *plc);

/* The same trust, after a CRL of "plant" was made anew. */
void peers_publish_crl(struct plc *plc);

/* Runs a shell's command in the controller's directory; returns at once. */
struct peer peer_start(struct plc *plc, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Bytes for its standard input. */
void peer_say(const struct peer *peer, const void *bytes, size_t len);

/* Until somebody listens there. */
void until_listening(struct plc *plc, int port);

int peer_end(struct peer *peer); /* SIGKILL; its exit code, of itself if it was first */

/* A plain connection of the test's own to loopback. */
int peer_connect(int port);

/* Until STATUS and sentence of a connection are these; @words: as grep has them. */
void until_status(struct plc *plc, const char *connection, const char *status, const char *words);

/* Until it has its certificate, and takes whoever comes. */
void until_waiting(struct plc *plc, const char *connection);

/* Until its @member has this @value, a number, true or false. */
void until_shown(struct plc *plc, const char *connection, const char *member, const char *value);

/* keystore-ouc's open descriptors, and its memory in bytes. */
unsigned plc_descriptors(const struct plc *plc);
size_t plc_memory(const struct plc *plc);

/* Options of openssl's and GnuTLS's tools: pump's certificate, and trust in the controller. */
#define OPENSSL_CERT "-cert pki/pump.pem -key pki/pump.key "
#define OPENSSL_CA   "-CAfile pki/plc-ca.pem -verify_return_error "
#define GNUTLS_CERT  "--x509certfile pki/pump.pem --x509keyfile pki/pump.key "
#define GNUTLS_CA    "--x509cafile pki/plc-ca.pem "

#endif
