/*
 * What clients do to the server of tcp_peer.c, each a scenario: with the client of open62541, or with
 * bytes. They end the process when something is not as it should be.
 */
#ifndef OPCUA_TCP_CLIENTS_H
#define OPCUA_TCP_CLIENTS_H

#include <signal.h>
#include <stdbool.h>

#include <open62541/client_config_default.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_highlevel_async.h>
#include <open62541/client_subscriptions.h>
#include <open62541/plugin/log_stdout.h>

#include "raw.h"

#define LARGE_NODE  1 /* of namespace 1: a ByteString of … */
#define LARGE_BYTES (32 << 20)
#define READS	    100 /* by others, until what the gate holds back goes on */

static UA_Client *client_new(uint16_t port)
{
	UA_ClientConfig config = {.logging = UA_Log_Stdout_new(UA_LOGLEVEL_FATAL)};
	UA_Client *client;
	char url[64];

	raw_assert(!UA_ClientConfig_setDefault(&config));
	config.noReconnect = true;
	client = UA_Client_newWithConfig(&config);
	snprintf(url, sizeof(url), "opc.tcp://127.0.0.1:%u", (unsigned)port);
	raw_assert(client && !UA_Client_connect(client, url));
	return client;
}

static void client_reads(UA_Client *client, unsigned times)
{
	const UA_NodeId node = UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER_SERVERSTATUS_CURRENTTIME);

	for (unsigned i = 0; i < times; i++) {
		UA_Variant value;

		raw_assert(!UA_Client_readValueAttribute(client, node, &value));
		UA_Variant_clear(&value);
	}
}

static void client_end(UA_Client *client)
{
	raw_assert(!UA_Client_disconnect(client));
	UA_Client_delete(client);
}

static void on_value(UA_Client *client, UA_UInt32 subscription, void *subscription_context,
		     UA_UInt32 item, void *item_context, UA_DataValue *value)
{
	unsigned *count = subscription_context;

	(void)client;
	(void)subscription;
	(void)item;
	(void)item_context;
	(void)value;
	(*count)++;
}

static void reads_and_subscribes(uint16_t port)
{
	UA_Client *client = client_new(port);
	UA_CreateSubscriptionRequest request = UA_CreateSubscriptionRequest_default();
	UA_CreateSubscriptionResponse response;
	UA_MonitoredItemCreateRequest item = UA_MonitoredItemCreateRequest_default(
		UA_NODEID_NUMERIC(0, UA_NS0ID_SERVER_SERVERSTATUS_CURRENTTIME));
	UA_MonitoredItemCreateResult result;
	unsigned count = 0;

	client_reads(client, 1000);
	request.requestedPublishingInterval = 20;
	response = UA_Client_Subscriptions_create(client, request, &count, NULL, NULL);
	raw_assert(!response.responseHeader.serviceResult);
	item.requestedParameters.samplingInterval = 10;
	result = UA_Client_MonitoredItems_createDataChange(client, response.subscriptionId,
							   UA_TIMESTAMPSTORETURN_BOTH, item, NULL,
							   on_value, NULL);
	raw_assert(!result.statusCode);
	while (count < 20)
		raw_assert(!UA_Client_run_iterate(client, 1000));
	/* A subscription that ends leaves callbacks for later. */
	raw_assert(!UA_Client_Subscriptions_deleteSingle(client, response.subscriptionId));
	client_reads(client, 10);
	UA_CreateSubscriptionResponse_clear(&response);
	UA_MonitoredItemCreateResult_clear(&result);
	client_end(client);
}

static void many_connect(uint16_t port)
{
	static UA_Client *clients[80];

	for (size_t i = 0; i < 80; i++)
		clients[i] = client_new(port);
	for (size_t i = 0; i < 80; i++)
		client_reads(clients[i], 5);
	for (size_t i = 0; i < 80; i += 2)
		client_end(clients[i]);
	for (size_t i = 1; i < 80; i += 2)
		client_reads(clients[i], 5);
	for (size_t i = 1; i < 80; i += 2)
		client_end(clients[i]);
}

static void chunks_come_in_pieces(uint16_t port)
{
	struct raw raw;
	uint8_t *bytes = malloc(RAW_MAX);
	size_t len;
	uint32_t last = 0;

	raw_connect(&raw, port);
	raw_send(&raw, bytes, raw_hello(bytes), 1);
	raw_expect(&raw, "ACK");
	raw_send(&raw, bytes, raw_open_request(&raw, bytes), 9);
	raw_expect(&raw, "OPN");
	raw_take_opened(&raw);
	raw_expect_answer(&raw, raw_ask(&raw, 0, 1));
	raw_expect_answer(&raw, raw_ask(&raw, 30000, 4001));
	/* Three and a half in one go, then the other half. */
	len = raw_endpoints_request(&raw, bytes, 0);
	for (int i = 0; i < 3; i++)
		len += raw_endpoints_request(&raw, bytes + len, 0);
	last = raw.sequence;
	raw_send(&raw, bytes, len - 30, 0);
	for (uint32_t i = last - 3; i < last; i++)
		raw_expect_answer(&raw, i);
	raw_send(&raw, bytes + len - 30, 30, 0);
	raw_expect_answer(&raw, last);
	free(bytes);
}

static void what_is_no_chunk_is_refused(uint16_t port)
{
	static const uint8_t garbage[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const uint8_t tiny[] = "HELF\x07\0\0", none[8] = {0};
	struct raw raw, other;

	raw_connect(&other, port);
	raw_open(&other);
	raw_connect(&raw, port);
	raw_send(&raw, garbage, sizeof(garbage), 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETYPEINVALID);
	raw_connect(&raw, port);
	raw_send(&raw, none, sizeof(none), 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETYPEINVALID);
	raw_connect(&raw, port);
	raw_send(&raw, tiny, sizeof(tiny), 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETYPEINVALID);
	raw_connect(&raw, port);
	raw_open(&raw);
	raw_asks_and_hears(&raw, 2);
	raw_send(&raw, garbage, sizeof(garbage), 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETYPEINVALID);
	raw_asks_and_hears(&other, 2);
}

static void chunks_have_a_largest_size(uint16_t port)
{
	uint8_t header[16] = "HELF";
	struct raw raw;

	raw_put(header + 4, RAW_CHUNK + 1);
	raw_connect(&raw, port);
	raw_send(&raw, header, 8, 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETOOLARGE);
	memcpy(header, "OPNF", 4);
	raw_connect(&raw, port);
	raw_say_hello(&raw);
	raw_send(&raw, header, 8, 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETOOLARGE);
	/* No channel is open: the largest of all is not for him. */
	memcpy(header, "MSGF", 4);
	raw_connect(&raw, port);
	raw_say_hello(&raw);
	raw_send(&raw, header, 8, 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETOOLARGE);
	raw_put(header + 4, 131073);
	raw_connect(&raw, port);
	raw_open(&raw);
	raw_send(&raw, header, 8, 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADTCPMESSAGETOOLARGE);
}

static void others_go_on(uint16_t port)
{
	struct raw other;

	raw_connect(&other, port);
	raw_open(&other);
	raw_asks_and_hears(&other, READS);
}

/* Nothing has come yet. */
static void hears_nothing(const struct raw *raw)
{
	uint8_t byte;

	raw_assert(recv(raw->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN);
}

static void open_waits(uint16_t port)
{
	uint8_t *bytes = malloc(RAW_MAX);
	struct raw raw;

	raw_connect(&raw, port);
	raw_say_hello(&raw);
	raw_send(&raw, bytes, raw_open_request(&raw, bytes), 0);
	others_go_on(port);
	raw_expect(&raw, "OPN");
	raw_take_opened(&raw);
	raw_asks_and_hears(&raw, 3);
	free(bytes);
}

static void messages_wait(uint16_t port)
{
	struct raw raw, other;
	uint32_t requests[5];

	raw_connect(&raw, port);
	raw_open(&raw);
	for (int i = 0; i < 5; i++)
		requests[i] = raw_ask(&raw, 0, i ? 0 : 7);
	raw_connect(&other, port);
	raw_open(&other);
	raw_asks_and_hears(&other, READS / 2);
	hears_nothing(&raw);
	raw_asks_and_hears(&other, READS / 2);
	for (int i = 0; i < 5; i++)
		raw_expect_answer(&raw, requests[i]);
	raw_asks_and_hears(&raw, 3);
}

static void message_is_refused(uint16_t port)
{
	struct raw raw;

	raw_connect(&raw, port);
	raw_open(&raw);
	(void)raw_ask(&raw, 0, 0);
	others_go_on(port);
	raw_expect_error(&raw, UA_STATUSCODE_BADSECURITYCHECKSFAILED);
}

static void open_is_refused(uint16_t port)
{
	uint8_t *bytes = malloc(RAW_MAX);
	struct raw raw;

	raw_connect(&raw, port);
	raw_say_hello(&raw);
	raw_send(&raw, bytes, raw_open_request(&raw, bytes), 0);
	raw_expect_error(&raw, UA_STATUSCODE_BADSECURITYCHECKSFAILED);
	others_go_on(port);
	free(bytes);
}

static void peers_are_turned_away(uint16_t port)
{
	struct raw raw, other;

	raw_connect(&raw, port);
	raw_open(&raw);
	raw_connect(&other, port);
	raw_expect_error(&other, UA_STATUSCODE_BADTCPSERVERTOOBUSY);
	raw_asks_and_hears(&raw, 3);
}

/* HEL's answer: false, if it is an error. */
static bool is_let_in(struct raw *raw, uint16_t port)
{
	uint8_t bytes[256];

	raw_connect(raw, port);
	(void)!send(raw->fd, bytes, raw_hello(bytes), MSG_NOSIGNAL);
	if (!raw_receive(raw))
		return false;
	if (memcmp(raw->bytes, "ACK", 3) == 0)
		return true;
	close(raw->fd);
	return false;
}

static void connections_are_limited(uint16_t port)
{
	struct raw here[2], there = {0}, more = {0};

	for (int i = 0; i < 2; i++) {
		raw_connect(&here[i], port);
		raw_open(&here[i]);
	}
	raw_connect(&more, port);
	raw_expect_error(&more, UA_STATUSCODE_BADTCPSERVERTOOBUSY);
	there.fd = raw_socket("127.0.0.2", port, 0);
	raw_open(&there);
	more.fd = raw_socket("127.0.0.3", port, 0);
	raw_expect_error(&more, UA_STATUSCODE_BADTCPSERVERTOOBUSY);
	/* Whose place is free when the server has seen that. */
	close(here[0].fd);
	while (!is_let_in(&more, port))
		;
	raw_asks_and_hears(&here[1], 3);
	raw_asks_and_hears(&there, 3);
}

/* He asks, and asks, and reads nothing: he is not read either, and loses nothing. */
static void slow_reader_waits(uint16_t port)
{
	struct raw raw = {.fd = raw_socket("127.0.0.1", port, 4096)}, other;
	uint8_t *bytes = malloc(RAW_MAX);
	uint32_t first, count = 0;
	size_t len, sent = 0;
	ssize_t n = 0;

	raw_open(&raw);
	raw_connect(&other, port);
	raw_open(&other);
	first = raw.sequence + 1;
	do {
		len = raw_endpoints_request(&raw, bytes, 20000);
		count++;
		for (sent = 0; sent < len; sent += (size_t)n) {
			/* The server reads what it reads while others are answered. */
			for (int i = 0; i < 50; i++) {
				n = send(raw.fd, bytes + sent, len - sent, MSG_DONTWAIT);
				if (n > 0)
					break;
				raw_asks_and_hears(&other, 1);
			}
			if (n <= 0)
				break;
		}
	} while (n > 0);
	raw_assert(count > 3);
	raw_asks_and_hears(&other, READS);
	/* The request that did not fit goes on when he reads. */
	for (uint32_t i = 0; i + 1 < count; i++)
		raw_expect_answer(&raw, first + i);
	raw_send(&raw, bytes + sent, len - sent, 0);
	raw_expect_answer(&raw, first + count - 1);
	raw_asks_and_hears(&raw, 3);
	free(bytes);
}

static void on_large(UA_Client *client, void *user, UA_UInt32 request, UA_StatusCode status,
		     UA_DataValue *value)
{
	(void)client;
	(void)user;
	(void)request;
	(void)value;
	raw_assert(status);
}

/* He asks for a value of many times what may wait for him, and lets it lie. */
static void who_reads_nothing_is_given_up(uint16_t port)
{
	UA_Client *client = client_new(port);
	struct raw other;

	raw_connect(&other, port);
	raw_open(&other);
	raw_assert(!UA_Client_readValueAttribute_async(client, UA_NODEID_NUMERIC(1, LARGE_NODE),
						       on_large, NULL, NULL));
	raw_asks_and_hears(&other, READS);
	while (!UA_Client_run_iterate(client, 100))
		;
	UA_Client_delete(client);
	raw_asks_and_hears(&other, 3);
}

static void who_says_nothing_is_ended(uint16_t port)
{
	struct raw silent, half, open;

	raw_connect(&open, port);
	raw_open(&open);
	raw_connect(&half, port);
	raw_say_hello(&half);
	raw_connect(&silent, port);
	raw_expect_error(&silent, UA_STATUSCODE_BADTIMEOUT);
	raw_expect_error(&half, UA_STATUSCODE_BADTIMEOUT);
	raw_asks_and_hears(&open, 3);
}

static void reset(int fd)
{
	const struct linger linger = {.l_onoff = 1};

	raw_assert(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	close(fd);
}

/* One whose message is held, by a reset; others at each stage. The server ends with none of them. */
static void peers_vanish(uint16_t port)
{
	struct raw held, raw;

	raw_connect(&held, port);
	raw_open(&held);
	(void)raw_ask(&held, 0, 0);
	for (int i = 0; i < 20; i++) {
		raw_connect(&raw, port);
		if (i % 4)
			raw_open(&raw);
		if (i % 4 > 1)
			raw_send(&raw, "MSGF\xff\0\0\0half", 12, 0);
		if (i % 4 > 2)
			reset(raw.fd);
		else
			close(raw.fd);
	}
	reset(held.fd);
	others_go_on(port);
}

/* The server ends when this does, and this when the server has ended all of them. */
static void server_ends_first(uint16_t port)
{
	struct raw raw[5];
	UA_Client *client;

	for (int i = 0; i < 5; i++) {
		raw_connect(&raw[i], port);
		if (i != 3)
			raw_open(&raw[i]);
	}
	(void)raw_ask(&raw[0], 0, 0); /* which is held back */
	client = client_new(port);
	client_reads(client, 3);
	raw_assert(kill(getppid(), SIGTERM) == 0);
	for (int i = 0; i < 5; i++)
		while (raw_receive(&raw[i]))
			;
	while (!UA_Client_run_iterate(client, 100))
		;
	UA_Client_delete(client);
}

#endif
