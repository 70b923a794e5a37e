/*
 * The certificate manager with 10,000 certificates and 10,000 trust entries: what the engineer
 * waits for, and what the front-ends' signatures notice of it.
 */

#include <keystore.h>
#include <keystore_trust.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "rows.h"

enum { CERTS = 10000, IN_FLIGHT = 16, ROUNDS = 5, SHOWS = 500, SIGNATURES = 1500, P99 = 99 };

/* Besides a root and CRLs 10,000 trust entries in all, ever so many in one request. */
enum { TRUSTED = 9990, AT_ONCE = 100, VALIDATIONS = 200 };

static const uint8_t digest[32] = "a digest of thirty-two bytes...";

static void must(enum ks_status status, const char *what, const struct ks_result *result)
{
	if (status == KS_OK)
		return;
	fprintf(stderr, "bench: %s: %s: %s\n", what, ks_status_name(status),
		result ? result->message : "");
	exit(2);
}

static struct ks_client *connect_to(const struct fixture *fixture)
{
	struct ks_client *client;

	must(ks_connect(fixture_socket(fixture), &client), "connecting", NULL);
	return client;
}

static void count_down(const struct ks_result *result, void *user)
{
	unsigned *in_flight = user;

	must(result->status, "making a certificate", result);
	--*in_flight;
}

/* Until less than @most are in flight. */
static void wait_for_less(struct ks_client *client, const unsigned *in_flight, unsigned most)
{
	while (*in_flight >= most) {
		struct pollfd fd = {.fd = ks_fd(client), .events = ks_events(client)};

		if (poll(&fd, 1, -1) > 0)
			must(ks_process(client), "waiting", NULL);
	}
}

/* All by the P-256 CA, for one key: what is stored and looked at is 10,000 certificates. */
static void make_certs(struct fixture *fixture)
{
	struct ks_client *client = connect_to(fixture);
	unsigned in_flight = 0;
	char subject[64], name[64];
	struct ks_name dns = {.type = KS_NAME_DNS, .value = name};
	struct ks_cert_request request = {
		.key = "plc",
		.profile = "web-server",
		.subject = subject,
		.names = &dns,
		.name_count = 1,
		.issuer = 2,
	};

	for (unsigned i = 0; i < CERTS; i++) {
		snprintf(subject, sizeof(subject), "CN=plc-%05u,O=Plant", i);
		snprintf(name, sizeof(name), "plc-%05u.plant", i);
		must(ks_cert_create_start(client, &request, count_down, &in_flight),
		     "making a certificate", NULL);
		in_flight++;
		wait_for_less(client, &in_flight, IN_FLIGHT);
	}
	wait_for_less(client, &in_flight, 1);
	ks_close(client);
}

static double list_once(struct ks_client *client)
{
	double began = seconds_now();
	uint64_t after = 0;
	size_t count = 0;
	bool more = true;

	while (more) {
		struct ks_result *result = NULL;

		must(ks_cert_list(client, KS_CERT_ALL, after, 0, &result), "listing", result);
		count += result->cert_count;
		after = result->certs[result->cert_count - 1].id;
		more = result->more;
		ks_result_free(result);
	}
	if (count < CERTS) {
		fprintf(stderr, "bench: %zu certificates are listed, not %d\n", count, CERTS);
		exit(2);
	}
	return seconds_now() - began;
}

static double show_once(struct ks_client *client)
{
	double began = seconds_now();

	for (unsigned i = 0; i < SHOWS; i++) {
		struct ks_result *result = NULL;

		must(ks_cert_show(client, 3 + (i * 7919) % CERTS, &result), "showing", result);
		ks_result_free(result);
	}
	return (seconds_now() - began) / SHOWS;
}

static double check_once(struct ks_client *client)
{
	double began = seconds_now();
	uint64_t after = 0, checked = 0;
	bool more = true;

	while (more) {
		struct ks_result *result = NULL;

		must(ks_cert_check(client, 0, after, &result), "checking", result);
		checked += result->check->checked;
		after = result->check->last;
		more = result->more;
		ks_result_free(result);
	}
	if (checked < CERTS) {
		fprintf(stderr, "bench: %llu certificates were checked\n",
			(unsigned long long)checked);
		exit(2);
	}
	return seconds_now() - began;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The latency that one signature in a hundred exceeds. */
static double sign_p99(struct ks_client *client)
{
	double *times = calloc(SIGNATURES, sizeof(*times));
	double p99;

	if (!times)
		exit(2);
	for (unsigned i = 0; i < SIGNATURES; i++) {
		struct ks_result *result = NULL;
		double began = seconds_now();

		must(ks_sign(client, "front-end", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
			     sizeof(digest), &result),
		     "signing", result);
		times[i] = seconds_now() - began;
		ks_result_free(result);
	}
	qsort(times, SIGNATURES, sizeof(*times), compare_doubles);
	p99 = times[SIGNATURES * P99 / 100];
	free(times);
	return p99;
}

static double renew_crl_once(struct ks_client *client)
{
	struct ks_result *result = NULL;
	double began = seconds_now();

	must(ks_crl_renew(client, 2, &result), "signing the CRL anew", result);
	ks_result_free(result);
	return seconds_now() - began;
}

struct engineer {
	struct fixture *fixture;
	atomic_bool is_done;
};

static void *engineer_run(void *user)
{
	struct engineer *engineer = user;
	struct ks_client *client = connect_to(engineer->fixture);

	while (!atomic_load(&engineer->is_done)) {
		list_once(client);
		check_once(client);
		renew_crl_once(client);
	}
	ks_close(client);
	return NULL;
}

/* Idle, busy and idle again in turns, so that what else the machine does disturbs both. */
static double p99_ratio(struct fixture *fixture)
{
	struct ks_client *client = connect_to(fixture);
	double ratios[ROUNDS], idles[ROUNDS], busies[ROUNDS];

	sign_p99(client);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct engineer engineer = {.fixture = fixture};
		pthread_t thread;

		idles[i] = sign_p99(client);
		if (pthread_create(&thread, NULL, engineer_run, &engineer))
			exit(2);
		busies[i] = sign_p99(client);
		atomic_store(&engineer.is_done, true);
		pthread_join(thread, NULL);
		ratios[i] = busies[i] / idles[i];
	}
	printf("  p99 of a signature: idle %.0f µs, busy %.0f µs\n", median(idles, ROUNDS) * 1e6,
	       median(busies, ROUNDS) * 1e6);
	ks_close(client);
	return median(ratios, ROUNDS);
}

static double rounds_of(double (*once)(struct ks_client *client), struct ks_client *client)
{
	double times[ROUNDS];

	once(client);
	for (unsigned i = 0; i < ROUNDS; i++)
		times[i] = once(client);
	return median(times, ROUNDS);
}

static double sign_once(struct ks_client *client)
{
	struct ks_result *result = NULL;
	double began = seconds_now();

	must(ks_sign(client, "front-end", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
		     sizeof(digest), &result),
	     "signing", result);
	ks_result_free(result);
	return seconds_now() - began;
}

/* All at once, for one by one each would have its CRL. */
static void revoke_all(struct fixture *fixture)
{
	fixture_service_stop(fixture);
	free(fixture_sh_ok(fixture,
			   "sqlite3 -bail '%s/keystored.db' \"UPDATE certificate_version SET "
			   "state = 3, revoked_at = unixepoch(), revocation_reason = 1 WHERE "
			   "certificate_id BETWEEN 3 AND %d; INSERT INTO revocation "
			   "SELECT issuer_id, serial, revoked_at, revocation_reason FROM "
			   "certificate_version WHERE state = 3\"",
			   fixture_state(fixture), CERTS + 2));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
}

static void trust_all(struct ks_client *client)
{
	struct ks_trust_item items[AT_ONCE];

	for (unsigned done = 0; done < TRUSTED; done += AT_ONCE) {
		struct ks_result *exported[AT_ONCE];
		struct ks_result *result = NULL;
		size_t count = 0;

		for (; count < AT_ONCE && done + count < TRUSTED; count++) {
			exported[count] = NULL;
			must(ks_cert_export(client, 3 + done + count, KS_CERT_DER,
					    &exported[count]),
			     "exporting", exported[count]);
			items[count] = (struct ks_trust_item){
				.list = KS_TRUSTED_CERTS,
				.der = exported[count]->data,
				.der_len = exported[count]->data_len,
			};
		}
		must(ks_trust_add(client, "ouc", items, count, &result), "trusting", result);
		ks_result_free(result);
		while (count)
			ks_result_free(exported[--count]);
	}
}

/* Root, a CA below it, and a certificate of that: what a peer sends is the latter two. */
struct chain {
	struct ks_result *leaf;
	struct ks_result *middle;
};

static struct chain make_chain(struct fixture *fixture, struct ks_client *client)
{
	struct chain chain = {0};
	char *ids = fixture_sh_ok(
		fixture,
		"new() { keystorectl cert create --json --algorithm ec-p256 \"$@\" | "
		"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])'; }; "
		"middle=$(new --profile ca --issuer 2 --new-key middle --subject CN=Middle); "
		"leaf=$(new --profile tls-client --issuer $middle --new-key leaf --subject "
		"CN=leaf); "
		"keystorectl cert export 2 > root.pem; keystorectl crl export 2 > crl2.pem; "
		"keystorectl crl export $middle > crl.pem; "
		"cat root.pem crl2.pem > trust.pem; keystorectl trust add ouc trust.pem >&2; "
		"keystorectl cert export $middle > middle.pem; cat middle.pem crl.pem > "
		"issuers.pem; "
		"keystorectl trust add ouc issuers.pem --list issuers >&2; echo $middle $leaf");
	char *end;
	uint64_t middle = strtoull(ids, &end, 10), leaf = strtoull(end, NULL, 10);

	free(ids);
	must(ks_cert_export(client, middle, KS_CERT_DER, &chain.middle), "exporting", chain.middle);
	must(ks_cert_export(client, leaf, KS_CERT_DER, &chain.leaf), "exporting", chain.leaf);
	return chain;
}

static double validate_once(struct ks_client *client, const struct chain *chain)
{
	const uint8_t *sent[] = {chain->middle->data};
	const size_t lens[] = {chain->middle->data_len};
	const struct ks_validation validation = {
		.group = "ouc",
		.candidate = chain->leaf->data,
		.candidate_len = chain->leaf->data_len,
		.chain = sent,
		.chain_lens = lens,
		.chain_count = 1,
		.purpose = KS_PURPOSE_TLS_CLIENT,
	};
	double began = seconds_now();

	for (unsigned i = 0; i < VALIDATIONS; i++) {
		struct ks_result *result = NULL;

		must(ks_validate(client, &validation, &result), "validating", result);
		if (result->verdict->reason != KS_VERDICT_ACCEPTED) {
			fprintf(stderr, "bench: %s\n", result->verdict->message);
			exit(2);
		}
		ks_result_free(result);
	}
	return (seconds_now() - began) / VALIDATIONS;
}

static double measure_validation(struct fixture *fixture, struct ks_client *client)
{
	struct chain chain = make_chain(fixture, client);
	double times[ROUNDS];

	validate_once(client, &chain);
	for (unsigned i = 0; i < ROUNDS; i++)
		times[i] = validate_once(client, &chain);
	ks_result_free(chain.leaf);
	ks_result_free(chain.middle);
	return median(times, ROUNDS);
}

int main(int argc, char **argv)
{
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");
	struct rows rows = {0};
	struct fixture *fixture;
	struct ks_client *client;

	if (argc > 1 && !as_json) {
		fprintf(stderr, "bench certs takes --json, not %s\n", argv[1]);
		return 2;
	}
	fixture = fixture_new(NULL);
	puts("Making 10,000 certificates");
	fflush(stdout);
	free(fixture_sh_ok(fixture, "keystorectl project init && "
				    "keystorectl key create plc --algorithm ec-p256 && "
				    "keystorectl key create front-end --algorithm ec-p256 && "
				    "keystorectl key pin front-end"));
	make_certs(fixture);
	client = connect_to(fixture);
	puts("Looking at them");
	fflush(stdout);
	rows_add(&rows, "cert list of 10,000", rounds_of(list_once, client) * 1e3, "ms",
		 ROW_AT_MOST, 150);
	rows_add(&rows, "cert show", rounds_of(show_once, client) * 1e3, "ms", ROW_AT_MOST, 1);
	rows_add(&rows, "cert check of 10,000", rounds_of(check_once, client), "s", ROW_AT_MOST, 3);
	puts("Trusting them");
	fflush(stdout);
	trust_all(client);
	rows_add(&rows, "validation of three levels with CRLs, over the socket",
		 measure_validation(fixture, client) * 1e3, "ms", ROW_AT_MOST, 1);
	ks_close(client);
	puts("Revoking all of them");
	fflush(stdout);
	revoke_all(fixture);
	client = connect_to(fixture);
	rows_add(&rows, "CRL of 10,000 revocations, less a signature",
		 (rounds_of(renew_crl_once, client) - rounds_of(sign_once, client)) * 1e3, "ms",
		 ROW_AT_MOST, 250);
	free(fixture_sh_ok(fixture,
			   "keystorectl crl export 2 --out crl.pem && test $(openssl crl "
			   "-in crl.pem -noout -text | grep -c 'Serial Number:') = %d",
			   CERTS));
	rows_add(&rows, "p99 of a signature while these run", p99_ratio(fixture), "× idle",
		 ROW_AT_MOST, 2);
	rows_add(&rows, "resident memory", resident_mb(fixture_service_pid(fixture)), "MB",
		 ROW_AT_MOST, 48);
	ks_close(client);
	fixture_free(fixture);
	return rows_print(&rows, "certs", as_json);
}
