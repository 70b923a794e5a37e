/*
 * The daemon's service in this process, on fake_tpm.h: clients are socket pairs with whatever
 * credentials a test wants. The loop runs while a client waits for something.
 */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include <codec.h>
#include <errno.h>
#include <poll.h>
#include <status.h>
#include <sys/socket.h>

#include "conn.h"
#include "fake_tpm.h"
#include "service.h"
#include "service_pin.h"
#include "temp_dir.h"

#define FAKE_PATIENCE_MS 10000

static struct {
	char dir[TEMP_PATH_MAX];
	struct config config;
	sd_event *event;
	struct service service;
} bench;

struct client {
	int fd;
	struct frame_reader reader;
	uint64_t last_id;
};

static inline void bench_start(void)
{
	char error[STORE_ERROR_MAX];
	struct store *store;
	struct tpm_engine *engine;

	if (sd_event_new(&bench.event) < 0 || store_open(bench.dir, error, &store) != STORE_OK)
		abort();
	(void)tpm_engine_start(NULL, &engine);
	if (!service_open(&bench.service, &bench.config, NULL, bench.event, store, engine))
		abort();
}

static inline void bench_up(void)
{
	temp_dir_make(bench.dir);
	config_init(&bench.config);
	bench_start();
}

static inline void bench_stop(void)
{
	service_close(&bench.service);
	bench.event = sd_event_unref(bench.event);
}

static inline void bench_down(void)
{
	bench_stop();
	config_wipe(&bench.config);
	temp_dir_remove(bench.dir);
}

/* One turn of the loop, and until nothing more is to be done at once. */
static inline void bench_settle(void)
{
	while (sd_event_run(bench.event, 0) > 0)
		;
}

static inline struct client client_new(uid_t uid, gid_t gid)
{
	struct client client = {0};
	struct peer *peer = calloc(1, sizeof *peer);
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	peer->uid = uid;
	peer->gid = gid;
	peer->pid = 1;
	if (!conn_new(&bench.service, ends[0], peer))
		abort();
	client.fd = ends[1];
	return client;
}

static inline void client_close(struct client *client)
{
	frame_reader_wipe(&client->reader);
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

static inline void client_send_bytes(struct client *client, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t sent = send(client->fd, at, len, MSG_NOSIGNAL);

		if (sent > 0) {
			at += sent;
			len -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return;
		}
		bench_settle();
	}
}

/* Fills in an id if there is none. */
static inline void client_send(struct client *client, ks_pb_request *request)
{
	struct frame_writer writer = {.max = 4 * KS_FRAME_MAX};

	if (!request->id)
		request->id = ++client->last_id;
	if (codec_write(&writer, &request->base) != FRAME_OK)
		abort();
	client_send_bytes(client, writer.buf + writer.start, frame_writer_pending(&writer));
	frame_writer_wipe(&writer);
}

/* NULL: the service closed the connection, or did not answer. */
static inline ks_pb_reply *client_receive(struct client *client)
{
	const uint8_t *payload;
	size_t len;

	for (int waited = 0; waited < FAKE_PATIENCE_MS; waited += 5) {
		if (frame_reader_next(&client->reader, &payload, &len) == FRAME_OK)
			return codec_reply_decode(payload, len);
		enum frame_status status = frame_reader_fill(&client->reader, client->fd);

		if (status == FRAME_OK)
			continue;
		if (status != FRAME_AGAIN)
			return NULL;
		if (sd_event_run(bench.event, 5000) > 0)
			waited -= 5;
	}
	return NULL;
}

/* Whether the service closes the connection, once what it said is read. */
static inline bool client_is_dropped(struct client *client)
{
	char byte;

	for (int waited = 0; waited < FAKE_PATIENCE_MS; waited += 5) {
		ssize_t got = recv(client->fd, &byte, 1, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return true;
		if (got < 0 && sd_event_run(bench.event, 5000) > 0)
			waited -= 5;
	}
	return false;
}

static inline ks_pb_reply *client_ask(struct client *client, ks_pb_request *request)
{
	client_send(client, request);
	return client_receive(client);
}

/* For when the answer's status is all that matters. -1: none came. */
static inline int client_try(struct client *client, ks_pb_request *request)
{
	ks_pb_reply *reply = client_ask(client, request);
	int status = reply ? (int)reply->status : -1;

	codec_reply_free(reply);
	return status;
}

#define REQUEST(body, member, message)                                                             \
	((ks_pb_request){.base = PROTOBUF_C_MESSAGE_INIT(&keystore__v1__request__descriptor),      \
			 .body_case = KEYSTORE__V1__REQUEST__BODY_##body,                          \
			 .token = {0, NULL},                                                       \
			 .member = (message)})

static inline Keystore__V1__KeyRef ref_to(const char *name)
{
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;

	ref.by_case = KEYSTORE__V1__KEY_REF__BY_NAME;
	ref.name = (char *)(uintptr_t)name;
	return ref;
}

static inline int client_create(struct client *client, const char *name, int algorithm)
{
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);

	create.name = (char *)(uintptr_t)name;
	create.algorithm = (Keystore__V1__Algorithm)algorithm;
	return client_try(client, &request);
}

static inline void client_send_sign(struct client *client, const char *name, size_t digest_len)
{
	static uint8_t digest[64];
	Keystore__V1__KeyRef ref = ref_to(name);
	Keystore__V1__SignRequest sign = KEYSTORE__V1__SIGN_REQUEST__INIT;
	ks_pb_request request = REQUEST(SIGN, sign, &sign);

	sign.key = &ref;
	sign.hash = KEYSTORE__V1__HASH__HASH_SHA256;
	sign.digest.data = digest;
	sign.digest.len = digest_len;
	client_send(client, &request);
}

static inline int client_status(struct client *client)
{
	ks_pb_reply *reply = client_receive(client);
	int status = reply ? (int)reply->status : -1;

	codec_reply_free(reply);
	return status;
}

static inline int client_sign(struct client *client, const char *name)
{
	client_send_sign(client, name, 32);
	return client_status(client);
}

static inline int client_pin(struct client *client, const char *name, bool pinned)
{
	Keystore__V1__KeyRef ref = ref_to(name);
	Keystore__V1__KeyPinRequest pin = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_PIN, key_pin, &pin);

	pin.key = &ref;
	pin.pinned = pinned;
	return client_try(client, &request);
}

static inline int client_delete(struct client *client, const char *name)
{
	Keystore__V1__KeyRef ref = ref_to(name);
	Keystore__V1__KeyDeleteRequest delete = KEYSTORE__V1__KEY_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_DELETE, key_delete, &delete);

	delete.key = &ref;
	return client_try(client, &request);
}

static inline int client_allow_uid(struct client *client, const char *name, uint32_t uid,
				   unsigned operations)
{
	Keystore__V1__KeyRef ref = ref_to(name);
	Keystore__V1__Grant grant = KEYSTORE__V1__GRANT__INIT;
	Keystore__V1__KeyAllowRequest allow = KEYSTORE__V1__KEY_ALLOW_REQUEST__INIT;
	Keystore__V1__Operation list[2];
	ks_pb_request request = REQUEST(KEY_ALLOW, key_allow, &allow);

	grant.subject_case = KEYSTORE__V1__GRANT__SUBJECT_UID;
	grant.uid = uid;
	grant.operations = list;
	if (operations & POLICY_SIGN)
		list[grant.n_operations++] = KEYSTORE__V1__OPERATION__OPERATION_SIGN;
	if (operations & POLICY_DECRYPT)
		list[grant.n_operations++] = KEYSTORE__V1__OPERATION__OPERATION_DECRYPT;
	allow.key = &ref;
	allow.grant = &grant;
	return client_try(client, &request);
}

#endif
