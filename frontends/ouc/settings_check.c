#include "settings_check.h"

#include <string.h>

#include "value.h"

#define GIVEN(Field) (UINT64_C(1) << (Field)) /* it is in the file, whatever its value */
#define FACT(Number) (UINT64_C(1) << (32 + (Number)))

/* What a connection is, by its fields' values or defaults. */
#define ACTIVE		  FACT(0)
#define SECURE		  FACT(1)
#define OF_V4		  FACT(2)
#define OF_V6		  FACT(3)
#define OF_QDN		  FACT(4)
#define REMOTE		  FACT(5)
#define REMOTE_V6	  FACT(6)
#define REMOTE_PORT	  FACT(7)
#define LOCAL_PORT	  FACT(8)
#define SERVER_CERT	  FACT(9)
#define CLIENT_CERT	  FACT(10)
#define WANTS_CLIENT_CERT FACT(11)
#define CHECKS_NAME	  FACT(12)
#define STAYS_OPEN	  FACT(13)
#define ONE_BLOCK	  FACT(14) /* for both TSEND_C and TRCV_C */
#define FORWARDS	  FACT(15)
#define PLAIN_IS_LOCAL	  FACT(16)
#define LINK_LOCAL	  FACT(17) /* the peer's address */
#define ON_INTERFACE	  FACT(18)

/* A fact is not known where its field was refused. */
static const struct {
	uint64_t facts;
	enum connection_field field;
} sources[] = {
	{ACTIVE, FIELD_ACTIVE},
	{SECURE, FIELD_SECURE},
	{OF_V4 | OF_V6 | OF_QDN, FIELD_TYPE},
	{REMOTE | REMOTE_V6 | LINK_LOCAL, FIELD_ADDRESS},
	{REMOTE, FIELD_QDN},
	{ON_INTERFACE, FIELD_INTERFACE},
	{REMOTE_PORT, FIELD_REMOTE_PORT},
	{LOCAL_PORT, FIELD_LOCAL_PORT},
	{SERVER_CERT, FIELD_SERVER_CERT},
	{CLIENT_CERT, FIELD_CLIENT_CERT},
	{WANTS_CLIENT_CERT, FIELD_REQ_CLIENT_CERT},
	{CHECKS_NAME, FIELD_CAPABILITIES},
	{STAYS_OPEN, FIELD_CONT},
	{ONE_BLOCK, FIELD_TSEND_C},
	{ONE_BLOCK, FIELD_TRCV_C},
	{FORWARDS | PLAIN_IS_LOCAL, FIELD_FORWARD},
};

#define SOURCES (sizeof(sources) / sizeof(sources[0]))

enum severity { FAULT, WARNING };

struct rule {
	enum severity severity;
	enum connection_field field; /* that the sentence is about */
	uint64_t with, without;	     /* it is broken where all of the one hold, none of the other */
	const char *message;
};

static const struct rule rules[] = {
	{FAULT, FIELD_TYPE, 0, GIVEN(FIELD_TYPE),
	 "it is missing; give TCON_IP_V4_SEC, TCON_IP_V6_SEC or TCON_QDN_SEC"},
	{FAULT, FIELD_ID, 0, GIVEN(FIELD_ID),
	 "it is missing; give a number from 1 to 4095 that no other connection has"},
	{FAULT, FIELD_ACTIVE, 0, GIVEN(FIELD_ACTIVE),
	 "it is missing; give TRUE where this side connects, FALSE where it waits for its peer"},

	{FAULT, FIELD_QDN, GIVEN(FIELD_QDN) | GIVEN(FIELD_ADDRESS), 0,
	 "there is RemoteAddress too; keep RemoteQDN where Type is TCON_QDN_SEC, else "
	 "RemoteAddress"},
	{FAULT, FIELD_QDN, GIVEN(FIELD_QDN) | OF_V4, GIVEN(FIELD_ADDRESS),
	 "Type is TCON_IP_V4_SEC, which has RemoteAddress; for a name, give Type = TCON_QDN_SEC"},
	{FAULT, FIELD_QDN, GIVEN(FIELD_QDN) | OF_V6, GIVEN(FIELD_ADDRESS),
	 "Type is TCON_IP_V6_SEC, which has RemoteAddress; for a name, give Type = TCON_QDN_SEC"},
	{FAULT, FIELD_ADDRESS, GIVEN(FIELD_ADDRESS) | OF_QDN, GIVEN(FIELD_QDN),
	 "Type is TCON_QDN_SEC, which has RemoteQDN; for an address, give Type = TCON_IP_V4_SEC or "
	 "TCON_IP_V6_SEC"},
	{FAULT, FIELD_ADDRESS, GIVEN(FIELD_ADDRESS) | OF_V4 | REMOTE_V6, 0,
	 "it is an IPv6 address; give Type = TCON_IP_V6_SEC, or an IPv4 address"},
	{FAULT, FIELD_ADDRESS, GIVEN(FIELD_ADDRESS) | OF_V6, REMOTE_V6,
	 "it is an IPv4 address; give Type = TCON_IP_V4_SEC, or an IPv6 address"},
	{FAULT, FIELD_QDN, GIVEN(FIELD_QDN) | OF_QDN, ACTIVE | GIVEN(FIELD_ADDRESS),
	 "who connects to this side shows an address, no name; leave RemoteQDN out to take any "
	 "peer, or give Type = TCON_IP_V4_SEC and RemoteAddress"},
	{FAULT, FIELD_QDN, ACTIVE | OF_QDN, REMOTE | GIVEN(FIELD_ADDRESS),
	 "this side connects, so that it needs the name of its peer; give it"},
	{FAULT, FIELD_ADDRESS, ACTIVE, REMOTE | OF_QDN | GIVEN(FIELD_QDN),
	 "this side connects, so that it needs the address of its peer; give it"},
	{FAULT, FIELD_INTERFACE, ACTIVE | LINK_LOCAL, ON_INTERFACE,
	 "RemoteAddress is link-local and could be on any of them; give the name of the network "
	 "interface behind which the peer is"},
	{FAULT, FIELD_REMOTE_PORT, ACTIVE, REMOTE_PORT,
	 "this side connects, so that it needs the port of its peer; give it"},
	{FAULT, FIELD_REMOTE_PORT, REMOTE_PORT, ACTIVE,
	 "a peer connects to this side from any port of its own; leave RemotePort out, and give "
	 "LocalPort"},
	{FAULT, FIELD_LOCAL_PORT, 0, LOCAL_PORT | ACTIVE,
	 "this side waits for its peer, so that it needs a port of its own; give it"},
	{FAULT, FIELD_LOCAL_PORT, ACTIVE | LOCAL_PORT | FORWARDS, 0,
	 "the connections that are forwarded cannot all leave from one port; leave LocalPort out, "
	 "or give 0"},

	{FAULT, FIELD_SERVER_CERT, SECURE, SERVER_CERT | ACTIVE,
	 "this side is the TLS server, so that it needs a certificate; give its ID, as keystorectl "
	 "cert list shows it"},
	{FAULT, FIELD_REQ_CLIENT_CERT, ACTIVE | WANTS_CLIENT_CERT, 0,
	 "this side is the TLS client, and only a server demands a client's certificate; leave it "
	 "out, or give FALSE"},
	{FAULT, FIELD_CLIENT_CERT, SECURE | CLIENT_CERT, ACTIVE | WANTS_CLIENT_CERT,
	 "no certificate of the client is demanded that this one could verify; give "
	 "TLSServerReqClientCert = TRUE, or TLSClientCertRef = 0"},
	{FAULT, FIELD_SERVER_CERT, SERVER_CERT, SECURE,
	 "ActivateSecureConn is FALSE, so there is no TLS; give ActivateSecureConn = TRUE, or "
	 "TLSServerCertRef = 0"},
	{FAULT, FIELD_CLIENT_CERT, CLIENT_CERT, SECURE,
	 "ActivateSecureConn is FALSE, so there is no TLS; give ActivateSecureConn = TRUE, or "
	 "TLSClientCertRef = 0"},
	{FAULT, FIELD_REQ_CLIENT_CERT, WANTS_CLIENT_CERT, SECURE | ACTIVE,
	 "ActivateSecureConn is FALSE, so there is no TLS; give ActivateSecureConn = TRUE, or "
	 "TLSServerReqClientCert = FALSE"},

	{FAULT, FIELD_COUNT, 0, GIVEN(FIELD_TSEND_C) | GIVEN(FIELD_TRCV_C) | GIVEN(FIELD_FORWARD),
	 "nothing is sent, received or forwarded; give TSEND_C or TRCV_C with the name of a data "
	 "block, or Forward"},
	{FAULT, FIELD_FORWARD, GIVEN(FIELD_FORWARD) | GIVEN(FIELD_TSEND_C), 0,
	 "there is TSEND_C too; a connection either has blocks or is forwarded: make it two"},
	{FAULT, FIELD_FORWARD, GIVEN(FIELD_FORWARD) | GIVEN(FIELD_TRCV_C), GIVEN(FIELD_TSEND_C),
	 "there is TRCV_C too; a connection either has blocks or is forwarded: make it two"},
	{FAULT, FIELD_TRCV_C, ONE_BLOCK, 0,
	 "it is the block of TSEND_C too, so that what comes would overwrite what is sent; "
	 "give each its own"},
	{FAULT, FIELD_REQ, GIVEN(FIELD_REQ), GIVEN(FIELD_TSEND_C),
	 "there is no TSEND_C that it could start; give TSEND_C a data block, or leave REQ out"},
	{FAULT, FIELD_EN_R, GIVEN(FIELD_EN_R), GIVEN(FIELD_TRCV_C),
	 "there is no TRCV_C that it could enable; give TRCV_C a data block, or leave EN_R out"},
	{FAULT, FIELD_CONT, GIVEN(FIELD_CONT) | GIVEN(FIELD_FORWARD), 0,
	 "a forward's connections live as long as their two ends want; leave CONT out"},
	{FAULT, FIELD_CONT, GIVEN(FIELD_CONT), STAYS_OPEN | ACTIVE | GIVEN(FIELD_FORWARD),
	 "the peer makes the connection, so that this side cannot make one for each message; give "
	 "CONT = TRUE"},
	{FAULT, FIELD_CONT, ACTIVE | GIVEN(FIELD_CONT),
	 STAYS_OPEN | GIVEN(FIELD_TSEND_C) | GIVEN(FIELD_FORWARD),
	 "there is no TSEND_C for whose messages it would connect; give CONT = TRUE"},
	{FAULT, FIELD_FORWARD_MAX, GIVEN(FIELD_FORWARD_MAX), GIVEN(FIELD_FORWARD),
	 "there is no Forward; give one, or leave ForwardMax out"},
	{FAULT, FIELD_MESSAGE_TIMEOUT, GIVEN(FIELD_MESSAGE_TIMEOUT) | GIVEN(FIELD_FORWARD), 0,
	 "what is forwarded has no messages; leave MessageTimeout out"},

	{WARNING, FIELD_SECURE, 0, SECURE,
	 "plain: everybody on the network can read and change it"},
	{WARNING, FIELD_CAPABILITIES, ACTIVE | SECURE, CHECKS_NAME,
	 "the server's name is not checked: whoever has any certificate that the trust group "
	 "trusts can take its place"},
	{WARNING, FIELD_FORWARD, FORWARDS, PLAIN_IS_LOCAL,
	 "the plain side leaves this machine: everybody on that network can read and change it"},
};

static uint64_t facts_of(const struct draft *draft)
{
	const struct connection_settings *connection = &draft->connection;
	const struct {
		uint64_t fact;
		bool holds;
	} facts[] = {
		{ACTIVE, connection->is_active},
		{SECURE, connection->is_secure},
		{OF_V4, connection->type == TCON_IP_V4_SEC},
		{OF_V6, connection->type == TCON_IP_V6_SEC},
		{OF_QDN, connection->type == TCON_QDN_SEC},
		{REMOTE, *connection->remote},
		{REMOTE_V6, draft->remote_is_v6},
		{REMOTE_PORT, connection->remote_port},
		{LOCAL_PORT, connection->local_port},
		{SERVER_CERT, connection->server_cert},
		{CLIENT_CERT, connection->client_cert},
		{WANTS_CLIENT_CERT, connection->wants_client_cert},
		{CHECKS_NAME, connection->checks_name},
		{STAYS_OPEN, connection->keeps_open},
		{ONE_BLOCK,
		 *draft->send_data && strcmp(draft->send_data, draft->receive_data) == 0},
		{FORWARDS, connection->is_forward},
		{PLAIN_IS_LOCAL, draft->plain_is_local},
		{LINK_LOCAL, value_is_link_local(connection->remote)},
		{ON_INTERFACE, *connection->interface},
	};
	uint64_t holding = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (facts[i].holds)
			holding |= facts[i].fact;
	for (enum connection_field i = 0; i < FIELD_COUNT; i++)
		if (draft->lines[i])
			holding |= GIVEN(i);
	return holding;
}

/* One mistake is one sentence: nothing is concluded from a field that was refused already. */
static uint64_t unknown_facts_of(const struct draft *draft)
{
	uint64_t unknown = 0;

	for (size_t i = 0; i < SOURCES; i++)
		if (draft->bad & (1u << sources[i].field))
			unknown |= sources[i].facts;
	if (!draft->lines[FIELD_ACTIVE])
		unknown |= ACTIVE;
	if (!draft->lines[FIELD_TYPE])
		unknown |= OF_V4 | OF_V6 | OF_QDN;
	return unknown;
}

void settings_check(const struct draft *draft, struct conf_report *report)
{
	const char *section = draft->connection.name;
	uint64_t unknown = unknown_facts_of(draft);
	uint64_t facts = facts_of(draft);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		const char *field =
			rule->field < FIELD_COUNT ? connection_field_name(rule->field) : "";

		if (((rule->with | rule->without) & unknown) ||
		    (facts & rule->with) != rule->with || (facts & rule->without))
			continue;
		(rule->severity == WARNING ? conf_warning
					   : conf_fault)(report, draft_line(draft, rule->field),
							 section, field, "%s", rule->message);
	}
}
