/*
 * Faults that are ordered at run time, and which command they strike. Hides the language of
 * the control socket.
 */
#ifndef PROXY_FAULTS_H
#define PROXY_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_STALL, /* swallow the command and never answer it */
	FAULT_DROP,  /* close the connection before the TPM sees the command */
	FAULT_LOSE,  /* close it after the TPM acted */
	FAULT_FAIL,  /* answer with faults->rc; the TPM does not see the command */
};

/* Zero-initialise. */
struct faults {
	enum fault kind;
	uint32_t rc;
	uint32_t only; /* strike only this command code; 0: any */
	uint64_t left; /* how many more */
	uint64_t delay_us;
	bool is_stopped; /* commands wait until "go" */
};

/*
 * Obeys one line. Commands, CC being a name ("Sign") or a number:
 *   stall|drop|lose [COUNT|all [CC]]   fail RC [COUNT|all [CC]]
 *   delay MS   stop   go   clear
 * NULL: done. Otherwise why not.
 */
const char *faults_order(struct faults *faults, char *line);

/* The fault that strikes the next command, whose code is @code; it is then used up. */
enum fault faults_next(struct faults *faults, uint32_t code);

#endif
