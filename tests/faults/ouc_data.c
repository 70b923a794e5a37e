/* Peers of keystore-ouc that send what is no data block, or vanish. */
#include <criterion/criterion.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define LISTENS	      "Type = TCON_IP_V4_SEC\nActiveEstablished = FALSE\nMessageTimeout = 400 ms\n"
#define MESSAGE_BYTES 258

enum end { SILENT, ENDS };

/* What a peer sends: a header, then so many bytes, then nothing more, or its end. */
struct nonsense {
	const unsigned char header[4]; /* Bool, a gap, String: its most and its used characters */
	size_t len;
	enum end end;
	const char *status;
	const char *words;
	unsigned received; /* messages of it that were whole */
};

static const struct nonsense nonsense[] = {
	{{1, 0, 254, 5}, 300, SILENT, "80C7", "the rest of a message did not come", 1},
	{{1, 0, 254, 5}, 100, SILENT, "80C7", "the rest of a message did not come", 0},
	{{1, 0, 254, 5}, 100, ENDS, "80A7", "100 of the 258 bytes of block In", 0},
	{{1, 0, 254, 5}, 1, ENDS, "80A7", "1 of the 258 bytes of block In", 0},
	{{1, 0, 254, 255}, MESSAGE_BYTES, SILENT, "80E0", "Var2", 0},
	{{1, 0, 255, 5}, MESSAGE_BYTES, SILENT, "80E0", "Var2", 0},
	{{1, 0, 20, 5}, MESSAGE_BYTES, SILENT, "80E0", "Var2", 0},
};

TestSuite(ouc_data, .timeout = 240);

Test(ouc_data, that_is_no_block_ends_the_connection_with_its_reason)
{
	struct plc plc = plc_new("plc-1");
	int plain = plc_port(), secure = plc_port();
	unsigned received = 0;

	peers_certify(&plc);
	plc_start(
		&plc,
		"[block In]\nVar1 = Bool\nVar2 = String\n"
		"[block Secure_In]\nVar1 = Bool\nVar2 = String\n"
		"[Plain]\nID = 1\nLocalPort = %d\nActivateSecureConn = FALSE\nTRCV_C = In\n" LISTENS
		"[Secure]\nID = 2\nLocalPort = %d\nTLSServerCertRef = 3\n"
		"TLSServerReqClientCert = TRUE\nTRCV_C = Secure_In\n" LISTENS,
		plain, secure);
	until_waiting(&plc, "Plain");
	until_waiting(&plc, "Secure");
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		const struct nonsense *row = &nonsense[i];
		unsigned char bytes[300] = {0};
		struct peer peer;
		char count[12];
		int fd = peer_connect(plain);

		memcpy(bytes, row->header, sizeof(row->header));
		cr_assert_eq(send(fd, bytes, row->len, 0), (ssize_t)row->len);
		if (row->end == ENDS)
			shutdown(fd, SHUT_WR);
		until_status(&plc, "Plain", row->status, row->words);
		received += row->received;
		/* A good one is taken afterwards, and what was there before it is not in the way. */
		close(fd);
		fd = peer_connect(plain);
		memcpy(bytes, (const unsigned char[]){1, 0, 254, 5}, 4);
		cr_assert_eq(send(fd, bytes, MESSAGE_BYTES, 0), MESSAGE_BYTES);
		snprintf(count, sizeof(count), "%u", ++received);
		until_shown(&plc, "Plain", "received", count);
		close(fd);
		until_shown(&plc, "Plain", "connected", "false");
		/* The same from one who has shown a certificate; its end is another matter. */
		if (row->end == ENDS)
			continue;
		memcpy(bytes, row->header, sizeof(row->header));
		peer = peer_start(&plc, "peer",
				  "openssl s_client " OPENSSL_CERT OPENSSL_CA
				  "-quiet -connect 127.0.0.1:%d",
				  secure);
		peer_say(&peer, bytes, row->len);
		until_status(&plc, "Secure", row->status, row->words);
		(void)peer_end(&peer);
	}
	plc_free(&plc);
}

Test(ouc_data, for_a_connection_without_trcv_c_ends_it)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port(), fd;

	plc_start(&plc,
		  "[block Out]\nVar1 = Bool\n[Plain]\nID = 1\nLocalPort = %d\n"
		  "ActivateSecureConn = FALSE\nTSEND_C = Out\n" LISTENS,
		  port);
	fd = peer_connect(port);
	cr_assert_eq(send(fd, "?", 1, 0), 1);
	until_status(&plc, "Plain", "80E0", "there is no TRCV_C here");
	close(fd);
	plc_free(&plc);
}

/* --- peers that stop --- */

#define SENDS                                                                                      \
	"Type = TCON_IP_V4_SEC\nActiveEstablished = TRUE\nRemoteAddress = 127.0.0.1\n"             \
	"TLSClientCertRef = 3\nREQ = 10 ms\nEvents = state\n"

#define SENT(name) "ctl show " name " --json | sed 's/.*\"sent\": *\\([0-9]*\\).*/\\1/'"

Test(ouc_data, for_a_peer_that_is_stopped_waits_and_holds_nobody_up)
{
	struct plc plc = plc_new("plc-1");
	int stopped_port = plc_port(), other_port = plc_port();
	struct peer stopped, other;

	peers_certify(&plc);
	stopped = peer_start(&plc, "stopped",
			     "openssl s_server " OPENSSL_CERT "-quiet -accept 127.0.0.1:%d",
			     stopped_port);
	other = peer_start(&plc, "other",
			   "openssl s_server " OPENSSL_CERT "-quiet -accept 127.0.0.1:%d",
			   other_port);
	until_listening(&plc, stopped_port);
	until_listening(&plc, other_port);
	plc_start(&plc,
		  "[block Big]\nMany = Array[1..8000] of DInt\n"
		  "[Stopped]\nID = 1\nRemotePort = %d\nTSEND_C = Big\n" SENDS
		  "[Other]\nID = 2\nRemotePort = %d\nTSEND_C = Big\n" SENDS,
		  stopped_port, other_port);
	plc_until(&plc, "test $(" SENT("Stopped") ") -gt 10");
	kill(stopped.pid, SIGSTOP);
	/* Until the kernel takes no more for it. */
	plc_until(
		&plc,
		"a=$(" SENT("Stopped") "); b=$(" SENT("Other") "); while test $(" SENT(
			"Other") ") -lt $((b + 5)); do :; done; test $a = $(" SENT("Stopped") ")");
	PLC(&plc, "ctl show Stopped --json > shown; grep -q '\"busy\": *true' shown; "
		  "grep -q '\"connected\": *true' shown; " SENT("Stopped") " > before");
	kill(stopped.pid, SIGCONT);
	plc_until(&plc, "test $(" SENT("Stopped") ") -gt $(($(cat before) + 10))");
	PLC(&plc, "for name in Stopped Other; do ctl show $name --json | grep -q "
		  "'\"failures\": *0\\b'; done");
	(void)peer_end(&stopped);
	(void)peer_end(&other);
	plc_free(&plc);
}

/* --- peers that vanish without a word --- */

/*
 * A network of its own for this process and what it starts, and behind a wire another one, of
 * @outside. False: it may not.
 */
static bool network_new(struct plc *plc, struct peer *ret_outside)
{
	struct run run;
	bool is_made;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	*ret_outside = peer_start(plc, "outside", "unshare -n cat");
	run = fixture_sh(
		plc->fixture,
		"set -e; PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; i=0; "
		"until test $(readlink /proc/%d/ns/net) != $(readlink /proc/self/ns/net); "
		"do :; done; ip link add inside type veth peer name outside netns %d; "
		"ip addr add 192.0.2.1/24 dev inside; ip link set inside up; "
		"nsenter -t %d -n sh -c 'ip addr add 192.0.2.2/24 dev outside; ip link set "
		"outside up'",
		(int)ret_outside->pid, (int)ret_outside->pid, (int)ret_outside->pid);
	is_made = run.exit_code == 0;
	if (!is_made)
		fprintf(stderr, "%s", run.err);
	run_free(&run);
	return is_made;
}

Test(ouc_data, from_a_peer_whose_cable_is_pulled_is_missed)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();
	struct peer outside, peer;
	unsigned char message[MESSAGE_BYTES] = {1, 0, 254, 5, 'H', 'e', 'l', 'l', 'o'};

	if (!network_new(&plc, &outside)) {
		plc_free(&plc);
		cr_skip_test("it takes the right to make network namespaces");
	}
	peers_certify(&plc);
	plc_start(&plc,
		  "[block In]\nVar1 = Bool\nVar2 = String\n[Wire]\nID = 1\nLocalPort = %d\n"
		  "TLSServerCertRef = 3\nTLSServerReqClientCert = TRUE\nTRCV_C = In\n" LISTENS,
		  port);
	until_waiting(&plc, "Wire");
	peer = peer_start(&plc, "peer",
			  "nsenter -t %d -n openssl s_client " OPENSSL_CERT OPENSSL_CA
			  "-quiet -connect 192.0.2.1:%d",
			  (int)outside.pid, port);
	peer_say(&peer, message, sizeof(message));
	until_shown(&plc, "Wire", "received", "1");
	PLC(&plc, "PATH=$PATH:/usr/sbin:/sbin; nsenter -t %d -n ip link set outside down",
	    (int)outside.pid);
	until_status(&plc, "Wire", "80A7", "the connection broke");
	(void)peer_end(&peer);
	/* Plugged in again, it is as before. */
	PLC(&plc, "PATH=$PATH:/usr/sbin:/sbin; nsenter -t %d -n ip link set outside up",
	    (int)outside.pid);
	peer = peer_start(&plc, "peer",
			  "nsenter -t %d -n openssl s_client " OPENSSL_CERT OPENSSL_CA
			  "-quiet -connect 192.0.2.1:%d",
			  (int)outside.pid, port);
	peer_say(&peer, message, sizeof(message));
	until_shown(&plc, "Wire", "received", "2");
	(void)peer_end(&peer);
	(void)peer_end(&outside);
	plc_free(&plc);
}
