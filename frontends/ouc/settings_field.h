/* The fields that a configuration can have. Hides what each takes, and where its value goes. */
#ifndef OUC_SETTINGS_FIELD_H
#define OUC_SETTINGS_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_field.h"
#include "settings.h"

/* Of [keystore-ouc]. */
enum general_field {
	GENERAL_SOCKET,
	GENERAL_RUNTIME,
	GENERAL_HANDSHAKES_MAX,
	GENERAL_HANDSHAKES_PER_ADDRESS,
	GENERAL_HANDSHAKE_TIMEOUT,
	GENERAL_RECHECK_INTERVAL,
	GENERAL_FIELDS,
};

/* Of a connection. */
enum connection_field {
	FIELD_TYPE,
	FIELD_INTERFACE,
	FIELD_ID,
	FIELD_CONNECTION_TYPE,
	FIELD_ACTIVE,
	FIELD_ADDRESS,
	FIELD_QDN,
	FIELD_REMOTE_PORT,
	FIELD_LOCAL_PORT,
	FIELD_SECURE,
	FIELD_REQ_CLIENT_CERT,
	FIELD_CAPABILITIES,
	FIELD_SERVER_CERT,
	FIELD_CLIENT_CERT,
	FIELD_TSEND_C,
	FIELD_TRCV_C,
	FIELD_REQ,
	FIELD_CONT,
	FIELD_EN_R,
	FIELD_FORWARD,
	FIELD_FORWARD_MAX,
	FIELD_GROUP,
	FIELD_MINIMUM_TLS,
	FIELD_EVENTS,
	FIELD_MESSAGE_TIMEOUT,
	FIELD_COUNT,
};

/* A connection while its section is read. */
struct draft {
	struct connection_settings connection;
	unsigned lines[FIELD_COUNT]; /* where each was given; 0: it was not */
	uint32_t bad;		     /* a bit for each that was given, and refused */
	char send_data[DATA_NAME_MAX + 1], receive_data[DATA_NAME_MAX + 1]; /* blocks' names */
	bool remote_is_v6;
	bool plain_is_local; /* Forward */
};

/* The defaults. */
void settings_init(struct settings *settings);
void draft_init(struct draft *draft, const char *name, unsigned line);

/* Their tables, by the enumerators above. */
extern const struct conf_field general_fields[GENERAL_FIELDS];
extern const struct conf_field connection_fields[FIELD_COUNT];

const char *connection_field_name(enum connection_field field);

/* Where a field is, or else its section; FIELD_COUNT is none. */
unsigned draft_line(const struct draft *draft, enum connection_field field);

#endif
