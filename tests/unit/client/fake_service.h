/*
 * A service that follows a script, on a thread of its own: what libkeystore does with good
 * and bad answers. Hides sockets, threads and framing. The client's operations run in the test.
 */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec.h"
#include "keystore.h"

struct fake;
typedef void fake_script(struct fake *fake);

struct fake {
	char dir[64];
	char path[96];
	int listener;
	pthread_t thread;
	fake_script *script;
	int connections;    /* accepted so far */
	int requests;	    /* read so far */
	uint64_t ids[8];    /* of the first requests */
	unsigned bodies[8]; /* their kinds */
	uint8_t token[64];  /* of the last one */
	size_t token_len;
};

static inline void *fake_run(void *user)
{
	struct fake *fake = user;

	fake->script(fake);
	return NULL;
}

static inline void fake_start(struct fake *fake, fake_script *script)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(fake, 0, sizeof(*fake));
	strcpy(fake->dir, "/tmp/fake-service-XXXXXX");
	if (!mkdtemp(fake->dir))
		abort();
	snprintf(fake->path, sizeof(fake->path), "%s/socket", fake->dir);
	strcpy(address.sun_path, fake->path);
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fake->listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fake->listener, 8) < 0)
		abort();
	fake->script = script;
	if (pthread_create(&fake->thread, NULL, fake_run, fake) != 0)
		abort();
}

/* Waits for the script's end. */
static inline void fake_stop(struct fake *fake)
{
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	unlink(fake->path);
	rmdir(fake->dir);
}

static inline int fake_accept(struct fake *fake)
{
	fake->connections++;
	return accept(fake->listener, NULL, NULL);
}

static inline int fake_read_bytes(int fd, uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, bytes, len);

		if (n <= 0)
			return 0;
		bytes += n;
		len -= (size_t)n;
	}
	return 1;
}

/* The next request's id; 0: the client went away. */
static inline uint64_t fake_read(struct fake *fake, int fd)
{
	ks_pb_request *request;
	uint8_t header[4];
	uint8_t *payload;
	uint64_t id = 0;
	size_t len;

	if (!fake_read_bytes(fd, header, sizeof(header)))
		return 0;
	len = (size_t)header[0] << 24 | (size_t)header[1] << 16 | (size_t)header[2] << 8 |
	      header[3];
	payload = malloc(len);
	if (fake_read_bytes(fd, payload, len)) {
		request = codec_request_decode(payload, len);
		id = request ? request->id : 0;
		if (fake->requests < 8 && request) {
			fake->ids[fake->requests] = id;
			fake->bodies[fake->requests] = request->body_case;
		}
		if (request && request->token.len <= sizeof(fake->token)) {
			fake->token_len = request->token.len;
			if (fake->token_len)
				memcpy(fake->token, request->token.data, fake->token_len);
		}
		fake->requests++;
		codec_request_free(request);
	}
	free(payload);
	return id;
}

static inline void fake_send_bytes(int fd, const void *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		return;
}

/* @pieces: send byte by byte. */
static inline void fake_send(int fd, const ks_pb_reply *reply, int pieces)
{
	struct frame_writer writer = {.max = 1 << 20};

	if (codec_write(&writer, &reply->base) != FRAME_OK)
		abort();
	for (size_t i = 0; pieces && i < writer.len; i++)
		fake_send_bytes(fd, writer.buf + i, 1);
	if (!pieces)
		fake_send_bytes(fd, writer.buf, writer.len);
	frame_writer_wipe(&writer);
}

static inline void fake_answer_data(int fd, uint64_t id, const char *text)
{
	Keystore__V1__DataReply data = KEYSTORE__V1__DATA_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	data.data.data = (uint8_t *)copy;
	data.data.len = strlen(copy);
	reply.id = id;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_DATA;
	reply.data = &data;
	fake_send(fd, &reply, 0);
}

static inline void fake_answer_status(int fd, uint64_t id, Keystore__V1__Status status,
				      const char *message)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	char copy[128];

	snprintf(copy, sizeof(copy), "%s", message);
	reply.id = id;
	reply.status = status;
	reply.message = copy;
	fake_send(fd, &reply, 0);
}

static inline void fake_send_event(int fd, const char *name)
{
	Keystore__V1__KeyEvent key = KEYSTORE__V1__KEY_EVENT__INIT;
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	key.change = KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED;
	key.id = 7;
	key.name = copy;
	event.body_case = KEYSTORE__V1__EVENT__BODY_KEY;
	event.key = &key;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = &event;
	fake_send(fd, &reply, 0);
}

/* Reads until the client closes. */
static inline void fake_drain(int fd)
{
	char bytes[512];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* What a callback saw. */
struct seen {
	int count;
	enum ks_status status;
	char data[64];
	char message[256];
};

static inline void seen_done(const struct ks_result *result, void *user)
{
	struct seen *seen = user;

	seen->count++;
	seen->status = result->status;
	snprintf(seen->data, sizeof(seen->data), "%.*s", (int)result->data_len,
		 result->data ? (const char *)result->data : "");
	snprintf(seen->message, sizeof(seen->message), "%s", result->message);
}

/* One round of an event loop. */
static inline enum ks_status loop_once(struct ks_client *client)
{
	struct pollfd ready = {.fd = ks_fd(client), .events = ks_events(client)};

	if (ready.fd < 0)
		return KS_DISCONNECTED;
	poll(&ready, 1, -1);
	return ks_process(client);
}

#endif
