/*
 * keystore-ouc's data blocks. Hides how those that come and go are noticed.
 */
#ifndef OPCUA_SPACE_DATA_H
#define OPCUA_SPACE_DATA_H

#include <systemd/sd-event.h>

#include "space_node.h"

#define SPACE_BLOCKS_MAX 256
#define SPACE_FIELDS_MAX 32768 /* of all blocks */

struct space_data;
struct space_options;

/* Below SPACE_DATA, which is there. All borrowed. NULL: no memory. */
struct space_data *space_data_new(sd_event *event, struct space_nodes *nodes,
				  const struct space_options *options);
void space_data_free(struct space_data *data); /* NULL is fine */

#endif
