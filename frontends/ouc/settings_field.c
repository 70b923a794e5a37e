#include "settings_field.h"

#include <string.h>

#include "value.h"

#define CONNECTION_TYPE_TCP 11
#define HOUR_MS		    3600000
#define DAY_MS		    (24 * HOUR_MS)

static bool read_interface(const struct conf_field *field, const char *text, void *owner,
			   void *member)
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
static bool read_connection_type(const struct conf_field *field, const char *text, void *owner,
				 void *member)
{
	uint64_t number;

	(void)field;
	(void)owner;
	(void)member;
	return value_number(text, &number) && number == CONNECTION_TYPE_TCP;
}

static bool read_address(const struct conf_field *field, const char *text, void *owner,
			 void *member)
{
	struct draft *draft = owner;

	(void)field;
	return value_address(text, member, &draft->remote_is_v6);
}

static bool read_qdn(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	return value_qdn(text, member);
}

static bool read_block(const struct conf_field *field, const char *text, void *owner, void *member)
{
	(void)field;
	(void)owner;
	if (!data_name_is_valid(text))
		return false;
	strcpy(member, text);
	return true;
}

static bool read_req(const struct conf_field *field, const char *text, void *owner, void *member)
{
	struct connection_settings *connection = &((struct draft *)owner)->connection;

	if (strcmp(text, "request") == 0)
		connection->send_on = SEND_ON_REQUEST;
	else if (strcmp(text, "change") == 0)
		connection->send_on = SEND_ON_CHANGE;
	else if (conf_read_time(field, text, owner, member))
		connection->send_on = SEND_ON_CYCLE;
	else
		return false;
	return true;
}

static bool read_forward(const struct conf_field *field, const char *text, void *owner,
			 void *member)
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

static const struct conf_word type_words[] = {
	[TCON_IP_V4_SEC] = {"TCON_IP_V4_SEC", TCON_IP_V4_SEC},
	[TCON_IP_V6_SEC] = {"TCON_IP_V6_SEC", TCON_IP_V6_SEC},
	[TCON_QDN_SEC] = {"TCON_QDN_SEC", TCON_QDN_SEC},
	{NULL, 0},
};

static const struct conf_word tls_words[] = {{"1.2", true}, {"1.3", false}, {NULL, 0}};

static const struct conf_word event_words[] = {
	{"data", EVENTS_DATA},
	{"state", EVENTS_STATE},
	{"off", EVENTS_OFF},
	{NULL, 0},
};

#define GENERAL(Member)	   CONF_AT(struct settings, Member)
#define DRAFT(Member)	   CONF_AT(struct draft, Member)
#define CONNECTION(Member) DRAFT(connection.Member)

const struct conf_field general_fields[] = {
	[GENERAL_SOCKET] =
		{"Socket", conf_read_path, GENERAL(socket), .max = VALUE_PATH_MAX,
		 .takes = "an absolute path of at most 107 characters, without // and .."},
	[GENERAL_RUNTIME] = {"RuntimeDirectory", conf_read_path, GENERAL(runtime),
			     .max = SETTINGS_RUNTIME_MAX,
			     .takes = "an absolute path of at most 87 characters, so that the "
				      "control socket's fits, without // and .."},
	[GENERAL_HANDSHAKES_MAX] = {"HandshakesMax", conf_read_number, GENERAL(handshakes_max), 1,
				    65535},
	[GENERAL_HANDSHAKES_PER_ADDRESS] = {"HandshakesPerAddress", conf_read_number,
					    GENERAL(handshakes_of_address), 1, 65535},
	[GENERAL_HANDSHAKE_TIMEOUT] = {"HandshakeTimeout", conf_read_time, GENERAL(handshake_ms),
				       100, 10 * 60000, .unit_ms = 1},
	[GENERAL_RECHECK_INTERVAL] = {"RecheckInterval", conf_read_time, GENERAL(recheck_s), 1000,
				      7 * DAY_MS, .unit_ms = 1000},
};

const struct conf_field connection_fields[] = {
	[FIELD_TYPE] = {"Type", conf_read_word, CONNECTION(type), .words = type_words},
	[FIELD_INTERFACE] = {"InterfaceId", read_interface, CONNECTION(interface),
			     .takes = "0 for any, or the name of a network interface, as eth0"},
	[FIELD_ID] = {"ID", conf_read_number, CONNECTION(id), 1, SETTINGS_CONNECTIONS_MAX},
	[FIELD_CONNECTION_TYPE] = {"ConnectionType", read_connection_type,
				   .takes = "11 (16#0B), which is TCP, and nothing else"},
	[FIELD_ACTIVE] = {"ActiveEstablished", conf_read_bool, CONNECTION(is_active)},
	[FIELD_ADDRESS] = {"RemoteAddress", read_address, CONNECTION(remote),
			   .takes = "an IPv4 or IPv6 address of one host; a name goes into "
				    "RemoteQDN, and the interface of a link-local address into "
				    "InterfaceId"},
	[FIELD_QDN] = {"RemoteQDN", read_qdn, CONNECTION(remote),
		       .takes = "a fully qualified name, as plc-2.plant.example; an address goes "
				"into RemoteAddress"},
	[FIELD_REMOTE_PORT] = {"RemotePort", conf_read_number, CONNECTION(remote_port), 0, 65535},
	[FIELD_LOCAL_PORT] = {"LocalPort", conf_read_number, CONNECTION(local_port), 0, 65535},
	[FIELD_SECURE] = {"ActivateSecureConn", conf_read_bool, CONNECTION(is_secure)},
	[FIELD_REQ_CLIENT_CERT] = {"TLSServerReqClientCert", conf_read_bool,
				   CONNECTION(wants_client_cert)},
	[FIELD_CAPABILITIES] = {"ExtTLSCapabilities", conf_read_number, CONNECTION(checks_name), 0,
				1,
				.takes = "16#0001, by which a client checks the server's name, or "
					 "16#0000"},
	[FIELD_SERVER_CERT] = {"TLSServerCertRef", conf_read_number, CONNECTION(server_cert), 0,
			       INT64_MAX,
			       .takes = "the ID of a certificate, as keystorectl cert list shows "
					"it, or 0"},
	[FIELD_CLIENT_CERT] = {"TLSClientCertRef", conf_read_number, CONNECTION(client_cert), 0,
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
	[FIELD_CONT] = {"CONT", conf_read_bool, CONNECTION(keeps_open)},
	[FIELD_EN_R] = {"EN_R", conf_read_bool, CONNECTION(is_enabled)},
	[FIELD_FORWARD] = {"Forward", read_forward,
			   .takes = "an address and a port, as 127.0.0.1:502 or [::1]:502, or a "
				    "Unix socket, as unix:/run/x.sock, of at most 107 characters"},
	[FIELD_FORWARD_MAX] = {"ForwardMax", conf_read_number, CONNECTION(forward_max), 1, 4096},
	[FIELD_GROUP] = {"TrustGroup", conf_read_group, CONNECTION(group),
			 .takes = "the name of a trust group: 1 to 64 of A-Z a-z 0-9 . _ - "
				  "beginning with a letter"},
	[FIELD_MINIMUM_TLS] = {"MinimumTLS", conf_read_word, CONNECTION(allows_tls12),
			       .words = tls_words},
	[FIELD_EVENTS] = {"Events", conf_read_word, CONNECTION(events), .words = event_words},
	[FIELD_MESSAGE_TIMEOUT] = {"MessageTimeout", conf_read_time, CONNECTION(message_ms), 100,
				   HOUR_MS, .unit_ms = 1},
};

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
