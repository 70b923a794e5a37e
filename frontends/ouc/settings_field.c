#include "settings_field.h"

#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "settings_value.h"

#define CONNECTION_TYPE_TCP 11
#define HOUR_MS		    3600000
#define DAY_MS		    (24 * HOUR_MS)

struct field;

/* @member: where the value goes in @owner, whose the table is. */
typedef bool read_fn(const struct field *field, const char *text, void *owner, void *member);

struct word {
	const char *text;
	uint64_t value;
};

struct field {
	const char *name;
	read_fn *read;
	size_t offset, size;
	uint64_t min, max; /* of a number; of a time, in ms; max: of a text's length */
	const char *takes; /* NULL: what its numbers, times or words say by themselves */
	const struct word *words;
	uint64_t unit_ms; /* of a time as it is kept */
};

static void put_number(const struct field *field, void *member, uint64_t number)
{
	switch (field->size) {
	case sizeof(bool):
		*(bool *)member = number;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)member = (uint16_t)number;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)member = (uint32_t)number;
		break;
	case sizeof(uint64_t):
		*(uint64_t *)member = number;
		break;
	}
}

static bool read_number(const struct field *field, const char *text, void *owner, void *member)
{
	uint64_t number;

	(void)owner;
	if (!value_number(text, &number) || number < field->min || number > field->max)
		return false;
	put_number(field, member, number);
	return true;
}

static bool read_time(const struct field *field, const char *text, void *owner, void *member)
{
	uint64_t ms;

	(void)owner;
	if (!value_time(text, &ms) || ms < field->min || ms > field->max || ms % field->unit_ms)
		return false;
	put_number(field, member, ms / field->unit_ms);
	return true;
}

static bool read_bool(const struct field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	return value_bool(text, member);
}

static bool read_word(const struct field *field, const char *text, void *owner, void *member)
{
	(void)owner;
	for (const struct word *word = field->words; word->text; word++) {
		if (strcmp(word->text, text) == 0) {
			put_number(field, member, word->value);
			return true;
		}
	}
	return false;
}

static bool read_path(const struct field *field, const char *text, void *owner, void *member)
{
	(void)owner;
	if (!value_is_path(text, field->max))
		return false;
	strcpy(member, text);
	return true;
}

static bool read_interface(const struct field *field, const char *text, void *owner, void *member)
{
	uint64_t number;

	(void)field;
	(void)owner;
	if (value_number(text, &number) && number == 0)
		text = "";
	else if (!value_is_interface(text))
		return false;
	strcpy(member, text);
	return true;
}

/* It is kept nowhere: there is no other. */
static bool read_connection_type(const struct field *field, const char *text, void *owner,
				 void *member)
{
	uint64_t number;

	(void)field;
	(void)owner;
	(void)member;
	return value_number(text, &number) && number == CONNECTION_TYPE_TCP;
}

static bool read_address(const struct field *field, const char *text, void *owner, void *member)
{
	struct draft *draft = owner;

	(void)field;
	return value_address(text, member, &draft->remote_is_v6);
}

static bool read_qdn(const struct field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	return value_qdn(text, member);
}

static bool read_block(const struct field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	if (!data_name_is_valid(text))
		return false;
	strcpy(member, text);
	return true;
}

static bool read_req(const struct field *field, const char *text, void *owner, void *member)
{
	struct connection_settings *connection = &((struct draft *)owner)->connection;

	if (strcmp(text, "request") == 0)
		connection->send_on = SEND_ON_REQUEST;
	else if (strcmp(text, "change") == 0)
		connection->send_on = SEND_ON_CHANGE;
	else if (read_time(field, text, owner, member))
		connection->send_on = SEND_ON_CYCLE;
	else
		return false;
	return true;
}

static bool read_forward(const struct field *field, const char *text, void *owner, void *member)
{
	struct draft *draft = owner;
	struct value_place place;

	(void)field;
	(void)member;
	if (!value_place(text, &place))
		return false;
	draft->connection.is_forward = true;
	strcpy(draft->connection.plain_host, place.host);
	draft->connection.plain_port = place.port;
	draft->plain_is_local = place.is_local;
	return true;
}

static bool read_group(const struct field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	if (!value_is_group(text))
		return false;
	strcpy(member, text);
	return true;
}

static const struct word type_words[] = {
	[TCON_IP_V4_SEC] = {"TCON_IP_V4_SEC", TCON_IP_V4_SEC},
	[TCON_IP_V6_SEC] = {"TCON_IP_V6_SEC", TCON_IP_V6_SEC},
	[TCON_QDN_SEC] = {"TCON_QDN_SEC", TCON_QDN_SEC},
	{NULL, 0},
};

static const struct word tls_words[] = {{"1.2", true}, {"1.3", false}, {NULL, 0}};

static const struct word event_words[] = {
	{"data", EVENTS_DATA},
	{"state", EVENTS_STATE},
	{"off", EVENTS_OFF},
	{NULL, 0},
};

#define AT(Type, Member)   .offset = offsetof(Type, Member), .size = sizeof(((Type *)0)->Member)
#define GENERAL(Member)	   AT(struct settings, Member)
#define DRAFT(Member)	   AT(struct draft, Member)
#define CONNECTION(Member) DRAFT(connection.Member)

static const struct field general_fields[] = {
	[GENERAL_SOCKET] =
		{"Socket", read_path, GENERAL(socket), .max = SETTINGS_PATH_MAX,
		 .takes = "an absolute path of at most 107 characters, without // and .."},
	[GENERAL_RUNTIME] = {"RuntimeDirectory", read_path, GENERAL(runtime),
			     .max = SETTINGS_RUNTIME_MAX,
			     .takes = "an absolute path of at most 87 characters, so that the "
				      "control socket's fits, without // and .."},
	[GENERAL_HANDSHAKES_MAX] = {"HandshakesMax", read_number, GENERAL(handshakes_max), 1,
				    65535},
	[GENERAL_HANDSHAKES_PER_ADDRESS] = {"HandshakesPerAddress", read_number,
					    GENERAL(handshakes_of_address), 1, 65535},
	[GENERAL_HANDSHAKE_TIMEOUT] = {"HandshakeTimeout", read_time, GENERAL(handshake_ms), 100,
				       10 * 60000, .unit_ms = 1},
	[GENERAL_RECHECK_INTERVAL] = {"RecheckInterval", read_time, GENERAL(recheck_s), 1000,
				      7 * DAY_MS, .unit_ms = 1000},
};

static const struct field connection_fields[] = {
	[FIELD_TYPE] = {"Type", read_word, CONNECTION(type), .words = type_words},
	[FIELD_INTERFACE] = {"InterfaceId", read_interface, CONNECTION(interface),
			     .takes = "0 for any, or the name of a network interface, as eth0"},
	[FIELD_ID] = {"ID", read_number, CONNECTION(id), 1, SETTINGS_CONNECTIONS_MAX},
	[FIELD_CONNECTION_TYPE] = {"ConnectionType", read_connection_type,
				   .takes = "11 (16#0B), which is TCP, and nothing else"},
	[FIELD_ACTIVE] = {"ActiveEstablished", read_bool, CONNECTION(is_active)},
	[FIELD_ADDRESS] = {"RemoteAddress", read_address, CONNECTION(remote),
			   .takes = "an IPv4 or IPv6 address of one host; a name goes into "
				    "RemoteQDN, and the interface of a link-local address into "
				    "InterfaceId"},
	[FIELD_QDN] = {"RemoteQDN", read_qdn, CONNECTION(remote),
		       .takes = "a fully qualified name, as plc-2.plant.example; an address goes "
				"into RemoteAddress"},
	[FIELD_REMOTE_PORT] = {"RemotePort", read_number, CONNECTION(remote_port), 0, 65535},
	[FIELD_LOCAL_PORT] = {"LocalPort", read_number, CONNECTION(local_port), 0, 65535},
	[FIELD_SECURE] = {"ActivateSecureConn", read_bool, CONNECTION(is_secure)},
	[FIELD_REQ_CLIENT_CERT] = {"TLSServerReqClientCert", read_bool,
				   CONNECTION(wants_client_cert)},
	[FIELD_CAPABILITIES] = {"ExtTLSCapabilities", read_number, CONNECTION(checks_name), 0, 1,
				.takes = "16#0001, by which a client checks the server's name, or "
					 "16#0000"},
	[FIELD_SERVER_CERT] = {"TLSServerCertRef", read_number, CONNECTION(server_cert), 0,
			       INT64_MAX,
			       .takes = "the ID of a certificate, as keystorectl cert list shows "
					"it, or 0"},
	[FIELD_CLIENT_CERT] = {"TLSClientCertRef", read_number, CONNECTION(client_cert), 0,
			       INT64_MAX,
			       .takes = "the ID of a certificate, as keystorectl cert list shows "
					"it, or 0"},
	[FIELD_TSEND_C] = {"TSEND_C", read_block, DRAFT(send_data),
			   .takes = "the name of a data block: NAME of a section [block NAME]"},
	[FIELD_TRCV_C] = {"TRCV_C", read_block, DRAFT(receive_data),
			  .takes = "the name of a data block: NAME of a section [block NAME]"},
	[FIELD_REQ] = {"REQ", read_req, CONNECTION(cycle_ms), 10, DAY_MS,
		       .takes = "request, change, or a time from 10 ms to 1 d, as 100 ms, 5 s, "
				"1 h or T#100ms",
		       .unit_ms = 1},
	[FIELD_CONT] = {"CONT", read_bool, CONNECTION(keeps_open)},
	[FIELD_EN_R] = {"EN_R", read_bool, CONNECTION(is_enabled)},
	[FIELD_FORWARD] = {"Forward", read_forward,
			   .takes = "an address and a port, as 127.0.0.1:502 or [::1]:502, or a "
				    "Unix socket, as unix:/run/x.sock, of at most 107 characters"},
	[FIELD_FORWARD_MAX] = {"ForwardMax", read_number, CONNECTION(forward_max), 1, 4096},
	[FIELD_GROUP] = {"TrustGroup", read_group, CONNECTION(group),
			 .takes = "the name of a trust group: 1 to 64 of A-Z a-z 0-9 . _ - "
				  "beginning with a letter"},
	[FIELD_MINIMUM_TLS] = {"MinimumTLS", read_word, CONNECTION(allows_tls12),
			       .words = tls_words},
	[FIELD_EVENTS] = {"Events", read_word, CONNECTION(events), .words = event_words},
	[FIELD_MESSAGE_TIMEOUT] = {"MessageTimeout", read_time, CONNECTION(message_ms), 100,
				   HOUR_MS, .unit_ms = 1},
};

_Static_assert(sizeof(general_fields) / sizeof(general_fields[0]) == GENERAL_FIELDS, "");
_Static_assert(sizeof(connection_fields) / sizeof(connection_fields[0]) == FIELD_COUNT, "");
_Static_assert(FIELD_COUNT <= 32, "draft.bad has a bit for each");

void settings_init(struct settings *settings)
{
	*settings = (struct settings){
		.runtime = "/run/keystore-ouc",
		.handshakes_max = 256,
		.handshakes_of_address = 32,
		.handshake_ms = 10000,
		.recheck_s = 3600,
	};
}

void draft_init(struct draft *draft, const char *name, unsigned line)
{
	*draft = (struct draft){
		.connection =
			{
				.line = line,
				.is_secure = true,
				.checks_name = true,
				.keeps_open = true,
				.is_enabled = true,
				.forward_max = 64,
				.group = "ouc",
				.allows_tls12 = true,
				.events = EVENTS_DATA,
				.message_ms = 5000,
			},
	};
	strcpy(draft->connection.name, name);
}

static int find(const struct field *fields, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return i;
	return -1;
}

int general_field_find(const char *name)
{
	return find(general_fields, GENERAL_FIELDS, name);
}

int connection_field_find(const char *name)
{
	return find(connection_fields, FIELD_COUNT, name);
}

static const char *nearest(const struct field *fields, int count, const char *name)
{
	unsigned least = NEAREST_MAX + 1;
	const char *found = NULL;

	for (int i = 0; i < count; i++) {
		unsigned distance = nearest_distance(name, fields[i].name);

		if (distance < least) {
			least = distance;
			found = fields[i].name;
		}
	}
	return found;
}

const char *general_field_nearest(const char *name)
{
	return nearest(general_fields, GENERAL_FIELDS, name);
}

const char *connection_field_nearest(const char *name)
{
	return nearest(connection_fields, FIELD_COUNT, name);
}

const char *connection_field_name(enum connection_field field)
{
	return connection_fields[field].name;
}

unsigned draft_line(const struct draft *draft, enum connection_field field)
{
	bool is_given = field < FIELD_COUNT && draft->lines[field];

	return is_given ? draft->lines[field] : draft->connection.line;
}

const char *settings_type_name(enum address_type type)
{
	return type_words[type].text;
}

static void print_takes(const struct field *field, char takes[FIELD_TAKES_MAX])
{
	char least[32], most[32];
	size_t used = 0;

	if (field->takes) {
		snprintf(takes, FIELD_TAKES_MAX, "%s", field->takes);
	} else if (field->unit_ms) {
		value_time_print(field->min, least, sizeof(least));
		value_time_print(field->max, most, sizeof(most));
		snprintf(takes, FIELD_TAKES_MAX,
			 "a time from %s to %s%s, as 500 ms, 5 s, 1 h or T#5s", least, most,
			 field->unit_ms == 1000 ? ", of whole seconds" : "");
	} else if (field->words) {
		for (const struct word *word = field->words; word->text; word++)
			used += (size_t)snprintf(takes + used, FIELD_TAKES_MAX - used, "%s%s",
						 word == field->words ? ""
						 : word[1].text	      ? ", "
								      : " or ",
						 word->text);
	} else if (field->max) {
		snprintf(takes, FIELD_TAKES_MAX, "a number from %llu to %llu, as %llu or 16#%llX",
			 (unsigned long long)field->min, (unsigned long long)field->max,
			 (unsigned long long)field->max, (unsigned long long)field->max);
	} else {
		snprintf(takes, FIELD_TAKES_MAX, "TRUE or FALSE");
	}
}

static bool read_field(const struct field *field, const char *text, void *owner,
		       char takes[FIELD_TAKES_MAX])
{
	if (field->read(field, text, owner, (char *)owner + field->offset))
		return true;
	print_takes(field, takes);
	return false;
}

bool general_field_read(enum general_field field, const char *text, struct settings *settings,
			char takes[FIELD_TAKES_MAX])
{
	return read_field(&general_fields[field], text, settings, takes);
}

bool connection_field_read(enum connection_field field, const char *text, struct draft *draft,
			   char takes[FIELD_TAKES_MAX])
{
	return read_field(&connection_fields[field], text, draft, takes);
}
