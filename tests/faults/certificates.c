/* Certificates while the service is killed: whole or not there. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "keystore.h"

#define KILLS	  20
#define CERTS_MAX 4096

/* What a client was told has happened. */
struct ledger {
	struct fixture *fixture;
	atomic_bool is_over;
	unsigned count;
	struct {
		uint64_t id;
		uint32_t version;
		char serial[64];
	} certs[CERTS_MAX];
};

static struct ks_client *connect_patiently(struct ledger *ledger)
{
	struct ks_client *client = NULL;

	while (!ledger->is_over && ks_connect(fixture_socket(ledger->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

static void enter(struct ledger *ledger, unsigned at, const struct ks_result *result)
{
	ledger->certs[at].id = result->certs[0].id;
	ledger->certs[at].version = result->certs[0].version;
	snprintf(ledger->certs[at].serial, sizeof(ledger->certs[at].serial), "%s",
		 result->certs[0].serial);
}

/* Creates certificates with keys of their own, and renews each second one. */
static void *creator(void *user)
{
	struct ledger *ledger = user;
	struct ks_client *client = connect_patiently(ledger);

	for (unsigned n = 0; client && !ledger->is_over && ledger->count < CERTS_MAX; n++) {
		struct ks_result *result = NULL;
		char name[32];
		struct ks_cert_request request = {.new_key = name,
						  .algorithm = KS_ALGORITHM_EC_P256,
						  .profile = "tls-client",
						  .subject = "CN=client",
						  .issuer = 1 + n % 2};
		enum ks_status status;

		snprintf(name, sizeof(name), "k%u", n);
		status = ks_cert_create(client, &request, &result);
		if (status == KS_OK) {
			uint64_t id = result->certs[0].id;
			unsigned at = ledger->count++;

			enter(ledger, at, result);
			ks_result_free(result);
			result = NULL;
			if (n % 2)
				status = ks_cert_renew(client, id, NULL, KS_HASH_DEFAULT, &result);
			if (status == KS_OK && result)
				enter(ledger, at, result);
		}
		ks_result_free(result);
		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(ledger);
		}
	}
	ks_close(client);
	return NULL;
}

static void expect(struct fixture *fixture, const char *sql, const char *answer)
{
	char *out = fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"%s\"", sql);

	cr_assert_str_eq(out, answer, "%s: %s", sql, out);
	free(out);
}

Test(certificates, are_whole_or_not_there_when_the_service_is_killed_twenty_times, .timeout = 600)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client;
	pthread_t thread;

	free(fixture_sh_ok(fixture, "keystorectl project init"));
	ledger->fixture = fixture;
	cr_assert_eq(pthread_create(&thread, NULL, creator, ledger), 0);
	for (int i = 0; i < KILLS; i++) {
		struct timespec nap = {.tv_nsec = 5000000 + 7919000L * i % 80000000};

		/* A different moment each time. */
		nanosleep(&nap, NULL);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
	}
	atomic_store(&ledger->is_over, true);
	pthread_join(thread, NULL);

	cr_assert_geq(ledger->count, KILLS / 2);
	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	for (unsigned n = 0; n < ledger->count; n++) {
		struct ks_result *result = NULL;
		bool is_there = false;

		cr_assert_eq(ks_cert_show(client, ledger->certs[n].id, &result), KS_OK,
			     "certificate %llu was acknowledged and is gone",
			     (unsigned long long)ledger->certs[n].id);
		for (size_t i = 0; i < result->certs[0].history_count; i++) {
			const struct ks_cert_version *version = &result->certs[0].history[i];

			is_there |= version->version == ledger->certs[n].version &&
				    strcmp(version->serial, ledger->certs[n].serial) == 0;
		}
		cr_assert(is_there, "version %u of certificate %llu was acknowledged and is gone",
			  ledger->certs[n].version, (unsigned long long)ledger->certs[n].id);
		ks_result_free(result);
	}
	ks_close(client);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	expect(fixture, "PRAGMA integrity_check", "ok\n");
	expect(fixture, "PRAGMA foreign_key_check", "");
	expect(fixture,
	       "SELECT count(*) FROM key WHERE id NOT IN (SELECT key_id FROM certificate_version)",
	       "0\n");
	expect(fixture,
	       "SELECT count(*) FROM certificate c WHERE (SELECT count(*) FROM certificate_version "
	       "v WHERE v.certificate_id = c.id AND (v.state = 1) = (v.version = c.version)) <> "
	       "c.version",
	       "0\n");
	expect(fixture, "SELECT count(*) - count(DISTINCT serial) FROM certificate_version", "0\n");
	/* Each change has its entry in the trail. */
	expect(fixture,
	       "SELECT (SELECT sum(version) FROM certificate) - 1 - (SELECT count(*) FROM audit "
	       "WHERE status = 'ok' AND operation IN ('project init', 'cert create', 'cert "
	       "renew'))",
	       "0\n");
	fixture_free(fixture);
	free(ledger);
}
