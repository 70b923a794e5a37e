/* libkeystore against a service that is restarted under it. */
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include "fixture.h"
#include "keystore.h"

static const uint8_t digest[32] = {1};

static struct ks_client *connected(struct fixture *fixture)
{
	struct ks_client *client = NULL;

	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	return client;
}

static enum ks_status sign(struct ks_client *client)
{
	return ks_sign(client, "plc-1", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest, sizeof(digest),
		       NULL);
}

Test(client, goes_on_after_a_restart_of_the_service)
{
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client = connected(fixture);

	cr_assert_eq(ks_key_create(client, "plc-1", KS_ALGORITHM_EC_P256, 0, NULL), KS_OK);
	cr_assert_eq(sign(client), KS_OK);
	fixture_service_restart(fixture);
	cr_assert_eq(sign(client), KS_OK);
	ks_close(client);
	fixture_free(fixture);
}

Test(client, says_that_the_service_is_gone)
{
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client = connected(fixture);
	struct ks_result *result = NULL;

	fixture_service_kill(fixture);
	cr_assert_eq(ks_service_status(client, &result), KS_UNREACHABLE);
	cr_assert_not_null(strstr(result->message, fixture_socket(fixture)));
	ks_result_free(result);
	ks_close(client);
	fixture_free(fixture);
}

static void count_good(const struct ks_result *result, void *user)
{
	int *good = user;

	if (result->status == KS_OK && result->data_len > 0)
		++*good;
}

Test(client, has_many_signatures_under_way_at_once)
{
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client = connected(fixture);
	int good = 0;

	cr_assert_eq(ks_key_create(client, "plc-1", KS_ALGORITHM_EC_P256, 0, NULL), KS_OK);
	for (int i = 0; i < 200; i++)
		cr_assert_eq(ks_sign_start(client, "plc-1", KS_HASH_SHA256, KS_PADDING_DEFAULT,
					   digest, sizeof(digest), count_good, &good),
			     KS_OK);
	while (good < 200) {
		struct pollfd ready = {.fd = ks_fd(client), .events = ks_events(client)};

		cr_assert_eq(poll(&ready, 1, -1), 1);
		cr_assert_eq(ks_process(client), KS_OK);
	}
	ks_close(client);
	fixture_free(fixture);
}
