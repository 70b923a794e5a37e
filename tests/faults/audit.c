/* The audit trail is whole, whenever the service is killed. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"
#include "keystore.h"

#define KILLS 20

struct worker {
	struct fixture *fixture;
	atomic_bool is_over;
	atomic_uint done;
};

static struct ks_client *connect_patiently(struct worker *worker)
{
	struct ks_client *client = NULL;

	while (!worker->is_over && ks_connect(fixture_socket(worker->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

/* Changes and refusals, each of which is a record. */
static void *work_on(void *user)
{
	struct worker *worker = user;
	struct ks_client *client = connect_patiently(worker);
	struct ks_grant grant = {KS_SUBJECT_UID, 33, KS_OPERATION_SIGN};

	for (unsigned n = 0; client && !worker->is_over; n++) {
		enum ks_status status = KS_OK;
		char name[32];

		snprintf(name, sizeof(name), "k%u", n);
		if (n % 8 == 0)
			ks_key_create(client, "kept", KS_ALGORITHM_EC_P256, 0, NULL);
		ks_key_delete(client, name, NULL);
		grant.id = n % 50;
		status = ks_key_allow(client, "kept", &grant, NULL);
		worker->done += status == KS_OK;
		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(worker);
		}
	}
	ks_close(client);
	return NULL;
}

struct progress {
	struct worker *worker;
	unsigned target;
};

static bool has_worked(void *user)
{
	struct progress *progress = user;

	return progress->worker->done >= progress->target;
}

static void expect_intact(struct fixture *fixture)
{
	struct ks_client *client;
	struct ks_result *result;

	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	cr_assert_eq(ks_audit_verify(client, &result), KS_OK, "%s", result->message);
	cr_assert_eq(result->audit->finding, KS_FINDING_INTACT, "%s", result->audit->message);
	ks_result_free(result);
	ks_close(client);
}

Test(audit, is_intact_however_often_the_service_is_killed, .timeout = 600)
{
	const struct fixture_options options = {.config = "[tpm]\naudit-interval = 1s\n"
							  "[limits]\naudit-entries = 1000\n"};
	struct fixture *fixture = fixture_new(&options);
	struct worker worker = {.fixture = fixture};
	struct progress progress = {.worker = &worker};
	struct ks_client *client;
	struct ks_result *result;
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, work_on, &worker), 0);
	for (int i = 0; i < KILLS; i++) {
		/* Another moment each time, with work under way. */
		struct timespec nap = {.tv_nsec = 577000L * i % 9000000};

		progress.target = worker.done + 30;
		fixture_until(has_worked, &progress, "work");
		/* Every other time while it writes its last anchor. */
		if (i % 2)
			kill(fixture_service_pid(fixture), SIGTERM);
		nanosleep(&nap, NULL);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
		expect_intact(fixture);
	}
	atomic_store(&worker.is_over, true);
	pthread_join(thread, NULL);

	fixture_service_restart(fixture);
	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	cr_assert_eq(ks_audit_verify(client, &result), KS_OK, "%s", result->message);
	cr_assert_eq(result->audit->finding, KS_FINDING_INTACT, "%s", result->audit->message);
	cr_assert(result->audit->anchored, "%s", result->audit->anchor_note);
	cr_assert_geq(result->audit->newest, worker.done);
	ks_result_free(result);
	ks_close(client);
	fixture_free(fixture);
}
