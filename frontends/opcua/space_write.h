/*
 * Values on their way to keystore-ouc. open62541 wants to know at once what becomes of a written
 * value, and nobody else is served meanwhile: so an answer is waited for a moment, and what has none
 * by then goes on by itself. Hides that.
 */
#ifndef OPCUA_SPACE_WRITE_H
#define OPCUA_SPACE_WRITE_H

#include <jansson.h>
#include <open62541/types.h>
#include <systemd/sd-event.h>

#define SPACE_WRITE_WAIT_US UINT64_C(20000)

struct space_write;
struct space_options;

/* @options are borrowed. NULL: no memory. */
struct space_write *space_write_new(sd_event *event, const struct space_options *options);
void space_write_free(struct space_write *write); /* NULL is fine */

/*
 * Has keystore-ouc set @values (taken) of @block. GoodCompletesAsynchronously (OPC 10000-4 5.11.4):
 * it has them, and has not answered within SPACE_WRITE_WAIT_US; if it refuses them then, that is
 * logged. As long as it owes such an answer, none is waited for. @subject says who does it.
 */
UA_StatusCode space_write_set(struct space_write *write, const char *block, json_t *values,
			      const char *subject);

#endif
