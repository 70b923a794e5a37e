/* The fixture's keystored. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"
#include "fixture.h"
#include "fixture_parts.h"

void fixture_service_start(struct fixture *fixture)
{
	const char *argv[40] = {KEYSTORE_BIN_DIR "/keystored",
				"--foreground",
				"--state",
				fixture->state,
				"--socket",
				fixture->socket,
				"--tcti",
				fixture->tcti};
	const char *const *more = fixture->options.service_args;
	size_t count = 8;

	if (fixture->service)
		fixture_die("the service is running already");
	if (access(fixture->config, F_OK) == 0) {
		argv[count++] = "--config";
		argv[count++] = fixture->config;
	}
	while (more && *more && count < sizeof(argv) / sizeof(argv[0]) - 1)
		argv[count++] = *more++;
	argv[count] = NULL;
	fixture->service = process_start(argv, fixture->dir, fixture->log, NULL);
}

/* Asks "hello" over a connection of its own. NULL: no answer. */
static ks_pb_reply *ask_hello(const char *path)
{
	Keystore__V1__HelloRequest hello = KEYSTORE__V1__HELLO_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct frame_writer writer = {.max = KS_FRAME_MAX};
	struct frame_reader reader = {0};
	ks_pb_reply *reply = NULL;
	const uint8_t *payload;
	size_t len;
	int fd = socket_try(path);

	if (fd < 0)
		return NULL;
	request.id = 1;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_HELLO;
	request.hello = &hello;
	if (codec_write(&writer, &request.base) == FRAME_OK &&
	    frame_writer_flush(&writer, fd) == FRAME_OK) {
		enum frame_status status = FRAME_AGAIN;

		while (status == FRAME_AGAIN && frame_reader_fill(&reader, fd) == FRAME_OK)
			status = frame_reader_next(&reader, &payload, &len);
		if (status == FRAME_OK)
			reply = codec_reply_decode(payload, len);
	}
	frame_writer_wipe(&writer);
	frame_reader_wipe(&reader);
	close(fd);
	return reply;
}

static void must_be_alive(const struct fixture *fixture)
{
	if (process_is_alive(fixture->service))
		return;
	fixture_show_logs(fixture);
	fixture_die("keystored is not running");
}

static bool answers(void *user)
{
	const struct fixture *fixture = user;
	ks_pb_reply *reply = ask_hello(fixture->socket);
	bool is_fine = reply && reply->body_case == KEYSTORE__V1__REPLY__BODY_HELLO;

	must_be_alive(fixture);
	codec_reply_free(reply);
	return is_fine;
}

static bool is_ready(void *user)
{
	const struct fixture *fixture = user;
	ks_pb_reply *reply = ask_hello(fixture->socket);
	bool is_fine = reply && reply->body_case == KEYSTORE__V1__REPLY__BODY_HELLO &&
		       reply->hello->tpm &&
		       reply->hello->tpm->state == KEYSTORE__V1__TPM_STATE__TPM_STATE_READY;

	must_be_alive(fixture);
	codec_reply_free(reply);
	return is_fine;
}

void fixture_service_wait(struct fixture *fixture)
{
	fixture_until(is_ready, fixture, "keystored with a TPM that is ready");
}

void fixture_service_wait_answer(struct fixture *fixture)
{
	fixture_until(answers, fixture, "an answer of keystored");
}

void fixture_service_kill(struct fixture *fixture)
{
	process_end(fixture->service, SIGKILL);
	fixture->service = 0;
}

int fixture_service_stop(struct fixture *fixture)
{
	int code = process_end(fixture->service, SIGTERM);

	fixture->service = 0;
	return code;
}

int fixture_service_exit(struct fixture *fixture)
{
	int code = process_end(fixture->service, 0);

	fixture->service = 0;
	return code;
}

void fixture_service_restart(struct fixture *fixture)
{
	int code = fixture_service_stop(fixture);

	if (code != 0) {
		fixture_show_logs(fixture);
		fixture_die("keystored ended with %d on SIGTERM", code);
	}
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
}

pid_t fixture_service_pid(const struct fixture *fixture)
{
	return fixture->service;
}

char *fixture_service_log(struct fixture *fixture)
{
	return file_read(fixture->log, NULL);
}

int fixture_connect(const struct fixture *fixture)
{
	int fd = socket_try(fixture->socket);

	if (fd < 0)
		fixture_die("the service does not take a connection");
	return fd;
}
