/* Revocations while the service is killed: what was answered stays, and gets onto a list. */
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

#define KILLS 12
#define CERTS 300

struct ledger {
	struct fixture *fixture;
	atomic_bool is_over;
	atomic_uint revoked; /* certificates 4 to 3 + revoked */
	unsigned long long highest;
};

static struct ks_client *connect_patiently(struct ledger *ledger)
{
	struct ks_client *client = NULL;

	while (!ledger->is_over && ks_connect(fixture_socket(ledger->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

/* A number that a client has seen is never that of another list. */
static void look_at_number(struct ledger *ledger, struct ks_client *client)
{
	struct ks_result *result = NULL;
	unsigned long long number;

	if (ks_crl_list(client, 1, &result) == KS_OK && result->crl_count) {
		number = strtoull(result->crls[0].number, NULL, 10);
		cr_assert_geq(number, ledger->highest);
		ledger->highest = number;
	}
	ks_result_free(result);
}

static void *revoker(void *user)
{
	struct ledger *ledger = user;
	struct ks_client *client = connect_patiently(ledger);

	while (client && !ledger->is_over && ledger->revoked < CERTS) {
		struct ks_result *result = NULL;
		enum ks_status status = ks_cert_revoke(client, 4 + ledger->revoked, 0,
						       KS_REASON_SUPERSEDED, &result);

		ks_result_free(result);
		/* CONFLICT: it was done, and the answer got lost. */
		if (status == KS_OK || status == KS_CONFLICT)
			ledger->revoked++;
		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(ledger);
		} else {
			look_at_number(ledger, client);
		}
	}
	ks_close(client);
	return NULL;
}

Test(revocation, stays_and_is_listed_when_the_service_is_killed, .timeout = 600)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct fixture *fixture = fixture_new(NULL);
	pthread_t thread;
	char *listed;

	free(fixture_sh_ok(fixture,
			   "set -e; keystorectl project init; keystorectl cert create --profile "
			   "tls-client --issuer 2 --new-key k --algorithm ec-p256 --subject CN=k; "
			   "for i in $(seq %d); do keystorectl cert create --profile tls-client "
			   "--issuer 2 --key k --subject CN=k$i; done",
			   CERTS));
	ledger->fixture = fixture;
	cr_assert_eq(pthread_create(&thread, NULL, revoker, ledger), 0);
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

	cr_assert_geq(ledger->revoked, KILLS / 2);
	/* Without anything more being revoked. */
	free(fixture_sh_ok(fixture,
			   "keystorectl crl renew 2; keystorectl crl export 2 --out crl.pem; "
			   "keystorectl cert export 2 --out ca.pem; "
			   "openssl crl -in crl.pem -CAfile ca.pem -noout 2>&1 | grep OK"));
	listed = fixture_sh_ok(fixture, "openssl crl -in crl.pem -noout -text | grep -c Serial");
	/* One may have been revoked whose answer got lost. */
	cr_assert_geq((unsigned)atoi(listed), ledger->revoked);
	cr_assert_leq((unsigned)atoi(listed), ledger->revoked + 1);
	free(listed);
	free(fixture_sh_ok(fixture, "keystorectl audit verify"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	listed = fixture_sh_ok(
		fixture, "sqlite3 state/keystored.db \"PRAGMA integrity_check; PRAGMA "
			 "foreign_key_check; SELECT count(*) FROM revocation r WHERE r.serial NOT "
			 "IN (SELECT serial FROM certificate_version WHERE state = 3)\"");
	cr_assert_str_eq(listed, "ok\n0\n", "%s", listed);
	free(listed);
	fixture_free(fixture);
	free(ledger);
}
