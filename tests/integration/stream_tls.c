/* TLS streams of front-ends: both ends in one loop, with keys and trust of a real keystored. */
#include <criterion/criterion.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "stream.h"

#define PATIENCE_US 30000000u

/* IDs, in the order in which they are made: project init makes 1 and 2. */
enum { CA = 2, SERVER = 3, CLIENT = 4, STRANGER = 5 };

struct end {
	struct site *site;
	struct stream *stream;
	unsigned opened, failed;
	struct stream_failure failure;
	char got[64];
	size_t got_len;
	bool has_ended;
};

struct site {
	struct fixture *fixture;
	sd_event *event;
	struct uplink *uplink;
	struct tls *tls;
	bool is_up;
	unsigned down;
	struct tls_identity *server, *client;
	struct tls_peer clients, servers; /* as each sees the other */
	struct end ends[2];
};

static void on_up(void *user)
{
	struct site *site = user;

	site->is_up = true;
	if (site->tls)
		tls_uplink_up(site->tls);
}

static void on_down(const char *why, void *user)
{
	struct site *site = user;

	(void)why;
	site->is_up = false;
	site->down++;
}

static void on_event(const struct ks_event *event, void *user)
{
	tls_event(((struct site *)user)->tls, event);
}

static void on_opened(void *user)
{
	struct end *end = user;

	end->opened++;
	stream_wants(end->stream, STREAM_READ);
}

static void on_ready(void *user)
{
	struct end *end = user;
	enum stream_result result;
	size_t len;

	do {
		cr_assert_lt(end->got_len, sizeof(end->got));
		result = stream_read(end->stream, end->got + end->got_len,
				     sizeof(end->got) - end->got_len, &len);
		end->got_len += result == STREAM_OK ? len : 0;
	} while (result == STREAM_OK);
	end->has_ended = end->has_ended || result == STREAM_END;
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	struct end *end = user;

	end->failed++;
	end->failure = *failure;
	stream_free(end->stream);
	end->stream = NULL;
}

static const struct stream_handler handler = {on_opened, on_ready, on_failed};

/* Runs the loop until @is_done. */
static void run_until(struct site *site, bool (*is_done)(struct site *site), const char *what)
{
	while (!is_done(site))
		cr_assert_gt(sd_event_run(site->event, PATIENCE_US), 0, "%s did not come", what);
}

static bool identities_are_ready(struct site *site)
{
	return tls_identity_status(site->server).state == TLS_IDENTITY_READY &&
	       tls_identity_status(site->client).state == TLS_IDENTITY_READY;
}

static struct site *site_new(const struct fixture_options *fixture_options, uint64_t client_cert,
			     const struct tls_options *tls_options)
{
	static const struct uplink_handler uplink = {on_up, on_down, on_event};
	struct site *site = calloc(1, sizeof(*site));
	char module[] = KEYSTORE_MODULE;
	char problem[TLS_MESSAGE_MAX];

	signal(SIGPIPE, SIG_IGN);
	site->fixture = fixture_new(fixture_options);
	free(fixture_sh_ok(
		site->fixture,
		"keystorectl project init && new() { keystorectl cert create --algorithm ec-p256 "
		"\"$@\"; } && "
		"new --profile tls-server --issuer 2 --new-key server --subject CN=server "
		"--san DNS:plc-1.plant,IP:192.0.2.1 && "
		"new --profile tls-client --issuer 2 --new-key client --subject CN=client && "
		"new --self-signed --profile tls-client-server --new-key stranger --subject "
		"CN=stranger "
		"--san DNS:stranger && "
		"for key in server client stranger; do keystorectl key allow $key --uid %u "
		"--operations sign; done "
		"&& "
		"keystorectl cert export 2 > ca.pem && keystorectl trust add ouc ca.pem",
		(unsigned)getuid()));
	setenv("KEYSTORE_SOCKET", fixture_socket(site->fixture), 1);
	setenv("OPENSSL_MODULES", dirname(module), 1);
	cr_assert_geq(sd_event_new(&site->event), 0);
	site->uplink = uplink_new(site->event, fixture_socket(site->fixture), &uplink, site);
	cr_assert(tls_new(site->event, site->uplink, tls_options, &site->tls, problem), "%s",
		  problem);
	site->server = tls_identity_new(site->tls, SERVER, NULL, NULL);
	site->client = tls_identity_new(site->tls, client_cert, NULL, NULL);
	run_until(site, identities_are_ready, "the certificates");
	site->clients = (struct tls_peer){.group = "ouc", .allows_tls12 = true};
	site->servers = (struct tls_peer){.is_server = true,
					  .group = "ouc",
					  .host = "plc-1.plant",
					  .awaits_acceptance = true};
	return site;
}

/* ends[0] is the server's. */
static void site_connect(struct site *site)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		site->ends[i] = (struct end){.site = site};
	site->ends[0].stream = stream_tls(site->server, fds[0], &site->clients, "192.0.2.2",
					  &handler, &site->ends[0]);
	site->ends[1].stream = stream_tls(site->client, fds[1], &site->servers, "192.0.2.1",
					  &handler, &site->ends[1]);
	cr_assert_not_null(site->ends[0].stream);
	cr_assert_not_null(site->ends[1].stream);
}

static void site_hang_up(struct site *site)
{
	for (int i = 0; i < 2; i++) {
		stream_free(site->ends[i].stream);
		site->ends[i].stream = NULL;
	}
}

static void site_free(struct site *site)
{
	site_hang_up(site);
	tls_identity_free(site->server);
	tls_identity_free(site->client);
	tls_free(site->tls);
	uplink_free(site->uplink);
	sd_event_unref(site->event);
	fixture_free(site->fixture);
	free(site);
}

static bool both_are_open(struct site *site)
{
	cr_assert_eq(site->ends[0].failed + site->ends[1].failed, 0, "%s%s",
		     site->ends[0].failure.message, site->ends[1].failure.message);
	return site->ends[0].opened && site->ends[1].opened;
}

static bool both_have_failed(struct site *site)
{
	return site->ends[0].failed && site->ends[1].failed;
}

static bool all_has_come(struct site *site)
{
	return site->ends[0].got_len == 4 && site->ends[1].got_len == 5;
}

static void say(struct end *end, const char *text)
{
	size_t len;

	cr_assert_eq(stream_write(end->stream, text, strlen(text), &len), STREAM_OK);
	cr_assert_eq(len, strlen(text));
}

static void talk(struct site *site)
{
	say(&site->ends[0], "hello");
	say(&site->ends[1], "echo");
	run_until(site, all_has_come, "what was sent");
	cr_assert_eq(memcmp(site->ends[1].got, "hello", 5), 0);
	cr_assert_eq(memcmp(site->ends[0].got, "echo", 4), 0);
}

static void expect_refusal(struct site *site, int end, enum stream_fault fault,
			   enum ks_verdict_reason verdict, const char *said)
{
	const struct end *who = &site->ends[end];

	site_connect(site);
	run_until(site, both_have_failed, "the refusal");
	cr_assert_eq(who->failure.fault, fault, "%d: %s", who->failure.fault, who->failure.message);
	cr_assert_eq(who->failure.verdict, verdict, "%d: %s", who->failure.verdict,
		     who->failure.message);
	cr_assert_not_null(strstr(who->failure.message, said), "%s", who->failure.message);
	cr_assert_eq(site->ends[1 - end].failure.fault, STREAM_PROTOCOL, "%s",
		     site->ends[1 - end].failure.message);
	/* Nobody was told that bytes may flow. */
	cr_assert_eq(site->ends[0].opened + site->ends[1].opened, 0);
}

TestSuite(stream_tls, .timeout = 120);

Test(stream_tls, lets_both_ends_judge_each_other_by_keystored)
{
	struct site *site = site_new(NULL, CLIENT, &(struct tls_options){0});
	char text[64];

	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	talk(site);
	stream_describe(site->ends[0].stream, text, sizeof(text));
	cr_assert_eq(strncmp(text, "TLSv1.3 TLS_", 12), 0, "%s", text);
	stream_peer_subject(site->ends[0].stream, text, sizeof(text));
	cr_assert_str_eq(text, "CN=client");
	stream_peer_subject(site->ends[1].stream, text, sizeof(text));
	cr_assert_str_eq(text, "CN=server");
	site_free(site);
}

static bool server_has_read_the_end(struct site *site)
{
	return site->ends[0].has_ended;
}

static bool client_has_its_answer(struct site *site)
{
	return site->ends[1].got_len == 5;
}

Test(stream_tls, carries_the_end_of_one_direction_and_goes_on_with_the_other)
{
	struct site *site = site_new(NULL, 0, &(struct tls_options){0});

	site->clients.may_be_anonymous = true;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	say(&site->ends[1], "bye");
	stream_finish(site->ends[1].stream);
	run_until(site, server_has_read_the_end, "the end");
	cr_assert_eq(site->ends[0].got_len, 3);
	say(&site->ends[0], "later");
	run_until(site, client_has_its_answer, "the answer");
	cr_assert_eq(site->ends[0].failed + site->ends[1].failed, 0);
	site_free(site);
}

Test(stream_tls, refuses_who_is_not_trusted_by_name_by_anchor_or_at_all)
{
	struct site *site = site_new(NULL, STRANGER, &(struct tls_options){0});

	expect_refusal(site, 0, STREAM_REFUSED, KS_VERDICT_UNTRUSTED, "CN=stranger");
	tls_identity_free(site->client);
	site->client = tls_identity_new(site->tls, 0, NULL, NULL);
	expect_refusal(site, 0, STREAM_NO_CERT, KS_VERDICT_ACCEPTED, "shows no certificate");
	cr_assert_not_null(strstr(site->ends[1].failure.message, "demands a certificate"), "%s",
			   site->ends[1].failure.message);
	site->clients.may_be_anonymous = true;
	site->servers.host = "192.0.2.7";
	expect_refusal(site, 1, STREAM_REFUSED, KS_VERDICT_HOST, "192.0.2.7");
	site->servers.host = "192.0.2.1";
	site->servers.anchor_id = 1;
	expect_refusal(site, 1, STREAM_REFUSED, KS_VERDICT_ANCHOR, "");
	site->servers.anchor_id = CA;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	site_free(site);
}

Test(stream_tls, asks_for_a_certificate_and_does_without)
{
	struct site *site = site_new(NULL, STRANGER, &(struct tls_options){0});
	char text[64];

	site->clients.may_be_anonymous = true;
	site->clients.is_asked = true;
	expect_refusal(site, 0, STREAM_REFUSED, KS_VERDICT_UNTRUSTED, "CN=stranger");
	tls_identity_free(site->client);
	site->client = tls_identity_new(site->tls, 0, NULL, NULL);
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	stream_peer_subject(site->ends[0].stream, text, sizeof(text));
	cr_assert_str_eq(text, "");
	site_hang_up(site);
	tls_identity_free(site->client);
	site->client = tls_identity_new(site->tls, CLIENT, NULL, NULL);
	run_until(site, identities_are_ready, "the certificate");
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	stream_peer_subject(site->ends[0].stream, text, sizeof(text));
	cr_assert_str_eq(text, "CN=client");
	site_free(site);
}

Test(stream_tls, refuses_old_versions_and_what_is_no_tls)
{
	struct site *site = site_new(NULL, 0, &(struct tls_options){0});
	int fds[2];

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		site->ends[0] = (struct end){.site = site, .failed = 0};
		site->ends[1] = (struct end){.site = site, .failed = 1};
		site->ends[0].stream = stream_tls(site->server, fds[0], &site->clients, "192.0.2.2",
						  &handler, &site->ends[0]);
		if (i == 0)
			cr_assert_eq(write(fds[1], "GET / HTTP/1.0\r\n\r\n", 18), 18);
		else
			cr_assert_eq(write(fds[1], "\x01\0\xfe\x0cHello World!", 16), 16);
		run_until(site, both_have_failed, "the refusal");
		cr_assert_eq(site->ends[0].failure.fault, STREAM_PROTOCOL);
		cr_assert_not_null(strstr(site->ends[0].failure.message, i ? "is no TLS" : "HTTP"),
				   "%s", site->ends[0].failure.message);
		close(fds[1]);
	}
	site_free(site);
}

Test(stream_tls, ends_a_handshake_that_does_not_come_to_its_end)
{
	struct site *site = site_new(NULL, 0, &(struct tls_options){.handshake_ms = 100});
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	site->ends[0] = (struct end){.site = site};
	site->ends[1] = (struct end){.site = site, .failed = 1};
	site->ends[0].stream = stream_tls(site->server, fds[0], &site->clients, "192.0.2.2",
					  &handler, &site->ends[0]);
	run_until(site, both_have_failed, "the end");
	cr_assert_eq(site->ends[0].failure.fault, STREAM_TIMEOUT);
	close(fds[1]);
	site_free(site);
}

Test(stream_tls, bounds_the_handshakes_of_an_address_and_of_all)
{
	const struct tls_options options = {.handshakes_max = 5, .handshakes_of_address = 3};
	struct site *site = site_new(NULL, 0, &options);
	struct stream *streams[6];
	int fds[6][2];

	for (int i = 0; i < 6; i++) {
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[i]), 0);
		streams[i] =
			stream_tls(site->server, fds[i][0], &site->clients,
				   i < 4 ? "192.0.2.2" : "192.0.2.3", &handler, &site->ends[0]);
		cr_assert_eq(streams[i] != NULL, i != 3, "%d", i);
	}
	for (int i = 0; i < 6; i++) {
		stream_free(streams[i]);
		close(fds[i][1]);
	}
	/* All have room again. */
	site->clients.may_be_anonymous = true;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	site_free(site);
}

static bool server_has_failed(struct site *site)
{
	return site->ends[0].failed;
}

Test(stream_tls, ends_connections_whose_peer_is_revoked)
{
	struct site *site = site_new(NULL, CLIENT, &(struct tls_options){0});

	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	free(fixture_sh_ok(site->fixture, "keystorectl cert revoke 4 --reason keyCompromise"));
	run_until(site, server_has_failed, "the end");
	cr_assert_eq(site->ends[0].failure.verdict, KS_VERDICT_REVOKED, "%s",
		     site->ends[0].failure.message);
	site_free(site);
}

static bool server_has_version_2(struct site *site)
{
	return tls_identity_status(site->server).version == 2;
}

Test(stream_tls, shows_a_renewed_certificate_to_the_next_and_drops_nobody)
{
	struct site *site = site_new(NULL, 0, &(struct tls_options){0});
	struct stream *old[2];

	site->clients.may_be_anonymous = true;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	free(fixture_sh_ok(site->fixture, "keystorectl cert renew 3 --rekey"));
	run_until(site, server_has_version_2, "the new certificate");
	talk(site);
	for (int i = 0; i < 2; i++)
		old[i] = site->ends[i].stream;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	talk(site);
	for (int i = 0; i < 2; i++)
		stream_free(old[i]);
	site_free(site);
}

static bool is_down(struct site *site)
{
	return site->down;
}

static bool is_up(struct site *site)
{
	return site->is_up;
}

Test(stream_tls, goes_on_while_keystored_is_away_and_shakes_hands_when_it_is_back)
{
	struct site *site = site_new(NULL, 0, &(struct tls_options){0});
	struct stream *old[2];

	site->clients.may_be_anonymous = true;
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	fixture_service_stop(site->fixture);
	run_until(site, is_down, "the loss");
	talk(site);
	for (int i = 0; i < 2; i++)
		old[i] = site->ends[i].stream;
	site_connect(site);
	run_until(site, both_have_failed, "the failure");
	cr_assert_eq(site->ends[0].failure.fault, STREAM_SERVICE, "%s",
		     site->ends[0].failure.message);
	fixture_service_start(site->fixture);
	fixture_service_wait(site->fixture);
	run_until(site, is_up, "keystored");
	site_connect(site);
	run_until(site, both_are_open, "the handshake");
	for (int i = 0; i < 2; i++)
		stream_free(old[i]);
	site_free(site);
}

static bool server_is_unfit(struct site *site)
{
	return tls_identity_status(site->server).state == TLS_IDENTITY_UNFIT;
}

Test(stream_tls, says_why_a_certificate_cannot_be_shown)
{
	static const struct {
		uint64_t id;
		const char *said;
	} unfit[] = {{99, "99"}, {6, "no key here"}, {7, "not"}};
	struct site *site = site_new(NULL, 0, &(struct tls_options){0});
	struct tls_identity *server = site->server;

	free(fixture_sh_ok(site->fixture,
			   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
			   "-keyout k.pem -out c.pem -subj /CN=elsewhere -days 9 2> /dev/null && "
			   "keystorectl cert import c.pem >&2"));
	for (size_t i = 0; i < 2; i++) {
		struct tls_identity_status status;

		site->server = tls_identity_new(site->tls, unfit[i].id, NULL, NULL);
		run_until(site, server_is_unfit, "the reason");
		status = tls_identity_status(site->server);
		cr_assert_not_null(strstr(status.message, unfit[i].said), "%s", status.message);
		tls_identity_free(site->server);
	}
	site->server = server;
	site_free(site);
}

Test(stream_tls, may_be_ended_at_any_moment_of_its_handshake)
{
	const struct fixture_options options = {.with_proxy = true};
	struct site *site = site_new(&options, CLIENT, &(struct tls_options){0});

	for (unsigned steps = 1; steps < 60; steps += 2) {
		site_connect(site);
		for (unsigned i = 0; i < steps; i++)
			cr_assert_geq(sd_event_run(site->event, 2000), 0);
		site_hang_up(site);
	}
	/* One whose signature takes long: it is dropped when everything ends. */
	fixture_proxy(site->fixture, "stall 1 Sign");
	site_connect(site);
	for (unsigned i = 0; i < 30; i++)
		cr_assert_geq(sd_event_run(site->event, 2000), 0);
	site_free(site);
}
