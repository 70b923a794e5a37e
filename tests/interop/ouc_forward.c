/*
 * Forward mode with programs that know no TLS: two controllers, of which the near one takes plain
 * connections and leads them by TLS to the far one, and that to a plain server.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "peer.h"

#define PLAIN_PEER "/usr/bin/python3 " KEYSTORE_SOURCE_DIR "/tests/interop/ouc/plain.py "
#define PLACE_MAX  108
#define MEMORY_MAX (16 * 1024 * 1024) /* that a stalled connection may cost */
#define MEBIBYTE   1048576

struct line {
	struct plc near, far;
	int secure_port;
	char client_place[PLACE_MAX]; /* where the near one listens: a port, or a path */
	char server_place[PLACE_MAX]; /* where the far one connects to */
};

static void forward_place(char text[PLACE_MAX + 16], const char *place)
{
	snprintf(text, PLACE_MAX + 16, "%s%s", *place == '/' ? "unix:" : "127.0.0.1:", place);
}

static void line_start(struct line *line, int near_max, int far_max)
{
	char client[PLACE_MAX + 16], server[PLACE_MAX + 16];

	forward_place(client, line->client_place);
	forward_place(server, line->server_place);
	plc_start(&line->far,
		  "[Far]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"
		  "ActiveEstablished = FALSE\nLocalPort = %d\nTLSServerReqClientCert = TRUE\n"
		  "TLSServerCertRef = 3\nForward = %s\nForwardMax = %d\n",
		  line->secure_port, server, far_max);
	plc_start(&line->near,
		  "[Near]\nType = TCON_IP_V4_SEC\nID = 1\nConnectionType = 11\n"
		  "ActiveEstablished = TRUE\nRemoteAddress = 127.0.0.1\nRemotePort = %d\n"
		  "TLSClientCertRef = 3\nForward = %s\nForwardMax = %d\n",
		  line->secure_port, client, near_max);
	until_waiting(&line->far, "Far");
	until_waiting(&line->near, "Near");
}

static struct line line_new(void)
{
	struct line line = {plc_new("plc-1"), plc_new("plc-2"), plc_port(), "", ""};

	plc_trust(&line.near, &line.far);
	plc_trust(&line.far, &line.near);
	snprintf(line.client_place, PLACE_MAX, "%d", plc_port());
	snprintf(line.server_place, PLACE_MAX, "%d", plc_port());
	return line;
}

static void line_free(struct line *line)
{
	plc_free(&line->near);
	plc_free(&line->far);
}

/* A server behind the far one, which waits for its clients. */
static struct peer serve(struct line *line, const char *role)
{
	struct peer peer;

	PLC(&line->far, "rm -f plain.sock");
	peer = peer_start(&line->far, "server", PLAIN_PEER "%s %s", role, line->server_place);

	if (*line->server_place == '/')
		plc_until(&line->far, "test -S plain.sock");
	else
		until_listening(&line->far, atoi(line->server_place));
	return peer;
}

static int ask(struct line *line, const char *role, int bytes)
{
	struct run run = fixture_sh(line->near.fixture, PLAIN_PEER "%s %s %d", role,
				    line->client_place, bytes);
	int code = run.exit_code;

	if (code != 0)
		fprintf(stderr, "%s: %s%s", role, run.out, run.err);
	run_free(&run);
	return code;
}

static void until_none_is_open(struct line *line)
{
	until_shown(&line->near, "Near", "open", "0");
	until_shown(&line->far, "Far", "open", "0");
}

TestSuite(ouc_forward, .timeout = 240);

Test(ouc_forward, carries_modbus_of_libmodbus_and_mbpoll)
{
	struct line line = line_new();
	struct capture *capture = capture_start(line.secure_port);
	/* Function 3, two registers from 17 on, of unit 1. */
	static const unsigned char request[] = {0, 6, 1, 3, 0, 17, 0, 2};
	struct peer server =
		peer_start(&line.far, "modbus", "modbus-peer serve %s", line.server_place);

	until_listening(&line.far, atoi(line.server_place));
	line_start(&line, 4, 4);
	PLC(&line.near, "modbus-peer drive %s >&2", line.client_place);
	PLC(&line.near,
	    "mbpoll -m tcp -p %s -a 1 -r 18 127.0.0.1 4711 815 >&2; "
	    "mbpoll -m tcp -p %s -a 1 -r 18 -c 2 -1 127.0.0.1 > polled; "
	    "grep -q '^.18.:.*4711' polled; grep -q '^.19.:.*815' polled",
	    line.client_place, line.client_place);
	until_none_is_open(&line);
	if (capture) {
		capture_stop(capture);
		cr_assert(!capture_has(capture, request, sizeof(request)));
		capture_free(capture);
	}
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, carries_a_mail)
{
	struct line line = line_new();
	struct capture *secure = capture_start(line.secure_port);
	struct capture *plain = capture_start(atoi(line.server_place));
	struct peer server = peer_start(&line.far, "smtp",
					"/usr/bin/python3 -m aiosmtpd -n -c "
					"aiosmtpd.handlers.Mailbox mail -l 127.0.0.1:%s",
					line.server_place);

	until_listening(&line.far, atoi(line.server_place));
	line_start(&line, 4, 4);
	PLC(&line.near,
	    "{ printf 'Subject: pressure\\r\\n\\r\\n'; head -c 3000000 /dev/urandom | base64 | "
	    "sed 's/$/\\r/'; } > letter; curl -sS --noproxy '*' smtp://127.0.0.1:%s --mail-from "
	    "pump@plant.example --mail-rcpt desk@plant.example --upload-file letter",
	    line.client_place);
	PLC(&line.far,
	    "body() { tr -d '\\r' < $1 | sed '1,/^$/d'; }; body %s/letter > sent; "
	    "body $(ls mail/new/*) > came; test -s came; cmp sent came",
	    fixture_dir(line.near.fixture));
	until_none_is_open(&line);
	if (secure && plain) {
		capture_stop(secure);
		capture_stop(plain);
		cr_assert(!capture_has(secure, "pump@plant", 10));
		cr_assert(capture_has(plain, "pump@plant", 10));
	}
	capture_free(secure);
	capture_free(plain);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, joins_unix_sockets)
{
	struct line line = line_new();
	struct peer server;

	snprintf(line.client_place, PLACE_MAX, "%s/plain.sock", fixture_dir(line.near.fixture));
	snprintf(line.server_place, PLACE_MAX, "%s/plain.sock", fixture_dir(line.far.fixture));
	server = serve(&line, "serve-back");
	line_start(&line, 4, 4);
	PLC(&line.near, "test $(stat -c %%a plain.sock) = 660");
	cr_expect_eq(ask(&line, "ask", 5 * MEBIBYTE), 0);
	(void)peer_end(&server);
	server = serve(&line, "serve-echo");
	cr_expect_eq(ask(&line, "ask-both", 5 * MEBIBYTE), 0);
	until_none_is_open(&line);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, passes_the_end_of_one_direction_on_and_the_answer_back)
{
	struct line line = line_new();
	struct peer server = serve(&line, "serve-back");

	line_start(&line, 4, 4);
	/* From a request without a byte to one that no buffer holds. */
	cr_expect_eq(ask(&line, "ask", 0), 0);
	cr_expect_eq(ask(&line, "ask", 1), 0);
	cr_expect_eq(ask(&line, "ask", 16384), 0);
	cr_expect_eq(ask(&line, "ask", 12 * MEBIBYTE), 0);
	until_none_is_open(&line);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, carries_much_both_ways_at_a_time_for_several)
{
	struct line line = line_new();
	struct peer server = serve(&line, "serve-echo");

	line_start(&line, 4, 4);
	PLC(&line.near,
	    "for i in 1 2 3 4; do " PLAIN_PEER "ask-both %s %d > sum$i & done; wait; "
	    "test -s sum1; for i in 2 3 4; do cmp sum1 sum$i; done",
	    line.client_place, 12 * MEBIBYTE);
	until_none_is_open(&line);
	PLC(&line.near, "ctl show Near --json | grep -q '\"sent\": *%d\\b'", 4 * 12 * MEBIBYTE);
	PLC(&line.far, "ctl show Far --json | grep -q '\"received\": *%d\\b'", 4 * 12 * MEBIBYTE);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, keeps_little_of_what_nobody_reads)
{
	struct line line = line_new();
	const int bytes = 100 * MEBIBYTE;
	struct peer server, client;
	size_t near, far;

	server = peer_start(&line.far, "server", PLAIN_PEER "serve-much %s %d", line.server_place,
			    bytes);
	until_listening(&line.far, atoi(line.server_place));
	line_start(&line, 4, 4);
	near = plc_memory(&line.near);
	far = plc_memory(&line.far);
	client = peer_start(&line.near, "client", PLAIN_PEER "ask-late %s %d", line.client_place,
			    bytes);
	/* Until it stands still, with most of it still at the server. */
	plc_until(&line.far, "count() { ctl show Far --json | sed 's/.*\"sent\": *\\([0-9]*\\).*/"
			     "\\1/'; }; a=$(count); ctl list > /dev/null; b=$(count); "
			     "test $a -gt 0; test $a = $b");
	cr_expect_lt(plc_memory(&line.near), near + MEMORY_MAX);
	cr_expect_lt(plc_memory(&line.far), far + MEMORY_MAX);
	PLC(&line.far,
	    "test $(ctl show Far --json | sed 's/.*\"sent\": *\\([0-9]*\\).*/\\1/') "
	    "-lt %d",
	    bytes);
	peer_say(&client, "\n", 1);
	plc_until(&line.near, "grep -q '^[0-9a-f]\\{64\\}$' client.out");
	until_none_is_open(&line);
	(void)peer_end(&client);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, passes_a_reset_on_as_one)
{
	struct line line = line_new();
	struct peer server = serve(&line, "serve-hold");

	/* Otherwise a message that was cut off would look whole. */
	line_start(&line, 4, 4);
	(void)ask(&line, "ask-reset", 100);
	plc_until(&line.far, "test -s server.out");
	PLC(&line.far, "grep -q reset server.out");
	until_none_is_open(&line);
	/* The same when the near one dies. */
	(void)peer_end(&server);
	server = serve(&line, "serve-hold");
	struct peer client =
		peer_start(&line.near, "client", PLAIN_PEER "ask-hold %s", line.client_place);
	plc_until(&line.near, "grep -q open client.out");
	(void)plc_end(&line.near, SIGKILL);
	plc_until(&line.far, "test -s server.out");
	PLC(&line.far, "grep -q reset server.out");
	(void)peer_end(&client);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, ends_a_connection_whose_server_is_down_and_says_so)
{
	struct line line = line_new();
	struct peer server;

	line_start(&line, 4, 4);
	cr_expect_neq(ask(&line, "ask", 100), 0);
	plc_until(&line.far, "grep 80C5 ouc.log | grep -q 'refused'");
	PLC(&line.far, "ctl show Far | grep -q 80C5; grep -q %s ouc.log", line.server_place);
	until_none_is_open(&line);
	server = serve(&line, "serve-back");
	cr_expect_eq(ask(&line, "ask", 100), 0);
	PLC(&line.far, "if ctl show Far | grep -q 80C5; then exit 1; fi");
	(void)peer_end(&server);
	/* And when it is the far one that is down. */
	(void)plc_end(&line.far, SIGKILL);
	cr_expect_neq(ask(&line, "ask", 100), 0);
	plc_until(&line.near, "ctl show Near | grep -q 80C5");
	line_free(&line);
}

/* Two may, and the third has to wait until one of them has ended. */
static void has_room_for_two(int near_max, int far_max, bool is_near)
{
	struct line line = line_new();
	struct plc *full = is_near ? &line.near : &line.far;
	struct peer server = serve(&line, "serve-hold"), first, second, third;

	line_start(&line, near_max, far_max);
	first = peer_start(&line.near, "first", PLAIN_PEER "ask-hold %s", line.client_place);
	plc_until(&line.near, "grep -q open first.out");
	second = peer_start(&line.near, "second", PLAIN_PEER "ask-hold %s", line.client_place);
	plc_until(&line.near, "grep -q open second.out");
	third = peer_start(&line.near, "third", PLAIN_PEER "ask-hold %s", line.client_place);
	plc_until(full, "grep '\"refused\"' ouc.log | grep -q ForwardMax");
	plc_until(&line.near, "test -s third.err -o -s third.out");
	PLC(&line.near, "fails grep -q open third.out");
	(void)peer_end(&third);
	peer_say(&first, "\n", 1);
	until_shown(full, is_near ? "Near" : "Far", "open", "1");
	third = peer_start(&line.near, "third", PLAIN_PEER "ask-hold %s", line.client_place);
	plc_until(&line.near, "grep -q open third.out");
	(void)peer_end(&first);
	(void)peer_end(&second);
	(void)peer_end(&third);
	(void)peer_end(&server);
	line_free(&line);
}

Test(ouc_forward, turns_away_one_more_than_its_maximum_at_the_secure_side)
{
	has_room_for_two(4, 2, false);
}

Test(ouc_forward, turns_away_one_more_than_its_maximum_at_the_plain_side)
{
	has_room_for_two(2, 4, true);
}
