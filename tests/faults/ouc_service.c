/* keystore-ouc while what it stands on is not there: its port, its certificate, keystored, a TPM. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "data_image.h"
#include "peer.h"

#define SENDERS 10

#define BLOCKS                                                                                     \
	"[block Out]\nVar1 = Bool\nVar2 = String\n"                                                \
	"[block In]\nVar1 = Bool\nVar2 = String\n"

#define LISTENS                                                                                    \
	"[Listen]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = FALSE\n"                     \
	"TLSServerReqClientCert = TRUE\nTRCV_C = In\n"

/* A peer with a certificate gets the connection. */
static void takes_a_good_one(struct plc *plc, int port)
{
	struct peer peer = peer_start(
		plc, "good",
		"openssl s_client " OPENSSL_CERT OPENSSL_CA "-quiet -connect 127.0.0.1:%d", port);

	until_shown(plc, "Listen", "connected", "true");
	(void)peer_end(&peer);
	until_shown(plc, "Listen", "connected", "false");
}

TestSuite(ouc_service, .timeout = 240);

Test(ouc_service, takes_a_port_when_the_one_that_has_it_has_gone)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port(), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char words[100];

	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	peers_certify(&plc);
	plc_start(&plc, BLOCKS LISTENS "LocalPort = %d\nTLSServerCertRef = 3\n", port);
	snprintf(words, sizeof(words), "port %d cannot be listened at: another program has it",
		 port);
	until_status(&plc, "Listen", "80A1", words);
	PLC(&plc, "grep '80A1' ouc.log | grep -q 'another program has it'");
	close(fd);
	until_waiting(&plc, "Listen");
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}

/* --- the own certificate --- */

static void listen_with(struct plc *plc, int cert, int port)
{
	plc_start(plc, BLOCKS LISTENS "LocalPort = %d\nTLSServerCertRef = %d\n", port, cert);
}

Test(ouc_service, says_that_its_certificate_is_none_and_takes_it_when_there_is_one)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();

	peers_certify(&plc);
	listen_with(&plc, PLC_CERT + 1, port);
	until_status(&plc, "Listen", "80E8", "certificate 4");
	PLC(&plc, "grep 80E8 ouc.log | grep -q 'certificate 4'");
	PLC(&plc, "keystorectl cert create --profile tls-client-server --issuer 2 --new-key second "
		  "--algorithm ec-p256 --subject CN=second --san IP:127.0.0.1 >&2; "
		  "keystorectl key allow second --uid $(id -u) --operations sign >&2");
	until_waiting(&plc, "Listen");
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}

Test(ouc_service, says_that_its_certificate_has_no_key)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();

	peers_certify(&plc);
	PLC(&plc, "keystorectl cert import pki/pump.pem >&2; keystorectl cert show 4 >&2");
	listen_with(&plc, PLC_CERT + 1, port);
	until_status(&plc, "Listen", "80E8", "certificate 4 has no key here");
	/* A peer is not kept waiting for what will not be. */
	PLC(&plc, "fails openssl s_client -connect 127.0.0.1:%d -quiet 2> said", port);
	plc_free(&plc);
}

Test(ouc_service, says_that_its_key_is_not_granted_and_goes_on_when_it_is)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();

	peers_certify(&plc);
	PLC(&plc, "keystorectl key allow plc-1 --uid $(id -u) --operations none >&2");
	listen_with(&plc, PLC_CERT, port);
	until_status(&plc, "Listen", "80E8", "key allow plc-1 --uid");
	PLC(&plc, "grep 80E8 ouc.log | grep -q 'key allow plc-1'; "
		  "keystorectl key allow plc-1 --uid $(id -u) --operations sign >&2");
	until_waiting(&plc, "Listen");
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}

/* --- keystored, and keystore-ouc itself --- */

/* As many connections as SENDERS, each with a block of its own. */
static void start_many(struct plc *plc, bool connects, int port)
{
	char *conf = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&conf, &len);

	for (int i = 1; i <= SENDERS; i++) {
		fprintf(out,
			"[block Block%d]\nCount = DInt\n[Line%d]\nID = %d\n"
			"Type = TCON_IP_V4_SEC\nEvents = state\n",
			i, i, i);
		if (connects)
			fprintf(out,
				"ActiveEstablished = TRUE\nRemoteAddress = 127.0.0.1\n"
				"RemotePort = %d\nTLSClientCertRef = 3\nTSEND_C = Block%d\n"
				"REQ = 10 ms\n",
				port, i);
		else
			fprintf(out,
				"ActiveEstablished = FALSE\nLocalPort = %d\nTLSServerCertRef = "
				"3\nTLSServerReqClientCert = TRUE\nTRCV_C = Block%d\n",
				port, i);
	}
	fclose(out);
	plc_start(plc, "%s", conf);
	free(conf);
}

/* Each of the connections counts on, from what it has counted now. */
static void all_go_on(struct plc *plc)
{
	PLC(plc,
	    "for i in $(seq %d); do ctl show Line$i --json | sed 's/.*\"received\": "
	    "*\\([0-9]*\\).*/\\1/'; done > before",
	    SENDERS);
	plc_until(plc, "i=0; while read count; do i=$((i + 1)); test $(ctl show Line$i --json | "
		       "sed 's/.*\"received\": *\\([0-9]*\\).*/\\1/') -gt $((count + 20)); done "
		       "< before");
}

Test(ouc_service, goes_on_with_all_connections_while_keystored_is_killed)
{
	struct plc sender = plc_new("plc-1"), receiver = plc_new("plc-2");
	int port = plc_port();

	plc_trust(&sender, &receiver);
	plc_trust(&receiver, &sender);
	start_many(&receiver, false, port);
	start_many(&sender, true, port);
	all_go_on(&receiver);
	fixture_service_kill(sender.fixture);
	fixture_service_kill(receiver.fixture);
	all_go_on(&receiver);
	fixture_service_start(sender.fixture);
	fixture_service_start(receiver.fixture);
	fixture_service_wait(sender.fixture);
	fixture_service_wait(receiver.fixture);
	all_go_on(&receiver);
	/* The same connections as at the start. */
	PLC(&receiver,
	    "for i in $(seq %d); do ctl show Line$i --json | grep -q "
	    "'\"failures\": *0\\b'; done",
	    SENDERS);
	PLC(&sender,
	    "for i in $(seq %d); do ctl show Line$i --json | grep -q "
	    "'\"failures\": *0\\b'; done",
	    SENDERS);
	plc_free(&sender);
	plc_free(&receiver);
}

struct reader {
	const struct data_view *view;
	unsigned char bytes[258];
	struct data_moment moment;
};

static bool misses_its_owner(void *user)
{
	struct reader *reader = user;

	return data_view_read(reader->view, reader->bytes, &reader->moment) == DATA_VIEW_OK &&
	       !reader->moment.has_owner;
}

Test(ouc_service, that_is_killed_is_missed_by_a_reader_of_its_image_and_starts_again)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();
	char problem[DATA_PROBLEM_MAX], path[256];
	struct reader reader;
	struct data_view *view;

	peers_certify(&plc);
	listen_with(&plc, PLC_CERT, port);
	snprintf(path, sizeof(path), "%s/run/Out.image", fixture_dir(plc.fixture));
	PLC(&plc, "ctl set Out Var2=before");
	cr_assert(data_view_open(path, &view, problem), "%s", problem);
	reader.view = view;
	cr_assert_eq(data_view_read(view, reader.bytes, &reader.moment), DATA_VIEW_OK);
	cr_assert(reader.moment.has_owner);
	cr_assert_eq(memcmp(reader.bytes + 4, "before", 6), 0);
	(void)plc_end(&plc, SIGKILL);
	fixture_until(misses_its_owner, &reader, "the reader's knowledge that its owner has gone");
	cr_assert_eq(memcmp(reader.bytes + 4, "before", 6), 0);
	data_view_close(view);
	plc_start_again(&plc);
	until_waiting(&plc, "Listen");
	cr_assert(data_view_open(path, &view, problem), "%s", problem);
	cr_assert_eq(data_view_read(view, reader.bytes, &reader.moment), DATA_VIEW_OK);
	cr_assert(reader.moment.has_owner);
	data_view_close(view);
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}

/* --- the TPM --- */

Test(ouc_service, waits_for_a_tpm_that_is_slow_and_holds_up_no_other_connection)
{
	struct plc plc = plc_new_with("plc-1", &(struct fixture_options){.with_proxy = true});
	int port = plc_port(), plain = plc_port(), fd;
	unsigned char message[258] = {1, 0, 254, 5, 'H', 'e', 'l', 'l', 'o'};
	struct peer peer;

	peers_certify(&plc);
	plc_start(&plc,
		  BLOCKS LISTENS
		  "LocalPort = %d\nTLSServerCertRef = 3\n"
		  "[block Plain_In]\nVar1 = Bool\nVar2 = String\n"
		  "[Plain]\nType = TCON_IP_V4_SEC\nID = 2\nActiveEstablished = FALSE\n"
		  "ActivateSecureConn = FALSE\nLocalPort = %d\nTRCV_C = Plain_In\n",
		  port, plain);
	until_waiting(&plc, "Listen");
	fixture_proxy(plc.fixture, "stop");
	peer = peer_start(
		&plc, "good",
		"openssl s_client " OPENSSL_CERT OPENSSL_CA "-quiet -connect 127.0.0.1:%d", port);
	until_status(&plc, "Listen", "7002", "handshake is under way");
	fd = peer_connect(plain);
	cr_assert_eq(send(fd, message, sizeof(message), 0), (ssize_t)sizeof(message));
	until_shown(&plc, "Plain", "received", "1");
	until_status(&plc, "Listen", "7002", "handshake is under way");
	fixture_proxy(plc.fixture, "go");
	until_shown(&plc, "Listen", "connected", "true");
	close(fd);
	(void)peer_end(&peer);
	plc_free(&plc);
}

Test(ouc_service, says_that_its_tpm_is_away_and_shakes_hands_when_it_is_back)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();
	struct peer peer;

	peers_certify(&plc);
	listen_with(&plc, PLC_CERT, port);
	until_waiting(&plc, "Listen");
	takes_a_good_one(&plc, port);
	fixture_tpm_kill(plc.fixture);
	peer = peer_start(
		&plc, "early",
		"openssl s_client " OPENSSL_CERT OPENSSL_CA "-quiet -connect 127.0.0.1:%d", port);
	/* The key is what it was: nobody has to do anything about it. */
	until_status(&plc, "Listen", "80C4", "TPM");
	(void)peer_end(&peer);
	fixture_tpm_start(plc.fixture);
	fixture_service_wait(plc.fixture);
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}
