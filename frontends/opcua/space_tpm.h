/*
 * How the TPM is, and what it has done. Hides when keystored is asked: often while somebody looks,
 * rarely else.
 */
#ifndef OPCUA_SPACE_TPM_H
#define OPCUA_SPACE_TPM_H

#include <systemd/sd-event.h>

#include "space_node.h"

struct space_tpm;
struct space_options;

/* Below SPACE_TPM, which is there. All borrowed. NULL: no memory, or open62541 has refused a node. */
struct space_tpm *space_tpm_new(sd_event *event, struct space_nodes *nodes,
				const struct space_options *options);
void space_tpm_free(struct space_tpm *tpm); /* NULL is fine */

void space_tpm_event(struct space_tpm *tpm, const struct ks_event *event);
void space_tpm_up(struct space_tpm *tpm);
void space_tpm_down(struct space_tpm *tpm);

#endif
