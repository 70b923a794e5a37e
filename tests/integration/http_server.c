/* The HTTP server by its interface, over TLS. */
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

TestSuite(http_server, .init = set_up, .fini = tear_down, .timeout = 120);

/* What a request of its own connection is answered. */
static void expect(const char *request, size_t len, const char *answer)
{
	struct client *client = client_new(bench);

	client_say_bytes(client, request, len);
	CLIENT_UNTIL(client, "\r\n\r\n");
	cr_expect(client_has(client, answer), "%.60s…: %s", request, client->got);
	client_free(client);
}

static void expect_text(const char *request, const char *answer)
{
	expect(request, strlen(request), answer);
}

Test(http_server, keeps_connections_and_answers_in_order)
{
	struct client *client = client_new(bench);

	client_say(client, "GET /a?name=b%20c HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(client, "GET /a b c 0 bytes from 127.0.0.1.");
	client_forget(client);
	client_say(client, "POST /%61%2fb HTTP/1.1\r\n" BENCH_HOST "Content-Length: 5\r\n\r\nHello"
			   "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n"
			   "DELETE /last HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(client, "POST /%61%2fb - 5 bytes");
	BENCH_UNTIL(bench, bench->waiting_count == 1);
	cr_assert(!client_has(client, "DELETE"));
	bench_answer(bench->waiting[0], 404, "not here");
	CLIENT_UNTIL(client, "DELETE /last");
	cr_assert_lt(strstr(client->got, "not here"), strstr(client->got, "DELETE"));
	cr_assert_eq(http_server_counters(bench->server).requests, 4);
	cr_assert_eq(http_server_counters(bench->server).accepted, 1);
	client_free(client);
}

static void ask_by(struct client *client, const char *path)
{
	char request[128];

	client_forget(client);
	snprintf(request, sizeof(request),
		 "POST %s HTTP/1.1\r\n" BENCH_HOST "Content-Length: 2\r\n\r\nhi", path);
	client_say(client, request);
	CLIENT_UNTIL(client, "2 bytes");
	cr_expect(client_has(client, path), "%s", client->got);
}

/* Three, of which two keep libmicrohttpd's side. */
Test(http_server, answers_again_who_has_been_idle_while_others_asked)
{
	struct client *clients[BENCH_KEPT + 1];

	for (int i = 0; i <= BENCH_KEPT; i++)
		clients[i] = client_new(bench);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i <= BENCH_KEPT; i++)
			ask_by(clients[i], round ? "/again" : "/first");
	cr_assert_eq(http_server_counters(bench->server).requests, 3 * (BENCH_KEPT + 1));
	cr_assert_eq(http_server_counters(bench->server).connections, BENCH_KEPT + 1);
	for (int i = 0; i <= BENCH_KEPT; i++)
		client_free(clients[i]);
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
}

Test(http_server, keeps_half_a_request_while_others_ask)
{
	struct client *half = client_new(bench), *others[BENCH_KEPT + 1];

	client_say(half, "GET /whole HTTP/1.1\r\n" BENCH_HOST "\r\nGET /ha");
	CLIENT_UNTIL(half, "GET /whole - 0 bytes");
	for (int i = 0; i <= BENCH_KEPT; i++) {
		others[i] = client_new(bench);
		ask_by(others[i], "/other");
	}
	client_say(half, "lf HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(half, "GET /half");
	client_free(half);
	for (int i = 0; i <= BENCH_KEPT; i++)
		client_free(others[i]);
}

Test(http_server, leaves_the_body_out_for_head_and_keeps_its_length)
{
	struct client *client = client_new(bench);

	client_say(client, "HEAD /x HTTP/1.1\r\n" BENCH_HOST "\r\n"
			   "GET /y HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(client, "GET /y");
	cr_assert_eq(client_count(client, "Content-Length: 32"), 2, "%s", client->got);
	cr_assert(!client_has(client, "GET /x"));
	client_free(client);
}

Test(http_server, sends_what_keeps_browsers_safe_with_each_answer)
{
	static const char *const requests[] = {
		"GET /x HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET /nothing HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET /shared HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"GET /?a=%00 HTTP/1.1\r\n" BENCH_HOST "\r\n",
	};
	static const char *const lines[] = {
		"\r\nStrict-Transport-Security: max-age=31536000\r\n",
		"\r\nContent-Security-Policy: default-src 'none'; script-src 'self';",
		"trusted-types 'none'\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nReferrer-Policy: no-referrer\r\n",
		"\r\nCross-Origin-Opener-Policy: same-origin\r\n",
		"\r\nCross-Origin-Resource-Policy: same-origin\r\n",
		"\r\nPermissions-Policy: ",
		"\r\nCache-Control: no-store\r\n",
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct client *client = client_new(bench);

		client_say(client, requests[i]);
		CLIENT_UNTIL(client, "\r\n\r\n");
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++)
			cr_expect(client_has(client, lines[k]), "%s: %s", lines[k], client->got);
		client_free(client);
	}
}

Test(http_server, takes_one_name_in_host_that_is_its_own)
{
	expect_text("GET / HTTP/1.1\r\nHost: LOCALHOST:8443\r\n\r\n", "HTTP/1.1 200");
	expect_text("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "HTTP/1.1 200");
	expect_text("GET / HTTP/1.1\r\nHost: localhost.evil\r\n\r\n", "HTTP/1.1 421");
	expect_text("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 421");
	expect_text("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "HTTP/1.1 400");
	expect_text("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400");
	expect_text("GET / HTTP/1.1\r\nHost:\r\n\r\n", "HTTP/1.1 400");
	expect_text("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400");
	cr_assert_geq(http_server_counters(bench->server).bad_requests, 6);
}

Test(http_server, refuses_what_could_be_read_in_two_ways)
{
	static const char *const requests[] = {
		"GET http://localhost/ HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"OPTIONS * HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET /?a=%c0%af HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET /?a=%zz HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"GET /?a=1&a=2 HTTP/1.1\r\n" BENCH_HOST "\r\n",
		"POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 1, 1\r\n\r\nab",
		"POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 0x1\r\n\r\na",
		"GET / HTTP/1.1\r\n" BENCH_HOST " folded: x\r\n\r\n",
		"GET / HTTP/1.1\r\n" BENCH_HOST "no colon\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct client *client = client_new(bench);

		client_say(client, requests[i]);
		CLIENT_UNTIL_END(client);
		cr_expect(!client->got_len || client_has(client, "HTTP/1.1 400"), "%s: %s",
			  requests[i], client->got);
		client_free(client);
	}
	expect_text("POST / HTTP/1.1\r\n" BENCH_HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    "HTTP/1.1 411");
	/* 411; libmicrohttpd 1.0 says 400 itself. */
	expect_text("POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 5\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		    "HTTP/1.1 4");
	cr_assert_eq(http_server_counters(bench->server).requests, 0);
}

Test(http_server, takes_a_target_of_its_limit_and_none_beyond)
{
	char request[HTTP_PATH_MAX + 128];

	for (int more = 0; more < 2; more++) {
		snprintf(request, sizeof(request), "GET /%0*d HTTP/1.1\r\n" BENCH_HOST "\r\n",
			 HTTP_PATH_MAX - 1 + more, 0);
		expect_text(request, more ? "HTTP/1.1 414" : "HTTP/1.1 200");
	}
}

Test(http_server, takes_headers_up_to_their_limit_and_none_beyond)
{
	static char request[4 * HTTP_HEADERS_MAX];
	int fixed = snprintf(request, sizeof(request),
			     "GET / HTTP/1.1\r\n" BENCH_HOST "Cookie: \r\n\r\n");

	/* libmicrohttpd counts the request's first line, too. */
	for (int more = 0; more < 2; more++) {
		snprintf(request, sizeof(request),
			 "GET / HTTP/1.1\r\n" BENCH_HOST "Cookie: %0*d\r\n\r\n",
			 HTTP_HEADERS_MAX - fixed + more, 0);
		expect_text(request, more ? "HTTP/1.1 431" : "HTTP/1.1 200");
	}
	snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n" BENCH_HOST "Cookie: %0*d\r\n\r\n",
		 3 * HTTP_HEADERS_MAX, 0);
	expect_text(request, "HTTP/1.1 431");
}

Test(http_server, takes_a_body_of_its_limit_and_refuses_a_larger_one_before_it_comes)
{
	static char request[BENCH_BODY_MAX + 256];
	int head = snprintf(request, sizeof(request),
			    "PUT / HTTP/1.1\r\n" BENCH_HOST "Content-Length: %zu\r\n\r\n",
			    BENCH_BODY_MAX);

	memset(request + head, 'x', BENCH_BODY_MAX);
	expect(request, (size_t)head + BENCH_BODY_MAX, "HTTP/1.1 200");
	snprintf(request, sizeof(request),
		 "PUT / HTTP/1.1\r\n" BENCH_HOST "Content-Length: %zu\r\n\r\n", BENCH_BODY_MAX + 1);
	expect_text(request, "HTTP/1.1 413");
	expect_text("PUT / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 99999999999999999999\r\n\r\n",
		    "HTTP/1.1 413");
}

/* One who sends a large body before he reads must not have his answer broken off. */
Test(http_server, lets_who_is_refused_finish_talking)
{
	struct client *client = client_new(bench);
	static char zeros[1 << 20];

	client_say(client, "PUT / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 1048576\r\n\r\n");
	client_say_bytes(client, zeros, sizeof(zeros));
	CLIENT_UNTIL_END(client);
	cr_assert(client_has(client, "HTTP/1.1 413"));
	cr_assert_str_eq(client->failure.message, "");
	client_free(client);
}

Test(http_server, answers_later_and_each_client_its_own)
{
	struct client *clients[BENCH_OF_ADDRESS];
	char text[16];

	for (int i = 0; i < BENCH_OF_ADDRESS; i++) {
		clients[i] = client_new(bench);
		client_say(clients[i], "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n");
		BENCH_UNTIL(bench, bench->waiting_count == (size_t)i + 1);
	}
	for (int i = BENCH_OF_ADDRESS - 1; i >= 0; i--) {
		snprintf(text, sizeof(text), "answer %d", i);
		bench_answer(bench->waiting[i], 200, text);
	}
	for (int i = 0; i < BENCH_OF_ADDRESS; i++) {
		snprintf(text, sizeof(text), "answer %d", i);
		CLIENT_UNTIL(clients[i], text);
		client_free(clients[i]);
	}
}

Test(http_server, shares_one_answer_between_many)
{
	struct client *one = client_new(bench), *other = client_new(bench);
	struct http_response *response;

	client_say(one, "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n");
	client_say(other, "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n");
	BENCH_UNTIL(bench, bench->waiting_count == 2);
	response = bench_response(200, "for both");
	http_answer(bench->waiting[0], response);
	http_answer(bench->waiting[1], response);
	http_response_free(response);
	CLIENT_UNTIL(one, "for both");
	CLIENT_UNTIL(other, "for both");
	client_free(one);
	client_free(other);
}

Test(http_server, keeps_a_request_whose_client_has_gone)
{
	struct client *client = client_new(bench);
	size_t len;

	client_say(client, "POST /later?name=n HTTP/1.1\r\n" BENCH_HOST
			   "X-Own: here\r\nContent-Length: 4\r\n\r\nbody");
	BENCH_UNTIL(bench, bench->waiting_count == 1);
	cr_assert(!http_request_is_gone(bench->waiting[0]));
	stream_reset(client->stream);
	client->stream = NULL;
	BENCH_UNTIL(bench, http_request_is_gone(bench->waiting[0]));
	cr_assert_str_eq(http_request_header(bench->waiting[0], "x-own"), "here");
	cr_assert_str_eq(http_request_parameter(bench->waiting[0], "name"), "n");
	cr_assert_str_eq(http_request_query(bench->waiting[0]), "name=n");
	cr_assert_eq(memcmp(http_request_body(bench->waiting[0], &len), "body", 4), 0);
	cr_assert_eq(http_server_counters(bench->server).connections, 1);
	bench_answer(bench->waiting[0], 200, "to nobody");
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
	client_free(client);
}

Test(http_server, keeps_requests_that_outlive_it)
{
	struct client *client = client_new(bench);
	size_t len;

	client_say(client,
		   "POST /later?a=b HTTP/1.1\r\n" BENCH_HOST "Content-Length: 4\r\n\r\nbody");
	BENCH_UNTIL(bench, bench->waiting_count == 1);
	http_server_free(bench->server);
	bench->server = NULL;
	cr_assert(http_request_is_gone(bench->waiting[0]));
	cr_assert_str_eq(http_request_path(bench->waiting[0]), "/");
	cr_assert_str_eq(http_request_address(bench->waiting[0]), "");
	cr_assert_null(http_request_header(bench->waiting[0], "Host"));
	(void)http_request_body(bench->waiting[0], &len);
	cr_assert_eq(len, 0);
	bench_answer(bench->waiting[0], 200, "to nobody");
	client_free(client);
}

Test(http_server, answers_who_has_ended_his_side)
{
	struct client *client = client_new(bench);

	client_say(client, "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n");
	BENCH_UNTIL(bench, bench->waiting_count == 1);
	stream_finish(client->stream);
	for (int i = 0; i < 20; i++)
		(void)sd_event_run(bench->event, 1000);
	bench_answer(bench->waiting[0], 200, "all the same");
	CLIENT_UNTIL(client, "all the same");
	client_free(client);
}

Test(http_server, ends_who_is_slow_and_serves_the_others)
{
	struct client *slow = client_new(bench), *silent = client_new(bench),
		      *quick = client_new(bench);
	unsigned said = 0;

	client_say(quick, "GET /first HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(quick, "GET /first");
	client_say(silent, "POST / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 10\r\n\r\nhalf");
	client_say(slow, "GET / HTTP/1.1\r\nX: ");
	/* Slow it is, not too large: a quick machine would come to that limit first. */
	while (!slow->has_ended) {
		if (said < HTTP_HEADERS_MAX / 4) {
			client_say(slow, "x");
			said++;
		}
		(void)sd_event_run(bench->event, 1000);
	}
	cr_assert_gt(said, 1);
	cr_assert(client_has(slow, "HTTP/1.1 408"), "%s", slow->got);
	CLIENT_UNTIL_END(silent);
	cr_assert(client_has(silent, "HTTP/1.1 408"), "%s", silent->got);
	client_say(quick, "GET /second HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(quick, "GET /second");
	client_free(slow);
	client_free(silent);
	client_free(quick);
}

Test(http_server, bounds_the_connections_of_an_address)
{
	int fds[BENCH_OF_ADDRESS], extra;
	char byte;

	for (int i = 0; i < BENCH_OF_ADDRESS; i++)
		fds[i] = bench_connect(bench);
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == BENCH_OF_ADDRESS);
	cr_assert_eq(http_server_counters(bench->server).handshakes, BENCH_OF_ADDRESS);
	extra = bench_connect(bench);
	BENCH_UNTIL(bench, http_server_counters(bench->server).refused == 1);
	cr_assert_leq(read(extra, &byte, 1), 0);
	close(extra);
	for (int i = 0; i < BENCH_OF_ADDRESS; i++)
		close(fds[i]);
	BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
	cr_assert_eq(http_server_counters(bench->server).failed, BENCH_OF_ADDRESS);
	expect_text("GET / HTTP/1.1\r\n" BENCH_HOST "\r\n", "HTTP/1.1 200");
}

Test(http_server, forgets_uploads_that_break_off)
{
	for (int i = 0; i < 20; i++) {
		struct client *client = client_new(bench);

		client_say(client,
			   "PUT / HTTP/1.1\r\n" BENCH_HOST "Content-Length: 30000\r\n\r\nx");
		while (client->to_say_len || !client->is_open)
			cr_assert_gt(sd_event_run(bench->event, BENCH_PATIENCE_US), 0);
		stream_reset(client->stream);
		client->stream = NULL;
		client_free(client);
		BENCH_UNTIL(bench, http_server_counters(bench->server).connections == 0);
	}
	cr_assert_eq(http_server_counters(bench->server).requests, 0);
}

static void on_ended(void *user)
{
	*(bool *)user = true;
}

Test(http_server, ends_when_what_is_under_way_is_answered)
{
	struct client *waits = client_new(bench), *idle = client_new(bench);
	bool has_ended = false;

	client_say(waits, "GET /later HTTP/1.1\r\n" BENCH_HOST "\r\n");
	client_say(idle, "GET / HTTP/1.1\r\n" BENCH_HOST "\r\n");
	CLIENT_UNTIL(idle, "GET /");
	BENCH_UNTIL(bench, bench->waiting_count == 1);
	http_server_end(bench->server, on_ended, &has_ended);
	CLIENT_UNTIL_END(idle);
	client_free(idle);
	cr_assert(!has_ended);
	bench_answer(bench->waiting[0], 200, "the last one");
	CLIENT_UNTIL(waits, "the last one");
	CLIENT_UNTIL_END(waits);
	client_free(waits);
	BENCH_UNTIL(bench, has_ended);
}
