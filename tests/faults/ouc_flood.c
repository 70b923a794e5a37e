/* Peers of keystore-ouc that begin handshakes and do not end them: bounded in time and number. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "tls_client.h"

#define HALF_OPEN	   200
#define HELD_OF_ADDRESS	   8  /* HandshakesPerAddress */
#define DESCRIPTORS_OTHERS 16 /* of the control socket's clients and of keystored */
#define ABORTED		   1000
#define GROWTH_MAX	   (4 * 1024 * 1024)

#define PROGRAM                                                                                    \
	"[keystore-ouc]\nHandshakesMax = 16\nHandshakesPerAddress = 8\n"                           \
	"HandshakeTimeout = 4 s\n"

#define LISTENS                                                                                    \
	"[Listen]\nType = TCON_IP_V4_SEC\nID = 1\nActiveEstablished = FALSE\nLocalPort = %d\n"     \
	"TLSServerCertRef = 3\nTLSServerReqClientCert = TRUE\n"

#define RECEIVES "TRCV_C = In\n[block In]\nVar1 = Bool\nVar2 = String\n"

struct rest {
	const struct plc *plc;
	unsigned descriptors;
};

static bool is_at_rest(void *user)
{
	const struct rest *rest = user;

	return plc_descriptors(rest->plc) <= rest->descriptors;
}

static void until_at_rest(const struct plc *plc, unsigned descriptors)
{
	fixture_until(is_at_rest, &(struct rest){plc, descriptors}, "the end of all connections");
}

struct crowd {
	int fds[HALF_OPEN];
	unsigned held_max; /* until no more than these are left */
};

static unsigned still_there(const struct crowd *crowd)
{
	unsigned count = 0;

	for (int i = 0; i < HALF_OPEN; i++) {
		struct pollfd ended = {.fd = crowd->fds[i], .events = POLLIN};

		count += poll(&ended, 1, 0) == 0;
	}
	return count;
}

static bool is_turned_away(void *user)
{
	const struct crowd *crowd = user;

	return still_there(crowd) <= crowd->held_max;
}

/* Some say nothing at all, some begin a ClientHello. */
static void crowd_comes(struct crowd *crowd, int port)
{
	static const unsigned char hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3};

	for (int i = 0; i < HALF_OPEN; i++) {
		crowd->fds[i] = peer_connect(port);
		if (i % 2)
			(void)send(crowd->fds[i], hello, sizeof(hello), MSG_NOSIGNAL);
	}
}

static void crowd_goes(const struct crowd *crowd)
{
	for (int i = 0; i < HALF_OPEN; i++)
		close(crowd->fds[i]);
}

/* From another address of loopback than the crowd. */
static struct peer good_peer(struct plc *plc, int port)
{
	return peer_start(plc, "good",
			  "openssl s_client " OPENSSL_CERT OPENSSL_CA
			  "-quiet -bind 127.0.0.2:0 -connect 127.0.0.1:%d",
			  port);
}

/* It gets in, and goes. What the first handshake leaves open is there then. */
static void takes_a_good_one(struct plc *plc, int port)
{
	struct peer good = good_peer(plc, port);

	plc_until(plc, "ctl show Listen --json | grep -q '\"peer\": *\"127.0.0.2\"' || "
		       "grep '\"opened\"' ouc.log | grep -q 127.0.0.2");
	(void)peer_end(&good);
	until_shown(plc, "Listen", "connected", "false");
}

/* @held: how many of one address are let wait at most. */
static void bears_a_crowd(struct plc *plc, int port, unsigned held)
{
	struct crowd crowd = {.held_max = held};
	unsigned before;

	takes_a_good_one(plc, port);
	PLC(plc, ": > ouc.log");
	before = plc_descriptors(plc);
	crowd_comes(&crowd, port);
	fixture_until(is_turned_away, &crowd, "the refusal of most of them");
	cr_expect_leq(plc_descriptors(plc), before + held + DESCRIPTORS_OTHERS);
	takes_a_good_one(plc, port);
	/* Whoever is left is sent away when the time is up. */
	crowd.held_max = 0;
	fixture_until(is_turned_away, &crowd, "the end of the last");
	crowd_goes(&crowd);
	until_at_rest(plc, before);
	/* Whoever wants to fill a disk by it does not. */
	PLC(plc, "test $(wc -l < ouc.log) -lt 100");
}

TestSuite(ouc_flood, .timeout = 240);

Test(ouc_flood, of_half_open_handshakes_keeps_nobody_from_a_data_connection)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();

	peers_certify(&plc);
	plc_start(&plc, PROGRAM LISTENS RECEIVES, port);
	until_waiting(&plc, "Listen");
	bears_a_crowd(&plc, port, HELD_OF_ADDRESS);
	plc_free(&plc);
}

Test(ouc_flood, of_half_open_handshakes_keeps_nobody_from_a_forward)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port(), plain = plc_port();
	struct peer server = peer_start(&plc, "server",
					"/usr/bin/python3 " KEYSTORE_SOURCE_DIR
					"/tests/interop/ouc/plain.py serve-echo %d",
					plain);

	peers_certify(&plc);
	until_listening(&plc, plain);
	plc_start(&plc, PROGRAM LISTENS "Forward = 127.0.0.1:%d\nForwardMax = 2\n", port, plain);
	until_waiting(&plc, "Listen");
	bears_a_crowd(&plc, port, HELD_OF_ADDRESS);
	(void)peer_end(&server);
	plc_free(&plc);
}

struct trickle {
	int fd;
	size_t sent;
};

/* A byte of a ClientHello each time, until the other side has had enough. */
static bool is_given_up(void *user)
{
	static const unsigned char begin[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3};
	struct trickle *trickle = user;
	struct pollfd ended = {.fd = trickle->fd, .events = POLLIN};
	unsigned char byte = trickle->sent < sizeof(begin) ? begin[trickle->sent] : 0;

	if (poll(&ended, 1, 0) == 1)
		return true;
	/* Far from its end, whatever the time. */
	if (trickle->sent < 400)
		trickle->sent += (size_t)(send(trickle->fd, &byte, 1, MSG_NOSIGNAL) == 1);
	return false;
}

Test(ouc_flood, by_one_who_sends_a_byte_at_a_time_ends_in_time)
{
	struct plc plc = plc_new("plc-1");
	int port = plc_port();
	struct trickle trickle = {0};

	peers_certify(&plc);
	plc_start(&plc, PROGRAM LISTENS RECEIVES, port);
	until_waiting(&plc, "Listen");
	trickle.fd = peer_connect(port);
	fixture_until(is_given_up, &trickle, "the end of a slow handshake");
	until_status(&plc, "Listen", "80C7", "not over in time");
	close(trickle.fd);
	plc_free(&plc);
}

Test(ouc_flood, of_aborted_handshakes_leaves_nothing_behind)
{
	struct plc plc;
	int port = plc_port();
	unsigned descriptors;
	size_t before;

	/* A sanitizer keeps what is freed, to recognise its use: little of that here. */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 1);
	plc = plc_new("plc-1");
	peers_certify(&plc);
	plc_start(&plc, PROGRAM LISTENS RECEIVES, port);
	until_waiting(&plc, "Listen");
	takes_a_good_one(&plc, port);
	descriptors = plc_descriptors(&plc);
	/* What is made once is made now. */
	(void)tls_abort_handshakes(port, ABORTED);
	until_at_rest(&plc, descriptors);
	before = plc_memory(&plc);
	cr_expect_gt(tls_abort_handshakes(port, ABORTED), 0);
	until_at_rest(&plc, descriptors);
	cr_expect_leq(plc_memory(&plc), before + GROWTH_MAX, "%zu KiB, then %zu KiB", before / 1024,
		      plc_memory(&plc) / 1024);
	takes_a_good_one(&plc, port);
	plc_free(&plc);
}
