#include "service_audit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../support/fake_service.h"
#include "anchor.h"

static struct client root;
static struct client user;

static void set_up(void)
{
	bench_up();
	root = client_new(0, 0);
	user = client_new(1000, 1000);
	cr_assert_eq(client_create(&root, "web", TPM_EC_P256), STATUS_OK);
}

static void tear_down(void)
{
	client_close(&root);
	client_close(&user);
	bench_down();
}

TestSuite(service_audit, .init = set_up, .fini = tear_down);

static ks_pb_reply *list_after(struct client *client, uint64_t after, uint32_t limit)
{
	Keystore__V1__AuditListRequest list = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(AUDIT_LIST, audit_list, &list);

	list.after = after;
	list.limit = limit;
	return client_ask(client, &request);
}

static void send_verify(struct client *client)
{
	Keystore__V1__AuditVerifyRequest verify = KEYSTORE__V1__AUDIT_VERIFY_REQUEST__INIT;
	ks_pb_request request = REQUEST(AUDIT_VERIFY, audit_verify, &verify);

	client_send(client, &request);
}

static ks_pb_reply *verify_as(struct client *client)
{
	send_verify(client);
	return client_receive(client);
}

Test(service_audit, is_for_those_who_manage)
{
	ks_pb_reply *listed = list_after(&user, 0, 0);
	ks_pb_reply *verified = verify_as(&user);

	cr_assert_eq((int)listed->status, STATUS_DENIED);
	cr_assert_not_null(strstr(listed->message, "administrators"));
	cr_assert_eq((int)verified->status, STATUS_DENIED);
	codec_reply_free(listed);
	codec_reply_free(verified);
}

Test(service_audit, lists_in_pages_what_was_entered)
{
	ks_pb_reply *reply;

	for (int i = 0; i < 5; i++)
		cr_assert_eq(client_delete(&user, "web"), STATUS_DENIED);
	cr_assert_eq(client_delete(&root, "web"), STATUS_OK);
	reply = list_after(&root, 0, 2);
	cr_assert_eq(reply->body_case, KEYSTORE__V1__REPLY__BODY_AUDIT_LIST);
	cr_assert_eq(reply->audit_list->n_records, 2u);
	cr_assert(reply->audit_list->more);
	cr_assert_str_eq(reply->audit_list->records[0]->operation, "key create");
	codec_reply_free(reply);
	reply = list_after(&root, 2, 100);
	cr_assert_eq(reply->audit_list->n_records, 1u);
	cr_assert_not(reply->audit_list->more);
	cr_assert_eq(reply->audit_list->records[0]->count, 5u);
	codec_reply_free(reply);
	reply = list_after(&root, UINT64_MAX, 100);
	cr_assert_eq(reply->audit_list->n_records, 0u);
	codec_reply_free(reply);
}

static void expect_verified(int finding, bool is_anchored, uint64_t held)
{
	ks_pb_reply *reply = verify_as(&root);

	cr_assert_eq((int)reply->status, STATUS_OK, "%s", reply->message);
	cr_assert_eq(reply->body_case, KEYSTORE__V1__REPLY__BODY_AUDIT_VERIFY);
	cr_assert_eq((int)reply->audit_verify->finding, finding, "%s",
		     reply->audit_verify->message);
	cr_assert_eq(!*reply->audit_verify->message, finding == 0);
	cr_assert_eq((bool)reply->audit_verify->anchored, is_anchored, "%s",
		     reply->audit_verify->anchor_note);
	cr_assert_eq(!*reply->audit_verify->anchor_note, is_anchored);
	cr_assert_eq(reply->audit_verify->anchored_seq, held);
	codec_reply_free(reply);
}

Test(service_audit, says_what_the_tpm_holds)
{
	expect_verified(0, false, 0);
	anchor_finish(bench.service.anchor, 1000);
	expect_verified(0, true, 1);
	fake.nv[39] ^= 1;
	expect_verified(KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_REWRITTEN, true, 1);
	fake.nv[7] = 9;
	expect_verified(KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_CUT_OFF, true, 9);
	fake.submit = TPM_UNAVAILABLE;
	expect_verified(0, false, 0);
}

Test(service_audit, never_writes_over_what_the_trail_does_not_hold)
{
	uint8_t before[TPM_NV_MAX];

	anchor_finish(bench.service.anchor, 1000);
	fake.nv[39] ^= 1;
	memcpy(before, fake.nv, sizeof before);
	cr_assert_eq(client_delete(&root, "web"), STATUS_OK);
	anchor_finish(bench.service.anchor, 1000);
	cr_assert_arr_eq(fake.nv, before, sizeof before);
	cr_assert_eq(fake.jobs_seen[TPM_NV_WRITE], 1u);
}

Test(service_audit, writes_nothing_when_nothing_is_new)
{
	anchor_finish(bench.service.anchor, 1000);
	anchor_finish(bench.service.anchor, 1000);
	cr_assert_eq(fake.jobs_seen[TPM_NV_WRITE], 1u);
}

Test(service_audit, gives_up_on_a_tpm_that_is_busy_when_the_service_ends)
{
	fake.holds_jobs = true;
	anchor_finish(bench.service.anchor, 5);
	cr_assert_eq(fake.nv_len, 0u);
	cr_assert_eq(fake.cancelled, 1u);
	fake.holds_jobs = false;
}

Test(service_audit, ends_with_its_client_wherever_it_is)
{
	fake.holds_jobs = true;
	send_verify(&root);
	bench_settle();
	client_close(&root);
	bench_settle();
	cr_assert_eq(fake.cancelled, 1u);
	fake.holds_jobs = false;
	root = client_new(0, 0);
	expect_verified(0, false, 0);
}

static ks_pb_reply *search(Keystore__V1__AuditListRequest *list)
{
	ks_pb_request request = REQUEST(AUDIT_LIST, audit_list, list);

	return client_ask(&root, &request);
}

/* The numbers of the records, like "3 2 1+": the + says that there are more. */
static const char *found(Keystore__V1__AuditListRequest *list)
{
	static char text[256];
	ks_pb_reply *reply = search(list);
	size_t len = 0;

	cr_assert_eq((int)reply->status, STATUS_OK, "%s", reply->message);
	*text = '\0';
	for (size_t i = 0; i < reply->audit_list->n_records; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu", i ? " " : "",
					(unsigned long long)reply->audit_list->records[i]->seq);
	snprintf(text + len, sizeof text - len, "%s", reply->audit_list->more ? "+" : "");
	codec_reply_free(reply);
	return text;
}

Test(service_audit, is_listed_from_its_end)
{
	Keystore__V1__AuditListRequest list = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;

	cr_assert_eq(client_create(&root, "b", TPM_EC_P256), STATUS_OK);
	cr_assert_eq(client_create(&root, "c", TPM_EC_P256), STATUS_OK);
	list.before = UINT64_MAX;
	cr_assert_str_eq(found(&list), "3 2 1");
	list.limit = 2;
	cr_assert_str_eq(found(&list), "3 2+");
	list.before = 2;
	cr_assert_str_eq(found(&list), "1");
	list.before = 3;
	list.after = 1;
	cr_assert_str_eq(found(&list), "2");
	list.before = 1;
	cr_assert_str_eq(found(&list), "");
}

Test(service_audit, is_searched_by_what_is_asked_for)
{
	Keystore__V1__AuditListRequest list = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;
	char text[SERVICE_AUDIT_FILTER + 2];

	cr_assert_eq(client_create(&root, "pump-1", TPM_EC_P256), STATUS_OK);
	cr_assert_eq(client_create(&root, "pump-1", TPM_EC_P256), STATUS_EXISTS);
	list.object = strcpy(text, "ump");
	cr_assert_str_eq(found(&list), "2 3");
	list.object = strcpy(text, "Pump");
	cr_assert_str_eq(found(&list), "");
	list.object = (char *)(uintptr_t)protobuf_c_empty_string;
	list.operation = strcpy(text, "key");
	cr_assert_str_eq(found(&list), "1 2 3");
	list.operation = strcpy(text, "create");
	cr_assert_str_eq(found(&list), "");
	list.operation = (char *)(uintptr_t)protobuf_c_empty_string;
	list.status = strcpy(text, "ok");
	list.before = UINT64_MAX;
	cr_assert_str_eq(found(&list), "2 1");
	list.status = (char *)(uintptr_t)protobuf_c_empty_string;
	list.user = strcpy(text, "eva");
	cr_assert_str_eq(found(&list), "");
	list.user = (char *)(uintptr_t)protobuf_c_empty_string;
	list.since = 1;
	cr_assert_str_eq(found(&list), "3 2 1");
	list.until = 2;
	cr_assert_str_eq(found(&list), "");

	memset(text, 'x', sizeof text - 1);
	text[SERVICE_AUDIT_FILTER + 1] = '\0';
	list.user = text;
	ks_pb_reply *reply = search(&list);

	cr_assert_eq((int)reply->status, STATUS_INVALID);
	codec_reply_free(reply);
	text[SERVICE_AUDIT_FILTER] = '\0';
	cr_assert_str_eq(found(&list), "");
}

Test(service_audit, is_looked_through_a_part_at_a_time)
{
	Keystore__V1__AuditListRequest list = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;
	struct store_audit entry = {.operation = "test",
				    .object = "",
				    .status = "ok",
				    .detail = "",
				    .user = "",
				    .count = 1};
	char nothing[] = "nothing";

	cr_assert_eq(store_begin(bench.service.store), STORE_OK);
	for (unsigned i = 1; i < SERVICE_AUDIT_LOOK; i++)
		cr_assert_eq(store_audit_add(bench.service.store, &entry, 100000), STORE_OK);
	cr_assert_eq(store_commit(bench.service.store), STORE_OK);
	list.operation = nothing;
	cr_assert_str_eq(found(&list), "");
	cr_assert_eq(client_create(&root, "last", TPM_EC_P256), STATUS_OK);
	ks_pb_reply *reply = search(&list);

	cr_assert_eq(reply->audit_list->n_records, 0u);
	cr_assert(reply->audit_list->more);
	cr_assert_eq(reply->audit_list->last, SERVICE_AUDIT_LOOK);
	codec_reply_free(reply);
	list.after = SERVICE_AUDIT_LOOK;
	cr_assert_str_eq(found(&list), "");
}
