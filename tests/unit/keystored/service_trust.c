#include "service_trust.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "rejects.h"
#include "trust_change.h"
#include "x509_maker.h"
#include "x509_text.h"

enum { USER = 1000 };

static struct client root;
static struct client user;
static struct made_cert ca;
static struct made_cert leaf;

static void set_up(void)
{
	bench_up();
	root = client_new(0, 0);
	user = client_new(USER, USER);
	ca = make_cert((struct made_spec){.name = "Root", .extensions = {CA_EXTENSIONS, KEY_IDS}});
	leaf = make_cert(
		(struct made_spec){.name = "leaf", .issuer = &ca, .extensions = {KEY_IDS}});
}

static void tear_down(void)
{
	made_cert_free(&leaf);
	made_cert_free(&ca);
	client_close(&root);
	client_close(&user);
	bench_down();
}

TestSuite(service_trust, .init = set_up, .fini = tear_down);

static ProtobufCBinaryData der_of(const struct made_cert *made)
{
	return (ProtobufCBinaryData){.data = made->der, .len = (size_t)made->len};
}

static int add(struct client *client, const char *group, const struct made_cert *made, size_t times)
{
	Keystore__V1__TrustAddRequest body = KEYSTORE__V1__TRUST_ADD_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_ADD, trust_add, &body);
	Keystore__V1__TrustItem item = KEYSTORE__V1__TRUST_ITEM__INIT;
	Keystore__V1__TrustItem **items = calloc(times + 1, sizeof(*items));

	item.list = KEYSTORE__V1__TRUST_LIST__TRUST_LIST_TRUSTED_CERTS;
	item.der = der_of(made);
	for (size_t i = 0; i < times; i++)
		items[i] = &item;
	body.group = (char *)(uintptr_t)group;
	body.items = items;
	body.n_items = times;
	int status = client_try(client, &request);

	free(items);
	return status;
}

static ks_pb_reply *validate(struct client *client, const char *group, const struct made_cert *made)
{
	Keystore__V1__ValidateRequest body = KEYSTORE__V1__VALIDATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(VALIDATE, validate, &body);

	body.group = (char *)(uintptr_t)group;
	body.candidate = der_of(made);
	return client_ask(client, &request);
}

static int verdict(struct client *client, const char *group, const struct made_cert *made)
{
	ks_pb_reply *reply = validate(client, group, made);
	int found = reply->status ? -(int)reply->status : (int)reply->validate->verdict;

	codec_reply_free(reply);
	return found;
}

/* What is wrong with the question itself. */
static int ask_for(struct client *client, const char *host, uint64_t anchor_id)
{
	Keystore__V1__ValidateRequest body = KEYSTORE__V1__VALIDATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(VALIDATE, validate, &body);
	ks_pb_reply *reply;
	int found;

	body.group = (char *)(uintptr_t) "opcua";
	body.candidate = der_of(&leaf);
	body.host = (char *)(uintptr_t)host;
	body.anchor_id = anchor_id;
	reply = client_ask(client, &request);
	found = reply->status ? -(int)reply->status : (int)reply->validate->verdict;
	codec_reply_free(reply);
	return found;
}

static size_t groups_seen(struct client *client)
{
	Keystore__V1__TrustGroupListRequest body = KEYSTORE__V1__TRUST_GROUP_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_GROUP_LIST, trust_group_list, &body);
	ks_pb_reply *reply = client_ask(client, &request);
	size_t count = reply->trust_group_list->n_groups;

	codec_reply_free(reply);
	return count;
}

static int list(struct client *client, const char *group, int which)
{
	Keystore__V1__TrustListRequest body = KEYSTORE__V1__TRUST_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_LIST, trust_list, &body);

	body.group = (char *)(uintptr_t)group;
	body.list = (Keystore__V1__TrustList)which;
	return client_try(client, &request);
}

Test(service_trust, is_for_those_who_see_everything_and_nobody_else)
{
	cr_assert_eq(add(&user, "opcua", &ca, 1), STATUS_DENIED);
	cr_assert_eq(list(&user, "opcua", 0), STATUS_DENIED);
	cr_assert_eq(verdict(&user, "opcua", &leaf), -STATUS_DENIED);
	cr_assert_eq(groups_seen(&user), 0u);
	cr_assert_eq(add(&root, "opcua", &ca, 1), STATUS_OK);
	cr_assert_eq(list(&root, "opcua", 0), STATUS_OK);
	cr_assert_eq(groups_seen(&root), 6u);
}

Test(service_trust, takes_so_many_items_and_no_more)
{
	cr_assert_eq(add(&root, "opcua", &ca, 0), STATUS_INVALID);
	cr_assert_eq(add(&root, "opcua", &ca, TRUST_ITEMS_MAX + 1), STATUS_LIMIT);
	/* The second of them is there already. */
	cr_assert_eq(add(&root, "opcua", &ca, 2), STATUS_EXISTS);
	cr_assert_eq(list(&root, "opcua", 5), STATUS_INVALID);
	cr_assert_eq(list(&root, "none", 0), STATUS_NOT_FOUND);
}

Test(service_trust, tells_subscribers_what_changes_and_what_is_refused)
{
	Keystore__V1__SubscribeRequest body = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &body);
	struct client watcher = client_new(0, 0);
	ks_pb_reply *reply;

	cr_assert_eq(client_try(&watcher, &request), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", &ca, 1), STATUS_OK);
	reply = client_receive(&watcher);
	cr_assert_eq((int)reply->event->body_case, KEYSTORE__V1__EVENT__BODY_TRUST);
	cr_assert_str_eq(reply->event->trust->group, "opcua");
	codec_reply_free(reply);
	cr_assert_eq(verdict(&root, "https", &leaf), PATH_INCOMPLETE);
	rejects_flush(bench.service.rejects);
	reply = client_receive(&watcher);
	cr_assert_eq((int)reply->event->body_case, KEYSTORE__V1__EVENT__BODY_REJECTED);
	cr_assert_str_eq(reply->event->rejected->group, "https");
	cr_assert_eq(reply->event->rejected->fingerprint.len, 32u);
	codec_reply_free(reply);
	client_close(&watcher);
}

static bool count_rejected(const struct store_rejected *found, void *data)
{
	(void)found;
	++*(int *)data;
	return true;
}

Test(service_trust, lists_nobody_as_refused_who_is_only_not_the_one_asked_for)
{
	int count = 0;

	/* The service's clock is the machine's. */
	made_cert_free(&leaf);
	leaf = make_cert((struct made_spec){
		.name = "leaf", .not_before = DAY, .not_after = (int64_t)36500 * DAY});
	cr_assert_eq(add(&root, "opcua", &leaf, 1), STATUS_OK);
	cr_assert_eq(ask_for(&root, "plc-1", 0), KEYSTORE__V1__VERDICT__VERDICT_HOST);
	rejects_flush(bench.service.rejects);
	cr_assert_eq(store_rejected_list(bench.service.store, 0, 0, count_rejected, &count),
		     STORE_OK);
	cr_assert_eq(count, 0);
}

static int look_at(const struct made_cert *made, bool is_thorough)
{
	Keystore__V1__ValidateRequest body = KEYSTORE__V1__VALIDATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(VALIDATE, validate, &body);
	ks_pb_reply *reply;
	int found;

	body.group = (char *)(uintptr_t) "opcua";
	body.candidate = der_of(made);
	body.thorough = is_thorough;
	reply = client_ask(&root, &request);
	found = reply->status ? -(int)reply->status : (int)reply->validate->verdict;
	codec_reply_free(reply);
	return found;
}

Test(service_trust, says_what_else_is_wrong_with_who_is_unknown_where_that_is_asked)
{
	struct made_cert over = make_cert(
		(struct made_spec){.name = "over", .not_before = DAY, .not_after = 2 * DAY});
	struct made_cert good = make_cert((struct made_spec){
		.name = "good", .not_before = DAY, .not_after = (int64_t)36500 * DAY});

	cr_expect_eq(look_at(&over, false), KEYSTORE__V1__VERDICT__VERDICT_UNTRUSTED);
	cr_expect_eq(look_at(&over, true), KEYSTORE__V1__VERDICT__VERDICT_EXPIRED);
	cr_expect_eq(look_at(&good, true), KEYSTORE__V1__VERDICT__VERDICT_UNTRUSTED);
	/* It has become trusted by none of these. */
	cr_expect_eq(look_at(&good, false), KEYSTORE__V1__VERDICT__VERDICT_UNTRUSTED);
	made_cert_free(&over);
	made_cert_free(&good);
}

Test(service_trust, says_what_cannot_be_asked_for_to_those_who_may_ask)
{
	char host[X509_TEXT_MAX + 2] = "";

	memset(host, 'a', sizeof(host) - 1);
	cr_assert_eq(ask_for(&root, host, 0), -STATUS_INVALID);
	cr_assert_eq(ask_for(&root, "*.plant", 0), -STATUS_INVALID);
	cr_assert_eq(ask_for(&root, "", 1), -STATUS_NOT_FOUND);
	cr_assert_eq(ask_for(&root, "", UINT64_MAX), -STATUS_NOT_FOUND);
	cr_assert_eq(ask_for(&user, "*.plant", 0), -STATUS_DENIED);
	cr_assert_eq(ask_for(&user, "", 1), -STATUS_DENIED);
}

Test(service_trust, lets_the_rejected_wait_within_bounds)
{
	struct path_verdict verdict = {.reason = PATH_UNTRUSTED, .text = "nobody knows it"};
	struct store_group group;
	int count = 0;

	cr_assert_eq(store_group_get(bench.service.store, "https", 0, &group), STORE_OK);
	for (int i = 0; i < REJECTS_PENDING_MAX + 1; i++) {
		struct made_cert made = make_cert((struct made_spec){.name = "stranger"});
		struct path_der der = {made.der, (size_t)made.len};

		rejects_note(bench.service.rejects, &group, &der, &verdict);
		made_cert_free(&made);
	}
	rejects_flush(bench.service.rejects);
	cr_assert_eq(store_rejected_list(bench.service.store, 0, 0, count_rejected, &count),
		     STORE_OK);
	cr_assert_eq(count, REJECTS_PENDING_MAX);
}
