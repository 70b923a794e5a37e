/*
 * A signature over the socket beside the same signature by a bare loop on the same swtpm. Both
 * take turns in short rounds, and what counts is the median of the rounds' ratios: what else
 * the machine does then disturbs both alike.
 */

#include <keystore.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "many_keys.h"
#include "raw.h"
#include "rows.h"

enum { ROUNDS = 15, CLIENTS_MAX = 16, FEW = 10, MANY = 10000, STARTS = 7, LOOKUPS = 300 };

/* How many signatures make a round: about a tenth of a second. */
static const unsigned per_round[] = {[RAW_EC_P256] = 192, [RAW_RSA_2048] = 48};
static const char *const key_names[] = {[RAW_EC_P256] = "bench-ec", [RAW_RSA_2048] = "bench-rsa"};
static const uint8_t digest[32] = "a digest of thirty-two bytes...";

struct party {
	struct ks_client *client;
	const char *key;
	unsigned count;
	pthread_barrier_t *start;
};

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

static void sign_times(struct ks_client *client, const char *key, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct ks_result *result = NULL;

		enum ks_status status = ks_sign(client, key, KS_HASH_SHA256, KS_PADDING_DEFAULT,
						digest, sizeof(digest), &result);

		must(status, "signing", result);
		ks_result_free(result);
	}
}

static void *party_run(void *user)
{
	struct party *party = user;

	pthread_barrier_wait(party->start);
	sign_times(party->client, party->key, party->count);
	return NULL;
}

/* Seconds for a signature, @count of them shared out between the clients. */
static double service_round(struct ks_client **clients, unsigned client_count, const char *key,
			    unsigned count)
{
	pthread_t threads[CLIENTS_MAX];
	struct party parties[CLIENTS_MAX];
	pthread_barrier_t start;
	double began;

	if (client_count == 1) {
		began = seconds_now();
		sign_times(clients[0], key, count);
		return (seconds_now() - began) / count;
	}
	pthread_barrier_init(&start, NULL, client_count + 1);
	for (unsigned i = 0; i < client_count; i++) {
		parties[i] = (struct party){clients[i], key, count / client_count, &start};
		if (pthread_create(&threads[i], NULL, party_run, &parties[i]))
			exit(2);
	}
	began = seconds_now();
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < client_count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return (seconds_now() - began) / count;
}

static double raw_round(struct raw *raw, enum raw_kind kind, unsigned count)
{
	double began = seconds_now();

	for (unsigned i = 0; i < count; i++)
		raw_sign(raw, kind, digest);
	return (seconds_now() - began) / count;
}

/* The median of the rounds' ratios; says the medians themselves. */
static double compare(struct fixture *fixture, struct raw *raw, enum raw_kind kind,
		      unsigned client_count)
{
	struct ks_client *clients[CLIENTS_MAX];
	double bare[ROUNDS], served[ROUNDS], ratios[ROUNDS];

	for (unsigned i = 0; i < client_count; i++) {
		clients[i] = connect_to(fixture);
		sign_times(clients[i], key_names[kind], 2);
	}
	raw_round(raw, kind, per_round[kind] / 4);
	for (unsigned i = 0; i < ROUNDS; i++) {
		bare[i] = raw_round(raw, kind, per_round[kind]);
		served[i] = service_round(clients, client_count, key_names[kind], per_round[kind]);
		ratios[i] = served[i] / bare[i];
	}
	for (unsigned i = 0; i < client_count; i++)
		ks_close(clients[i]);
	printf("  %s, %u client(s): raw %.0f µs, service %.0f µs\n",
	       kind == RAW_EC_P256 ? "P-256" : "RSA-2048", client_count, median(bare, ROUNDS) * 1e6,
	       median(served, ROUNDS) * 1e6);
	fflush(stdout);
	return median(ratios, ROUNDS);
}

static void make_keys(struct fixture *fixture)
{
	free(fixture_sh_ok(fixture, "keystorectl key create bench-ec --algorithm ec-p256 && "
				    "keystorectl key pin bench-ec && "
				    "keystorectl key create bench-rsa --algorithm rsa-2048 && "
				    "keystorectl key pin bench-rsa"));
}

static void measure_ratios(struct rows *rows)
{
	static const char unverified[] = "[tpm]\nverify-signatures = no\n";
	const struct fixture_options options = {.without_service = true};
	struct fixture *fixture = fixture_new(&options);
	struct raw *raw = raw_open(fixture_tcti(fixture));

	puts("Signing");
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	make_keys(fixture);
	rows_add(rows, "P-256, 1 client", compare(fixture, raw, RAW_EC_P256, 1), "× raw",
		 ROW_AT_MOST, 1.25);
	rows_add(rows, "P-256, 4 clients", compare(fixture, raw, RAW_EC_P256, 4), "× raw",
		 ROW_AT_MOST, 1.10);
	rows_add(rows, "P-256, 16 clients", compare(fixture, raw, RAW_EC_P256, 16), "× raw",
		 ROW_AT_MOST, 1.10);
	rows_add(rows, "RSA-2048, 1 client", compare(fixture, raw, RAW_RSA_2048, 1), "× raw",
		 ROW_AT_MOST, 1.05);

	puts("Signing without verification");
	file_write(fixture_config(fixture), unverified, sizeof(unverified) - 1);
	fixture_service_restart(fixture);
	rows_add(rows, "P-256, 1 client, verification off", compare(fixture, raw, RAW_EC_P256, 1),
		 "× raw", ROW_AT_MOST, 1.10);
	raw_close(raw);
	fixture_free(fixture);
}

/* In a run of its own, for the counting costs time. */
static void count_commands(struct rows *rows)
{
	enum { COUNT = 500 };
	const struct fixture_options options = {.with_proxy = true};
	struct fixture *fixture = fixture_new(&options);
	struct ks_client *client;

	puts("TPM commands, counted in front of swtpm");
	make_keys(fixture);
	client = connect_to(fixture);
	for (size_t kind = 0; kind < 2; kind++) {
		sign_times(client, key_names[kind], 3);
		fixture_proxy(fixture, "zero");
		sign_times(client, key_names[kind], COUNT);
		rows_add(rows,
			 kind == RAW_EC_P256 ? "TPM commands for a P-256 signature"
					     : "TPM commands for an RSA-2048 signature",
			 (double)fixture_proxy_count(fixture, NULL) / COUNT, "", ROW_EXACTLY, 1);
	}
	ks_close(client);
	fixture_free(fixture);
}

/* Seconds for a "key show" of one among @count keys. */
static double show_round(struct ks_client *client, size_t count)
{
	double began = seconds_now();

	for (unsigned i = 0; i < LOOKUPS; i++) {
		struct ks_result *result = NULL;
		enum ks_status status;
		char name[32];

		snprintf(name, sizeof(name), "key-%05zu", 1 + (i * 7919 + 13) % (count - 1));
		status = ks_key_show(client, name, &result);
		must(status, "showing a key", result);
		ks_result_free(result);
	}
	return (seconds_now() - began) / LOOKUPS;
}

static double start_ms(struct fixture *fixture)
{
	double times[STARTS];

	for (unsigned i = 0; i < STARTS; i++) {
		fixture_service_stop(fixture);
		times[i] = seconds_now();
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
		times[i] = (seconds_now() - times[i]) * 1000;
	}
	return median(times, STARTS);
}

static void measure_many(struct rows *rows)
{
	struct fixture *few = many_keys_new(FEW), *many = many_keys_new(MANY);
	double few_shows[ROUNDS], many_shows[ROUNDS], shows[ROUNDS], signs[ROUNDS];
	struct ks_client *few_client, *many_client;

	puts("10,000 keys (copies of eight) beside 10");
	rows_add(rows, "10,000 keys: ready after exec, TPM included", start_ms(many), "ms",
		 ROW_AT_MOST, 150);
	few_client = connect_to(few);
	many_client = connect_to(many);
	show_round(few_client, FEW);
	show_round(many_client, MANY);
	sign_times(few_client, "pinned", 5);
	sign_times(many_client, "pinned", 5);
	for (unsigned i = 0; i < ROUNDS; i++) {
		double sign = service_round(&few_client, 1, "pinned", per_round[RAW_EC_P256]);

		few_shows[i] = show_round(few_client, FEW);
		many_shows[i] = show_round(many_client, MANY);
		shows[i] = many_shows[i] / few_shows[i];
		signs[i] = service_round(&many_client, 1, "pinned", per_round[RAW_EC_P256]) / sign;
	}
	printf("  key show: %.0f µs among 10, %.0f µs among 10,000\n",
	       median(few_shows, ROUNDS) * 1e6, median(many_shows, ROUNDS) * 1e6);
	rows_add(rows, "10,000 keys: key show", median(shows, ROUNDS), "× 10", ROW_AT_MOST, 1.10);
	rows_add(rows, "10,000 keys: sign", median(signs, ROUNDS), "× 10", ROW_AT_MOST, 1.10);
	free(fixture_sh_ok(many, "keystorectl key list > /dev/null"));
	rows_add(rows, "10,000 keys: resident memory", resident_mb(fixture_service_pid(many)), "MB",
		 ROW_AT_MOST, 16);
	ks_close(few_client);
	ks_close(many_client);
	fixture_free(few);
	fixture_free(many);
}

int main(int argc, char **argv)
{
	struct rows rows = {0};
	bool as_json = argc > 1 && !strcmp(argv[1], "--json");

	if (argc > 1 && !as_json) {
		fprintf(stderr, "bench sign takes --json, not %s\n", argv[1]);
		return 2;
	}
	measure_ratios(&rows);
	count_commands(&rows);
	measure_many(&rows);
	return rows_print(&rows, "sign", as_json);
}
