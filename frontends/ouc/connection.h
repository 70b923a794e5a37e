/*
 * A connection of a configuration, with its blocks TSEND_C and TRCV_C, or a forward. Hides who
 * connects to whom, when again, and where in a message it is.
 */
#ifndef OUC_CONNECTION_H
#define OUC_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"
#include "status.h"

#define CONNECTION_MESSAGE_MAX 320

struct connection;

/* The blocks' outputs, and some counts. */
struct connection_outputs {
	bool busy;  /* TSEND_C's message is under way, or a connection is being made for it */
	bool done;  /* the last order of TSEND_C was carried out */
	bool ndr;   /* TRCV_C: the last message that came is in the image */
	bool error; /* the last order, or the connection, failed: status and message say how */
	enum ouc_status status;
	char message[CONNECTION_MESSAGE_MAX]; /* error: a sentence; else "" */
	bool is_connected;
	char peer[64];		 /* its address; "": none */
	char security[64];	 /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "plain"; "": not connected */
	uint32_t open;		 /* forward: pairs that are open */
	uint64_t sent, received; /* messages; forward: bytes to the peer, from it */
	uint64_t failures;	 /* connections that could not be made, or broke */
	uint64_t skipped;	 /* cycles that came while the message before was not out yet */
};

const struct connection_settings *connection_settings(const struct connection *connection);
void connection_outputs(const struct connection *connection,
			struct connection_outputs *ret_outputs);

enum send_order {
	SEND_TAKEN,	/* it is sent now, or as soon as there is a connection */
	SEND_BUSY,	/* the one before is not done yet; REQ is not looked at meanwhile */
	SEND_NO_SENDER, /* it has no TSEND_C */
};

/*
 * A rising edge of REQ: what the block holds now is sent. Taken, it is busy until done or error
 * says what became of it, which may be at once.
 */
[[nodiscard]] enum send_order connection_send(struct connection *connection);

#endif
