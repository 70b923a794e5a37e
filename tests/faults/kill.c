/* What is acknowledged stays, and nothing half-done does, whoever is killed when. */
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

#define SERVICE_KILLS 50
#define KILLS_MAX     400
#define TPM_KILLS     20
#define NAMES_MAX     4096

/* What a client was told has happened. */
struct ledger {
	struct fixture *fixture;
	atomic_bool is_over;
	atomic_uint created;
	unsigned pinned, attempts;
	bool is_there[NAMES_MAX];
	bool is_pinned[NAMES_MAX];
};

static struct ks_client *connect_patiently(struct ledger *ledger)
{
	struct ks_client *client = NULL;

	while (!ledger->is_over && ks_connect(fixture_socket(ledger->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

/* Creates a key, and pins every fourth; deletes every eighth again. */
static void *creator(void *user)
{
	struct ledger *ledger = user;
	struct ks_client *client = connect_patiently(ledger);

	for (unsigned n = 0; client && !ledger->is_over && n < NAMES_MAX; n++) {
		enum ks_status status;
		char name[32];

		snprintf(name, sizeof(name), "k%u", n);
		ledger->attempts++;
		status = ks_key_create(client, name,
				       n % 3 == 2 ? KS_ALGORITHM_RSA_2048 : KS_ALGORITHM_EC_P256, 0,
				       NULL);
		if (status == KS_OK) {
			ledger->is_there[n] = true;
			ledger->created++;
			if (n % 4 == 0 && ks_key_pin(client, name, true, NULL) == KS_OK) {
				ledger->is_pinned[n] = true;
				ledger->pinned++;
			}
			if (n % 8 == 0 || ledger->pinned > 40) {
				status = ks_key_delete(client, name, NULL);
				ledger->is_there[n] = false;
				ledger->pinned -= ledger->is_pinned[n];
				ledger->is_pinned[n] = false;
				/* Asked for and not answered: it may be gone, or not. */
				if (status != KS_OK)
					ks_key_delete(client, name, NULL);
			}
		}
		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(ledger);
		}
	}
	ks_close(client);
	return NULL;
}

static void nap_us(long us)
{
	struct timespec nap = {.tv_nsec = us * 1000};

	nanosleep(&nap, NULL);
}

static bool is_listed(struct ks_client *client, const char *name, struct ks_result **ret_result)
{
	return ks_key_show(client, name, ret_result) == KS_OK;
}

static bool signs(struct ks_client *client, const char *name)
{
	uint8_t digest[32] = {7};
	struct ks_result *result = NULL;
	enum ks_status status = ks_sign(client, name, KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
					sizeof(digest), &result);

	if (status)
		fprintf(stderr, "%s: %s\n", name, result ? result->message : "");
	ks_result_free(result);
	return status == KS_OK;
}

Test(kill, of_the_service_fifty_times_loses_nothing_acknowledged, .timeout = 600)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client;
	pthread_t thread;
	char *rest, *handles;
	unsigned pinned = 0;

	ledger->fixture = fixture;
	cr_assert_eq(pthread_create(&thread, NULL, creator, ledger), 0);
	/* Fifty, and as many more as a busy machine needs for something to be made in between. */
	for (int i = 0; i < SERVICE_KILLS ||
			(atomic_load(&ledger->created) < SERVICE_KILLS / 2 && i < KILLS_MAX);
	     i++) {
		/* A different moment each time, of creations that take 10 or 150 ms. */
		nap_us(3000 + 7919L * i % 120000);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
	}
	atomic_store(&ledger->is_over, true);
	pthread_join(thread, NULL);

	cr_assert_geq(atomic_load(&ledger->created), SERVICE_KILLS / 2);
	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	for (unsigned n = 0; n < NAMES_MAX; n++) {
		struct ks_result *result = NULL;
		char name[32];

		if (!ledger->is_there[n])
			continue;
		snprintf(name, sizeof(name), "k%u", n);
		cr_assert(is_listed(client, name, &result), "%s was acknowledged and is gone",
			  name);
		if (ledger->is_pinned[n])
			cr_assert(result->keys[0].pinned, "%s was pinned and is not", name);
		pinned += result->keys[0].pinned;
		ks_result_free(result);
		cr_assert(signs(client, name), "%s does not sign", name);
	}
	ks_close(client);
	cr_assert_eq(fixture_service_stop(fixture), 0);

	/*
	 * In the TPM: what is pinned, and nothing else of ours. Counted by the service's own
	 * book, since a key whose deletion was asked for and never answered may be there.
	 */
	rest = fixture_sh_ok(fixture, "sqlite3 state/keystored.db 'SELECT count(*) FROM persistent "
				      "JOIN key ON key.id = key_id WHERE state = 2'");
	cr_assert_geq((unsigned)atoi(rest), pinned);
	pinned = (unsigned)atoi(rest);
	free(rest);
	rest = fixture_sh_ok(fixture, "sqlite3 state/keystored.db 'SELECT count(*) FROM persistent "
				      "WHERE state <> 2'");
	cr_assert_str_eq(rest, "0\n");
	free(rest);
	handles = fixture_sh_ok(fixture, "tpm2_flushcontext -t; tpm2_getcap handles-persistent | "
					 "grep -ic 0x81004b; true");
	cr_assert_eq((unsigned)atoi(handles), pinned, "%s handles, %u keys pinned", handles,
		     pinned);
	rest = fixture_sh_ok(fixture, "sqlite3 state/keystored.db 'pragma integrity_check'");
	cr_assert_str_eq(rest, "ok\n");
	free(handles);
	free(rest);
	fixture_free(fixture);
	free(ledger);
}

struct signer {
	struct fixture *fixture;
	atomic_bool is_over;
	atomic_uint signatures;
	unsigned failures;
	char first_failure[256];
};

static void *sign_on(void *user)
{
	struct signer *signer = user;
	struct ks_client *client;
	uint8_t digest[32] = {9};

	cr_assert_eq(ks_connect(fixture_socket(signer->fixture), &client), KS_OK);
	ks_set_options(client, &(struct ks_options){.deadline_ms = 20000, .wait_for_tpm = true});
	for (unsigned n = 0; !signer->is_over; n++) {
		struct ks_result *result = NULL;
		char name[8];

		snprintf(name, sizeof(name), "k%u", n % 4);
		if (ks_sign(client, name, KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
			    sizeof(digest), &result) == KS_OK) {
			signer->signatures++;
		} else if (signer->failures++ == 0) {
			snprintf(signer->first_failure, sizeof(signer->first_failure), "%s",
				 result->message);
		}
		ks_result_free(result);
	}
	ks_close(client);
	return NULL;
}

struct progress {
	struct signer *signers;
	unsigned target;
};

static bool all_have_signed(void *user)
{
	struct progress *progress = user;

	return progress->signers[0].signatures >= progress->target &&
	       progress->signers[1].signatures >= progress->target;
}

Test(kill, of_the_tpm_twenty_times_fails_no_signature_that_waits, .timeout = 600)
{
	struct fixture *fixture = fixture_new(NULL);
	struct signer signers[2] = {{.fixture = fixture}, {.fixture = fixture}};
	struct progress progress = {.signers = signers};
	pthread_t threads[2];

	for (int i = 0; i < 4; i++)
		free(fixture_sh_ok(fixture, "keystorectl key create k%d --algorithm ec-p256", i));
	free(fixture_sh_ok(fixture, "keystorectl key pin k0"));
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, sign_on, &signers[i]), 0);
	for (int i = 0; i < TPM_KILLS; i++) {
		progress.target = 10;
		signers[0].signatures = signers[1].signatures = 0;
		fixture_until(all_have_signed, &progress, "signatures of both clients");
		nap_us(1000 + 577L * i % 5000);
		fixture_tpm_restart(fixture);
	}
	signers[0].signatures = signers[1].signatures = 0;
	fixture_until(all_have_signed, &progress, "signatures after the last kill");
	for (int i = 0; i < 2; i++) {
		atomic_store(&signers[i].is_over, true);
		pthread_join(threads[i], NULL);
	}

	cr_assert_eq(signers[0].failures, 0, "%s", signers[0].first_failure);
	cr_assert_eq(signers[1].failures, 0, "%s", signers[1].first_failure);
	free(fixture_sh_ok(fixture,
			   "keystorectl status --json | grep -q '\"signatures_withheld\": *0'"));
	fixture_free(fixture);
}
