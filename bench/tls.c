/*
 * TLS 1.3 with the key in a file, behind keystore.so, and behind what else brings OpenSSL to a
 * TPM, all in one run: the servers take turns in short rounds, so that what else the machine does
 * disturbs all alike, and medians count.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "raw.h"
#include "rows.h"
#include "tls_load.h"
#include "tls_site.h"

#define CHIP "st33ktpm2x"

enum {
	ROUNDS = 5,
	CHIP_ROUNDS = 3,
	CLIENTS = 8,
	WAITING = 20,	/* handshakes, while echoes are measured */
	SIGNER_MS = 200 /* of the TPM they wait for */
};

static const struct algorithm {
	enum raw_kind raw;
	const char *key;
	const char *name;
	unsigned chip_ms; /* of a signature: tests/support/proxy/chip.c */
} algorithms[] = {
	{RAW_EC_P256, "ec-p256", "P-256", 25},
	{RAW_RSA_2048, "rsa-2048", "RSA-2048", 91},
};

/* What takes turns. */
struct lane {
	const struct algorithm *algorithm;
	bool is_raw; /* the bare loop on the TPM; else a site */
	enum site_kind kind;
	struct site *site;
	struct fixture *own_fixture; /* NULL: shares that of the lanes */
	char name[80];
	char why_not[200];
	double rates[ROUNDS];
	double commands; /* of the TPM, for a handshake; where they are counted */
	unsigned done;
	unsigned failed;
	double cpu; /* seconds that these clients, and the server or swtpm, had of the processors */
};

/* Static wherever there are some, since the rows borrow their names. */
struct lanes {
	struct fixture *fixture;
	struct raw *raw;
	const char *chip; /* NULL: as fast as swtpm is */
	double seconds;	  /* of a round */
	unsigned rounds;
	struct lane lanes[2 * (SITE_KINDS + 1)];
	size_t count;
};

static const char usage[] =
	"./dev bench tls [--json]\n\n"
	"Full TLS 1.3 handshakes a second, P-256 and RSA-2048, by 8 clients over a Unix\n"
	"socket, with an event-driven server of one thread and with nginx of two workers; the\n"
	"key in a file, in keystored (keystore.so), or in the TPM by OpenSSL's provider tpm2\n"
	"or by tpm2-pkcs11. First on swtpm, which shares the processors with server and\n"
	"clients; then on a TPM as slow as an " CHIP ".\n\n"
	"\"raw\" is a loop that does nothing but sign with the TPM. On the slow TPM it alone\n"
	"sets the limit: a handshake needs one signature, and the processors are idle; so the\n"
	"goal, 0.95 of raw, applies there. On swtpm TPM, server and clients compete for the\n"
	"processors, and the parts allow the least of: raw; the rate with the key in a file;\n"
	"and all processors divided by the processor time of a handshake with a file and of a\n"
	"raw signature together. Shown without a goal: what is missing to 1 is the way to\n"
	"keystored and back, its check of each signature, and what else the machine does.\n\n"
	"Echoes: due every 3 ms on one established connection, while 20 handshakes wait for a\n"
	"TPM of 200 ms a signature, one after the other.\n";

static void lane_add(struct lanes *lanes, const struct algorithm *algorithm, bool is_raw,
		     enum site_kind kind)
{
	struct lane *lane = &lanes->lanes[lanes->count++];
	const struct fixture_options options = {.chip = lanes->chip};

	*lane = (struct lane){.algorithm = algorithm, .is_raw = is_raw, .kind = kind};
	snprintf(lane->name, sizeof(lane->name), "%s%s%s: %s", algorithm->name,
		 lanes->chip ? ", " : "", lanes->chip ? lanes->chip : "",
		 is_raw ? "raw signatures" : site_kind_name(kind));
	if (is_raw)
		return;
	if (!site_kind_is_ours(kind))
		lane->own_fixture = fixture_new(&options);
	lane->site = site_new(lane->own_fixture ? lane->own_fixture : lanes->fixture, kind,
			      algorithm->key);
	if (site_why_not(lane->site))
		snprintf(lane->why_not, sizeof(lane->why_not), "%s", site_why_not(lane->site));
}

static struct lane *lane_find(struct lanes *lanes, const struct algorithm *algorithm, bool is_raw,
			      enum site_kind kind)
{
	for (size_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lanes[i];

		if (lane->algorithm == algorithm && lane->is_raw == is_raw && lane->kind == kind)
			return lane;
	}
	abort();
}

static void lanes_open(struct lanes *lanes)
{
	const struct fixture_options options = {.without_service = true, .chip = lanes->chip};

	lanes->fixture = fixture_new(&options);
	lanes->raw = raw_open(fixture_tcti(lanes->fixture));
	fixture_service_start(lanes->fixture);
	fixture_service_wait(lanes->fixture);
	for (size_t i = 0; i < 2; i++)
		lane_add(lanes, &algorithms[i], true, SITE_FILE);
}

static void lanes_close(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		site_free(lanes->lanes[i].site);
		fixture_free(lanes->lanes[i].own_fixture);
	}
	raw_close(lanes->raw);
	fixture_free(lanes->fixture);
}

static struct load raw_round(struct raw *raw, enum raw_kind kind, double seconds)
{
	static const uint8_t digest[32] = "a digest of thirty-two bytes...";
	double began = seconds_now(), now = began;
	struct load load = {0};

	for (; now - began < seconds; now = seconds_now(), load.done++)
		raw_sign(raw, kind, digest);
	load.per_second = load.done / (now - began);
	return load;
}

static void lane_run(struct lanes *lanes, struct lane *lane, unsigned round)
{
	struct fixture *fixture = lane->own_fixture ? lane->own_fixture : lanes->fixture;
	pid_t other = lane->is_raw ? fixture_tpm_pid(fixture) : site_server_pid(lane->site);
	struct load load;
	double cpu;

	if (*lane->why_not)
		return;
	if (lanes->chip)
		fixture_proxy(fixture, "zero");
	cpu = cpu_seconds(getpid()) + cpu_seconds(other);
	load = lane->is_raw ? raw_round(lanes->raw, lane->algorithm->raw, lanes->seconds)
			    : load_run(site_path(lane->site), CLIENTS, lanes->seconds);
	lane->cpu += cpu_seconds(getpid()) + cpu_seconds(other) - cpu;
	if (lanes->chip)
		lane->commands += (double)fixture_proxy_count(fixture, NULL);
	lane->rates[round] = load.per_second;
	lane->done += load.done;
	lane->failed += load.failed;
}

static void lanes_run(struct lanes *lanes)
{
	for (unsigned round = 0; round < lanes->rounds; round++)
		for (size_t i = 0; i < lanes->count; i++)
			lane_run(lanes, &lanes->lanes[i], round);
	for (size_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lanes[i];

		if (lane->failed && !site_kind_is_ours(lane->kind))
			snprintf(lane->why_not, sizeof(lane->why_not), "%u of %u handshakes fail",
				 lane->failed, lane->failed + lane->done);
	}
}

static double lane_rate(const struct lanes *lanes, const struct lane *lane)
{
	double rates[ROUNDS];

	memcpy(rates, lane->rates, sizeof(rates));
	return median(rates, lanes->rounds);
}

/* The median over the rounds of one rate through the other. */
static double lanes_ratio(const struct lanes *lanes, const struct lane *one,
			  const struct lane *other)
{
	double ratios[ROUNDS];

	for (unsigned i = 0; i < lanes->rounds; i++)
		ratios[i] = one->rates[i] / other->rates[i];
	return median(ratios, lanes->rounds);
}

static void show_lanes(struct rows *rows, const struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++) {
		const struct lane *lane = &lanes->lanes[i];

		if (*lane->why_not)
			rows_add_unmeasured(rows, lane->name, lane->why_not);
		else
			rows_show(rows, lane->name, lane_rate(lanes, lane), "/s");
	}
}

/* Each handshake that began has to end well, where the key is ours. */
static void add_failures(struct rows *rows, const struct lanes *lanes, const char *name)
{
	unsigned failed = 0;

	for (size_t i = 0; i < lanes->count; i++) {
		const struct lane *lane = &lanes->lanes[i];

		if (lane->site && site_kind_is_ours(lane->kind))
			failed += lane->failed + (*lane->why_not != '\0');
	}
	rows_add(rows, name, failed, "", ROW_EXACTLY, 0);
}

/* keystore.so's rate by the least of what TPM, server and processors allow: see usage. */
static double part_of_limit(struct lanes *lanes, const struct algorithm *algorithm)
{
	const struct lane *raw = lane_find(lanes, algorithm, true, SITE_FILE);
	const struct lane *file = lane_find(lanes, algorithm, false, SITE_FILE);
	const struct lane *ours = lane_find(lanes, algorithm, false, SITE_KEYSTORE);
	double processors = (double)sysconf(_SC_NPROCESSORS_ONLN);
	double together = processors / (file->cpu / file->done + raw->cpu / raw->done);
	double parts[ROUNDS];

	for (unsigned i = 0; i < lanes->rounds; i++)
		parts[i] = ours->rates[i] / fmin(together, fmin(raw->rates[i], file->rates[i]));
	return median(parts, lanes->rounds);
}

static void measure_fast(struct rows *rows)
{
	static const char *const names[] = {"P-256: keystore.so, of what the parts allow",
					    "RSA-2048: keystore.so, of what the parts allow"};
	static struct lanes lanes = {.seconds = 0.5, .rounds = ROUNDS};

	puts("Handshakes, on swtpm");
	lanes_open(&lanes);
	for (size_t i = 0; i < 2; i++)
		for (unsigned kind = 0; kind < SITE_KINDS; kind++)
			lane_add(&lanes, &algorithms[i], false, kind);
	lanes_run(&lanes);
	show_lanes(rows, &lanes);
	for (size_t i = 0; i < 2; i++)
		rows_show(rows, names[i], part_of_limit(&lanes, &algorithms[i]), "×");
	add_failures(rows, &lanes, "swtpm: handshakes that fail");
	lanes_close(&lanes);
}

/* p50 and p99, the last with a goal if @goal isn't 0. */
static void add_echo(struct rows *rows, const char *const names[2], struct echo echo, double goal)
{
	rows_show(rows, names[0], echo.p50_ms, "ms");
	if (goal > 0)
		rows_add(rows, names[1], echo.p99_ms, "ms", ROW_AT_MOST, goal);
	else
		rows_show(rows, names[1], echo.p99_ms, "ms");
}

static void measure_echo(struct rows *rows, struct lanes *lanes)
{
	static const char *const idle[] = {"echo, no handshakes: p50", "echo, no handshakes: p99"};
	static const char *const async[] = {"echo, 20 handshakes waiting: p50",
					    "echo, 20 handshakes waiting: p99"};
	static const char *const sync[] = {"echo, 20 waiting, server without async: p50",
					   "echo, 20 waiting, server without async: p99"};
	const struct algorithm *algorithm = &algorithms[0];
	const struct lane *lane = lane_find(lanes, algorithm, false, SITE_KEYSTORE);
	struct site *without = site_new(lanes->fixture, SITE_KEYSTORE_SYNC, algorithm->key);
	char delay[32];

	puts("Echoes");
	snprintf(delay, sizeof(delay), "delay %u", SIGNER_MS - algorithm->chip_ms);
	fixture_proxy(lanes->fixture, delay);
	add_echo(rows, idle, load_echo(site_path(lane->site), 0, 2, NULL), 0);
	add_echo(rows, async, load_echo(site_path(lane->site), WAITING, 6, NULL), 5);
	add_echo(rows, sync, load_echo(site_path(without), WAITING, 6, NULL), 0);
	site_free(without);
}

static void measure_slow(struct rows *rows)
{
	static const enum site_kind others[] = {SITE_TPM2, SITE_TPM2_ABRMD, SITE_PKCS11};
	static const char *const ratios[] = {"P-256, " CHIP ": keystore.so, of raw",
					     "RSA-2048, " CHIP ": keystore.so, of raw"};
	static const char *const commands[] = {"P-256: TPM commands for a handshake",
					       "RSA-2048: TPM commands for a handshake"};
	static struct lanes lanes = {.chip = CHIP, .seconds = 1.5, .rounds = CHIP_ROUNDS};
	static char names[3][80];

	puts("Handshakes, on a TPM as slow as a chip");
	lanes_open(&lanes);
	for (size_t i = 0; i < 2; i++)
		lane_add(&lanes, &algorithms[i], false, SITE_KEYSTORE);
	for (size_t i = 0; i < 3; i++)
		lane_add(&lanes, &algorithms[0], false, others[i]);
	lanes_run(&lanes);
	show_lanes(rows, &lanes);
	for (size_t i = 0; i < 2; i++) {
		const struct lane *raw = lane_find(&lanes, &algorithms[i], true, SITE_FILE);
		const struct lane *ours = lane_find(&lanes, &algorithms[i], false, SITE_KEYSTORE);

		rows_add(rows, ratios[i], lanes_ratio(&lanes, ours, raw), "×", ROW_AT_LEAST, 0.95);
		rows_add(rows, commands[i], ours->commands / ours->done, "", ROW_EXACTLY, 1);
	}
	for (size_t i = 0; i < 3; i++) {
		const struct lane *lane = lane_find(&lanes, &algorithms[0], false, others[i]);

		snprintf(names[i], sizeof(names[i]), "%s: TPM commands for a handshake",
			 site_kind_name(others[i]));
		if (!*lane->why_not)
			rows_show(rows, names[i], lane->commands / lane->done, "");
	}
	add_failures(rows, &lanes, CHIP ": handshakes that fail");
	measure_echo(rows, &lanes);
	lanes_close(&lanes);
}

int main(int argc, char **argv)
{
	struct rows rows = {0};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");
	char *path = NULL;

	if (argc > 1 && !as_json) {
		fputs(usage, stderr);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	/* nginx and tpm2-abrmd are not where an ordinary user looks. */
	if (asprintf(&path, "%s:/usr/sbin:/sbin", getenv("PATH")) < 0 || setenv("PATH", path, 1))
		return 2;
	free(path);
	measure_fast(&rows);
	measure_slow(&rows);
	return rows_print(&rows, "tls", as_json);
}
