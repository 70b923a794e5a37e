/*
 * What an integration test stands on: a directory of its own, a swtpm in it, perhaps
 * tpm-proxy in front, and a keystored. Hides how they are started, how one knows that they
 * are ready, and how everything is gone afterwards, even when the test crashes.
 *
 * Nothing here returns an error: what a test stands on works, or the test ends with a sentence.
 */
#ifndef SUPPORT_FIXTURE_H
#define SUPPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "process.h"

struct fixture_options {
	bool with_proxy;		 /* tpm-proxy between service and swtpm */
	const char *chip;		 /* its --chip; implies with_proxy */
	bool pss_salt_max;		 /* its --pss-salt max; implies with_proxy */
	bool without_tpm;		 /* swtpm (and proxy) not started yet */
	bool without_service;		 /* keystored not started yet */
	const char *config;		 /* content of the configuration file; NULL: none */
	const char *const *service_args; /* more of keystored's arguments, NULL-terminated */
};

struct fixture;

/* NULL: a TPM and a service that is ready, both with defaults. */
struct fixture *fixture_new(const struct fixture_options *options);
void fixture_free(struct fixture *fixture); /* stops, removes; NULL is fine */

/* Paths; short enough for a Unix socket. Borrowed. */
const char *fixture_dir(const struct fixture *fixture);
const char *fixture_state(const struct fixture *fixture);  /* keystored's --state */
const char *fixture_socket(const struct fixture *fixture); /* keystored's --socket */
const char *fixture_config(const struct fixture *fixture); /* keystored's --config */
const char *fixture_tcti(const struct fixture *fixture); /* a TCTI string, as the service has it */

/* swtpm and its proxy. Ready when start returns. The TPM's NV memory stays over restarts. */
void fixture_tpm_start(struct fixture *fixture);
void fixture_tpm_kill(struct fixture *fixture);			  /* SIGKILL: as if power went */
void fixture_tpm_restart(struct fixture *fixture);		  /* kill, start */
void fixture_tpm_freeze(struct fixture *fixture, bool is_frozen); /* SIGSTOP, SIGCONT */

pid_t fixture_tpm_pid(const struct fixture *fixture); /* swtpm's */

/* An order to the proxy ("stall 1 Sign", proxy/faults.h). */
void fixture_proxy(struct fixture *fixture, const char *order);

/* How many commands of a kind ("Sign"; NULL: any) the proxy has seen. */
uint64_t fixture_proxy_count(struct fixture *fixture, const char *command);

/* keystored. */
void fixture_service_start(struct fixture *fixture); /* does not wait */
void fixture_service_wait(struct fixture *fixture);  /* until it answers and the TPM is ready */
void fixture_service_wait_answer(struct fixture *fixture); /* until it answers at all */
void fixture_service_kill(struct fixture *fixture);	   /* SIGKILL */
int fixture_service_stop(struct fixture *fixture);	   /* SIGTERM, waits; its exit code */
int fixture_service_exit(struct fixture *fixture);	   /* waits for it to end by itself */
void fixture_service_restart(struct fixture *fixture);	   /* stop, start, wait */
pid_t fixture_service_pid(const struct fixture *fixture);
char *fixture_service_log(struct fixture *fixture); /* so far; free() it */

/*
 * Runs a shell command in the fixture's directory, with the binaries of this build on PATH and
 * KEYSTORE_SOCKET, TPM2TOOLS_TCTI and TPM2OPENSSL_TCTI set.
 */
struct run fixture_sh(struct fixture *fixture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, must succeed; else what it printed is shown and the test ends. Its stdout; free(). */
char *fixture_sh_ok(struct fixture *fixture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Polls @is_done every few milliseconds; ends the test after 60 s, saying @what did not come. */
void fixture_until(bool (*is_done)(void *user), void *user, const char *what);

/* A connection to the service's socket, blocking; must succeed. */
int fixture_connect(const struct fixture *fixture);

/* A whole file with a NUL after its end; free() it. */
char *file_read(const char *path, size_t *ret_len);
void file_write(const char *path, const void *bytes, size_t len);

#endif
