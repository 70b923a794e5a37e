#include "service_own.h"

#include <limits.h>

#include "upkeep_bench.h"

/* The sights are the test's; what they say has lasted long enough after a millisecond. */
static struct own_sight sight;

static void fake_sight(struct own_sight *ret_sight, void *unused)
{
	(void)unused;
	*ret_sight = sight;
}

static uint64_t long_ago(void)
{
	return UINT64_C(3600000000);
}

static uint64_t just_started(void)
{
	return 1;
}

static void see(enum own_type type, const char *text)
{
	struct own_seen seen = {.type = type};

	snprintf(seen.text, sizeof seen.text, "%s", text);
	snprintf(seen.interface, sizeof seen.interface, "%s", type == OWN_HOST ? "" : "eth0");
	cr_assert(own_sight_add(&sight, &seen));
}

/* What is there from now on; after the last thing that was made a second has passed. */
static void look(const char *address, const char *host)
{
	memset(&sight, 0, sizeof sight);
	if (address)
		see(OWN_IPV4, address);
	see(OWN_HOST, host);
	now.real++;
	now.boot++;
	bench.service.now = long_ago;
	service_own_set_look(bench.service.own, fake_sight, NULL);
	settle();
}

static void set_up_own(void)
{
	set_up();
	bench.config.settle_ms = 1;
	look("192.0.2.10", "plc-1");
}

static uint64_t create(const char *key, uint64_t issuer)
{
	Keystore__V1__GeneralName address = KEYSTORE__V1__GENERAL_NAME__INIT;
	Keystore__V1__GeneralName host = KEYSTORE__V1__GENERAL_NAME__INIT;
	Keystore__V1__GeneralName *names[] = {&address, &host};

	address.type = KEYSTORE__V1__GENERAL_NAME__TYPE__TYPE_IP;
	address.value = (char *)(uintptr_t) "192.0.2.10";
	host.type = KEYSTORE__V1__GENERAL_NAME__TYPE__TYPE_DNS;
	host.value = (char *)(uintptr_t) "plc-1.example";
	return create_named(key, "web-server", issuer, 100, names, 2);
}

static int set_addresses(uint64_t id, int addresses)
{
	Keystore__V1__CertSetRenewalRequest body = KEYSTORE__V1__CERT_SET_RENEWAL_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_SET_RENEWAL, cert_set_renewal, &body);
	int status;

	body.id = id;
	body.mode = KEYSTORE__V1__RENEWAL_MODE__RENEWAL_MODE_UNCHANGED;
	body.addresses = (Keystore__V1__AddressPolicy)addresses;
	status = client_try(&root, &request);
	settle();
	return status;
}

/* What cert_show says of its names; free it. */
static char *note_of(uint64_t id)
{
	Keystore__V1__CertShowRequest body = KEYSTORE__V1__CERT_SHOW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_SHOW, cert_show, &body);
	ks_pb_reply *reply;
	char *note;

	body.id = id;
	reply = client_ask(&root, &request);
	cr_assert_not_null(reply);
	note = strdup(reply->cert->cert->names_note);
	codec_reply_free(reply);
	return note;
}

static bool names(uint64_t id, const char *name)
{
	struct store_cert cert;
	bool found;

	cr_assert_eq(store_cert_get(bench.service.store, id, &cert), STORE_OK);
	found = memmem(cert.names, cert.names_len, name, strlen(name) + 1) != NULL;
	store_cert_wipe(&cert);
	return found;
}

static void local_mode(void)
{
	Keystore__V1__ModeSetRequest body = KEYSTORE__V1__MODE_SET_REQUEST__INIT;
	ks_pb_request request = REQUEST(MODE_SET, mode_set, &body);

	body.mode = KEYSTORE__V1__MODE__MODE_LOCAL;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	settle();
}

TestSuite(service_own, .init = set_up_own, .fini = tear_down);

Test(service_own, reports_what_a_ca_issued_once)
{
	uint64_t id = create("web", 2);
	ks_pb_reply *event;
	char *note = note_of(id);

	cr_assert_str_eq(note, "");
	free(note);
	subscribe(&root);
	look("192.0.2.20", "plc-1");
	cr_assert_eq(version_of(id), 1u);
	event = client_receive(&root);
	while (event && (int)event->event->body_case != KEYSTORE__V1__EVENT__BODY_NAMES) {
		codec_reply_free(event);
		event = client_receive(&root);
	}
	cr_assert_not_null(event);
	cr_assert_eq(event->event->names->id, id);
	cr_assert_not_null(strstr(event->event->names->note, "192.0.2.10 is no address"));
	cr_assert_not_null(strstr(event->event->names->note, "eth0 has 192.0.2.20"));
	codec_reply_free(event);
	cr_assert_eq(audited("cert names", "ok"), 1u);
	pass(DAY);
	cr_assert_eq(audited("cert names", "ok"), 1u);
	note = note_of(id);
	cr_assert_not_null(strstr(note, "--addresses follow"), "%s", note);
	free(note);
	/* It is back, and gone again. */
	look("192.0.2.10", "plc-1");
	note = note_of(id);
	cr_assert_str_eq(note, "");
	free(note);
	look("192.0.2.20", "plc-1");
	cr_assert_eq(audited("cert names", "ok"), 2u);
}

Test(service_own, renews_what_is_to_follow)
{
	uint64_t id = create("web", 2);
	struct store_cert before = get(id);

	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	look("192.0.2.20", "plc-2");
	cr_assert_eq(version_of(id), 2u);
	cr_assert_eq(get(id).key_id, before.key_id);
	cr_assert(names(id, "192.0.2.20"));
	cr_assert(names(id, "plc-2.example"));
	cr_assert(!names(id, "192.0.2.10"));
	cr_assert_eq(audited("cert names", "ok"), 1u);
	cr_assert_eq(audited("cert renew", "ok"), 1u);
	pass(DAY);
	cr_assert_eq(version_of(id), 2u);
}

Test(service_own, renews_what_was_reported_once_it_is_to_follow)
{
	uint64_t id = create("web", 2);

	look("192.0.2.20", "plc-1");
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	cr_assert_eq(version_of(id), 2u);
}

Test(service_own, renews_with_a_new_key_where_the_policy_says_so)
{
	uint64_t id = create("web", 2);

	cr_assert_eq(set_policy(&root, id, 1, 0, true), STATUS_OK);
	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	look("192.0.2.20", "plc-1");
	cr_assert_str_eq(get(id).key_name, "web.v2");
}

Test(service_own, renews_what_signs_itself_in_local_mode_by_default)
{
	uint64_t id = create("own", 0);
	uint64_t ignored = create("other", 0);

	cr_assert_eq(set_addresses(ignored, 2), STATUS_OK);
	look("192.0.2.20", "plc-1");
	cr_assert_eq(version_of(id), 1u, "in project mode it does not");
	local_mode();
	pass(1);
	cr_assert_eq(version_of(id), 2u);
	cr_assert(names(id, "192.0.2.20"));
	cr_assert_eq(version_of(ignored), 1u);
	cr_assert_eq(get(id).issuer_id, id);
}

Test(service_own, waits_for_a_successor)
{
	uint64_t id = create("web", 2);
	char *note;

	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	look(NULL, "plc-1");
	cr_assert_eq(version_of(id), 1u);
	note = note_of(id);
	cr_assert_not_null(strstr(note, "when another one has taken its place"), "%s", note);
	free(note);
	look("192.0.2.30", "plc-1");
	cr_assert_eq(version_of(id), 2u);
}

Test(service_own, does_not_renew_over_and_over)
{
	uint64_t id = create("web", 2);
	char address[32];

	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	for (unsigned i = 1; i <= 10; i++) {
		snprintf(address, sizeof address, "192.0.2.1%u", i);
		look(address, "plc-1");
	}
	cr_assert_eq(version_of(id), 6u, "four are free, and then one");
}

Test(service_own, does_nothing_on_a_clock_that_is_not_believed)
{
	uint64_t id = create("web", 2);

	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	now.real += 95 * DAY;
	clock_state(bench.service.clock);
	look("192.0.2.20", "plc-1");
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(audited("cert names", NULL), 0u);
	clock_confirm(bench.service.clock);
	upkeep_check(bench.service.upkeep);
	settle();
	cr_assert_eq(version_of(id), 2u);
}

Test(service_own, judges_nothing_while_the_system_comes_up)
{
	uint64_t id = create("web", 2);

	look("192.0.2.20", "plc-1");
	cr_assert_eq(audited("cert names", NULL), 1u);
	look("192.0.2.10", "plc-1");
	memset(&sight, 0, sizeof sight);
	bench.service.now = just_started;
	service_own_set_look(bench.service.own, fake_sight, NULL);
	settle();
	cr_assert_eq(audited("cert names", NULL), 1u);
	cr_assert_eq(version_of(id), 1u);
}

Test(service_own, remembers_over_restarts)
{
	uint64_t id = create("web", 2);

	client_close(&root);
	client_close(&user);
	bench_stop();
	bench_start();
	clock_set_look(bench.service.clock, fake_look, NULL);
	clock_confirm(bench.service.clock);
	root = client_new(0, 0);
	look("192.0.2.20", "plc-1");
	cr_assert_eq(audited("cert names", "ok"), 1u);
	cr_assert_eq(version_of(id), 1u);
}

Test(service_own, is_a_finding_of_cert_check)
{
	Keystore__V1__CertCheckRequest body = KEYSTORE__V1__CERT_CHECK_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CHECK, cert_check, &body);
	uint64_t id = create("web", 2);
	ks_pb_reply *reply;
	unsigned found = 0;

	look("192.0.2.20", "plc-2");
	body.id = id;
	reply = client_ask(&root, &request);
	cr_assert_eq((int)reply->status, STATUS_OK);
	for (size_t i = 0; i < reply->cert_check->n_findings; i++) {
		const Keystore__V1__CheckFinding *finding = reply->cert_check->findings[i];

		found += strcmp(finding->rule, "san-address-gone") == 0;
		found += strcmp(finding->rule, "san-host-gone") == 0;
	}
	codec_reply_free(reply);
	cr_assert_eq(found, 2u);
}

Test(service_own, takes_a_policy_for_devices_only)
{
	uint64_t id = create("web", 2);

	cr_assert_eq(set_addresses(2, 4), STATUS_CONFLICT);
	cr_assert_eq(set_addresses(id, 5), STATUS_INVALID);
	cr_assert_eq(set_addresses(id, 99), STATUS_INVALID);
	cr_assert_eq(set_addresses(id, INT_MIN), STATUS_INVALID);
	cr_assert_eq(set_addresses(id, 0), STATUS_OK, "as it was");
	cr_assert_eq(set_addresses(id, 3), STATUS_OK);
	/* When it is renewed is another matter. */
	cr_assert_eq(set_policy(&root, id, 2, 10, true), STATUS_OK);
	struct store_renewal renewal;

	cr_assert_eq(store_renewal_get(bench.service.store, id, &renewal), STORE_OK);
	cr_assert_eq(renewal.policy.addresses, RENEWAL_ADDRESSES_REPORT);
	cr_assert_eq(set_addresses(id, 4), STATUS_OK);
	cr_assert_eq(store_renewal_get(bench.service.store, id, &renewal), STORE_OK);
	cr_assert_eq(renewal.policy.mode, RENEWAL_DAYS);
	cr_assert(renewal.policy.new_key);
}
