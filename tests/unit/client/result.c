#include <criterion/criterion.h>
#include <string.h>

#include "fake_service.h"
#include "result.h"

/* Through the wire format and back: what result_from_reply() gets is never hand-made. */
static ks_pb_reply *decoded(const ks_pb_reply *reply)
{
	uint8_t bytes[4096];
	size_t len = protobuf_c_message_pack(&reply->base, bytes);
	ks_pb_reply *copy = codec_reply_decode(bytes, len);

	cr_assert_not_null(copy);
	return copy;
}

static ks_pb_reply *key_reply(size_t fingerprint_len)
{
	static char name[] = "plc-1";
	Keystore__V1__Operation operations[] = {KEYSTORE__V1__OPERATION__OPERATION_SIGN,
						KEYSTORE__V1__OPERATION__OPERATION_DECRYPT,
						(Keystore__V1__Operation)99};
	Keystore__V1__Grant user = KEYSTORE__V1__GRANT__INIT;
	Keystore__V1__Grant newer = KEYSTORE__V1__GRANT__INIT;
	Keystore__V1__Grant group = KEYSTORE__V1__GRANT__INIT;
	Keystore__V1__Grant *grants[] = {&user, &newer, &group};
	Keystore__V1__KeyInfo info = KEYSTORE__V1__KEY_INFO__INIT;
	Keystore__V1__KeyReply key = KEYSTORE__V1__KEY_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	uint8_t fingerprint[64] = {0xab};

	user.subject_case = KEYSTORE__V1__GRANT__SUBJECT_UID;
	user.uid = 1000;
	user.n_operations = 1;
	user.operations = operations;
	group.subject_case = KEYSTORE__V1__GRANT__SUBJECT_GID;
	group.gid = 27;
	group.n_operations = 3;
	group.operations = operations;
	info.id = 17;
	info.name = name;
	info.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_RSA_2048;
	info.n_operations = 3;
	info.operations = operations;
	info.origin = KEYSTORE__V1__ORIGIN__ORIGIN_TPM;
	info.pinned = 1;
	info.persistent_handle = 0x81010001;
	info.fingerprint.data = fingerprint;
	info.fingerprint.len = fingerprint_len;
	info.n_grants = 3;
	info.grants = grants;
	key.key = &info;
	reply.id = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY;
	reply.key = &key;
	return decoded(&reply);
}

Test(result, carries_a_key_with_its_grants)
{
	struct ks_result *result = result_from_reply(key_reply(32), KEYSTORE__V1__REPLY__BODY_KEY);
	const struct ks_key *key;

	cr_assert_not_null(result);
	cr_assert_eq(result->key_count, 1);
	key = &result->keys[0];
	cr_assert_eq(key->id, 17);
	cr_assert_str_eq(key->name, "plc-1");
	cr_assert_eq(key->algorithm, KS_ALGORITHM_RSA_2048);
	cr_assert_eq(key->operations, KS_OPERATION_SIGN | KS_OPERATION_DECRYPT);
	cr_assert_eq(key->origin, KS_ORIGIN_TPM);
	cr_assert(key->pinned);
	cr_assert_eq(key->persistent_handle, 0x81010001);
	cr_assert_eq(key->fingerprint[0], 0xab);
	ks_result_free(result);
}

Test(result, passes_over_a_grant_of_an_unknown_kind)
{
	struct ks_result *result = result_from_reply(key_reply(32), KEYSTORE__V1__REPLY__BODY_KEY);
	const struct ks_key *key = &result->keys[0];

	cr_assert_eq(key->grant_count, 2);
	cr_assert_eq(key->grants[0].subject, KS_SUBJECT_UID);
	cr_assert_eq(key->grants[0].id, 1000);
	cr_assert_eq(key->grants[0].operations, KS_OPERATION_SIGN);
	cr_assert_eq(key->grants[1].subject, KS_SUBJECT_GID);
	cr_assert_eq(key->grants[1].id, 27);
	ks_result_free(result);
}

Test(result, does_not_believe_a_fingerprint_of_the_wrong_length)
{
	ks_pb_reply *reply = key_reply(31);

	cr_assert_null(result_from_reply(reply, KEYSTORE__V1__REPLY__BODY_KEY));
	codec_reply_free(reply);
}

Test(result, does_not_believe_a_key_reply_without_a_key)
{
	Keystore__V1__KeyReply key = KEYSTORE__V1__KEY_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	ks_pb_reply *copy;

	reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY;
	reply.key = &key;
	copy = decoded(&reply);
	cr_assert_null(result_from_reply(copy, KEYSTORE__V1__REPLY__BODY_KEY));
	codec_reply_free(copy);
}

Test(result, does_not_believe_success_without_the_content)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	ks_pb_reply *copy;

	reply.id = 1;
	copy = decoded(&reply);
	cr_assert_null(result_from_reply(copy, KEYSTORE__V1__REPLY__BODY_DATA));
	codec_reply_free(copy);
}

Test(result, of_an_empty_page_has_no_keys_and_no_more)
{
	Keystore__V1__KeyListReply list = KEYSTORE__V1__KEY_LIST_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	/* A service that says "more" behind nothing would keep us asking for ever. */
	list.more = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY_LIST;
	reply.key_list = &list;
	result = result_from_reply(decoded(&reply), KEYSTORE__V1__REPLY__BODY_KEY_LIST);
	cr_assert_not_null(result);
	cr_assert_eq(result->key_count, 0);
	cr_assert(!result->more);
	ks_result_free(result);
}

Test(result, carries_what_the_service_says_of_itself)
{
	static char ready[] = "";
	Keystore__V1__Algorithm algorithms[32];
	Keystore__V1__StatusReply status = KEYSTORE__V1__STATUS_REPLY__INIT;
	Keystore__V1__TpmFacts tpm = KEYSTORE__V1__TPM_FACTS__INIT;
	Keystore__V1__Limits limits = KEYSTORE__V1__LIMITS__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	for (size_t i = 0; i < 32; i++)
		algorithms[i] = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	tpm.state = KEYSTORE__V1__TPM_STATE__TPM_STATE_READY;
	tpm.reason = ready;
	tpm.n_algorithms = 32;
	tpm.algorithms = algorithms;
	limits.keys = 10000;
	status.tpm = &tpm;
	status.limits = &limits;
	status.signatures = 5;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_SERVICE;
	reply.service = &status;
	result = result_from_reply(decoded(&reply), KEYSTORE__V1__REPLY__BODY_SERVICE);

	cr_assert_not_null(result);
	cr_assert_eq(result->service->tpm.state, KS_TPM_READY);
	cr_assert_eq(result->service->tpm.algorithm_count, 16);
	cr_assert_eq(result->service->tpm.algorithms[15], KS_ALGORITHM_EC_P256);
	cr_assert_eq(result->service->limits.keys, 10000);
	cr_assert_eq(result->service->signatures, 5);
	ks_result_free(result);
}

Test(result, of_a_failure_has_a_harmless_message)
{
	static char message[] = "no \033[31mkey\nhere";
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	reply.id = 1;
	reply.status = KEYSTORE__V1__STATUS__STATUS_NOT_FOUND;
	reply.message = message;
	result = result_from_reply(decoded(&reply), KEYSTORE__V1__REPLY__BODY_KEY);
	cr_assert_eq(result->status, KS_NOT_FOUND);
	cr_assert_str_eq(result->message, "no ?[31mkey?here");
	ks_result_free(result);
}

Test(result, of_an_unknown_status_is_an_internal_fault_with_a_message)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	reply.id = 1;
	reply.status = (Keystore__V1__Status)77;
	result = result_from_reply(decoded(&reply), KEYSTORE__V1__REPLY__BODY_KEY);
	cr_assert_eq(result->status, KS_INTERNAL);
	cr_assert_str_eq(result->message, ks_status_name(KS_INTERNAL));
	ks_result_free(result);
}

static struct ks_result *result_of_records(size_t chain_len, bool more, size_t count)
{
	static uint8_t chain[64];
	static char object[] = "web\033[2J";
	Keystore__V1__AuditRecord record = KEYSTORE__V1__AUDIT_RECORD__INIT;
	Keystore__V1__AuditRecord *records[] = {&record, &record};
	Keystore__V1__AuditListReply list = KEYSTORE__V1__AUDIT_LIST_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	ks_pb_reply *copy;
	struct ks_result *result;

	record.seq = 7;
	record.object = object;
	record.chain = (ProtobufCBinaryData){.data = chain, .len = chain_len};
	list.records = records;
	list.n_records = count;
	list.more = more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_AUDIT_LIST;
	reply.audit_list = &list;
	copy = decoded(&reply);
	result = result_from_reply(copy, KEYSTORE__V1__REPLY__BODY_AUDIT_LIST);
	if (!result)
		codec_reply_free(copy);
	return result;
}

Test(result, of_a_page_of_records_has_harmless_texts)
{
	struct ks_result *result = result_of_records(32, true, 2);

	cr_assert_not_null(result);
	cr_assert_eq(result->record_count, 2);
	cr_assert_eq(result->records[1].seq, 7);
	cr_assert_str_eq(result->records[0].object, "web?[2J");
	cr_assert(result->more);
	ks_result_free(result);
}

Test(result, believes_no_record_without_its_chain_value_and_no_more_behind_nothing)
{
	struct ks_result *empty = result_of_records(32, true, 0);

	cr_assert_null(result_of_records(31, false, 1));
	cr_assert_null(result_of_records(0, false, 1));
	cr_assert_not_null(empty);
	cr_assert(!empty->more);
	ks_result_free(empty);
}
