#include "ouc_forward.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain_peer.h"
#include "processor.h"
#include "rows.h"
#include "tls_dial.h"

enum { ROUNDS = 7, PLACE_MAX = 8 };

#define WARM_UP_S 0.15
#define ROUND_S	  0.6

/* The processors. */
enum { OF_FORWARD, OF_CLIENT };

struct lane {
	pid_t pid;
	char places[FORWARD_DIRECTIONS][PLACE_MAX];
	double rates[FORWARD_DIRECTIONS][ROUNDS];
	double per_cpu[FORWARD_DIRECTIONS][ROUNDS];
};

struct forwards {
	struct plc *plc;
	struct plain_peer *sink, *source, *echo;
	char echo_place[PLACE_MAX];
	struct lane lanes[FORWARD_PROGRAMS];
	SSL_CTX *tls;
};

#define SECTION                                                                                    \
	"[%s]\nType = TCON_IP_V4_SEC\nID = %d\nActiveEstablished = FALSE\nLocalPort = %d\n"        \
	"TLSServerCertRef = %d\nForward = 127.0.0.1:%d\nMinimumTLS = 1.3\nEvents = state\n\n"

static int new_place(char place[PLACE_MAX])
{
	int port = plc_port();

	snprintf(place, PLACE_MAX, ":%d", port);
	return port;
}

/* It takes peers when keystored has given it its certificate. */
static bool ouc_is_there(void *user)
{
	const struct forwards *forwards = user;
	SSL *ssl = tls_dial(forwards->tls, forwards->echo_place);

	if (ssl)
		tls_hang_up(ssl);
	return ssl != NULL;
}

static void ouc_start(struct forwards *forwards)
{
	struct lane *lane = &forwards->lanes[FORWARD_OUC];

	plc_start(forwards->plc, SECTION SECTION SECTION, "Sink", 1,
		  new_place(lane->places[TO_PLAIN]), PLC_CERT, plain_peer_port(forwards->sink),
		  "Source", 2, new_place(lane->places[FROM_PLAIN]), PLC_CERT,
		  plain_peer_port(forwards->source), "Echo", 3, new_place(forwards->echo_place),
		  PLC_CERT, plain_peer_port(forwards->echo));
	lane->pid = forwards->plc->ouc;
	fixture_until(ouc_is_there, forwards, "keystore-ouc's certificate");
}

static bool stunnel_is_there(void *user)
{
	const struct lane *lane = user;

	return !process_is_alive(lane->pid) || (tls_is_listening(lane->places[TO_PLAIN]) &&
						tls_is_listening(lane->places[FROM_PLAIN]));
}

static void stunnel_start(struct forwards *forwards)
{
	const char *argv[] = {"stunnel", "stunnel.conf", NULL};
	struct lane *lane = &forwards->lanes[FORWARD_STUNNEL];
	struct fixture *fixture = forwards->plc->fixture;
	int up = new_place(lane->places[TO_PLAIN]), down = new_place(lane->places[FROM_PLAIN]);
	char log[256];

	free(fixture_sh_ok(
		fixture,
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		"-subj /CN=bench -keyout stunnel.key -out stunnel.crt >&2; printf '%%s\\n' "
		"'foreground = yes' 'pid =' 'debug = 4' 'cert = stunnel.crt' 'key = stunnel.key' "
		"'sslVersion = TLSv1.3' 'ciphersuites = " FORWARD_CIPHER "' "
		"'[sink]' 'accept = 127.0.0.1:%d' 'connect = 127.0.0.1:%d' "
		"'[source]' 'accept = 127.0.0.1:%d' 'connect = 127.0.0.1:%d' > stunnel.conf",
		up, plain_peer_port(forwards->sink), down, plain_peer_port(forwards->source)));
	snprintf(log, sizeof(log), "%s/stunnel.log", fixture_dir(fixture));
	lane->pid = process_start(argv, fixture_dir(fixture), log, NULL);
	fixture_until(stunnel_is_there, lane, "stunnel");
	if (!process_is_alive(lane->pid))
		fixture_die("stunnel does not start: %s", file_read(log, NULL));
}

/* The same for both, so that none can choose a faster one. */
static SSL_CTX *tls_of_one_cipher(void)
{
	SSL_CTX *tls = tls_dial_context();

	if (SSL_CTX_set_ciphersuites(tls, FORWARD_CIPHER) != 1)
		tls_die(FORWARD_CIPHER);
	return tls;
}

struct forwards *forwards_new(struct plc *plc)
{
	struct forwards *forwards = calloc(1, sizeof(*forwards));

	if (!forwards)
		abort();
	forwards->plc = plc;
	forwards->tls = tls_of_one_cipher();
	forwards->sink = plain_peer_start(PLAIN_SINK);
	forwards->source = plain_peer_start(PLAIN_SOURCE);
	forwards->echo = plain_peer_start(PLAIN_ECHO);
	ouc_start(forwards);
	stunnel_start(forwards);
	return forwards;
}

void forwards_free(struct forwards *forwards)
{
	(void)process_end(forwards->lanes[FORWARD_STUNNEL].pid, SIGTERM);
	(void)plc_end(forwards->plc, SIGTERM);
	SSL_CTX_free(forwards->tls);
	free(forwards);
}

struct echo forwards_echo(const struct forwards *forwards, unsigned clients, double seconds)
{
	return load_echo(forwards->echo_place, clients, seconds, NULL);
}

/* One write, or one read; the bytes of this kind that have gone through the forward altogether. */
static uint64_t step(const struct forwards *forwards, SSL *ssl, enum forward_direction direction,
		     uint64_t so_far)
{
	static char bytes[PLAIN_CHUNK];
	size_t len = 0;

	if (direction == TO_PLAIN) {
		if (SSL_write_ex(ssl, bytes, sizeof(bytes), &len) != 1)
			tls_die("writing through a forward");
		return plain_peer_received(forwards->sink);
	}
	if (SSL_read_ex(ssl, bytes, sizeof(bytes), &len) != 1)
		tls_die("reading through a forward");
	return so_far + len;
}

static void lane_run(struct forwards *forwards, struct lane *lane, enum forward_direction direction,
		     unsigned round)
{
	SSL *ssl = tls_dial(forwards->tls, lane->places[direction]);
	double began = seconds_now(), now = began, cpu = 0;
	uint64_t first = 0, bytes = 0;

	if (!ssl)
		tls_die("a forward");
	for (; now - began < WARM_UP_S; now = seconds_now())
		bytes = step(forwards, ssl, direction, bytes);
	began = now;
	first = bytes;
	cpu = cpu_seconds(lane->pid);
	for (; now - began < ROUND_S; now = seconds_now())
		bytes = step(forwards, ssl, direction, bytes);
	cpu = cpu_seconds(lane->pid) - cpu;
	tls_hang_up(ssl);
	lane->rates[direction][round] = (double)(bytes - first) / (now - began) / 1e6;
	lane->per_cpu[direction][round] = (double)(bytes - first) / cpu / 1e6;
}

static struct forward_rates rates_of(struct forwards *forwards)
{
	struct forward_rates rates;
	double ratios[ROUNDS];

	for (unsigned direction = 0; direction < FORWARD_DIRECTIONS; direction++) {
		const double *ours = forwards->lanes[FORWARD_OUC].rates[direction];
		const double *theirs = forwards->lanes[FORWARD_STUNNEL].rates[direction];

		for (unsigned i = 0; i < ROUNDS; i++)
			ratios[i] = ours[i] / theirs[i];
		rates.ratio[direction] = median(ratios, ROUNDS);
		for (unsigned i = 0; i < FORWARD_PROGRAMS; i++) {
			struct lane *lane = &forwards->lanes[i];

			rates.rate[i][direction] = median(lane->rates[direction], ROUNDS);
			rates.per_cpu[i][direction] = median(lane->per_cpu[direction], ROUNDS);
		}
	}
	return rates;
}

struct forward_rates forwards_run(struct forwards *forwards)
{
	cpu_set_t before;

	for (unsigned i = 0; i < FORWARD_PROGRAMS; i++)
		processor_pin(forwards->lanes[i].pid, OF_FORWARD, &before);
	processor_pin(0, OF_CLIENT, &before);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned direction = 0; direction < FORWARD_DIRECTIONS; direction++)
			for (unsigned i = 0; i < FORWARD_PROGRAMS; i++)
				lane_run(forwards, &forwards->lanes[i], direction, round);
	processor_unpin(0, &before);
	return rates_of(forwards);
}
