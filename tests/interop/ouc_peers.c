/* Data connections with openssl's and GnuTLS's tools, in both roles. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "data_image.h"
#include "peer.h"

/* E4: Bool at 0.0, String[254] at 2.0. */
#define MESSAGE_BYTES 258

#define BLOCKS                                                                                     \
	"[block Out]\nVar1 = Bool\nVar2 = String\n"                                                \
	"[block In]\nVar1 = Bool\nVar2 = String\n"                                                 \
	"[block More_In]\nVar1 = Bool\nVar2 = String\n"

#define LISTENS                                                                                    \
	"Type = TCON_IP_V4_SEC\nConnectionType = 11\nActiveEstablished = FALSE\n"                  \
	"TLSServerCertRef = 3\nTSEND_C = Out\n"

#define CONNECTS                                                                                   \
	"Type = TCON_IP_V4_SEC\nConnectionType = 11\nActiveEstablished = TRUE\n"                   \
	"RemoteAddress = 127.0.0.1\n"

static void message_make(unsigned char message[MESSAGE_BYTES], const char *text)
{
	memset(message, 0, MESSAGE_BYTES);
	message[0] = 1;
	message[2] = 254;
	message[3] = (unsigned char)strlen(text);
	memcpy(message + 4, text, strlen(text));
}

struct image_wait {
	const char *path;
	const unsigned char *message;
};

static bool holds_message(void *user)
{
	const struct image_wait *wait = user;
	unsigned char bytes[MESSAGE_BYTES];
	char problem[DATA_PROBLEM_MAX];
	struct data_moment moment;
	struct data_view *view;
	bool is_same;

	cr_assert(data_view_open(wait->path, &view, problem), "%s", problem);
	cr_assert_eq(data_view_block(view)->size, MESSAGE_BYTES);
	is_same = data_view_read(view, bytes, &moment) == DATA_VIEW_OK &&
		  memcmp(bytes, wait->message, MESSAGE_BYTES) == 0;
	data_view_close(view);
	return is_same;
}

/* The controller's block @block is @message, byte for byte. */
static void arrives(struct plc *plc, const char *block, const unsigned char *message)
{
	char path[256];
	struct image_wait wait = {path, message};

	snprintf(path, sizeof(path), "%s/run/%s.image", fixture_dir(plc->fixture), block);
	fixture_until(holds_message, &wait, "the message in the data block");
}

/* A message each way, over a connection that is there. */
static void exchange(const struct peer *peer, const char *connection, const char *block)
{
	unsigned char message[MESSAGE_BYTES];
	struct plc *plc = peer->plc;
	char script[600], path[256];

	message_make(message, peer->name);
	peer_say(peer, message, sizeof(message));
	arrives(plc, block, message);
	message_make(message, "Hello World!");
	snprintf(path, sizeof(path), "%s/expected", fixture_dir(plc->fixture));
	file_write(path, message, sizeof(message));
	PLC(plc, "ctl send %s Var1=TRUE Var2='Hello World!' --wait", connection);
	snprintf(script, sizeof(script), "cmp -s %s.out expected", peer->name);
	plc_until(plc, script);
}

static void until_connected(struct plc *plc, const char *connection, bool is_connected,
			    const char *security)
{
	char script[300];

	snprintf(script, sizeof(script),
		 "ctl show %s --json > shown; grep -q '\"connected\": *%s' shown; grep -q '%s' "
		 "shown",
		 connection, is_connected ? "true" : "false", is_connected ? security : "");
	plc_until(plc, script);
}

TestSuite(ouc_peers, .timeout = 240);

/* --- the controller is the server --- */

struct client {
	const char *name;
	const char *command; /* before the port */
	bool shows_cert;
	const char *security;
};

#define S_CLIENT OPENSSL_CA "-quiet -connect 127.0.0.1:"
/* What it has to say goes elsewhere; nothing of stdin is a command. */
#define GNUTLS_CLI GNUTLS_CA "--logfile=gnutls.log 127.0.0.1 --port "

static const struct client clients[] = {
	{"s_client_12", "openssl s_client -tls1_2 " S_CLIENT, false, "TLSv1.2"},
	{"s_client_13", "openssl s_client -tls1_3 " S_CLIENT, false, "TLSv1.3"},
	{"s_client_12_cert", "openssl s_client -tls1_2 " OPENSSL_CERT S_CLIENT, true, "TLSv1.2"},
	{"s_client_13_cert", "openssl s_client -tls1_3 " OPENSSL_CERT S_CLIENT, true, "TLSv1.3"},
	{"gnutls_cli_12", "gnutls-cli --priority=NORMAL:-VERS-ALL:+VERS-TLS1.2 " GNUTLS_CLI, false,
	 "TLSv1.2"},
	{"gnutls_cli_13", "gnutls-cli --priority=NORMAL:-VERS-ALL:+VERS-TLS1.3 " GNUTLS_CLI, false,
	 "TLSv1.3"},
	{"gnutls_cli_12_cert",
	 "gnutls-cli --priority=NORMAL:-VERS-ALL:+VERS-TLS1.2 " GNUTLS_CERT GNUTLS_CLI, true,
	 "TLSv1.2"},
	{"gnutls_cli_13_cert",
	 "gnutls-cli --priority=NORMAL:-VERS-ALL:+VERS-TLS1.3 " GNUTLS_CERT GNUTLS_CLI, true,
	 "TLSv1.3"},
};

Test(ouc_peers, clients_exchange_messages_with_a_controller_that_listens)
{
	struct plc plc = plc_new("plc-1");
	int any = plc_port(), known = plc_port();

	peers_certify(&plc);
	plc_start(&plc,
		  BLOCKS "[Any]\nID = 1\nLocalPort = %d\nTRCV_C = In\n" LISTENS
			 "[Known]\nID = 2\nLocalPort = %d\nTRCV_C = More_In\n"
			 "TLSServerReqClientCert = TRUE\n" LISTENS,
		  any, known);
	until_waiting(&plc, "Any");
	until_waiting(&plc, "Known");
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		const struct client *client = &clients[i];
		const char *connection = client->shows_cert ? "Known" : "Any";
		struct peer peer = peer_start(&plc, client->name, "%s%d", client->command,
					      client->shows_cert ? known : any);

		until_connected(&plc, connection, true, client->security);
		exchange(&peer, connection, client->shows_cert ? "More_In" : "In");
		(void)peer_end(&peer);
		until_connected(&plc, connection, false, "");
	}
	plc_free(&plc);
}

/* --- the controller is the client --- */

struct server {
	const char *name;
	const char *command;
	bool demands_cert;
	const char *security;
};

#define S_SERVER OPENSSL_CERT "-CAfile pki/plc-ca.pem -quiet -accept 127.0.0.1:"
#define DEMANDS	 "-Verify 2 -verify_return_error "

static const struct server servers[] = {
	{"s_server_12", "openssl s_server -tls1_2 " S_SERVER, false, "TLSv1.2"},
	{"s_server_13", "openssl s_server -tls1_3 " S_SERVER, false, "TLSv1.3"},
	{"s_server_12_cert", "openssl s_server -tls1_2 " DEMANDS S_SERVER, true, "TLSv1.2"},
	{"s_server_13_cert", "openssl s_server -tls1_3 " DEMANDS S_SERVER, true, "TLSv1.3"},
	/* It never says that it has accepted. */
	{"s_server_13_mute", "openssl s_server -tls1_3 -num_tickets 0 " DEMANDS S_SERVER, true,
	 "TLSv1.3"},
};

Test(ouc_peers, s_server_exchanges_messages_with_a_controller_that_connects)
{
	struct plc plc = plc_new("plc-1");

	peers_certify(&plc);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		const struct server *server = &servers[i];
		int port = plc_port();
		struct peer peer = peer_start(&plc, server->name, "%s%d", server->command, port);

		plc_start(&plc,
			  BLOCKS "[To]\nID = 1\nRemotePort = %d\nTLSClientCertRef = %d\n"
				 "TSEND_C = Out\nTRCV_C = In\n" CONNECTS,
			  port, server->demands_cert ? PLC_CERT : 0);
		until_connected(&plc, "To", true, server->security);
		exchange(&peer, "To", "In");
		/* It has seen the certificate, or has asked for none. */
		PLC(&plc, "test $(grep -cE 'CN ?= ?plc-1' %s.err) = %d", server->name,
		    server->demands_cert);
		cr_assert_eq(plc_end(&plc, SIGTERM), 0);
		(void)peer_end(&peer);
	}
	plc_free(&plc);
}

/*
 * gnutls-serv says back what it is told, as long as that is a line of text: no String, whose
 * header is none.
 */
Test(ouc_peers, gnutls_serv_echoes_what_a_controller_sends)
{
	struct plc plc = plc_new("plc-1");
	static const char *const priorities[] = {"1.2", "1.3"};

	peers_certify(&plc);
	for (int i = 0; i < 4; i++) {
		int port = plc_port();
		bool demands_cert = i / 2 == 1;
		struct peer peer =
			peer_start(&plc, "gnutls_serv",
				   "gnutls-serv --echo --port %d --priority=NORMAL:-VERS-ALL:+VERS-"
				   "TLS%s %s" GNUTLS_CERT GNUTLS_CA,
				   port, priorities[i % 2],
				   demands_cert ? "--require-client-cert --verify-client-cert "
						: "--disable-client-cert ");

		plc_start(&plc,
			  "[block Out]\nLine = Array[1..24] of Byte\n"
			  "[block In]\nLine = Array[1..24] of Byte\n"
			  "[To]\nID = 1\nRemotePort = %d\nTLSClientCertRef = %d\n"
			  "TSEND_C = Out\nTRCV_C = In\n" CONNECTS,
			  port, demands_cert ? PLC_CERT : 0);
		until_connected(&plc, "To", true, priorities[i % 2]);
		PLC(&plc,
		    "i=1; while test $i -le 23; do set -- \"$@\" Line[$i]=16#%d$((i %% 10)); "
		    "i=$((i + 1)); done; ctl send To \"$@\" 'Line[24]=16#0A' --wait",
		    3 + i % 2);
		plc_until(&plc, "ctl get Out --json > a; ctl get In --json > b; sed -i "
				"'s/.*\"values\"//' a b; cmp -s a b");
		cr_assert_eq(plc_end(&plc, SIGTERM), 0);
		(void)peer_end(&peer);
	}
	plc_free(&plc);
}
