/* Answers without an end. */
#include "http_bench.h"

static struct bench *bench;

static void set_up(void)
{
	bench = bench_new(KEYSTORE_MODULE);
}

static void tear_down(void)
{
	bench_free(bench);
}

TestSuite(http_feed, .init = set_up, .fini = tear_down, .timeout = 120);

static struct client *reader(void)
{
	struct client *client = client_new(bench);
	unsigned before = bench->feeds;

	client_say(client, "GET /feed HTTP/1.1\r\n" BENCH_HOST "\r\n");
	BENCH_UNTIL(bench, bench->feeds > before);
	return client;
}

Test(http_feed, brings_events_as_they_come)
{
	struct client *client = reader();

	cr_assert(http_feed_send(bench->feed, "first", "{\"a\":1}"));
	CLIENT_UNTIL(client, "event: first\ndata: {\"a\":1}\n\n");
	cr_assert(client_has(client, "Content-Type: text/event-stream\r\n"));
	cr_assert(client_has(client, "Cache-Control: no-store\r\n"));
	cr_assert(client_has(client, "X-Content-Type-Options: nosniff\r\n"));
	cr_assert(http_feed_send(bench->feed, "second", ""));
	cr_assert(http_feed_send(bench->feed, "third", "3"));
	CLIENT_UNTIL(client, "event: third\ndata: 3\n\n");
	cr_assert(client_has(client, "event: second\ndata: \n\n"));
	http_feed_end(bench->feed);
	client_say(client, "GET /next HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(client, "GET /next");
	cr_assert_eq(bench->feeds_ended, 0);
	cr_assert_eq(http_server_counters(bench->server).feeds, 0);
	client_free(client);
}

Test(http_feed, tells_that_its_reader_has_gone_or_ended_his_side)
{
	struct client *client = reader();

	cr_assert(http_feed_send(bench->feed, "e", "d"));
	CLIENT_UNTIL(client, "event: e");
	stream_reset(client->stream);
	client->stream = NULL;
	BENCH_UNTIL(bench, bench->feeds_ended == 1);
	client_free(client);
	client = reader();
	stream_finish(client->stream);
	BENCH_UNTIL(bench, bench->feeds_ended == 2);
	client_free(client);
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
	cr_assert_eq(http_server_counters(bench->server).feeds, 0);
}

Test(http_feed, of_head_ends_at_once)
{
	struct client *client = client_new(bench);

	client_say(client, "HEAD /feed HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(client, "text/event-stream");
	BENCH_UNTIL(bench, bench->feeds_ended == 1);
	client_free(client);
}

Test(http_feed, holds_a_bounded_part_for_who_does_not_read)
{
	struct client *client = reader(), *other;
	static char data[16384];
	size_t sent = 0;

	memset(data, 'x', sizeof(data) - 1);
	cr_assert(http_feed_send(bench->feed, "e", "d"));
	CLIENT_UNTIL(client, "event: e");
	client->is_deaf = true;
	stream_wants(client->stream, 0);
	while (http_feed_send(bench->feed, "x", data)) {
		sent += sizeof(data);
		for (int i = 0; i < 10; i++)
			(void)sd_event_run(bench->event, 100);
		/* What the kernel holds for both ends, besides. */
		cr_assert_lt(sent, HTTP_OUTPUT_MAX + ((size_t)32 << 20));
	}
	cr_assert_geq(sent, HTTP_OUTPUT_MAX - sizeof(data));
	bench->feed = NULL;
	BENCH_UNTIL(bench, http_server_counters(bench->server).feeds == 0);
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
	cr_assert_eq(bench->feeds_ended, 0);
	other = reader();
	cr_assert(http_feed_send(bench->feed, "e", "d"));
	CLIENT_UNTIL(other, "event: e");
	client_free(client);
	client_free(other);
}

Test(http_feed, is_refused_beyond_as_many_as_are_allowed)
{
	struct client *readers[BENCH_FEEDS], *extra;

	for (int i = 0; i < BENCH_FEEDS; i++)
		readers[i] = reader();
	extra = client_new(bench);
	client_say(extra, "GET /feed HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(extra, "HTTP/1.1 503");
	for (int i = 0; i < BENCH_FEEDS; i++)
		client_free(readers[i]);
	BENCH_UNTIL(bench, bench->feeds_ended == BENCH_FEEDS);
	client_free(extra);
	client_free(reader());
}

Test(http_feed, ends_with_the_server)
{
	struct client *client = reader();

	http_server_free(bench->server);
	bench->server = NULL;
	cr_assert_eq(bench->feeds_ended, 1);
	CLIENT_UNTIL_END(client);
	client_free(client);
}
