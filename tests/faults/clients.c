/* Clients that vanish, flood, dawdle or talk nonsense harm themselves only. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec.h"
#include "fixture.h"
#include "keystore.h"

static struct fixture *service_with_keys(const char *config)
{
	struct fixture *fixture =
		fixture_new(&(struct fixture_options){.with_proxy = true, .config = config});

	free(fixture_sh_ok(fixture, "keystorectl key create k --algorithm ec-p256"));
	free(fixture_sh_ok(fixture, "keystorectl key create pinned --algorithm ec-p256 && "
				    "keystorectl key pin pinned"));
	return fixture;
}

/* It answers, every key signs, and it has not been restarted behind our back. */
static void is_unharmed(struct fixture *fixture)
{
	free(fixture_sh_ok(fixture, "echo x | keystorectl sign k --out s && keystorectl status"));
	cr_assert_eq(process_is_alive(fixture_service_pid(fixture)), 1);
}

static void send_all(int fd, const void *bytes, size_t len)
{
	cr_assert_eq(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void send_request(int fd, ks_pb_request *request)
{
	struct frame_writer writer = {.max = KS_FRAME_MAX};

	cr_assert_eq(codec_write(&writer, &request->base), FRAME_OK);
	cr_assert_eq(frame_writer_flush(&writer, fd), FRAME_OK);
	frame_writer_wipe(&writer);
}

static void send_sign(int fd, uint64_t id)
{
	Keystore__V1__SignRequest sign = KEYSTORE__V1__SIGN_REQUEST__INIT;
	Keystore__V1__KeyRef key = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	uint8_t digest[32] = {1};
	char name[] = "k";

	key.by_case = KEYSTORE__V1__KEY_REF__BY_NAME;
	key.name = name;
	sign.key = &key;
	sign.hash = KEYSTORE__V1__HASH__HASH_SHA256;
	sign.digest.data = digest;
	sign.digest.len = sizeof(digest);
	request.id = id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SIGN;
	request.sign = &sign;
	send_request(fd, &request);
}

static void send_pin(int fd, const char *name, bool pinned)
{
	Keystore__V1__KeyPinRequest pin = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	Keystore__V1__KeyRef key = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	key.by_case = KEYSTORE__V1__KEY_REF__BY_NAME;
	key.name = copy;
	pin.key = &key;
	pin.pinned = pinned;
	request.id = 1;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_PIN;
	request.key_pin = &pin;
	send_request(fd, &request);
}

/* What the service says before it closes; NULL: it closed without a word. */
static ks_pb_reply *farewell(int fd)
{
	struct frame_reader reader = {0};
	ks_pb_reply *reply = NULL;
	const uint8_t *payload;
	size_t len;

	while (frame_reader_fill(&reader, fd) == FRAME_OK)
		if (frame_reader_next(&reader, &payload, &len) == FRAME_OK && !reply)
			reply = codec_reply_decode(payload, len);
	frame_reader_wipe(&reader);
	return reply;
}

static void is_refused_with(struct fixture *fixture, const void *bytes, size_t len,
			    const char *words)
{
	int fd = fixture_connect(fixture);
	ks_pb_reply *reply;

	send_all(fd, bytes, len);
	reply = farewell(fd);
	cr_assert_not_null(reply, "closed without a word");
	cr_assert_eq(reply->id, 0);
	cr_assert_neq(reply->status, KEYSTORE__V1__STATUS__STATUS_OK);
	cr_assert_not_null(strstr(reply->message, words), "%s", reply->message);
	codec_reply_free(reply);
	close(fd);
}

Test(clients, that_vanish_before_the_answer_are_forgotten)
{
	struct fixture *fixture = service_with_keys(NULL);

	for (int i = 0; i < 200; i++) {
		int fd = fixture_connect(fixture);

		for (uint64_t id = 1; id <= 1 + (uint64_t)i % 5; id++)
			send_sign(fd, id);
		/* Now and then the service is in the middle of it. */
		if (i % 3 == 0)
			poll(NULL, 0, i % 4);
		close(fd);
	}
	is_unharmed(fixture);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	fixture_free(fixture);
}

Test(clients, that_vanish_while_the_tpm_works_for_them_are_forgotten)
{
	struct fixture *fixture = service_with_keys(NULL);
	int fds[8];

	fixture_proxy(fixture, "stop");
	for (int i = 0; i < 8; i++) {
		fds[i] = fixture_connect(fixture);
		send_sign(fds[i], 1);
		send_sign(fds[i], 2);
	}
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	fixture_proxy(fixture, "go");
	is_unharmed(fixture);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	fixture_free(fixture);
}

Test(clients, that_vanish_while_a_key_is_unpinned_leave_it_unpinned)
{
	struct fixture *fixture = service_with_keys(NULL);
	int fd;

	fixture_proxy(fixture, "stop");
	fd = fixture_connect(fixture);
	send_pin(fd, "pinned", false);
	poll(NULL, 0, 50);
	close(fd);
	poll(NULL, 0, 50);
	fixture_proxy(fixture, "go");
	is_unharmed(fixture);
	free(fixture_sh_ok(fixture, "keystorectl key show pinned | grep -q 'pinned  *no'"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "! tpm2_getcap handles-persistent | grep -i 0x81004b"));
	fixture_free(fixture);
}

Test(clients, that_vanish_while_a_key_is_pinned_leave_no_doubt)
{
	struct fixture *fixture = service_with_keys(NULL);
	int fd;

	fixture_proxy(fixture, "stop");
	fd = fixture_connect(fixture);
	send_pin(fd, "k", true);
	poll(NULL, 0, 50);
	close(fd);
	fixture_proxy(fixture, "go");
	is_unharmed(fixture);
	/* Pinned or not: the database and the TPM agree. */
	free(fixture_sh_ok(fixture, "keystorectl key unpin pinned && keystorectl key pin k && "
				    "keystorectl key unpin k"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "! tpm2_getcap handles-persistent | grep -i 0x81004b"));
	fixture_free(fixture);
}

Test(clients, that_send_garbage_are_told_and_turned_out)
{
	struct fixture *fixture = service_with_keys(NULL);

	is_refused_with(fixture, "GET / HTTP/1.1\r\n\r\n", 18, "frame");
	is_refused_with(fixture, "\0\0\0\0", 4, "frame");
	is_refused_with(fixture, "\0\4\0\1", 4, "262144");
	is_refused_with(fixture, "\377\377\377\377", 4, "262144");
	is_refused_with(fixture, "\0\0\0\3\377\377\377", 7, "keystore.v1.Request");
	is_unharmed(fixture);
	fixture_free(fixture);
}

Test(clients, that_dawdle_inside_a_frame_are_turned_out)
{
	struct fixture *fixture = service_with_keys("[limits]\nframe-timeout = 200ms\n");

	is_refused_with(fixture, "\0\0\0\20abc", 7, "not complete");
	is_refused_with(fixture, "\0", 1, "not complete");
	is_unharmed(fixture);
	fixture_free(fixture);
}

Test(clients, that_ask_the_unknown_keep_their_connection)
{
	struct fixture *fixture = service_with_keys(NULL);
	/* id 7, and a body of field 200 that version 1 does not have */
	static const uint8_t unknown[] = {0, 0, 0, 5, 0x08, 7, 0xc2, 0x0c, 0};
	int fd = fixture_connect(fixture);
	struct frame_reader reader = {0};
	const uint8_t *payload;
	ks_pb_reply *reply;
	size_t len;

	send_all(fd, unknown, sizeof(unknown));
	cr_assert_eq(frame_reader_fill(&reader, fd), FRAME_OK);
	cr_assert_eq(frame_reader_next(&reader, &payload, &len), FRAME_OK);
	reply = codec_reply_decode(payload, len);
	cr_assert_eq(reply->id, 7);
	cr_assert_eq(reply->status, KEYSTORE__V1__STATUS__STATUS_UNSUPPORTED);
	codec_reply_free(reply);
	send_sign(fd, 8);
	cr_assert_eq(frame_reader_fill(&reader, fd), FRAME_OK);
	frame_reader_wipe(&reader);
	close(fd);
	fixture_free(fixture);
}

Test(clients, that_open_too_many_connections_do_not_keep_others_out)
{
	struct fixture *fixture =
		service_with_keys("[limits]\nconnections-per-uid = 4\nconnections = 6\n");
	int fds[10];
	unsigned refused = 0;

	for (int i = 0; i < 10; i++)
		fds[i] = fixture_connect(fixture);
	for (int i = 0; i < 10; i++) {
		struct pollfd ready = {.fd = fds[i], .events = POLLIN};

		if (i < 4)
			continue;
		cr_assert_eq(poll(&ready, 1, 30000), 1);
		ks_pb_reply *reply = farewell(fds[i]);

		refused += reply && (reply->status == KEYSTORE__V1__STATUS__STATUS_LIMIT ||
				     reply->status == KEYSTORE__V1__STATUS__STATUS_BUSY);
		codec_reply_free(reply);
	}
	cr_assert_eq(refused, 6);
	for (int i = 0; i < 10; i++)
		close(fds[i]);
	is_unharmed(fixture);
	fixture_free(fixture);
}

Test(clients, that_flood_without_reading_wait_for_themselves)
{
	struct fixture *fixture = service_with_keys("[limits]\nwrite-timeout = 300ms\n");
	struct frame_writer writer = {.max = (size_t)1 << 24};
	Keystore__V1__StatusRequest status = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	int fd = fixture_connect(fixture);
	enum frame_status sent = FRAME_OK;

	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_STATUS;
	request.status = &status;
	for (uint64_t id = 1; id <= 200000; id++) {
		request.id = id;
		cr_assert_eq(codec_write(&writer, &request.base), FRAME_OK);
	}
	/* Until the service has had enough of it: it takes no more, and then hangs up. */
	while (sent != FRAME_IO) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		cr_assert_eq(poll(&ready, 1, 30000), 1);
		sent = frame_writer_flush(&writer, fd);
		if (sent == FRAME_OK)
			break;
		is_unharmed(fixture);
	}
	cr_assert_eq(sent, FRAME_IO, "everything was taken");
	frame_writer_wipe(&writer);
	close(fd);
	is_unharmed(fixture);
	fixture_free(fixture);
}
