/*
 * keystore-opcua's numbers: reads and subscriptions of established sessions beside open62541's own
 * server with a key in a file; logins beside what the TPM's rate allows; a read while others log in.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "opcua_site.h"
#include "ouc_site.h"
#include "processor.h"
#include "rows.h"

enum {
	ROUNDS = 5,
	READERS = 4,
	READ_SECONDS = 2,
	ITEM_SECONDS = 4,
	SESSIONS = 100,
	LOGIN_SECONDS = 20,
	LOGINS = 4,	      /* of one certificate and user; a fifth at a time may have to wait */
	LOGIN_OPERATIONS = 5, /* of the private key, with a client's key of 2048 bits */
	GAUGES = 4,	      /* at a time … */
	GAUGE_SIGNATURES = 10,
	WAITING = 4,
	WAITING_SECONDS = 15,
	SIGNATURE_MS = 100,
	SLOW_SIGNATURE_MS = 300,
};

/* What a bench's clients are: more than a plant has. */
#define LIMITS                                                                                     \
	"ConnectionsMax = 400\nConnectionsPerAddress = 400\nSessionsMax = 300\n"                   \
	"SubscriptionsMax = 300\nMonitoredItemsMax = 20000\n"
#define ENDPOINTS "Endpoints = None Basic256Sha256:SignAndEncrypt\n"

static const char usage[] =
	"./dev bench opcua [--json]\n\n"
	"A TPM, a keystored and a keystore-opcua, which is alone on a processor; beside it, and "
	"in\n"
	"turns, open62541's own server, with its own policies and a key in a file. Clients are of\n"
	"open62541. Reads and notifications of a processor are those of a second of the server's\n"
	"time, the kernel's for it included; of several rounds the median.\n\n"
	"Items: 100 sessions of 100 each, at 100 ms, of a variable that changes each time.\n\n"
	"Logins: by Basic256Sha256 and a password, that is five operations of the private key, "
	"while\n"
	"the TPM takes 100 ms for one; beside what it does when only signatures are asked of "
	"it.\n\n"
	"Waiting: a read is due every 3 ms in a session that stays, while four others log in, one\n"
	"time after the other, and the TPM takes 300 ms for an operation. Server and clients go\n"
	"before other programs meanwhile, where the system allows it.\n";

struct bench {
	struct opcua_site site;
	int plain_port;
	pid_t plain;
};

/* What bench-opcua-load says; @numbers of it. */
static void load(struct bench *bench, bool is_plain, const char *what, const char *policy,
		 const char *rest, double *numbers, size_t count)
{
	char *said = OPCUA_SITE(&bench->site,
				"bench-opcua-load %s %d %d %s operator '" OPCUA_SITE_PASSWORD
				"' client.der client.key.der " OPCUA_SITE_CLIENT " %s",
				what, is_plain ? bench->plain_port : bench->site.port,
				(int)(is_plain ? bench->plain : bench->site.opcua), policy, rest);
	const char *at = said;
	char *end;

	for (size_t i = 0; i < count; i++, at = end) {
		numbers[i] = strtod(at, &end);
		if (end == at)
			fixture_die("bench-opcua-load %s says: %s", what, said);
	}
	free(said);
}

static void plain_start(struct bench *bench)
{
	char port[16], log[200];
	const char *argv[] = {BENCH_OPCUA_PLAIN,  port,	      "plain.der",	   "plain.key.der",
			      "urn:bench:server", "operator", OPCUA_SITE_PASSWORD, NULL};

	free(OPCUA_SITE(&bench->site,
			"openssl req -x509 -newkey rsa:2048 -noenc -keyout plain.key -subj "
			"/CN=plain -addext subjectAltName=URI:urn:bench:server,DNS:localhost "
			"-outform DER -out plain.der 2> /dev/null; "
			"openssl pkey -in plain.key -outform DER -out plain.key.der"));
	bench->plain_port = plc_port();
	snprintf(port, sizeof(port), "%d", bench->plain_port);
	snprintf(log, sizeof(log), "%s/plain.log", fixture_dir(bench->site.fixture));
	bench->plain = process_start(argv, fixture_dir(bench->site.fixture), log, NULL);
	free(OPCUA_SITE(&bench->site,
			"for i in $(seq 200); do ! ss -Hltn sport = :%d | grep -q . || exit 0; "
			"sleep 0.05; done; cat plain.log >&2; exit 1",
			bench->plain_port));
}

/* DONE FAILED SECONDS CPU */
enum { DONE, FAILED, SECONDS, CPU, MANY };

struct rate {
	double per_second, per_cpu, cpu_share, failed;
};

static struct rate rate_of(struct bench *bench, bool is_plain, const char *what, const char *policy,
			   const char *rest)
{
	double said[MANY];

	load(bench, is_plain, what, policy, rest, said, MANY);
	return (struct rate){said[DONE] / said[SECONDS], said[DONE] / said[CPU],
			     said[CPU] / said[SECONDS], said[FAILED]};
}

/* Of a processor, ours to theirs: the median of rounds, one after the other. */
static double compare(struct bench *bench, const char *what, const char *policy, const char *rest,
		      struct rate *ret_ours, struct rate *ret_theirs)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		*ret_ours = rate_of(bench, false, what, policy, rest);
		*ret_theirs = rate_of(bench, true, what, policy, rest);
		ratios[i] = ret_ours->per_cpu / ret_theirs->per_cpu;
	}
	return median(ratios, ROUNDS);
}

static void measure_reads(struct rows *rows, struct bench *bench)
{
	struct rate ours, theirs;
	char rest[32];
	double ratio;

	puts("Reads");
	snprintf(rest, sizeof(rest), "%d %d", READ_SECONDS, READERS);
	ratio = compare(bench, "reads", "Basic256Sha256", rest, &ours, &theirs);
	rows_show(rows, "encrypted reads", ours.per_second, "/s");
	rows_show(rows, "encrypted reads of a processor", ours.per_cpu, "/s");
	rows_show(rows, "encrypted reads of a processor: open62541's own", theirs.per_cpu, "/s");
	rows_add(rows, "encrypted reads: to open62541's own", ratio, "", ROW_AT_LEAST, 0.97);
	rows_add(rows, "encrypted reads that failed", ours.failed, "", ROW_EXACTLY, 0);
	ratio = compare(bench, "reads", "None", rest, &ours, &theirs);
	rows_show(rows, "plain reads of a processor", ours.per_cpu, "/s");
	rows_show(rows, "plain reads of a processor: open62541's own", theirs.per_cpu, "/s");
	rows_add(rows, "plain reads: to open62541's own", ratio, "", ROW_AT_LEAST, 0.97);
}

static void measure_items(struct rows *rows, struct bench *bench)
{
	struct rate ours, theirs;
	char rest[32];
	double ratio;

	puts("Subscriptions");
	snprintf(rest, sizeof(rest), "%d %d", ITEM_SECONDS, SESSIONS);
	ratio = compare(bench, "items", "Basic256Sha256", rest, &ours, &theirs);
	rows_show(rows, "100 sessions of 100 items: notifications", ours.per_second, "/s");
	rows_show(rows, "100 sessions of 100 items: open62541's own", theirs.per_second, "/s");
	rows_add(rows, "100 sessions of 100 items: of a processor", ours.cpu_share * 100, "%",
		 ROW_AT_MOST, 50);
	rows_show(rows, "100 sessions of 100 items: of a processor: open62541's own",
		  theirs.cpu_share * 100, "%");
	rows_add(rows, "notifications of a processor: to open62541's own", ratio, "", ROW_AT_LEAST,
		 0.97);
}

/* Operations in a second, when only signatures are asked of the TPM. */
static double operations(struct bench *bench)
{
	double began;

	free(OPCUA_SITE(&bench->site,
			"{ keystorectl key create gauge --algorithm rsa-2048; keystorectl key pin "
			"gauge; echo > gauge.txt; } >&2"));
	began = seconds_now();
	free(OPCUA_SITE(
		&bench->site,
		"for i in $(seq %d); do for k in $(seq %d); do keystorectl sign gauge --in "
		"gauge.txt --out gauge.$i.$k; done & done; wait; test $(ls gauge.*.* | wc -l) "
		"= %d",
		GAUGES, GAUGE_SIGNATURES, GAUGES * GAUGE_SIGNATURES));
	return GAUGES * GAUGE_SIGNATURES / (seconds_now() - began);
}

static void measure_logins(struct rows *rows, struct bench *bench)
{
	struct rate rate;
	char rest[32], order[32];
	double allowed;

	puts("Logins");
	snprintf(order, sizeof(order), "delay %d", SIGNATURE_MS);
	fixture_proxy(bench->site.fixture, order);
	allowed = operations(bench) / LOGIN_OPERATIONS;
	snprintf(rest, sizeof(rest), "%d %d", LOGIN_SECONDS, LOGINS);
	rate = rate_of(bench, false, "logins", "Basic256Sha256", rest);
	fixture_proxy(bench->site.fixture, "delay 0");
	rows_show(rows, "logins that the TPM's operations allow", allowed, "/s");
	rows_show(rows, "logins", rate.per_second, "/s");
	rows_add(rows, "logins: to those that are allowed", rate.per_second / allowed, "",
		 ROW_AT_LEAST, 0.9);
	rows_add(rows, "logins that failed", rate.failed, "", ROW_EXACTLY, 0);
}

/* READS FAILED P50_MS P99_MS LOGINS FAILED_LOGINS */
enum { READS, MISSED, P50, P99, LOGGED_IN, NOT_LOGGED_IN, DELAY };

static void measure_waiting(struct rows *rows, struct bench *bench)
{
	double idle[DELAY], waiting[DELAY];
	char rest[32], order[32];

	puts("A read while others log in");
	processor_first(bench->site.opcua, true);
	processor_first(0, true);
	load(bench, false, "delay", "Basic256Sha256", "3 1 0", idle, DELAY);
	snprintf(order, sizeof(order), "delay %d", SLOW_SIGNATURE_MS);
	fixture_proxy(bench->site.fixture, order);
	snprintf(rest, sizeof(rest), "%d 1 %d", WAITING_SECONDS, WAITING);
	load(bench, false, "delay", "Basic256Sha256", rest, waiting, DELAY);
	fixture_proxy(bench->site.fixture, "delay 0");
	processor_first(0, false);
	processor_first(bench->site.opcua, false);
	rows_show(rows, "read, nobody logs in: p99", idle[P99], "ms");
	rows_show(rows, "read, four log in by a TPM of 300 ms: p50", waiting[P50], "ms");
	rows_add(rows, "read, four log in by a TPM of 300 ms: p99", waiting[P99], "ms", ROW_AT_MOST,
		 20);
	rows_add(rows, "reads that failed meanwhile", waiting[MISSED], "", ROW_EXACTLY, 0);
	rows_add(rows, "logins meanwhile", waiting[LOGGED_IN], "", ROW_AT_LEAST, WAITING);
	rows_add(rows, "logins meanwhile that failed", waiting[NOT_LOGGED_IN], "", ROW_EXACTLY, 0);
}

int main(int argc, char **argv)
{
	const struct fixture_options slow = {.with_proxy = true};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");
	struct bench bench = {0};
	struct rows rows = {0};
	cpu_set_t before;

	if (argc > 1 && !as_json) {
		fputs(usage, stderr);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	bench.site = opcua_site_new(&slow);
	free(OPCUA_SITE(&bench.site, "keystorectl key pin opcua >&2"));
	opcua_site_start(&bench.site, ENDPOINTS LIMITS);
	plain_start(&bench);
	processor_pin(bench.site.opcua, 0, &before);
	processor_pin(bench.plain, 0, &before);
	processor_pin(0, 1, &before);
	measure_reads(&rows, &bench);
	measure_items(&rows, &bench);
	processor_unpin(0, &before);
	measure_logins(&rows, &bench);
	measure_waiting(&rows, &bench);
	rows_add_unmeasured(&rows, "trust list of 10,000 entries, pushed",
			    "no client pushes one here yet; the goal is 5 s");
	(void)process_end(bench.plain, SIGKILL);
	opcua_site_free(&bench.site);
	return rows_print(&rows, "opcua", as_json);
}
