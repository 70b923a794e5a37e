#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pending.h"
#include "result.h"
#include "socket.h"

#define OUTPUT_MAX  ((size_t)1 << 20) /* bytes waiting to be sent */
#define GRACE_MS    1000	      /* beyond a deadline, for a service that does not answer */
#define MESSAGE_MAX 512
#define TOKEN_MAX   64
#define MESSAGE_FORK                                                                               \
	"this connection belongs to the process that opened it, before fork(): call "              \
	"ks_connect() again"
#define MESSAGE_LARGE "the request does not fit a frame of 262144 bytes: send less at once"

struct ks_client {
	int fd; /* -1: the connection has ended */
	pid_t pid;
	char *path;
	struct ks_options options;
	uint8_t token[TOKEN_MAX];
	size_t token_len;
	struct frame_reader reader;
	struct frame_writer writer;
	uint64_t queued;	    /* bytes ever put into writer on this connection */
	bool is_answered;	    /* since the connection was made */
	struct ks_result *farewell; /* why the service closes, if it said so */
	bool is_processing;
	ks_event_fn *event;
	void *event_user;
	struct pending_table pending;
};

/* A blocking call. */
struct waiter {
	struct ks_result *result; /* NULL: not answered yet */
	uint64_t end;		  /* of the request, counted as client->queued */
	bool is_unsent;		  /* the connection ended before the whole request was sent */
	bool is_given_up;
};

/* What a request is answered with, and whether doing it twice is like doing it once. */
static const struct {
	Keystore__V1__Reply__BodyCase expected;
	bool is_repeatable;
} shapes[] = {
#define SHAPE(name) [KEYSTORE__V1__REQUEST__BODY_##name]
	SHAPE(HELLO) = {KEYSTORE__V1__REPLY__BODY_HELLO, true},
	SHAPE(STATUS) = {KEYSTORE__V1__REPLY__BODY_SERVICE, true},
	SHAPE(SUBSCRIBE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, true},
	SHAPE(RANDOM) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(KEY_CREATE) = {KEYSTORE__V1__REPLY__BODY_KEY, false},
	SHAPE(KEY_LIST) = {KEYSTORE__V1__REPLY__BODY_KEY_LIST, true},
	SHAPE(KEY_SHOW) = {KEYSTORE__V1__REPLY__BODY_KEY, true},
	SHAPE(KEY_DELETE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(KEY_ALLOW) = {KEYSTORE__V1__REPLY__BODY_KEY, false},
	SHAPE(KEY_PIN) = {KEYSTORE__V1__REPLY__BODY_KEY, false},
	SHAPE(KEY_EXPORT) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(KEY_IMPORT) = {KEYSTORE__V1__REPLY__BODY_KEY, false},
	SHAPE(SIGN) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(DECRYPT) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(CSR) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(AUDIT_LIST) = {KEYSTORE__V1__REPLY__BODY_AUDIT_LIST, true},
	SHAPE(AUDIT_VERIFY) = {KEYSTORE__V1__REPLY__BODY_AUDIT_VERIFY, true},
	SHAPE(PROJECT_INIT) = {KEYSTORE__V1__REPLY__BODY_CERT_LIST, false},
	SHAPE(CERT_CREATE) = {KEYSTORE__V1__REPLY__BODY_CERT, false},
	SHAPE(CERT_LIST) = {KEYSTORE__V1__REPLY__BODY_CERT_LIST, true},
	SHAPE(CERT_SHOW) = {KEYSTORE__V1__REPLY__BODY_CERT, true},
	SHAPE(CERT_EXPORT) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(CERT_IMPORT) = {KEYSTORE__V1__REPLY__BODY_CERT_IMPORT, false},
	SHAPE(CERT_REPLACE) = {KEYSTORE__V1__REPLY__BODY_CERT_IMPORT, false},
	SHAPE(CERT_REQUEST) = {KEYSTORE__V1__REPLY__BODY_CERT_REQUEST, false},
	SHAPE(CERT_SIGN_CSR) = {KEYSTORE__V1__REPLY__BODY_CERT, false},
	SHAPE(CERT_RENEW) = {KEYSTORE__V1__REPLY__BODY_CERT, false},
	SHAPE(PROFILE_LIST) = {KEYSTORE__V1__REPLY__BODY_PROFILE_LIST, true},
	SHAPE(CERT_DRAFT) = {KEYSTORE__V1__REPLY__BODY_CERT_CHECK, true},
	SHAPE(CERT_CHECK) = {KEYSTORE__V1__REPLY__BODY_CERT_CHECK, true},
	SHAPE(CERT_REVOKE) = {KEYSTORE__V1__REPLY__BODY_CERT, false},
	SHAPE(CERT_SET_RENEWAL) = {KEYSTORE__V1__REPLY__BODY_CERT, true},
	SHAPE(CLOCK_CONFIRM) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, true},
	SHAPE(CRL_EXPORT) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(CRL_LIST) = {KEYSTORE__V1__REPLY__BODY_CRL_LIST, true},
	SHAPE(CRL_RENEW) = {KEYSTORE__V1__REPLY__BODY_CRL_LIST, true},
	SHAPE(CERT_DELETE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(TRUST_LIST) = {KEYSTORE__V1__REPLY__BODY_TRUST_LIST, true},
	SHAPE(TRUST_ADD) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(TRUST_SET) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(TRUST_REMOVE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(TRUST_EXPORT) = {KEYSTORE__V1__REPLY__BODY_DATA, true},
	SHAPE(TRUST_GROUP_LIST) = {KEYSTORE__V1__REPLY__BODY_TRUST_GROUP_LIST, true},
	SHAPE(TRUST_GROUP_SET) = {KEYSTORE__V1__REPLY__BODY_TRUST_GROUP_LIST, false},
	SHAPE(REJECTED_LIST) = {KEYSTORE__V1__REPLY__BODY_REJECTED_LIST, true},
	SHAPE(REJECTED_TRUST) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(REJECTED_DELETE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(SERVICE_LIST) = {KEYSTORE__V1__REPLY__BODY_SERVICE_LIST, true},
	SHAPE(SERVICE_SET) = {KEYSTORE__V1__REPLY__BODY_SERVICE_LIST, false},
	SHAPE(SERVICE_REMOVE) = {KEYSTORE__V1__REPLY__BODY_SERVICE_LIST, false},
	SHAPE(TXN_BEGIN) = {KEYSTORE__V1__REPLY__BODY_TXN, false},
	SHAPE(TXN_APPLY) = {KEYSTORE__V1__REPLY__BODY_TXN, false},
	SHAPE(TXN_CANCEL) = {KEYSTORE__V1__REPLY__BODY_TXN, false},
	SHAPE(TXN_STATUS) = {KEYSTORE__V1__REPLY__BODY_TXN, true},
	SHAPE(VALIDATE) = {KEYSTORE__V1__REPLY__BODY_VALIDATE, true},
	SHAPE(LOGIN) = {KEYSTORE__V1__REPLY__BODY_LOGIN, false},
	SHAPE(LOGIN_CERTIFICATE) = {KEYSTORE__V1__REPLY__BODY_LOGIN, false},
	SHAPE(LOGOUT) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(WHOAMI) = {KEYSTORE__V1__REPLY__BODY_WHOAMI, true},
	SHAPE(PASSWORD_CHANGE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(USER_CREATE) = {KEYSTORE__V1__REPLY__BODY_USER, false},
	SHAPE(USER_LIST) = {KEYSTORE__V1__REPLY__BODY_USER_LIST, true},
	SHAPE(USER_SET) = {KEYSTORE__V1__REPLY__BODY_USER, false},
	SHAPE(USER_DELETE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(ROLE_LIST) = {KEYSTORE__V1__REPLY__BODY_ROLE_LIST, true},
	SHAPE(ROLE_SET) = {KEYSTORE__V1__REPLY__BODY_ROLE, false},
	SHAPE(ROLE_DELETE) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(SESSION_LIST) = {KEYSTORE__V1__REPLY__BODY_SESSION_LIST, true},
	SHAPE(SESSION_END) = {KEYSTORE__V1__REPLY__BODY__NOT_SET, false},
	SHAPE(MODE_SHOW) = {KEYSTORE__V1__REPLY__BODY_MODE, true},
	SHAPE(MODE_SET) = {KEYSTORE__V1__REPLY__BODY_MODE, false},
	SHAPE(USER_VERIFY) = {KEYSTORE__V1__REPLY__BODY_USER, true},
	SHAPE(USER_RECOVER) = {KEYSTORE__V1__REPLY__BODY_USER, false},
#undef SHAPE
};

/* What is only staged is answered without a body. */
static Keystore__V1__Reply__BodyCase expected_of(const struct ks_client *client,
						 const ks_pb_request *request)
{
	Keystore__V1__Reply__BodyCase expected = shapes[request->body_case].expected;

	return client->options.in_transaction && expected != KEYSTORE__V1__REPLY__BODY_TXN &&
			       !shapes[request->body_case].is_repeatable
		       ? KEYSTORE__V1__REPLY__BODY__NOT_SET
		       : expected;
}

static bool is_forked(const struct ks_client *client)
{
	return client->pid != getpid();
}

enum ks_status ks_connect(const char *path, struct ks_client **ret_client)
{
	struct ks_client *client = calloc(1, sizeof(*client));
	int error;

	if (!client)
		return KS_NOMEM;
	client->pid = getpid();
	client->writer.max = OUTPUT_MAX;
	client->path = strdup(socket_path(path));
	client->fd = client->path ? socket_open(client->path) : -1;
	if (client->fd >= 0) {
		*ret_client = client;
		return KS_OK;
	}
	error = errno;
	free(client->path);
	free(client);
	errno = error;
	return error == ENOMEM ? KS_NOMEM : KS_UNREACHABLE;
}

void ks_set_options(struct ks_client *client, const struct ks_options *options)
{
	client->options = options ? *options : (struct ks_options){0};
}

void ks_set_token(struct ks_client *client, const uint8_t *token, size_t len)
{
	explicit_bzero(client->token, sizeof(client->token));
	/* Longer than any: the service says so of what is left. */
	client->token_len = !token ? 0 : len < TOKEN_MAX ? len : TOKEN_MAX;
	if (client->token_len)
		memcpy(client->token, token, client->token_len);
}

void client_set_events(struct ks_client *client, ks_event_fn *event, void *user)
{
	client->event = event;
	client->event_user = user;
}

static void answer(const struct pending *entry, struct ks_result *result)
{
	if (entry->waiter) {
		entry->waiter->result = result;
		return;
	}
	if (entry->done)
		entry->done(result, entry->user);
	ks_result_free(result);
}

/* Ends the connection and answers everything that waits. Returns @status. */
static enum ks_status drop(struct ks_client *client, enum ks_status status, const char *message)
{
	uint64_t sent = client->queued - frame_writer_pending(&client->writer);
	struct ks_result *farewell = client->farewell;
	bool was_processing = client->is_processing;
	struct pending entry;

	close(client->fd);
	client->fd = -1;
	client->farewell = NULL;
	frame_reader_wipe(&client->reader);
	frame_writer_wipe(&client->writer);
	client->is_processing = true;
	while (pending_take_any(&client->pending, &entry)) {
		if (entry.waiter)
			entry.waiter->is_unsent = sent < entry.waiter->end;
		answer(&entry, result_failure(status, message));
	}
	client->is_processing = was_processing;
	ks_result_free(farewell);
	return status;
}

static enum ks_status drop_strange(struct ks_client *client)
{
	char message[MESSAGE_MAX];

	snprintf(
		message, sizeof(message),
		"what answers at %s does not keep to keystored's protocol: check the socket's path "
		"and the versions of both sides",
		client->path);
	return drop(client, KS_PROTOCOL, message);
}

/* What the service turns a connection away with before it reads anything. */
static bool is_refusal(enum ks_status status)
{
	return status == KS_LIMIT || status == KS_BUSY || status == KS_DENIED;
}

/* The service closed, or the system failed us. */
static enum ks_status drop_lost(struct ks_client *client)
{
	const struct ks_result *farewell = client->farewell;
	char message[MESSAGE_MAX];

	if (farewell && !client->is_answered && is_refusal(farewell->status)) {
		snprintf(message, sizeof(message), "%s", farewell->message);
		(void)drop(client, farewell->status, message);
		return KS_DISCONNECTED;
	}
	if (farewell)
		snprintf(message, sizeof(message),
			 "keystored at %s closed the connection: %s; whether the request was "
			 "carried "
			 "out is unknown",
			 client->path, farewell->message);
	else
		snprintf(message, sizeof(message),
			 "the connection to keystored at %s ended before the answer came; whether "
			 "the "
			 "request was carried out is unknown: look, then try again",
			 client->path);
	return drop(client, KS_DISCONNECTED, message);
}

/* A reply with id 0. Takes it; false: it makes no sense. */
static bool handle_unasked(struct ks_client *client, ks_pb_reply *reply)
{
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_EVENT) {
		if (client->event)
			event_deliver(reply->event, client->event, client->event_user);
		codec_reply_free(reply);
		return true;
	}
	if (reply_status(reply) == KS_OK || client->farewell) {
		bool is_sensible = reply_status(reply) != KS_OK;

		codec_reply_free(reply);
		return is_sensible;
	}
	client->farewell = result_from_reply(reply, KEYSTORE__V1__REPLY__BODY__NOT_SET);
	return true;
}

/* False: the peer is no keystored. */
static bool handle_frame(struct ks_client *client, const uint8_t *payload, size_t len)
{
	ks_pb_reply *reply = codec_reply_decode(payload, len);
	struct ks_result *result = NULL;
	struct pending entry;

	if (!reply)
		return false;
	if (reply->id == 0)
		return handle_unasked(client, reply);
	if (!pending_take(&client->pending, reply->id, &entry)) {
		codec_reply_free(reply);
		return false;
	}
	client->is_answered = true;
	result = result_from_reply(reply, entry.expected);
	if (result) {
		answer(&entry, result);
		return true;
	}
	codec_reply_free(reply);
	answer(&entry,
	       result_failure(KS_PROTOCOL, "the service's answer is not one to this request: "
					   "check the versions of both sides"));
	return false;
}

static enum ks_status process(struct ks_client *client)
{
	/* A failed write doesn't end it yet: the reason may still be there to be read. */
	enum frame_status written = frame_writer_flush(&client->writer, client->fd);
	enum frame_status filled = frame_reader_fill(&client->reader, client->fd);
	enum frame_status status = FRAME_OK;
	const uint8_t *payload;
	size_t len;

	if (filled == FRAME_AGAIN)
		return written == FRAME_OK || written == FRAME_AGAIN ? KS_OK : drop_lost(client);
	if (filled != FRAME_OK)
		return drop_lost(client);
	while ((status = frame_reader_next(&client->reader, &payload, &len)) == FRAME_OK)
		if (!handle_frame(client, payload, len))
			return drop_strange(client);
	if (status != FRAME_AGAIN)
		return drop_strange(client);
	/* What callbacks started; should it fail, the next round finds out. */
	(void)frame_writer_flush(&client->writer, client->fd);
	return KS_OK;
}

enum ks_status ks_process(struct ks_client *client)
{
	enum ks_status status;

	if (is_forked(client) || client->fd < 0)
		return KS_DISCONNECTED;
	if (client->is_processing)
		return KS_INVALID;
	client->is_processing = true;
	status = process(client);
	client->is_processing = false;
	return status;
}

int ks_fd(const struct ks_client *client)
{
	return client->fd;
}

short ks_events(const struct ks_client *client)
{
	if (client->fd < 0)
		return 0;
	return frame_writer_pending(&client->writer) ? POLLIN | POLLOUT : POLLIN;
}

void ks_close(struct ks_client *client)
{
	if (!client)
		return;
	if (is_forked(client)) {
		/* The parent's operations: their callbacks are not this process's to run. */
		close(client->fd);
		ks_result_free(client->farewell);
		frame_reader_wipe(&client->reader);
		frame_writer_wipe(&client->writer);
	} else if (client->fd >= 0) {
		(void)drop(client, KS_DISCONNECTED, "the connection was closed by its owner");
	}
	explicit_bzero(client->token, sizeof(client->token));
	free(client->path);
	free(client);
}

/* Puts a request into the output. KS_OK: @entry will be answered. */
static enum ks_status enqueue(struct ks_client *client, ks_pb_request *request,
			      const struct pending *entry)
{
	size_t before = frame_writer_pending(&client->writer);
	enum frame_status status;
	struct pending unused;

	request->id = pending_add(&client->pending, entry);
	if (!request->id)
		return KS_BUSY;
	request->deadline_ms = client->options.deadline_ms;
	request->priority = (Keystore__V1__Priority)client->options.priority;
	request->wait_for_tpm = client->options.wait_for_tpm;
	request->passive = client->options.passive;
	request->in_transaction =
		client->options.in_transaction &&
		shapes[request->body_case].expected != KEYSTORE__V1__REPLY__BODY_TXN;
	request->token.data = client->token;
	request->token.len = client->token_len;
	status = codec_write(&client->writer, &request->base);
	if (status == FRAME_OK) {
		client->queued += frame_writer_pending(&client->writer) - before;
		if (entry->waiter)
			entry->waiter->end = client->queued;
		return KS_OK;
	}
	(void)pending_take(&client->pending, request->id, &unused);
	return status == FRAME_FULL ? KS_BUSY : status == FRAME_TOO_LARGE ? KS_INVALID : KS_NOMEM;
}

static enum ks_status start(struct ks_client *client, ks_pb_request *request,
			    const struct reply_to *to)
{
	struct pending entry = {
		.expected = expected_of(client, request),
		.done = to->done,
		.user = to->user,
	};
	enum ks_status status;

	if (is_forked(client) || client->fd < 0)
		return KS_DISCONNECTED;
	status = enqueue(client, request, &entry);
	/* Inside a callback the round sends all at its end; a failure shows in the next round. */
	if (status == KS_OK && !client->is_processing)
		(void)frame_writer_flush(&client->writer, client->fd);
	return status;
}

static struct ks_result *connect_again(struct ks_client *client)
{
	Keystore__V1__SubscribeRequest subscribe = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	char message[MESSAGE_MAX];

	client->fd = socket_open(client->path);
	if (client->fd < 0)
		return result_failure(
			errno == ENOMEM ? KS_NOMEM : KS_UNREACHABLE,
			ks_connect_message(client->path, errno, message, sizeof(message)));
	client->queued = 0;
	client->is_answered = false;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SUBSCRIBE;
	request.subscribe = &subscribe;
	if (client->event && enqueue(client, &request, &(struct pending){0}) != KS_OK)
		return result_failure(KS_NOMEM, "out of memory");
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One round of waiting. @until: ms of now_ms(), 0 for ever. */
static void wait_once(struct ks_client *client, struct waiter *waiter, int64_t until)
{
	struct pollfd ready = {.fd = client->fd, .events = ks_events(client)};
	int64_t left = until ? until - now_ms() : -1;
	int count;

	if (until && left < 0)
		left = 0;
	count = poll(&ready, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	if (count > 0) {
		(void)ks_process(client);
	} else if (count < 0 && errno != EINTR) {
		(void)drop_lost(client);
	} else if (count == 0 && until && now_ms() >= until) {
		waiter->is_given_up = true;
		(void)drop(
			client, KS_DISCONNECTED,
			"keystored did not answer within the deadline; whether the request was "
			"carried out is unknown: is it stopped? Try: systemctl status keystored");
	}
}

/* Sends @request and waits. Never NULL. */
static struct ks_result *ask_once(struct ks_client *client, ks_pb_request *request,
				  struct waiter *waiter)
{
	const struct pending entry = {
		.expected = expected_of(client, request),
		.waiter = waiter,
	};
	int64_t until =
		client->options.deadline_ms ? now_ms() + client->options.deadline_ms + GRACE_MS : 0;
	bool is_queued = false;

	while (!is_queued && client->fd >= 0) {
		enum ks_status status = enqueue(client, request, &entry);

		is_queued = status == KS_OK;
		if (status == KS_INVALID)
			return result_failure(status, MESSAGE_LARGE);
		if (status == KS_NOMEM)
			return result_failure(status, "out of memory");
		/* Operations started before this one fill the connection: let some be answered. */
		if (status == KS_BUSY)
			wait_once(client, waiter, until);
	}
	if (!is_queued) {
		waiter->is_unsent = true;
		return result_failure(KS_DISCONNECTED,
				      "the connection to keystored ended before the request was "
				      "sent: try again");
	}
	(void)frame_writer_flush(&client->writer, client->fd);
	while (!waiter->result)
		wait_once(client, waiter, until);
	return waiter->result;
}

static struct ks_result *ask(struct ks_client *client, ks_pb_request *request)
{
	bool is_repeatable = shapes[request->body_case].is_repeatable;
	struct ks_result *result = NULL;

	if (is_forked(client))
		return result_failure(KS_DISCONNECTED, MESSAGE_FORK);
	if (client->is_processing)
		return result_failure(KS_INVALID, "a callback cannot make a blocking call: use the "
						  "_start form");
	/* Events, or the end of the connection, that came since the last call. */
	if (client->fd >= 0 && poll(&(struct pollfd){client->fd, POLLIN, 0}, 1, 0) > 0)
		(void)ks_process(client);
	for (int attempt = 0; attempt < 2; attempt++) {
		struct waiter waiter = {0};

		ks_result_free(result);
		if (client->fd < 0 && (result = connect_again(client)))
			return result;
		result = ask_once(client, request, &waiter);
		if (result->status != KS_DISCONNECTED || waiter.is_given_up ||
		    !(is_repeatable || waiter.is_unsent))
			break;
	}
	return result;
}

static enum ks_status deliver(const struct reply_to *to, struct ks_result *result)
{
	enum ks_status status = result->status;

	if (to->ret_result)
		*to->ret_result = result;
	else
		ks_result_free(result);
	return status;
}

enum ks_status client_refuse(const struct reply_to *to, enum ks_status status, const char *message)
{
	return to->done ? status : deliver(to, result_failure(status, message));
}

enum ks_status client_submit(struct ks_client *client, ks_pb_request *request,
			     const struct reply_to *to)
{
	return to->done ? start(client, request, to) : deliver(to, ask(client, request));
}
