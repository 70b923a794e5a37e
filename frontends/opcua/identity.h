/*
 * The certificate that the server's service has in keystored, as it is shown to peers. Hides the
 * calls that fetching it takes, that it is tried before it is shown, and that it follows each change.
 */
#ifndef OPCUA_IDENTITY_H
#define OPCUA_IDENTITY_H

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "own_cert.h"
#include "uplink.h"

#define IDENTITY_MESSAGE_MAX 400
#define IDENTITY_URI_MAX     256

enum identity_state {
	IDENTITY_WAITING, /* keystored has not answered yet */
	IDENTITY_READY,
	IDENTITY_UNFIT, /* the service has none, or one that cannot be shown */
};

struct identity_status {
	enum identity_state state;
	char message[IDENTITY_MESSAGE_MAX]; /* not ready, or ready and odd: why, what to do */
	struct own_cert *own;		    /* ready; borrowed */
	char uri[IDENTITY_URI_MAX];	    /* ready: its application URI (OPC 10000-6 6.2.2) */
};

struct identity;

/*
 * Told of each change. One that was ready stays so while keystored is away. @uri: the certificate has
 * to have it; "": any. @with_chain: its issuers are shown too. Texts are borrowed. NULL: no memory.
 */
struct identity *identity_new(sd_event *event, struct uplink *uplink, const char *service,
			      const char *uri, bool with_chain,
			      void (*changed)(const struct identity_status *status, void *user),
			      void *user);
void identity_free(struct identity *identity); /* after the uplink; NULL is fine */

void identity_uplink_up(struct identity *identity);
void identity_event(struct identity *identity, const struct ks_event *event);

const struct identity_status *identity_status(const struct identity *identity);

#endif
