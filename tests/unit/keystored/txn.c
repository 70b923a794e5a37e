#include "txn.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "store_trust.h"
#include "x509_maker.h"

enum { USER = 1000 };

static struct client root;
static struct client other;
static struct made_cert made[3];

static void set_up(void)
{
	bench_up();
	root = client_new(0, 0);
	other = client_new(0, 0);
	for (size_t i = 0; i < 3; i++)
		made[i] = make_cert(
			(struct made_spec){.name = "Root", .extensions = {CA_EXTENSIONS, KEY_IDS}});
}

static void tear_down(void)
{
	for (size_t i = 0; i < 3; i++)
		made_cert_free(&made[i]);
	client_close(&root);
	client_close(&other);
	bench_down();
}

TestSuite(txn, .init = set_up, .fini = tear_down);

static ks_pb_reply *ask(struct client *client, int which)
{
	Keystore__V1__TxnBeginRequest begin = KEYSTORE__V1__TXN_BEGIN_REQUEST__INIT;
	Keystore__V1__TxnApplyRequest apply = KEYSTORE__V1__TXN_APPLY_REQUEST__INIT;
	Keystore__V1__TxnCancelRequest cancel = KEYSTORE__V1__TXN_CANCEL_REQUEST__INIT;
	Keystore__V1__TxnStatusRequest status = KEYSTORE__V1__TXN_STATUS_REQUEST__INIT;
	ks_pb_request requests[] = {
		REQUEST(TXN_BEGIN, txn_begin, &begin),
		REQUEST(TXN_APPLY, txn_apply, &apply),
		REQUEST(TXN_CANCEL, txn_cancel, &cancel),
		REQUEST(TXN_STATUS, txn_status, &status),
	};

	return client_ask(client, &requests[which]);
}

enum { BEGIN, APPLY, CANCEL, STATUS };

static int try(struct client *client, int which)
{
	ks_pb_reply *reply = ask(client, which);
	int status = reply ? (int)reply->status : -1;

	codec_reply_free(reply);
	return status;
}

static void expect(struct client *client, int which, int status, const char *said)
{
	ks_pb_reply *reply = ask(client, which);

	cr_assert_eq((int)reply->status, status, "%s", reply->message);
	cr_assert_not_null(strstr(reply->message, said), "%s", reply->message);
	codec_reply_free(reply);
}

static int add(struct client *client, const char *group, size_t which, bool in_transaction)
{
	Keystore__V1__TrustAddRequest body = KEYSTORE__V1__TRUST_ADD_REQUEST__INIT;
	ks_pb_request request = REQUEST(TRUST_ADD, trust_add, &body);
	Keystore__V1__TrustItem item = KEYSTORE__V1__TRUST_ITEM__INIT;
	Keystore__V1__TrustItem *items[] = {&item};

	item.list = KEYSTORE__V1__TRUST_LIST__TRUST_LIST_TRUSTED_CERTS;
	item.der.data = made[which].der;
	item.der.len = (size_t)made[which].len;
	body.group = (char *)(uintptr_t)group;
	body.items = items;
	body.n_items = 1;
	request.in_transaction = in_transaction;
	return client_try(client, &request);
}

static uint64_t trusted(const char *name)
{
	struct store_group group = {0};

	cr_assert_eq(store_group_get(bench.service.store, name, 0, &group), STORE_OK);
	uint64_t counts[STORE_LIST_COUNT];

	cr_assert_eq(store_group_entries(bench.service.store, group.id, counts), STORE_OK);
	return counts[STORE_TRUSTED_CERTS];
}

static bool count_entry(uint64_t seq, const struct store_audit *entry, void *data)
{
	(void)seq;
	*(unsigned *)data += strcmp(entry->operation, "trust add") == 0;
	return true;
}

static unsigned audited(void)
{
	unsigned count = 0;

	audit_flush(bench.service.audit);
	cr_assert_eq(store_audit_list(bench.service.store, 0, count_entry, &count), STORE_OK);
	return count;
}

Test(txn, applies_what_was_staged_as_one_with_a_record_each)
{
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 1, true), STATUS_OK);
	cr_assert_eq(add(&root, "https", 0, true), STATUS_OK);
	cr_assert_eq(trusted("opcua"), 0u);
	cr_assert_eq(audited(), 0u);
	ks_pb_reply *reply = ask(&other, STATUS);

	cr_assert(reply->txn->open && !reply->txn->mine);
	cr_assert_eq(reply->txn->changes, 3u);
	cr_assert_str_eq(reply->txn->staged[2], "trust add https");
	codec_reply_free(reply);
	reply = ask(&root, APPLY);
	cr_assert_eq((int)reply->status, STATUS_OK, "%s", reply->message);
	cr_assert_eq(reply->txn->applied, 3u);
	cr_assert(!reply->txn->open);
	codec_reply_free(reply);
	cr_assert_eq(trusted("opcua"), 2u);
	cr_assert_eq(trusted("https"), 1u);
	cr_assert_eq(audited(), 3u);
}

Test(txn, leaves_nothing_behind_where_one_change_fails)
{
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	expect(&root, APPLY, STATUS_CONFLICT, "change 2 of 2 (trust add opcua)");
	cr_assert_eq(trusted("opcua"), 0u);
	cr_assert_eq(audited(), 0u);
	cr_assert_eq(try(&root, APPLY), STATUS_CONFLICT);
	/* The same goes on at once. */
	cr_assert_eq(add(&root, "opcua", 0, false), STATUS_OK);
}

Test(txn, names_what_others_changed_meanwhile)
{
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	cr_assert_eq(add(&root, "https", 0, true), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	cr_assert_eq(add(&other, "opcua", 1, false), STATUS_OK);
	expect(&root, APPLY, STATUS_CONFLICT, "“opcua” was changed by others");
	cr_assert_eq(trusted("opcua"), 1u);
	cr_assert_eq(trusted("https"), 0u);
}

Test(txn, belongs_to_one_connection_at_a_time)
{
	struct client user = client_new(USER, USER);

	cr_assert_eq(try(&user, BEGIN), STATUS_DENIED);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_CONFLICT);
	expect(&root, APPLY, STATUS_CONFLICT, "no transaction open");
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	expect(&other, BEGIN, STATUS_CONFLICT, "uid 0");
	cr_assert_eq(try(&root, BEGIN), STATUS_CONFLICT);
	cr_assert_eq(add(&other, "opcua", 0, true), STATUS_CONFLICT);
	cr_assert_eq(try(&other, APPLY), STATUS_CONFLICT);
	cr_assert_eq(try(&other, CANCEL), STATUS_CONFLICT);
	expect(&root, APPLY, STATUS_CONFLICT, "nothing to apply");
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	cr_assert_eq(try(&root, CANCEL), STATUS_OK);
	cr_assert_eq(trusted("opcua"), 0u);
	cr_assert_eq(try(&other, BEGIN), STATUS_OK);
	client_close(&user);
}

Test(txn, ends_with_its_connection)
{
	struct txn_facts facts;

	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	client_close(&root);
	bench_settle();
	txn_facts(bench.service.txn, &facts);
	cr_assert(!facts.is_open);
	cr_assert_eq(try(&other, BEGIN), STATUS_OK);
	cr_assert_eq(trusted("opcua"), 0u);
	root = client_new(0, 0);
}

Test(txn, is_dropped_when_nothing_is_done_with_it)
{
	ks_pb_reply *reply;

	/* At once, since tests don't wait. */
	bench.config.transaction_idle_ms = 0;
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	do {
		reply = ask(&other, STATUS);
		bool is_open = reply->txn->open;

		codec_reply_free(reply);
		if (!is_open)
			break;
	} while (true);
	expect(&root, APPLY, STATUS_CONFLICT, "idle");
}

Test(txn, takes_no_request_that_would_act_at_once)
{
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	Keystore__V1__KeyListRequest list = KEYSTORE__V1__KEY_LIST_REQUEST__INIT;
	ks_pb_request creation = REQUEST(KEY_CREATE, key_create, &create);
	ks_pb_request look = REQUEST(KEY_LIST, key_list, &list);

	create.name = (char *)(uintptr_t) "web";
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	creation.in_transaction = true;
	look.in_transaction = true;
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	cr_assert_eq(client_try(&root, &creation), STATUS_INVALID);
	cr_assert_eq(client_try(&root, &look), STATUS_OK);
}

Test(txn, takes_so_many_changes_and_no_more)
{
	cr_assert_eq(try(&root, BEGIN), STATUS_OK);
	for (int i = 0; i < TXN_CHANGES_MAX; i++)
		cr_assert_eq(add(&root, "opcua", 0, true), STATUS_OK);
	cr_assert_eq(add(&root, "opcua", 0, true), STATUS_LIMIT);
	cr_assert_eq(try(&root, CANCEL), STATUS_OK);
}
