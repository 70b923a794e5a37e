#include "ouc_many.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "processor.h"
#include "rows.h"

enum { PATIENCE_S = 60, LATE_S = 5 };

#define POLL_S	 0.3
#define SETTLE_S 2

#define GENERAL                                                                                    \
	"[keystore-ouc]\nHandshakesMax = 2000\nHandshakesPerAddress = 2000\n"                      \
	"HandshakeTimeout = 1 min\n\n"

struct counts {
	unsigned connected;
	char fault[320]; /* of one that is not */
	double sent, received, failures, skipped;
};

static void sleep_for(double seconds)
{
	sleep_until(seconds_now() + seconds);
}

static void start(struct plc *plc, unsigned processor, char *text)
{
	cpu_set_t before;

	processor_pin(0, processor, &before);
	plc_start(plc, "%s", text);
	processor_unpin(0, &before);
	free(text);
}

static FILE *text_open(char **ret_text)
{
	size_t len;
	FILE *file = open_memstream(ret_text, &len);

	if (!file)
		abort();
	fputs(GENERAL, file);
	return file;
}

static void add_section(FILE *file, unsigned number)
{
	fprintf(file, "[C%u]\nType = TCON_IP_V4_SEC\nID = %u\nMinimumTLS = 1.3\nEvents = state\n",
		number, number);
}

static void start_sender(const struct many *many, const char *order)
{
	char *text;
	FILE *file = text_open(&text);

	fputs("[block Data]\nVar1 = Bool\nVar2 = String\n\n", file);
	for (unsigned i = 1; i <= MANY; i++) {
		add_section(file, i);
		fprintf(file,
			"ActiveEstablished = TRUE\nRemoteAddress = 127.0.0.1\nRemotePort = %d\n"
			"TLSClientCertRef = %d\nTSEND_C = Data\nREQ = %s\n\n",
			many->port, PLC_CERT, order);
	}
	fclose(file);
	start(many->sender, 0, text);
}

static void start_receiver(const struct many *many)
{
	char *text;
	FILE *file = text_open(&text);

	for (unsigned i = 1; i <= MANY; i++) {
		fprintf(file, "[block Data%u]\nVar1 = Bool\nVar2 = String\n\n", i);
		add_section(file, i);
		fprintf(file,
			"ActiveEstablished = FALSE\nLocalPort = %d\n"
			"TLSServerReqClientCert = TRUE\nTLSServerCertRef = %d\nTRCV_C = Data%u\n\n",
			many->port, PLC_CERT, i);
	}
	fclose(file);
	start(many->receiver, 1, text);
}

static struct counts counts_of(struct plc *plc)
{
	char *text = fixture_sh_ok(plc->fixture, PLC_SHELL "ctl list --json");
	json_t *all = json_loads(text, 0, NULL);
	struct counts counts = {0};
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(all, "connections"), i, one)
	{
		const char *fault = json_string_value(json_object_get(one, "message"));

		counts.connected += json_is_true(json_object_get(one, "connected"));
		counts.sent += json_number_value(json_object_get(one, "sent"));
		counts.received += json_number_value(json_object_get(one, "received"));
		counts.failures += json_number_value(json_object_get(one, "failures"));
		counts.skipped += json_number_value(json_object_get(one, "skipped"));
		if (fault && *fault)
			snprintf(counts.fault, sizeof(counts.fault), "%s", fault);
	}
	if (i != MANY)
		fixture_die("keystore-ouc-ctl lists %zu connections instead of %d", i, MANY);
	json_decref(all);
	free(text);
	return counts;
}

static void wait_for_all(const struct many *many)
{
	double began = seconds_now();
	struct counts counts;

	for (;;) {
		counts = counts_of(many->sender);
		if (counts.connected == MANY && counts_of(many->receiver).connected == MANY)
			return;
		if (seconds_now() - began > PATIENCE_S)
			fixture_die("after %d s only %u of %d connections stand: %s; %s",
				    PATIENCE_S, counts.connected, MANY, counts.fault,
				    counts_of(many->receiver).fault);
		sleep_for(POLL_S);
	}
}

/* The sections are there, and have found nobody at the other end. */
static double sender_alone_kib(const struct many *many)
{
	while (counts_of(many->sender).failures < MANY)
		sleep_for(POLL_S);
	return memory_kib(many->sender->ouc);
}

static double receiver_alone_kib(const struct many *many)
{
	(void)counts_of(many->receiver); /* what an answer takes is no connection's */
	return memory_kib(many->receiver->ouc);
}

struct many_memory many_memory(const struct many *many)
{
	double began, sender_alone, receiver_alone;
	struct many_memory memory;

	start_receiver(many);
	receiver_alone = receiver_alone_kib(many);
	(void)plc_end(many->receiver, SIGTERM);
	start_sender(many, "request");
	sender_alone = sender_alone_kib(many);
	began = seconds_now();
	start_receiver(many);
	wait_for_all(many);
	memory.seconds = seconds_now() - began;
	sleep_for(SETTLE_S);
	memory.sender_kib = (memory_kib(many->sender->ouc) - sender_alone) / MANY;
	memory.receiver_kib = (memory_kib(many->receiver->ouc) - receiver_alone) / MANY;
	return memory;
}

/* What was sent up to a moment has arrived a little later. */
static double missing(const struct many *many, double sent)
{
	double began = seconds_now(), received;

	do
		received = counts_of(many->receiver).received;
	while (received < sent && seconds_now() - began < LATE_S);
	return fmax(sent - received, 0);
}

/* Of a processor, in percent. */
static void measure_processors(const struct many *many, double seconds,
			       struct many_traffic *traffic)
{
	double sender = cpu_seconds(many->sender->ouc);
	double receiver = cpu_seconds(many->receiver->ouc);
	double began = seconds_now();

	sleep_for(seconds);
	seconds = seconds_now() - began;
	traffic->sender_percent = 100 * (cpu_seconds(many->sender->ouc) - sender) / seconds;
	traffic->receiver_percent = 100 * (cpu_seconds(many->receiver->ouc) - receiver) / seconds;
}

struct many_traffic many_traffic(const struct many *many, double seconds)
{
	struct counts before, after, receiver_before;
	struct many_traffic traffic;
	double began;
	char cycle[16];

	snprintf(cycle, sizeof(cycle), "%d ms", MANY_CYCLE_MS);
	(void)plc_end(many->sender, SIGTERM);
	start_sender(many, cycle);
	wait_for_all(many);
	sleep_for(SETTLE_S);
	receiver_before = counts_of(many->receiver);
	before = counts_of(many->sender);
	began = seconds_now();
	sleep_for(POLL_S); /* the answer, of so many connections, is not what is measured */
	measure_processors(many, seconds, &traffic);
	after = counts_of(many->sender);
	traffic.per_second = (after.sent - before.sent) / (seconds_now() - began);
	traffic.missing = missing(many, after.sent);
	traffic.skipped = after.skipped - before.skipped;
	traffic.failures = after.failures - before.failures + counts_of(many->receiver).failures -
			   receiver_before.failures;
	return traffic;
}
