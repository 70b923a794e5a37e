/*
 * The transport to the TPM: a TCTI around the one that tpm2-tss loads by name. Hides what that
 * one lacks: a limit in time for each command whatever the caller asked, patience with
 * TPM_RC_RETRY, and a count of what was sent.
 */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

#include <stdatomic.h>
#include <stdint.h>

#include <tss2/tss2_tcti.h>

/* Shared with other threads: how the connection is doing. */
struct tcti_watch {
	atomic_uint_fast64_t commands;
	atomic_uint_fast64_t busy_us; /* that commands took, which have ended */
	/* When the command in progress will have taken too long (CLOCK_MONOTONIC, ms); 0: none.
	 * Some transports cannot be interrupted: their reader may stay inside for longer. */
	atomic_int_fast64_t overdue_at;
};

/* A response that did not come in time, or nothing that can be one. */
#define TCTI_RC_NO_ANSWER TSS2_TCTI_RC_IO_ERROR

/*
 * @name: any TCTI string, NULL for tpm2-tss's default. @timeout_ms: for a command; creating a
 * key takes 12 times as long. @watch outlives the context.
 */
[[nodiscard]] TSS2_RC tcti_open(const char *name, unsigned timeout_ms, struct tcti_watch *watch,
				TSS2_TCTI_CONTEXT **ret_tcti);
void tcti_close(TSS2_TCTI_CONTEXT *tcti); /* NULL is fine */

/* CLOCK_MONOTONIC */
int64_t tcti_now_ms(void);
uint64_t tcti_now_us(void);

#endif
