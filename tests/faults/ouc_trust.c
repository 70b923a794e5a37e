/* Peers of keystore-ouc that it must not take, in both roles: each is told apart, in words. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "peer.h"

#define BLOCKS                                                                                     \
	"[block Out]\nVar1 = Bool\nVar2 = String\n"                                                \
	"[block In]\nVar1 = Bool\nVar2 = String\n"

#define LISTENS                                                                                    \
	"Type = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\nActiveEstablished = FALSE\n"          \
	"TLSServerCertRef = 3\nTRCV_C = In\n"

/*
 * Beside peers_certify()'s: "island" is another CA; "line" is below "plant", without being sent
 * along where it is missing; the names say what is wrong with the others.
 */
#define CERTIFICATES                                                                               \
	PKI "ca island -; ca line plant; "                                                         \
	    "leaf stranger island IP:127.0.0.1; "                                                  \
	    "leaf orphan line IP:127.0.0.1; "                                                      \
	    "leaf past plant IP:127.0.0.1 -startdate 20200101000000Z -enddate 20210101000000Z; "   \
	    "leaf future plant IP:127.0.0.1 -startdate 20450101000000Z -enddate 20460101000000Z; " \
	    "leaf elsewhere plant IP:127.0.0.9; "                                                  \
	    "leaf other plant DNS:other.plant; "                                                   \
	    "leaf burnt plant IP:127.0.0.1,DNS:localhost; revoke burnt plant; "                    \
	    "PKI_USAGE=clientAuth; leaf clerk plant IP:127.0.0.1; "                                \
	    "PKI_USAGE=serverAuth; leaf waiter plant IP:127.0.0.1; "                               \
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "        \
	    "lonely.key -out lonely.pem -subj /CN=lonely 2> /dev/null"

static struct plc plc_among_strangers(void)
{
	struct plc plc = plc_new("plc-1");

	peers_certify(&plc);
	PLC(&plc, CERTIFICATES);
	peers_publish_crl(&plc);
	return plc;
}

/* A good peer connects, sends its message, and goes. */
static void takes_a_good_one(struct plc *plc, int port)
{
	unsigned char message[258] = {1, 0, 254, 5, 'H', 'e', 'l', 'l', 'o'};
	struct peer peer = peer_start(
		plc, "good",
		"openssl s_client " OPENSSL_CERT OPENSSL_CA "-quiet -connect 127.0.0.1:%d", port);

	until_shown(plc, "Listen", "connected", "true");
	peer_say(&peer, message, sizeof(message));
	plc_until(plc, "ctl get In | grep -q Hello");
	(void)peer_end(&peer);
	until_shown(plc, "Listen", "connected", "false");
}

TestSuite(ouc_trust, .timeout = 240);

/* --- the controller is the server --- */

struct intruder {
	const char *command; /* before the port */
	const char *status;
	const char *words;
	const char *alert; /* that it gets; NULL: none */
};

#define S_CLIENT(options) "openssl s_client " options " -quiet -connect 127.0.0.1:"
#define SHOWS(name)	  "-cert pki/" name ".pem -key pki/" name ".key "
#define OLD		  "-cipher DEFAULT:@SECLEVEL=0 "

static const struct intruder intruders[] = {
	{S_CLIENT(SHOWS("stranger")), "80E4", "CN=island", "unknown ca"},
	{S_CLIENT(SHOWS("orphan")), "80E4", "CN=line.*, which issued .*CN=orphan.*, is missing",
	 "unknown ca"},
	{S_CLIENT(SHOWS("lonely")), "80E4", "CN=lonely", "bad certificate"},
	{S_CLIENT(SHOWS("past")), "80E5", "CN=past", "certificate expired"},
	{S_CLIENT(SHOWS("future")), "80E5", "CN=future", "certificate"},
	{S_CLIENT(SHOWS("burnt")), "80E3", "CN=burnt.* revoked", "certificate revoked"},
	{S_CLIENT(SHOWS("waiter")), "80E2", "CN=waiter", "unsupported certificate"},
	{S_CLIENT(""), "80E2", "shows no certificate", "certificate required"},
	{S_CLIENT("-tls1_2 "), "80E2", "shows no certificate", "handshake failure"},
	{S_CLIENT(OLD "-tls1 "), "80E1", "only versions of TLS that are not allowed", "version"},
	{S_CLIENT(OLD "-tls1_1 "), "80E1", "only versions of TLS that are not allowed", "version"},
	{S_CLIENT("-tls1_2 -cipher NULL-SHA256:@SECLEVEL=0 "), "80E1", "cipher",
	 "handshake failure"},
	{"curl -sS --noproxy '*' http://127.0.0.1:", "80E1", "speaks HTTP, not TLS", NULL},
	{"curl -sS --noproxy '*' -m 20 telnet://127.0.0.1:", "80E1", "no TLS", NULL},
};

Test(ouc_trust, turns_each_bad_client_away_with_its_reason)
{
	struct plc plc = plc_among_strangers();
	int port = plc_port();

	plc_start(&plc,
		  BLOCKS "[keystore-ouc]\nHandshakesMax = 16\n[Listen]\nLocalPort = %d\n"
			 "TLSServerReqClientCert = TRUE\n" LISTENS,
		  port);
	until_waiting(&plc, "Listen");
	for (size_t i = 0; i < sizeof(intruders) / sizeof(intruders[0]); i++) {
		const struct intruder *intruder = &intruders[i];
		struct peer peer = peer_start(&plc, "intruder", "%s%d", intruder->command, port);
		char script[200];

		/* For those who listen to nothing but what they are told. */
		peer_say(&peer, "\nHELO plc\r\n", 11);
		until_status(&plc, "Listen", intruder->status, intruder->words);
		if (intruder->alert) {
			snprintf(script, sizeof(script), "grep -q 'alert.*%s' intruder.err",
				 intruder->alert);
			plc_until(&plc, script);
		}
		(void)peer_end(&peer);
		/* The error is of the past then: the next may not find its own there. */
		takes_a_good_one(&plc, port);
	}
	/* Those with a certificate are kept, so that somebody can look at them. */
	PLC(&plc, "keystorectl rejected list > rejected; for who in stranger orphan lonely past "
		  "burnt; do grep -q CN=$who rejected; done");
	plc_free(&plc);
}

Test(ouc_trust, takes_tls_1_3_alone_where_the_section_says_so)
{
	struct plc plc = plc_among_strangers();
	int port = plc_port();
	struct peer peer;

	plc_start(&plc,
		  BLOCKS "[Listen]\nLocalPort = %d\nMinimumTLS = 1.3\n"
			 "TLSServerReqClientCert = TRUE\n" LISTENS,
		  port);
	until_waiting(&plc, "Listen");
	peer = peer_start(&plc, "intruder", S_CLIENT("-tls1_2 " OPENSSL_CERT) "%d", port);
	until_status(&plc, "Listen", "80E1", "only versions of TLS that are not allowed");
	(void)peer_end(&peer);
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}

Test(ouc_trust, resumes_no_session_so_that_each_peer_is_judged)
{
	struct plc plc = plc_among_strangers();
	int port = plc_port();

	plc_start(&plc, BLOCKS "[Listen]\nLocalPort = %d\nTLSServerReqClientCert = TRUE\n" LISTENS,
		  port);
	until_waiting(&plc, "Listen");
	/* Again, where the one before has not quite gone. */
	PLC(&plc,
	    "shake() { until echo Q | openssl s_client -connect 127.0.0.1:%d " OPENSSL_CERT
		    OPENSSL_CA
	    "\"$@\" > said 2>&1; grep -q '^\\(New\\|Reused\\), TLS' said; do :; done; "
	    "grep -q '^New' said; }; for version in -tls1_2 -tls1_3; do rm -f session; "
	    "shake $version -sess_out session; if test -s session; then "
	    "shake $version -sess_in session; fi; done",
	    port);
	plc_free(&plc);
}

Test(ouc_trust, reads_tls_at_a_plain_port_as_what_it_is_not)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();
	struct peer peer;

	plc_start(&plc,
		  BLOCKS "[keystore-ouc]\n[Listen]\nType = TCON_IP_V4_SEC\nID = 1\n"
			 "ActiveEstablished = FALSE\nLocalPort = %d\nTRCV_C = In\n"
			 "ActivateSecureConn = FALSE\nMessageTimeout = 500 ms\n",
		  port);
	until_waiting(&plc, "Listen");
	peer = peer_start(&plc, "intruder", S_CLIENT("") "%d", port);
	until_status(&plc, "Listen", "80E0", "In");
	(void)peer_end(&peer);
	plc_free(&plc);
}

/* --- the controller is the client --- */

struct impostor {
	const char *name;    /* of the connection, too */
	const char *command; /* before the port */
	const char *options; /* of the section */
	const char *status;
	const char *words;
};

#define S_SERVER(options) "openssl s_server " options " -quiet -accept 127.0.0.1:"
#define BY_ADDRESS	  "Type = TCON_IP_V4_SEC\nRemoteAddress = 127.0.0.1\n"
#define BY_NAME		  "Type = TCON_QDN_SEC\nRemoteQDN = localhost\n"
#define ANONYMOUS	  "TLSClientCertRef = 0\n"
#define KNOWN		  "TLSClientCertRef = 3\n"

static const struct impostor impostors[] = {
	{"Stranger", S_SERVER(SHOWS("stranger")), BY_ADDRESS ANONYMOUS, "80E4", "CN=island"},
	{"Orphan", S_SERVER(SHOWS("orphan")), BY_ADDRESS ANONYMOUS, "80E4",
	 "CN=line.*, which issued .*CN=orphan.*, is missing"},
	{"Lonely", S_SERVER(SHOWS("lonely")), BY_ADDRESS ANONYMOUS, "80E4", "CN=lonely"},
	{"Past", S_SERVER(SHOWS("past")), BY_ADDRESS ANONYMOUS, "80E5", "CN=past"},
	{"Future", S_SERVER(SHOWS("future")), BY_ADDRESS ANONYMOUS, "80E5", "CN=future"},
	{"Burnt", S_SERVER(SHOWS("burnt")), BY_ADDRESS ANONYMOUS, "80E3", "CN=burnt.* revoked"},
	{"Clerk", S_SERVER(SHOWS("clerk")), BY_ADDRESS ANONYMOUS, "80E2", "CN=clerk"},
	{"Elsewhere", S_SERVER(SHOWS("elsewhere")), BY_ADDRESS ANONYMOUS, "80E2", "127.0.0.1"},
	{"Other", S_SERVER(SHOWS("other")), BY_NAME ANONYMOUS, "80E2", "localhost"},
	{"Any_name", S_SERVER(SHOWS("other")), BY_NAME ANONYMOUS "ExtTLSCapabilities = 16#0000\n",
	 "7004", "connected"},
	{"Wrong_anchor", S_SERVER(SHOWS("pump")), BY_ADDRESS ANONYMOUS "TLSServerCertRef = 2\n",
	 "80E", "certificate 2\\b"},
	{"Demanding", S_SERVER("-tls1_3 -Verify 2 -verify_return_error " SHOWS("pump")),
	 BY_ADDRESS ANONYMOUS, "80", "TLSClientCertRef"},
	{"Suspicious",
	 S_SERVER("-Verify 2 -verify_return_error -CAfile pki/island.pem " SHOWS("pump")),
	 BY_ADDRESS KNOWN, "80E1", "the peer does not know the CA"},
	{"Old", S_SERVER(OLD "-tls1 " SHOWS("pump")), BY_ADDRESS ANONYMOUS, "80E1", "TLS"},
	{"Older", S_SERVER(OLD "-tls1_1 " SHOWS("pump")), BY_ADDRESS ANONYMOUS, "80E1", "TLS"},
	{"Plain",
	 "/usr/bin/python3 -c 'import socket,sys; l = socket.socket(); "
	 "l.bind((\"127.0.0.1\", int(sys.argv[1]))); l.listen(9)\n"
	 "while 1: l.accept()[0].sendall(b\"220 mail ESMTP\\r\\n\" * 9)' ",
	 BY_ADDRESS ANONYMOUS, "80E1", "no TLS"},
};
#define IMPOSTORS (sizeof(impostors) / sizeof(impostors[0]))

Test(ouc_trust, refuses_each_bad_server_with_its_reason)
{
	struct plc plc = plc_among_strangers();
	struct peer peers[IMPOSTORS];
	char *conf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&conf, &len);

	fputs(BLOCKS, out);
	for (size_t i = 0; i < IMPOSTORS; i++) {
		const struct impostor *impostor = &impostors[i];
		int port = plc_port();

		peers[i] = peer_start(&plc, impostor->name, "%s%d", impostor->command, port);
		until_listening(&plc, port);
		fprintf(out,
			"[%s]\nID = %zu\nActiveEstablished = TRUE\nRemotePort = %d\nTSEND_C = "
			"Out\n%s",
			impostor->name, i + 1, port, impostor->options);
	}
	fclose(out);
	plc_start(&plc, "%s", conf);
	free(conf);
	for (size_t i = 0; i < IMPOSTORS; i++)
		until_status(&plc, impostors[i].name, impostors[i].status, impostors[i].words);
	/* Nothing but the warnings that were asked for, and each refusal once. */
	PLC(&plc, "test $(grep -c '\"80E3\"' ouc.log) = 1; grep -q ExtTLSCapabilities ouc.log");
	for (size_t i = 0; i < IMPOSTORS; i++)
		(void)peer_end(&peers[i]);
	plc_free(&plc);
}

Test(ouc_trust, gives_a_server_that_says_nothing_up)
{
	struct plc plc = plc_among_strangers();
	int port = plc_port();
	struct peer peer = peer_start(&plc, "silent",
				      "/usr/bin/python3 -c 'import socket,sys\n"
				      "l = socket.socket(); l.bind((\"127.0.0.1\", %d)); "
				      "l.listen(9); sys.stdin.read()'",
				      port);

	until_listening(&plc, port);
	plc_start(&plc,
		  BLOCKS "[keystore-ouc]\nHandshakeTimeout = 500 ms\n[To]\nID = 1\n"
			 "ActiveEstablished = TRUE\nRemotePort = %d\nTSEND_C = Out\n" BY_ADDRESS,
		  port);
	until_status(&plc, "To", "80C7", "handshake was not over in time");
	PLC(&plc, "if ctl send To --wait 2> said; then exit 1; fi; grep -q 'in time' said");
	(void)peer_end(&peer);
	plc_free(&plc);
}

/* --- while a connection stands --- */

Test(ouc_trust, ends_a_connection_when_its_peers_certificate_ends)
{
	struct plc plc = plc_among_strangers();
	int port = plc_port();
	struct peer peer;

	/* No event tells of it: the interval does. */
	plc_start(&plc,
		  BLOCKS "[keystore-ouc]\nRecheckInterval = 1 s\n[Listen]\nLocalPort = %d\n"
			 "TLSServerReqClientCert = TRUE\n" LISTENS,
		  port);
	until_waiting(&plc, "Listen");
	PLC(&plc, PKI "leaf brief plant IP:127.0.0.1 -enddate "
		      "$(date -u -d '+9 seconds' +%%Y%%m%%d%%H%%M%%SZ)");
	peer = peer_start(&plc, "brief", S_CLIENT(SHOWS("brief")) "%d", port);
	until_shown(&plc, "Listen", "connected", "true");
	until_status(&plc, "Listen", "80E5", "CN=brief");
	until_shown(&plc, "Listen", "connected", "false");
	(void)peer_end(&peer);
	plc_free(&plc);
}
