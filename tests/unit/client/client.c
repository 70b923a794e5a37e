#include <criterion/criterion.h>
#include <errno.h>
#include <sys/wait.h>

#include "fake_service.h"
#include "pending.h"

static const uint8_t digest[32];

static struct ks_client *connected(struct fake *fake)
{
	struct ks_client *client = NULL;

	cr_assert_eq(ks_connect(fake->path, &client), KS_OK);
	return client;
}

static enum ks_status sign_start(struct ks_client *client, struct seen *seen)
{
	return ks_sign_start(client, "plc", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
			     sizeof(digest), seen_done, seen);
}

static enum ks_status sign(struct ks_client *client, struct ks_result **ret_result)
{
	return ks_sign(client, "plc", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest, sizeof(digest),
		       ret_result);
}

static void answer_backwards(struct fake *fake)
{
	int fd = fake_accept(fake);

	for (int i = 0; i < 3; i++)
		(void)fake_read(fake, fd);
	fake_answer_data(fd, fake->ids[2], "third");
	fake_answer_data(fd, fake->ids[0], "first");
	fake_answer_data(fd, fake->ids[1], "second");
	fake_drain(fd);
	close(fd);
}

Test(client, gives_each_operation_its_own_answer_in_whatever_order_they_come)
{
	static const char *const expected[] = {"first", "second", "third"};
	struct seen seen[3] = {0};
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, answer_backwards);
	client = connected(&fake);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sign_start(client, &seen[i]), KS_OK);
	while (!seen[0].count || !seen[1].count || !seen[2].count)
		cr_assert_eq(loop_once(client), KS_OK);
	ks_close(client);
	fake_stop(&fake);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(seen[i].count, 1);
		cr_assert_eq(seen[i].status, KS_OK);
		cr_assert_str_eq(seen[i].data, expected[i]);
	}
}

static void answer_in_pieces(struct fake *fake)
{
	Keystore__V1__DataReply data = KEYSTORE__V1__DATA_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	uint8_t bytes[] = {1, 2, 3};
	int fd = fake_accept(fake);

	reply.id = fake_read(fake, fd);
	data.data.data = bytes;
	data.data.len = sizeof(bytes);
	reply.body_case = KEYSTORE__V1__REPLY__BODY_DATA;
	reply.data = &data;
	fake_send(fd, &reply, 1);
	fake_drain(fd);
	close(fd);
}

Test(client, puts_a_frame_together_that_comes_byte_by_byte)
{
	struct ks_result *result = NULL;
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, answer_in_pieces);
	client = connected(&fake);
	cr_assert_eq(sign(client, &result), KS_OK);
	cr_assert_eq(result->data_len, 3);
	cr_assert_eq(result->data[2], 3);
	ks_result_free(result);
	ks_close(client);
	fake_stop(&fake);
}

static void send_and_drain(struct fake *fake, const void *bytes, size_t len)
{
	int fd = fake_accept(fake);

	(void)fake_read(fake, fd);
	fake_send_bytes(fd, bytes, len);
	fake_drain(fd);
	close(fd);
}

static void answer_garbage(struct fake *fake)
{
	send_and_drain(fake, "\0\0\0\4\xff\xff\xff\xff", 8);
}

static void answer_too_large(struct fake *fake)
{
	send_and_drain(fake, "HTTP/1.1 400 Bad Request\r\n", 26);
}

static void answer_wrong_id(struct fake *fake)
{
	int fd = fake_accept(fake);

	fake_answer_data(fd, fake_read(fake, fd) + 1, "x");
	fake_drain(fd);
	close(fd);
}

static void answer_other_body(struct fake *fake)
{
	Keystore__V1__KeyListReply list = KEYSTORE__V1__KEY_LIST_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	int fd = fake_accept(fake);

	reply.id = fake_read(fake, fd);
	reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY_LIST;
	reply.key_list = &list;
	fake_send(fd, &reply, 0);
	fake_drain(fd);
	close(fd);
}

static void refuses_strange_answers(fake_script *script)
{
	struct ks_result *result = NULL;
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, script);
	client = connected(&fake);
	cr_assert_eq(sign(client, &result), KS_PROTOCOL);
	cr_assert_neq(strlen(result->message), 0);
	cr_assert_eq(ks_fd(client), -1);
	ks_result_free(result);
	ks_close(client);
	fake_stop(&fake);
}

Test(client, ends_a_connection_that_answers_garbage)
{
	refuses_strange_answers(answer_garbage);
}

Test(client, ends_a_connection_that_announces_too_large_a_frame)
{
	refuses_strange_answers(answer_too_large);
}

Test(client, ends_a_connection_that_answers_what_was_not_asked)
{
	refuses_strange_answers(answer_wrong_id);
}

Test(client, ends_a_connection_that_answers_a_signature_with_a_list)
{
	refuses_strange_answers(answer_other_body);
}

static void read_and_close(struct fake *fake)
{
	int fd = fake_accept(fake);

	(void)fake_read(fake, fd);
	(void)fake_read(fake, fd);
	close(fd);
}

Test(client, answers_operations_under_way_when_the_service_goes)
{
	struct seen seen[2] = {0};
	struct ks_client *client;
	struct fake fake;
	enum ks_status status = KS_OK;

	fake_start(&fake, read_and_close);
	client = connected(&fake);
	cr_assert_eq(sign_start(client, &seen[0]), KS_OK);
	cr_assert_eq(sign_start(client, &seen[1]), KS_OK);
	while (status == KS_OK)
		status = loop_once(client);
	fake_stop(&fake);

	cr_assert_eq(status, KS_DISCONNECTED);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(seen[i].count, 1);
		cr_assert_eq(seen[i].status, KS_DISCONNECTED);
	}
	cr_assert_eq(ks_events(client), 0);
	cr_assert_eq(sign_start(client, &seen[0]), KS_DISCONNECTED);
	cr_assert_eq(ks_process(client), KS_DISCONNECTED);
	ks_close(client);
}

static void answer_one_and_restart(struct fake *fake)
{
	for (int i = 0; i < 2; i++) {
		int fd = fake_accept(fake);

		fake_answer_data(fd, fake_read(fake, fd), i ? "new" : "old");
		if (i)
			fake_drain(fd);
		close(fd);
	}
}

Test(client, connects_again_when_the_service_was_restarted_between_two_calls)
{
	struct ks_result *result = NULL;
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, answer_one_and_restart);
	client = connected(&fake);
	cr_assert_eq(sign(client, NULL), KS_OK);
	cr_assert_eq(sign(client, &result), KS_OK);
	cr_assert_eq(result->data_len, 3);
	cr_assert_eq(memcmp(result->data, "new", 3), 0);
	ks_result_free(result);
	ks_close(client);
	fake_stop(&fake);
}

static void lose_the_first_request(struct fake *fake)
{
	int fd = fake_accept(fake);

	(void)fake_read(fake, fd);
	close(fd);
	fd = fake_accept(fake);
	fake_answer_data(fd, fake_read(fake, fd), "again");
	fake_drain(fd);
	close(fd);
}

Test(client, repeats_a_signature_whose_answer_was_lost)
{
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, lose_the_first_request);
	client = connected(&fake);
	cr_assert_eq(sign(client, NULL), KS_OK);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(fake.requests, 2);
}

static void lose_two_requests(struct fake *fake)
{
	for (int i = 0; i < 2; i++) {
		int fd = fake_accept(fake);

		(void)fake_read(fake, fd);
		close(fd);
	}
}

Test(client, repeats_once_only)
{
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, lose_two_requests);
	client = connected(&fake);
	cr_assert_eq(sign(client, NULL), KS_DISCONNECTED);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(fake.requests, 2);
}

static void lose_one_request(struct fake *fake)
{
	int fd = fake_accept(fake);

	(void)fake_read(fake, fd);
	close(fd);
}

Test(client, does_not_make_a_key_twice)
{
	struct ks_result *result = NULL;
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, lose_one_request);
	client = connected(&fake);
	cr_assert_eq(ks_key_create(client, "plc", KS_ALGORITHM_EC_P256, 0, &result),
		     KS_DISCONNECTED);
	cr_assert_not_null(strstr(result->message, "unknown"));
	ks_result_free(result);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(fake.requests, 1);
}

static void turn_away(struct fake *fake)
{
	int fd = fake_accept(fake);

	fake_answer_status(fd, 0, KEYSTORE__V1__STATUS__STATUS_LIMIT, "uid 7 has 16 connections");
	close(fd);
}

Test(client, says_why_the_service_turned_it_away)
{
	struct seen seen = {0};
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, turn_away);
	client = connected(&fake);
	cr_assert_eq(sign_start(client, &seen), KS_OK);
	while (loop_once(client) == KS_OK)
		;
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(seen.status, KS_LIMIT);
	cr_assert_str_eq(seen.message, "uid 7 has 16 connections");
}

static void only_drain(struct fake *fake)
{
	int fd = fake_accept(fake);

	fake_drain(fd);
	close(fd);
}

Test(client, refuses_to_work_in_a_child_of_fork)
{
	struct ks_client *client;
	struct fake fake;
	int status = 0;
	pid_t child;

	fake_start(&fake, only_drain);
	client = connected(&fake);
	child = fork();
	if (child == 0) {
		struct seen seen = {0};
		int refused = sign(client, NULL) == KS_DISCONNECTED &&
			      sign_start(client, &seen) == KS_DISCONNECTED &&
			      ks_process(client) == KS_DISCONNECTED;

		ks_close(client);
		_exit(refused ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	ks_close(client);
	fake_stop(&fake);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
}

Test(client, is_busy_with_as_many_operations_as_it_holds_and_one_more)
{
	struct seen seen = {0};
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, only_drain);
	client = connected(&fake);
	for (int i = 0; i < PENDING_MAX; i++)
		cr_assert_eq(sign_start(client, &seen), KS_OK);
	cr_assert_eq(sign_start(client, &seen), KS_BUSY);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(seen.count, PENDING_MAX);
	cr_assert_eq(seen.status, KS_DISCONNECTED);
}

static void never_read(struct fake *fake)
{
	int fd = fake_accept(fake);
	char byte;

	/* Until the client is gone, without reading what it sent. */
	while (recv(fd, &byte, 1, MSG_PEEK) > 0 &&
	       poll(&(struct pollfd){fd, POLLRDHUP, 0}, 1, -1) == 0)
		;
	close(fd);
}

Test(client, is_busy_when_the_service_does_not_read)
{
	static const uint8_t pem[200000];
	struct seen seen = {0};
	struct ks_client *client;
	enum ks_status status = KS_OK;
	struct fake fake;
	int count = 0;

	fake_start(&fake, never_read);
	client = connected(&fake);
	while (status == KS_OK && count++ < 100)
		status = ks_key_import_tss2_start(client, "plc", pem, sizeof(pem), NULL, 0, 0,
						  seen_done, &seen);
	cr_assert_eq(status, KS_BUSY);
	cr_assert_eq(ks_events(client), POLLIN | POLLOUT);
	ks_close(client);
	fake_stop(&fake);
}

Test(client, refuses_what_fits_no_frame)
{
	static const uint8_t pem[KS_FRAME_MAX];
	struct ks_result *result = NULL;
	struct seen seen = {0};
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, only_drain);
	client = connected(&fake);
	cr_assert_eq(ks_key_import_tss2(client, "plc", pem, sizeof(pem), NULL, 0, 0, &result),
		     KS_INVALID);
	cr_assert_neq(strlen(result->message), 0);
	ks_result_free(result);
	cr_assert_eq(ks_key_import_tss2_start(client, "plc", pem, sizeof(pem), NULL, 0, 0,
					      seen_done, &seen),
		     KS_INVALID);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_eq(seen.count, 0);
}

static void subscribe_restart_and_tell(struct fake *fake)
{
	int fd = fake_accept(fake);

	fake_answer_status(fd, fake_read(fake, fd), KEYSTORE__V1__STATUS__STATUS_OK, "");
	fake_send_event(fd, "one");
	close(fd);
	fd = fake_accept(fake);
	fake_answer_status(fd, fake_read(fake, fd), KEYSTORE__V1__STATUS__STATUS_OK, "");
	fake_send_event(fd, "two");
	fake_answer_data(fd, fake_read(fake, fd), "x");
	fake_drain(fd);
	close(fd);
}

static void count_event(const struct ks_event *event, void *user)
{
	if (event->type == KS_EVENT_KEY_CREATED && event->key_id == 7)
		strcat(user, event->key_name);
}

Test(client, hears_events_also_after_it_connected_again)
{
	char heard[64] = "";
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, subscribe_restart_and_tell);
	client = connected(&fake);
	cr_assert_eq(ks_subscribe(client, count_event, heard, NULL), KS_OK);
	while (loop_once(client) == KS_OK)
		;
	cr_assert_eq(sign(client, NULL), KS_OK);
	ks_close(client);
	fake_stop(&fake);
	cr_assert_str_eq(heard, "onetwo");
	cr_assert_eq(fake.bodies[1], KEYSTORE__V1__REQUEST__BODY_SUBSCRIBE);
}

Test(client, does_not_wait_for_ever_for_a_service_that_hangs)
{
	const struct ks_options options = {.deadline_ms = 1};
	struct ks_client *client;
	struct fake fake;

	fake_start(&fake, only_drain);
	client = connected(&fake);
	ks_set_options(client, &options);
	cr_assert_eq(sign(client, NULL), KS_DISCONNECTED);
	cr_assert_eq(ks_fd(client), -1);
	ks_close(client);
	fake_stop(&fake);
}

struct nested {
	struct ks_client *client;
	struct seen seen;
	enum ks_status blocking;
	enum ks_status started;
};

static void call_from_callback(const struct ks_result *result, void *user)
{
	struct nested *nested = user;

	(void)result;
	nested->blocking = ks_random(nested->client, 1, NULL);
	nested->started = ks_random_start(nested->client, 1, seen_done, &nested->seen);
}

static void answer_two(struct fake *fake)
{
	int fd = fake_accept(fake);

	fake_answer_data(fd, fake_read(fake, fd), "one");
	fake_answer_data(fd, fake_read(fake, fd), "two");
	fake_drain(fd);
	close(fd);
}

Test(client, lets_a_callback_start_operations_but_not_wait_for_them)
{
	struct nested nested = {0};
	struct fake fake;

	fake_start(&fake, answer_two);
	nested.client = connected(&fake);
	cr_assert_eq(ks_random_start(nested.client, 1, call_from_callback, &nested), KS_OK);
	while (!nested.seen.count)
		cr_assert_eq(loop_once(nested.client), KS_OK);
	ks_close(nested.client);
	fake_stop(&fake);
	cr_assert_eq(nested.blocking, KS_INVALID);
	cr_assert_eq(nested.started, KS_OK);
	cr_assert_str_eq(nested.seen.data, "two");
}

Test(client, says_what_to_do_when_there_is_no_service)
{
	struct ks_client *client = NULL;
	char message[256];

	cr_assert_eq(ks_connect("/nonexistent/socket", &client), KS_UNREACHABLE);
	ks_connect_message("/nonexistent/socket", errno, message, sizeof(message));
	cr_assert_null(client);
	cr_assert_not_null(strstr(message, "/nonexistent/socket"));
	cr_assert_not_null(strstr(message, "No such file"));
	cr_assert_not_null(strstr(message, "systemctl status keystored"));
}

Test(client, refuses_a_path_that_no_socket_can_have)
{
	struct ks_client *client = NULL;
	char path[200];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	cr_assert_eq(ks_connect(path, &client), KS_UNREACHABLE);
	cr_assert_eq(errno, ENAMETOOLONG);
}

Test(client, takes_the_socket_of_the_environment)
{
	struct ks_client *client = NULL;
	struct fake fake;

	fake_start(&fake, only_drain);
	setenv("KEYSTORE_SOCKET", fake.path, 1);
	cr_assert_eq(ks_connect(NULL, &client), KS_OK);
	ks_close(client);
	fake_stop(&fake);
}
