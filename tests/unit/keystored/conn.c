#include <criterion/criterion.h>
#include <fcntl.h>

#include "../../support/fake_service.h"

TestSuite(conn, .init = bench_up, .fini = bench_down);

static void expect_refusal(struct client *client, const char *said)
{
	ks_pb_reply *reply = client_receive(client);

	cr_assert_not_null(reply);
	cr_assert_eq(reply->id, 0u);
	cr_assert_eq(reply->status, (Keystore__V1__Status)STATUS_INVALID);
	cr_assert_not_null(strstr(reply->message, said), "%s", reply->message);
	codec_reply_free(reply);
	cr_assert(client_is_dropped(client));
	cr_assert_eq(conns_count(bench.service.conns), 0u);
}

Test(conn, tells_a_peer_that_sends_garbage_and_ends)
{
	struct client client = client_new(0, 0);

	client_send_bytes(&client, "\0\0\0\5\xff\xff\xff\xff\xff", 9);
	expect_refusal(&client, "no keystore.v1.Request");
	client_close(&client);
}

Test(conn, tells_a_peer_that_announces_too_much_and_ends)
{
	struct client client = client_new(0, 0);

	client_send_bytes(&client, "GET / HTTP/1.1\r\n\r\n", 18);
	expect_refusal(&client, "was announced");
	client_close(&client);
}

Test(conn, tells_a_peer_that_announces_nothing_and_ends)
{
	struct client client = client_new(0, 0);

	client_send_bytes(&client, "\0\0\0\0", 4);
	expect_refusal(&client, "a frame has 1 to");
	client_close(&client);
}

Test(conn, tells_a_peer_whose_frame_does_not_get_complete_and_ends)
{
	bench.config.frame_timeout_ms = 20;
	struct client client = client_new(0, 0);

	client_send_bytes(&client, "\0\0\0\5ab", 6);
	expect_refusal(&client, "not complete");
	client_close(&client);
}

Test(conn, serves_a_frame_that_comes_in_pieces)
{
	Keystore__V1__StatusRequest status = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request request = REQUEST(STATUS, status, &status);
	struct frame_writer writer = {.max = KS_FRAME_MAX};
	struct client client = client_new(1000, 1000);

	request.id = 7;
	codec_write(&writer, &request.base);
	for (size_t i = 0; i < frame_writer_pending(&writer); i++)
		client_send_bytes(&client, writer.buf + writer.start + i, 1);
	ks_pb_reply *reply = client_receive(&client);

	cr_assert_not_null(reply);
	cr_assert_eq(reply->id, 7u);
	cr_assert_eq(reply->service->connections, 1u);
	codec_reply_free(reply);
	frame_writer_wipe(&writer);
	client_close(&client);
}

Test(conn, ends_when_the_peer_closes_inside_a_frame)
{
	struct client client = client_new(0, 0);

	client_send_bytes(&client, "\0\0\0\5ab", 6);
	client_close(&client);
	bench_settle();
	cr_assert_eq(conns_count(bench.service.conns), 0u);
}

Test(conn, still_answers_a_peer_that_has_only_stopped_sending)
{
	struct client client = client_new(0, 0);

	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	client_send_sign(&client, "web", 32);
	shutdown(client.fd, SHUT_WR);
	bench_settle();
	cr_assert_eq(conns_count(bench.service.conns), 1u);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&client), STATUS_OK);
	cr_assert(client_is_dropped(&client));
	client_close(&client);
}

Test(conn, cancels_what_a_vanished_peer_had_asked)
{
	struct client client = client_new(0, 0);

	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	client_send_sign(&client, "web", 32);
	client_send_sign(&client, "web", 32);
	bench_settle();
	client_close(&client);
	bench_settle();
	cr_assert_eq(fake.cancelled, 2u);
	cr_assert(LIST_EMPTY(&bench.service.accounts));
}

Test(conn, reads_no_more_requests_than_may_be_in_flight)
{
	bench.config.requests_per_connection = 4;
	struct client client = client_new(0, 0);

	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	for (int i = 0; i < 10; i++)
		client_send_sign(&client, "web", 32);
	bench_settle();
	cr_assert_eq(fake.jobs_seen[TPM_SIGN], 4u);
	fake.holds_jobs = false;
	fake_wake();
	for (int i = 0; i < 10; i++)
		cr_assert_eq(client_status(&client), STATUS_OK);
	client_close(&client);
}

Test(conn, serves_many_requests_sent_at_once)
{
	Keystore__V1__RandomRequest random = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	struct client client = client_new(1000, 1000);

	random.bytes = 16;
	for (int i = 0; i < 500; i++) {
		ks_pb_request request = REQUEST(RANDOM, random, &random);

		client_send(&client, &request);
	}
	for (int i = 0; i < 500; i++)
		cr_assert_eq(client_status(&client), STATUS_OK, "reply %d", i);
	client_close(&client);
}

Test(conn, drops_a_peer_that_does_not_read)
{
	Keystore__V1__RandomRequest random = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	struct client client = client_new(1000, 1000);

	bench.config.write_timeout_ms = 20;
	random.bytes = 1024;
	for (int i = 0; i < 1000 && conns_count(bench.service.conns); i++) {
		ks_pb_request request = REQUEST(RANDOM, random, &random);
		struct frame_writer writer = {.max = KS_FRAME_MAX};

		request.id = (uint64_t)i + 1;
		codec_write(&writer, &request.base);
		if (frame_writer_flush(&writer, client.fd) == FRAME_AGAIN)
			i = 1000;
		frame_writer_wipe(&writer);
		bench_settle();
	}
	for (int waited = 0; waited < FAKE_PATIENCE_MS && conns_count(bench.service.conns);
	     waited += 5)
		sd_event_run(bench.event, 5000);
	cr_assert_eq(conns_count(bench.service.conns), 0u);
	client_close(&client);
}

Test(conn, refuses_the_id_0_and_an_id_in_flight)
{
	struct client client = client_new(0, 0);
	struct frame_writer writer = {.max = KS_FRAME_MAX};
	Keystore__V1__StatusRequest status = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request request = REQUEST(STATUS, status, &status);

	codec_write(&writer, &request.base);
	client_send_bytes(&client, writer.buf + writer.start, frame_writer_pending(&writer));
	frame_writer_wipe(&writer);
	expect_refusal(&client, "request id 0");
	client_close(&client);

	client = client_new(0, 0);
	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	client_send_sign(&client, "web", 32);
	client.last_id--;
	client_send_sign(&client, "web", 32);
	expect_refusal(&client, "in flight");
	cr_assert_eq(fake.cancelled, 1u);
	client_close(&client);
}

Test(conn, survives_every_cut_and_every_flipped_bit_of_a_request)
{
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__SignRequest sign = KEYSTORE__V1__SIGN_REQUEST__INIT;
	ks_pb_request request = REQUEST(SIGN, sign, &sign);
	struct frame_writer writer = {.max = KS_FRAME_MAX};
	struct client owner = client_new(0, 0);
	uint8_t bytes[256];

	client_create(&owner, "web", 4);
	sign.key = &ref;
	sign.digest.data = bytes;
	sign.digest.len = 32;
	request.id = 1;
	codec_write(&writer, &request.base);
	size_t len = frame_writer_pending(&writer);

	cr_assert_lt(len, sizeof bytes);
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct client client = client_new(0, 0);

		memcpy(bytes, writer.buf + writer.start, len);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		client_send_bytes(&client, bytes, bit % 3 ? len : bit / 8);
		bench_settle();
		client_close(&client);
		bench_settle();
	}
	frame_writer_wipe(&writer);
	cr_assert_eq(client_sign(&owner, "web"), STATUS_OK);
	cr_assert_eq(conns_count(bench.service.conns), 1u);
	client_close(&owner);
}

Test(conn, sends_what_was_answered_when_the_service_stops)
{
	struct client client = client_new(0, 0);

	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	client_send_sign(&client, "web", 32);
	bench_settle();
	service_stop(&bench.service, 1000);
	cr_assert_eq(client_status(&client), STATUS_UNAVAILABLE);
	cr_assert(client_is_dropped(&client));
	client_close(&client);
}

Test(conn, tells_subscribers_what_they_may_see)
{
	Keystore__V1__SubscribeRequest subscribe = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	struct client root = client_new(0, 0);
	struct client granted = client_new(1000, 1000);
	struct client other = client_new(1001, 1001);
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &subscribe);

	client_create(&root, "web", 4);
	client_allow_uid(&root, "web", 1000, POLICY_SIGN);
	cr_assert_eq(client_try(&granted, &request), STATUS_OK);
	request.id = 0;
	cr_assert_eq(client_try(&other, &request), STATUS_OK);
	client_delete(&root, "web");
	ks_pb_reply *event = client_receive(&granted);

	cr_assert_not_null(event);
	cr_assert_eq(event->id, 0u);
	cr_assert_eq(event->event->key->change, KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED);
	cr_assert_str_eq(event->event->key->name, "web");
	codec_reply_free(event);

	fake.state = TPM_STATE_UNAVAILABLE;
	fake_wake();
	event = client_receive(&other);
	cr_assert_not_null(event);
	cr_assert_eq(event->event->body_case, KEYSTORE__V1__EVENT__BODY_TPM);
	codec_reply_free(event);
	client_close(&root);
	client_close(&granted);
	client_close(&other);
}

Test(conn, answers_two_requests_of_a_peer_that_is_gone_by_then)
{
	struct client client = client_new(0, 0);

	client_create(&client, "web", 4);
	fake.holds_jobs = true;
	for (int i = 0; i < 3; i++)
		client_send_sign(&client, "web", 32);
	bench_settle();
	client_close(&client);
	fake.holds_jobs = false;
	tpm_engine_dispatch(bench.service.engine);
	bench_settle();
	cr_assert_eq(conns_count(bench.service.conns), 0u);
}

Test(conn, times_out_two_requests_of_a_peer_that_is_gone_by_then)
{
	Keystore__V1__RandomRequest random = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	struct client client = client_new(1000, 1000);

	fake.holds_jobs = true;
	random.bytes = 1;
	for (int i = 0; i < 3; i++) {
		ks_pb_request request = REQUEST(RANDOM, random, &random);

		request.deadline_ms = 1;
		client_send(&client, &request);
	}
	shutdown(client.fd, SHUT_RD);
	for (int waited = 0; waited < FAKE_PATIENCE_MS && conns_count(bench.service.conns);
	     waited += 5)
		sd_event_run(bench.event, 5000);
	cr_assert_eq(conns_count(bench.service.conns), 0u);
	cr_assert_eq(fake.cancelled, 3u);
	client_close(&client);
}
