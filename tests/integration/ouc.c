/* Two controllers, each with a TPM, a keystored and a keystore-ouc. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "ouc_site.h"

#define BLOCKS                                                                                     \
	"[block Send_Data]\nVar1 = Bool\nVar2 = String\n"                                          \
	"[block Received_Data]\nVar1 = Bool\nVar2 = String\n"

/* TRCV_C, which listens at a port; what follows is more of its section. */
#define RECEIVER                                                                                   \
	"[Receive]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"                          \
	"ActiveEstablished = FALSE\nLocalPort = %d\nTRCV_C = Received_Data\n"

/* TSEND_C, which connects to it. */
#define SENDER                                                                                     \
	"[Send]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\nActiveEstablished = TRUE\n"   \
	"RemoteAddress = 127.0.0.1\nRemotePort = %d\nTSEND_C = Send_Data\n"

#define SECURE	    "ActivateSecureConn = TRUE\n"
#define PLAIN	    "ActivateSecureConn = FALSE\n"
#define SERVER_CERT "TLSServerCertRef = 3\n"
#define BOTH_CERTS  "TLSServerCertRef = 3\nTLSServerReqClientCert = TRUE\n"
#define CLIENT_CERT "TLSClientCertRef = 3\n"
#define HELLO	    "Hello World!"
#define CONNECTED   "ctl show Send --json | grep -q '\"connected\": *true'"

/* As in a TLS handshake of version 1.3: the ServerHello's supported_versions (RFC 8446 4.2.1). */
static const unsigned char tls13[] = {0x00, 0x2b, 0x00, 0x02, 0x03, 0x04};

/* E4: Bool at 0.0, String[254] at 2.0. */
static const unsigned char message[] = {1,   0,	  254, 12,  'H', 'e', 'l', 'l',
					'o', ' ', 'W', 'o', 'r', 'l', 'd', '!'};

struct pair {
	struct plc plc1, plc2; /* the first connects to the second */
	int port;
};

static struct pair pair_new(void)
{
	struct pair pair = {plc_new("plc-1"), plc_new("plc-2"), plc_port()};

	plc_trust(&pair.plc1, &pair.plc2);
	plc_trust(&pair.plc2, &pair.plc1);
	return pair;
}

static void pair_free(struct pair *pair)
{
	plc_free(&pair->plc1);
	plc_free(&pair->plc2);
}

/*
 * Sends @what until it is there: right after a start nobody may listen yet, and with TLS 1.3 a
 * client sends before the server has judged it.
 */
static void say(struct pair *pair, const char *what)
{
	char script[512];

	snprintf(
		script, sizeof(script),
		"ctl send Send Var1=TRUE Var2='%s' --wait > sent.txt 2>&1; "
		"KEYSTORE_OUC_SOCKET=%s/run/control.sock keystore-ouc-ctl get Received_Data --json "
		"| grep -q '\"Var2\": *\"%s\"'",
		what, fixture_dir(pair->plc2.fixture), what);
	plc_until(&pair->plc1, script);
}

static void say_hello(struct pair *pair)
{
	say(pair, HELLO);
}

TestSuite(ouc, .timeout = 240);

Test(ouc, carries_a_data_block_from_one_controller_to_the_other)
{
	struct pair pair = pair_new();
	struct capture *capture = capture_start(pair.port);

	/* E1, E3, E4, E6: mutual trust, TLS 1.3, and nothing to be read on the way. */
	plc_start(&pair.plc2, BLOCKS RECEIVER SECURE BOTH_CERTS, pair.port);
	plc_start(&pair.plc1, BLOCKS SENDER SECURE CLIENT_CERT, pair.port);
	say_hello(&pair);
	PLC(&pair.plc2, "ctl get Received_Data | grep -q 'Var1.*TRUE'; "
			"ctl show Receive --json | grep -q TLSv1.3");
	if (capture) {
		capture_stop(capture);
		cr_assert(capture_has(capture, tls13, sizeof(tls13)));
		cr_assert(!capture_has(capture, HELLO, strlen(HELLO)));
		capture_free(capture);
	}
	pair_free(&pair);
}

Test(ouc, carries_it_in_the_clear_where_a_section_says_so)
{
	struct pair pair = pair_new();
	struct capture *capture = capture_start(pair.port);

	plc_start(&pair.plc2, BLOCKS RECEIVER PLAIN, pair.port);
	plc_start(&pair.plc1, BLOCKS SENDER PLAIN, pair.port);
	say_hello(&pair);
	/* It was told at the start. */
	PLC(&pair.plc1, "grep -q 'ActivateSecureConn' ouc.log");
	if (capture) {
		capture_stop(capture);
		cr_assert(capture_has(capture, message, sizeof(message)));
		capture_free(capture);
	}
	pair_free(&pair);
}

Test(ouc, refuses_a_peer_whose_ca_it_does_not_trust_and_takes_it_when_it_does)
{
	struct pair pair = {plc_new("plc-1"), plc_new("plc-2"), plc_port()};

	/* B2: the error names what is missing. */
	plc_start(&pair.plc2, BLOCKS RECEIVER SECURE BOTH_CERTS, pair.port);
	plc_start(&pair.plc1, BLOCKS SENDER SECURE CLIENT_CERT, pair.port);
	plc_until(&pair.plc1, "ctl show Send | grep -q 80E4");
	PLC(&pair.plc1, "ctl show Send --json | grep -q 'Project CA P-256'; "
			"keystorectl rejected list | grep -q CN=plc-2");
	plc_trust(&pair.plc1, &pair.plc2);
	plc_trust(&pair.plc2, &pair.plc1);
	plc_until(&pair.plc1, CONNECTED);
	say_hello(&pair);
	pair_free(&pair);
}

Test(ouc, ends_a_connection_when_its_peer_is_revoked)
{
	struct pair pair = pair_new();

	plc_start(&pair.plc2, BLOCKS RECEIVER SECURE BOTH_CERTS, pair.port);
	plc_start(&pair.plc1, BLOCKS SENDER SECURE CLIENT_CERT, pair.port);
	say_hello(&pair);
	PLC(&pair.plc1, "keystorectl cert revoke 3 --reason keyCompromise >&2");
	plc_until(&pair.plc1,
		  "keystorectl crl export 2 | openssl crl -noout -text | grep -q 'Serial Number'");
	PLC(&pair.plc1, "keystorectl crl export 2 > new.crl");
	PLC(&pair.plc2, "keystorectl trust add ouc %s/new.crl >&2", fixture_dir(pair.plc1.fixture));
	plc_until(&pair.plc2, "ctl show Receive | grep -q 80E3");
	pair_free(&pair);
}

Test(ouc, shows_a_renewed_certificate_to_the_next_and_loses_no_message)
{
	struct pair pair = pair_new();

	/* A20 */
	plc_start(&pair.plc2,
		  "[block Counter]\nCount = DInt\n"
		  "[Receive]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"
		  "ActiveEstablished = FALSE\nLocalPort = %d\nTRCV_C = Counter\n" SECURE BOTH_CERTS,
		  pair.port);
	plc_start(&pair.plc1,
		  "[block Counter]\nCount = DInt\n"
		  "[Send]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"
		  "ActiveEstablished = TRUE\nRemoteAddress = 127.0.0.1\nRemotePort = %d\n"
		  "TSEND_C = Counter\n" SECURE CLIENT_CERT,
		  pair.port);
	PLC(&pair.plc1, "ctl send Send Count=1 --wait");
	PLC(&pair.plc1,
	    "(for i in $(seq 2 200); do ctl send Send Count=$i --wait; done > sends 2>&1; "
	    "touch sent) & exec > /dev/null");
	for (int i = 0; i < 3; i++)
		PLC(&pair.plc2, "keystorectl cert renew 3 --rekey >&2");
	plc_until(&pair.plc1, "test -e sent");
	plc_until(&pair.plc2, "ctl get Counter --json | grep -q '\"Count\": *200'");
	PLC(&pair.plc2, "ctl show Receive --json | grep -q '\"received\": *200[,}]'");
	/* One connection from the first to the last, … */
	PLC(&pair.plc1, "test $(grep -c '\"status\": *\"7004\"' ouc.log) -ge 1; "
			"ctl show Send --json | grep -q '\"failures\": *0[,}]'");
	/* … and who comes next sees the new certificate. */
	(void)plc_end(&pair.plc1, SIGTERM);
	PLC(&pair.plc2,
	    "keystorectl cert export 3 | openssl x509 -noout -serial > current; "
	    "echo %d > port",
	    pair.port);
	plc_until(&pair.plc2,
		  "openssl s_client -connect 127.0.0.1:$(cat port) < /dev/null 2> /dev/null | "
		  "openssl x509 -noout -serial 2> /dev/null | cmp -s - current");
	pair_free(&pair);
}

Test(ouc, connects_again_when_the_partner_is_back)
{
	struct pair pair = pair_new();

	plc_start(&pair.plc1, BLOCKS SENDER SECURE CLIENT_CERT, pair.port);
	plc_until(&pair.plc1, "ctl show Send | grep -q 80C5");
	plc_start(&pair.plc2, BLOCKS RECEIVER SECURE BOTH_CERTS, pair.port);
	say_hello(&pair);
	(void)plc_end(&pair.plc2, SIGKILL);
	plc_start_again(&pair.plc2);
	plc_until(&pair.plc1, CONNECTED);
	say_hello(&pair);
	cr_assert_eq(plc_end(&pair.plc2, SIGTERM), 0);
	PLC(&pair.plc2, "fails test -e run/control.sock");
	pair_free(&pair);
}

Test(ouc, goes_on_while_keystored_is_away)
{
	struct pair pair = pair_new();

	plc_start(&pair.plc2, BLOCKS RECEIVER SECURE BOTH_CERTS, pair.port);
	plc_start(&pair.plc1, BLOCKS SENDER SECURE CLIENT_CERT, pair.port);
	plc_until(&pair.plc1, CONNECTED);
	fixture_service_stop(pair.plc1.fixture);
	fixture_service_stop(pair.plc2.fixture);
	say_hello(&pair);
	fixture_service_start(pair.plc1.fixture);
	fixture_service_start(pair.plc2.fixture);
	fixture_service_wait(pair.plc1.fixture);
	fixture_service_wait(pair.plc2.fixture);
	(void)plc_end(&pair.plc1, SIGTERM);
	plc_start_again(&pair.plc1);
	say(&pair, "again");
	pair_free(&pair);
}
