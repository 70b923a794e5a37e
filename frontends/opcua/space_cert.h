/*
 * One certificate of keystored, as an object with properties. Hides which properties there are, and
 * what is computed when somebody reads.
 */
#ifndef OPCUA_SPACE_CERT_H
#define OPCUA_SPACE_CERT_H

#include "space_node.h"

struct space_cert;

/* Its nodes, below SPACE_CERTIFICATES. NULL: no memory, or open62541 has refused them. */
struct space_cert *space_cert_new(struct space_nodes *nodes, const struct ks_cert *facts);
void space_cert_free(struct space_cert *cert); /* with its nodes; NULL is fine */
/* Another version of it, perhaps. @facts without DER leave that which is of the same fingerprint. */
bool space_cert_take(struct space_cert *cert, const struct ks_cert *facts);

uint64_t space_cert_id(const struct space_cert *cert);
/* It has not the certificate itself yet. */
bool space_cert_lacks_der(const struct space_cert *cert);
/* keystored is not there to say whether all of that is still so. */
void space_cert_age(struct space_cert *cert, bool is_old);

#endif
