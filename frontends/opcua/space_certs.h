/*
 * keystored's certificates, as far as keystored shows them to this server's user. Hides pages, and
 * how what is shown follows what changes.
 */
#ifndef OPCUA_SPACE_CERTS_H
#define OPCUA_SPACE_CERTS_H

#include "space_node.h"

#define SPACE_CERTS_MAX 10000

struct space_certs;
struct space_options;

/* Below SPACE_CERTIFICATES, which is there. All borrowed. NULL: no memory. */
struct space_certs *space_certs_new(struct space_nodes *nodes, const struct space_options *options);
void space_certs_free(struct space_certs *certs); /* NULL is fine */

void space_certs_event(struct space_certs *certs, const struct ks_event *event);
void space_certs_up(struct space_certs *certs);
void space_certs_down(struct space_certs *certs);

#endif
