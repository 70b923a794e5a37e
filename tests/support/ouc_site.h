/*
 * A controller for tests: a TPM, a keystored with its own CA, and a keystore-ouc. Hides their
 * places, and how a script in a test reaches them.
 */
#ifndef SUPPORT_OUC_SITE_H
#define SUPPORT_OUC_SITE_H

#include <stdlib.h>
#include <sys/types.h>

#include "fixture.h"

/* The certificates of each controller by their IDs; project init makes 1 and 2. */
enum { PLC_CA = 2, PLC_CERT = 3 };

struct plc {
	struct fixture *fixture;
	const char
		*name; /* "plc-1": of its certificate, for 127.0.0.1, ::1, localhost, NAME.plant */
	pid_t ouc;     /* 0: it does not run */
};

struct plc plc_new(const char *name);
struct plc plc_new_with(const char *name, const struct fixture_options *options);
void plc_free(struct plc *plc);

/* @plc trusts in group "ouc" what the other's CA issues. */
void plc_trust(struct plc *plc, struct plc *other);

/*
 * Writes @format to ouc.conf and starts keystore-ouc with it; returns when its control socket
 * answers. Its events are in ouc.log, what it says on standard error, too.
 */
void plc_start(struct plc *plc, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plc_start_again(struct plc *plc);	  /* with the configuration that is there */
int plc_end(struct plc *plc, int signal); /* its exit code */

/* "set -e" lets a "! command" that succeeds pass. */
#define PLC_SHELL                                                                                  \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; "                                        \
	"ctl() { keystore-ouc-ctl --socket $PWD/run/control.sock \"$@\"; }; "

/* Runs a script in the controller's directory; it must succeed. @script is a literal. */
#define PLC(plc, script, ...) free(fixture_sh_ok((plc)->fixture, PLC_SHELL script, ##__VA_ARGS__))

/* Until a script succeeds. */
void plc_until(struct plc *plc, const char *script);

/* A TCP port of loopback that nobody has. */
int plc_port(void);

#endif
