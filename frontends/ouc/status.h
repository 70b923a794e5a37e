/*
 * STATUS of TSEND_C and TRCV_C: the words that an S7-1500's blocks give, where they have one for
 * it, and what they mean. Hides the table.
 */
#ifndef OUC_STATUS_H
#define OUC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum ouc_status {
	OUC_OK = 0x0000,	 /* done */
	OUC_IDLE = 0x7000,	 /* not connected, and nothing to do */
	OUC_CONNECTING = 0x7001, /* a connection is being made, or waited for */
	OUC_HANDSHAKE = 0x7002,	 /* the peer is there, TLS not yet */
	OUC_CLOSING = 0x7003,	 /* the connection is being ended */
	OUC_CONNECTED = 0x7004,	 /* and nothing under way */
	OUC_SENDING = 0x7005,
	OUC_RECEIVING = 0x7006,	    /* a part has come */
	OUC_BAD_INTERFACE = 0x809B, /* no such interface */
	OUC_PORT_IN_USE = 0x80A1,   /* the local port is taken */
	OUC_BROKEN = 0x80A7,	    /* the connection broke, perhaps within a message */
	OUC_RESOURCES = 0x80C3,
	OUC_TEMPORARY = 0x80C4, /* keystored or its TPM is away */
	OUC_REFUSED = 0x80C5,	/* nobody listens there, or the peer ended it */
	OUC_UNREACHABLE = 0x80C6,
	OUC_TIMEOUT = 0x80C7,	   /* the handshake, or the rest of a message, did not come */
	OUC_NAME_UNKNOWN = 0x80D3, /* RemoteQDN cannot be looked up */
	OUC_BAD_DATA = 0x80E0,	   /* what came is no such data block */
	OUC_TLS = 0x80E1, /* no common version or algorithm, no TLS, or refused by the peer */
	OUC_CERT_UNFIT =
		0x80E2, /* the peer's certificate: none, malformed, of a wrong use or name */
	OUC_CERT_REVOKED = 0x80E3,   /* or its revocation cannot be told */
	OUC_CERT_UNTRUSTED = 0x80E4, /* no trusted CA, or one is missing in between */
	OUC_CERT_EXPIRED = 0x80E5,   /* or not valid yet */
	OUC_OWN_CERT = 0x80E8,	     /* the own certificate or key cannot be used */
};

/* 8xxx: ERROR is set. */
bool ouc_status_is_error(enum ouc_status status);

/* "the local port is taken", …; never NULL. */
const char *ouc_status_text(enum ouc_status status);

#endif
