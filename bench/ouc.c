/*
 * keystore-ouc's numbers: a thousand connections between two controllers, echoes through a forward
 * while handshakes wait for a TPM, and forwards beside stunnel's.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ouc_forward.h"
#include "ouc_many.h"
#include "ouc_site.h"
#include "rows.h"

enum { WAITING = 20 /* handshakes, while echoes are measured */ };

#define TRAFFIC_S 10

static const char usage[] =
	"./dev bench ouc [--json]\n\n"
	"Two controllers, each with a TPM, a keystored and a keystore-ouc, which is alone on a\n"
	"processor: 1,000 connections with TLS 1.3, each with a certificate of either side. One\n"
	"sends a block of 258 bytes by each of them ten times a second, with TSEND_C; the other\n"
	"one has TRCV_C. Processor time is that of each of the two processes, the kernel's for\n"
	"it included. Memory of a connection is what a process has more (Pss) with all of them,\n"
	"idle, than with the same configuration and nobody connected; the kernel's for sockets\n"
	"is not in it.\n\n"
	"Echoes: due every 3 ms on one connection from TLS to a plain server, while 20 clients\n"
	"wait for handshakes, one after the other, since the TPM takes 200 ms for a signature.\n\n"
	"Forwards: 64 KiB at a time through keystore-ouc and through stunnel, with the same\n"
	"cipher, the same client and the same plain server, in short rounds by turns.\n\n"
	"The program that forwards has a processor of its own, which the client does not use.\n";

static void measure_many(struct rows *rows, struct plc *sender, struct plc *receiver)
{
	const struct many many = {sender, receiver, plc_port()};
	struct many_memory memory;
	struct many_traffic traffic;

	puts("1,000 connections");
	memory = many_memory(&many);
	rows_show(rows, "until 1,000 connections stand", memory.seconds, "s");
	rows_add(rows, "memory of a connection: sender, TLS client", memory.sender_kib, "KiB",
		 ROW_AT_MOST, 64);
	rows_add(rows, "memory of a connection: receiver, TLS server", memory.receiver_kib, "KiB",
		 ROW_AT_MOST, 64);
	traffic = many_traffic(&many, TRAFFIC_S);
	rows_add(rows, "1,000 × 258 bytes, ten times a second: messages", traffic.per_second, "/s",
		 ROW_AT_LEAST, 0.99 * MANY * 1000 / MANY_CYCLE_MS);
	rows_add(rows, "messages that did not arrive", traffic.missing, "", ROW_EXACTLY, 0);
	rows_add(rows, "cycles that were left out", traffic.skipped, "", ROW_EXACTLY, 0);
	rows_add(rows, "connections that broke", traffic.failures, "", ROW_EXACTLY, 0);
	rows_add(rows, "processor time: sender", traffic.sender_percent, "%", ROW_AT_MOST, 60);
	rows_add(rows, "processor time: receiver", traffic.receiver_percent, "%", ROW_AT_MOST, 60);
	(void)plc_end(sender, SIGTERM);
	(void)plc_end(receiver, SIGTERM);
}

static void measure_echo(struct rows *rows, struct plc *plc, const struct forwards *forwards)
{
	struct echo idle, waiting;

	puts("Echoes");
	/* One command of the TPM for a signature. */
	PLC(plc, "keystorectl key pin %s >&2", plc->name);
	idle = forwards_echo(forwards, 0, 2);
	fixture_proxy(plc->fixture, "delay 200");
	waiting = forwards_echo(forwards, WAITING, 6);
	fixture_proxy(plc->fixture, "delay 0");
	rows_show(rows, "echo, no handshakes: p50", idle.p50_ms, "ms");
	rows_show(rows, "echo, no handshakes: p99", idle.p99_ms, "ms");
	rows_show(rows, "echo, 20 handshakes waiting: p50", waiting.p50_ms, "ms");
	rows_add(rows, "echo, 20 handshakes waiting: p99", waiting.p99_ms, "ms", ROW_AT_MOST, 5);
	rows_add(rows, "handshakes that were done meanwhile", waiting.load.done, "", ROW_AT_LEAST,
		 WAITING);
	rows_add(rows, "handshakes that failed", waiting.load.failed, "", ROW_EXACTLY, 0);
}

static void measure_forward(struct rows *rows, struct forwards *forwards)
{
	static const struct {
		const char *rates[FORWARD_PROGRAMS];
		const char *per_cpu[FORWARD_PROGRAMS];
		const char *ratio;
	} names[FORWARD_DIRECTIONS] = {
		[TO_PLAIN] = {{"forward, TLS to plain: keystore-ouc",
			       "forward, TLS to plain: stunnel"},
			      {"forward, TLS to plain: keystore-ouc, of a processor",
			       "forward, TLS to plain: stunnel, of a processor"},
			      "forward, TLS to plain: keystore-ouc, of stunnel"},
		[FROM_PLAIN] = {{"forward, plain to TLS: keystore-ouc",
				 "forward, plain to TLS: stunnel"},
				{"forward, plain to TLS: keystore-ouc, of a processor",
				 "forward, plain to TLS: stunnel, of a processor"},
				"forward, plain to TLS: keystore-ouc, of stunnel"},
	};
	struct forward_rates rates;

	puts("Forwards");
	rates = forwards_run(forwards);
	for (unsigned direction = 0; direction < FORWARD_DIRECTIONS; direction++) {
		for (unsigned i = 0; i < FORWARD_PROGRAMS; i++) {
			rows_show(rows, names[direction].rates[i], rates.rate[i][direction],
				  "MB/s");
			rows_show(rows, names[direction].per_cpu[i], rates.per_cpu[i][direction],
				  "MB/s");
		}
		rows_add(rows, names[direction].ratio, rates.ratio[direction], "×", ROW_AT_LEAST,
			 0.9);
	}
}

int main(int argc, char **argv)
{
	const struct fixture_options slow = {.with_proxy = true};
	struct forwards *forwards;
	struct plc sender, receiver;
	struct rows rows = {0};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");

	if (argc > 1 && !as_json) {
		fputs(usage, stderr);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that is not ready yet hangs up on OpenSSL */
	sender = plc_new("plc-1");
	receiver = plc_new_with("plc-2", &slow);
	plc_trust(&sender, &receiver);
	plc_trust(&receiver, &sender);
	measure_many(&rows, &sender, &receiver);
	forwards = forwards_new(&receiver);
	measure_echo(&rows, &receiver, forwards);
	measure_forward(&rows, forwards);
	forwards_free(forwards);
	plc_free(&sender);
	plc_free(&receiver);
	return rows_print(&rows, "ouc", as_json);
}
