/*
 * Loading a TCTI of tpm2-tss by name. Hides the shared library behind it.
 *
 * tpm2-tss's own loader does the same, but tss 4 leaks memory each time the TPM is not there,
 * and an absent TPM is asked for again four times a second.
 */
#ifndef TPM_TRANSPORT_H
#define TPM_TRANSPORT_H

#include <tss2/tss2_tcti.h>

struct transport {
	TSS2_TCTI_CONTEXT *tcti;
	void *library;
};

/*
 * @name: "device:/dev/tpmrm0", "swtpm:path=…", any NAME:CONF of an installed
 * libtss2-tcti-NAME; NULL: /dev/tpmrm0, else /dev/tpm0. On failure nothing is left open.
 */
[[nodiscard]] TSS2_RC transport_open(const char *name, struct transport *ret_transport);

/* Zeroed: fine. */
void transport_close(struct transport *transport);

#endif
