/*
 * The configuration of keystore-ouc: connections, as an engineer gives them to TCON, and data
 * blocks. Hides the INI file, its defaults, and which combinations are none.
 */
#ifndef OUC_SETTINGS_H
#define OUC_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf_report.h"
#include "data_block.h"
#include "value.h"

#define SETTINGS_CONNECTIONS_MAX 4095 /* as many as IDs */
#define SETTINGS_BLOCKS_MAX	 1024
#define SETTINGS_NAME_MAX	 63 /* as DATA_NAME_MAX */
#define SETTINGS_RUNTIME_MAX	 87 /* of RuntimeDirectory: what is in it has names up to 19 */

enum address_type { TCON_IP_V4_SEC, TCON_IP_V6_SEC, TCON_QDN_SEC };

/* When TSEND_C sends: on each order (REQ's edge); besides, every so often, or when data change. */
enum send_on { SEND_ON_REQUEST, SEND_ON_CYCLE, SEND_ON_CHANGE };

enum event_level { EVENTS_OFF, EVENTS_STATE, EVENTS_DATA };

struct connection_settings {
	char name[SETTINGS_NAME_MAX + 1];
	unsigned line; /* of the section */

	/* The fields of TCON_IP_V4_SEC and TCON_QDN_SEC. */
	enum address_type type;
	char interface[16]; /* InterfaceId: a network interface's name; "": any (0) */
	uint16_t id;	    /* ID: 1..4095, one connection's alone */
	bool is_active;	    /* ActiveEstablished: this side connects */
	/*
	 * RemoteAddress as inet_ntop() has it, or RemoteQDN in small letters without the last dot;
	 * "": a listener takes any, and has no RemoteQDN.
	 */
	char remote[VALUE_HOST_MAX + 1];
	uint16_t remote_port;
	uint16_t local_port;
	bool is_secure;		/* ActivateSecureConn */
	bool wants_client_cert; /* TLSServerReqClientCert */
	bool checks_name;	/* ExtTLSCapabilities, bit 0: a server's SAN has to be the remote */
	uint64_t server_cert;	/* TLSServerCertRef: a server's own; for a client, see settings.c */
	uint64_t client_cert;	/* TLSClientCertRef: a client's own; for a server, the anchor */

	/* The blocks. */
	const struct data_block *send_data;    /* TSEND_C's DATA; NULL: it does not send */
	const struct data_block *receive_data; /* TRCV_C's DATA; NULL: it does not receive */
	enum send_on send_on;		       /* REQ */
	uint32_t cycle_ms;		       /* SEND_ON_CYCLE: 10..86400000 */
	bool keeps_open; /* CONT: else it connects for each message, and ends it then */
	bool is_enabled; /* EN_R: data are received; else they wait at the peer */

	/* Forward: no blocks; the plain side. */
	bool is_forward;
	char plain_host[VALUE_HOST_MAX + 1]; /* an address; "/…": a Unix socket */
	uint16_t plain_port;
	unsigned forward_max; /* connections at a time */

	/* This program's own. */
	char group[VALUE_GROUP_MAX + 1]; /* TrustGroup */
	bool allows_tls12;
	enum event_level events;
	uint32_t message_ms; /* MessageTimeout: until the rest of a message is there */
};

struct settings {
	char socket[VALUE_PATH_MAX + 1];  /* keystored's; "": its default */
	char runtime[VALUE_PATH_MAX + 1]; /* where images and the control socket are */
	unsigned handshakes_max, handshakes_of_address;
	uint32_t handshake_ms;
	uint32_t recheck_s;
	struct data_block **blocks;
	size_t block_count;
	struct connection_settings *connections;
	size_t connection_count;
};

/*
 * Reads and checks all of it, and tells every problem, not the first alone. False: there was a
 * fault, or no memory.
 */
[[nodiscard]] bool settings_read(FILE *file, conf_problem_fn *problem, void *user,
				 struct settings **ret_settings);
void settings_free(struct settings *settings); /* NULL is fine */

const char *settings_type_name(enum address_type type); /* "TCON_IP_V4_SEC" */

#endif
