/*
 * What a process of ours that was killed, or a connection that broke, left in a TPM without a
 * resource manager. Hides how it is told from what other programs have loaded: ours are the
 * primary and what hangs below it, by qualified name (TPM 2.0 Part 1, 16). Used by the TPM
 * thread only, and only when there is no room left: a program with the same parent may be
 * using its object right now.
 */
#ifndef TPM_ORPHANS_H
#define TPM_ORPHANS_H

#include <stddef.h>

#include <tss2/tss2_esys.h>

struct orphans_kept {
	TPM2_HANDLE objects[96]; /* that we still use */
	size_t object_count;
	TPM2_HANDLE session;	   /* likewise; 0: none */
	const TPM2B_NAME *primary; /* our primary's, NULL: not known */
};

/* Flushes them; returns how many. Sessions have no name: all that are not ours go. */
unsigned orphans_flush(ESYS_CONTEXT *esys, const struct orphans_kept *kept);

#endif
