#include "result.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "result_cert.h"
#include "result_trust.h"
#include "result_user.h"
#include "status.h"
#include "text.h"

#define FACTS_LIST_MAX	16 /* algorithms or hashes that are passed on */
#define FINGERPRINT_LEN 32
#define CHAIN_LEN	32

/* A ks_tpm and the memory behind its lists. */
struct facts {
	struct ks_tpm tpm;
	enum ks_algorithm algorithms[FACTS_LIST_MAX];
	enum ks_hash hashes[FACTS_LIST_MAX];
};

#define KEY_POOLS_MAX 8 /* algorithms */

/* A result and what its pointers point to. */
struct owned {
	struct ks_result result; /* first: ks_result_free() gets this address */
	char *message;
	ks_pb_reply *reply;
	struct ks_key *keys;
	struct ks_grant *grants;
	struct ks_cert *certs;
	struct ks_cert_version *versions;
	struct ks_service service;
	struct facts facts;
	struct ks_key_pool key_pools[KEY_POOLS_MAX];
	struct ks_record *records;
	struct ks_audit audit;
	struct ks_check check;
	struct ks_check_finding *check_findings;
	struct ks_crl *crls;
	struct ks_profile *profiles;
	struct result_trust trust;
	struct result_users users;
};

static const struct ks_result nomem_result = {
	.status = KS_NOMEM,
	.message = "out of memory",
	.note = "",
	.crl_number = "",
};

/* Never written to: ks_result_free() knows it. */
static struct ks_result *nomem(void)
{
	return (struct ks_result *)(uintptr_t)&nomem_result;
}

enum ks_status reply_status(const ks_pb_reply *reply)
{
	return (unsigned)reply->status < STATUS_COUNT ? (enum ks_status)reply->status : KS_INTERNAL;
}

static unsigned operation_bits(const Keystore__V1__Operation *operations, size_t count)
{
	unsigned bits = 0;

	for (size_t i = 0; i < count; i++) {
		if (operations[i] == KEYSTORE__V1__OPERATION__OPERATION_SIGN)
			bits |= KS_OPERATION_SIGN;
		if (operations[i] == KEYSTORE__V1__OPERATION__OPERATION_DECRYPT)
			bits |= KS_OPERATION_DECRYPT;
	}
	return bits;
}

static void read_facts(const Keystore__V1__TpmFacts *from, struct facts *facts)
{
	text_clean(from->reason);
	text_clean(from->manufacturer);
	text_clean(from->model);
	text_clean(from->firmware);
	facts->tpm = (struct ks_tpm){
		.state = (enum ks_tpm_state)from->state,
		.reason = from->reason,
		.manufacturer = from->manufacturer,
		.model = from->model,
		.firmware = from->firmware,
		.algorithms = facts->algorithms,
		.hashes = facts->hashes,
		.transient_slots = from->transient_slots,
		.persistent_free = from->persistent_free,
		.pss_padded_here = from->pss_padded_here,
	};
	for (size_t i = 0; i < from->n_algorithms && i < FACTS_LIST_MAX; i++)
		facts->algorithms[facts->tpm.algorithm_count++] =
			(enum ks_algorithm)from->algorithms[i];
	for (size_t i = 0; i < from->n_hashes && i < FACTS_LIST_MAX; i++)
		facts->hashes[facts->tpm.hash_count++] = (enum ks_hash)from->hashes[i];
}

static struct ks_limits read_limits(const Keystore__V1__Limits *from)
{
	return (struct ks_limits){
		.frame_bytes = from->frame_bytes,
		.requests_per_connection = from->requests_per_connection,
		.requests_per_uid = from->requests_per_uid,
		.connections_per_uid = from->connections_per_uid,
		.keys = from->keys,
		.random_bytes = from->random_bytes,
		.list_page = from->list_page,
		.grants_per_key = from->grants_per_key,
	};
}

static bool read_hello(struct owned *owned, const Keystore__V1__HelloReply *from)
{
	if (!from->tpm || !from->limits)
		return false;
	text_clean(from->server_version);
	read_facts(from->tpm, &owned->facts);
	owned->service = (struct ks_service){
		.clock_note = "",
		.names_note = "",
		.version = from->server_version,
		.protocol_version = from->protocol_version,
		.tpm = owned->facts.tpm,
		.limits = read_limits(from->limits),
	};
	owned->result.service = &owned->service;
	return true;
}

static void read_key_pools(struct owned *owned, const Keystore__V1__StatusReply *from)
{
	size_t count = from->n_key_pools < KEY_POOLS_MAX ? from->n_key_pools : KEY_POOLS_MAX;

	for (size_t i = 0; i < count; i++) {
		owned->key_pools[i] = (struct ks_key_pool){
			.algorithm = (enum ks_algorithm)from->key_pools[i]->algorithm,
			.ready = from->key_pools[i]->ready,
			.wanted = from->key_pools[i]->wanted,
		};
	}
	owned->service.key_pools = owned->key_pools;
	owned->service.key_pool_count = count;
}

static bool read_status(struct owned *owned, const Keystore__V1__StatusReply *from)
{
	if (!from->tpm || !from->limits)
		return false;
	text_clean(from->clock_note);
	text_clean(from->names_note);
	text_clean(from->server_version);
	read_facts(from->tpm, &owned->facts);
	owned->service = (struct ks_service){
		.version = from->server_version,
		.tpm = owned->facts.tpm,
		.limits = read_limits(from->limits),
		.uptime_ms = from->uptime_ms,
		.connections = from->connections,
		.queue_length = from->queue_length,
		.queue_limit = from->queue_limit,
		.keys = from->keys,
		.signatures = from->signatures,
		.decryptions = from->decryptions,
		.tpm_commands = from->tpm_commands,
		.tpm_reopened = from->tpm_reopened,
		.signatures_withheld = from->signatures_withheld,
		.tpm_busy_us = from->tpm_busy_us,
		.queue_wait_us = from->queue_wait_us,
		.tpm_jobs = from->tpm_jobs,
		.tpm_latency_us = from->tpm_latency_us,
		.tpm_latency_count = from->n_tpm_latency_us,
		.clock = (enum ks_clock_state)from->clock,
		.clock_note = from->clock_note,
		.certs_expiring = from->certs_expiring,
		.certs_expired = from->certs_expired,
		.names_watched = from->names_watched,
		.names_note = from->names_note,
	};
	read_key_pools(owned, from);
	owned->result.service = &owned->service;
	return true;
}

static void read_grants(const Keystore__V1__KeyInfo *from, struct ks_key *key,
			struct ks_grant *grants)
{
	key->grants = grants;
	for (size_t i = 0; i < from->n_grants; i++) {
		const Keystore__V1__Grant *grant = from->grants[i];
		bool is_uid = grant->subject_case == KEYSTORE__V1__GRANT__SUBJECT_UID;

		/* A kind of subject that is newer than this library. */
		if (grant->subject_case == KEYSTORE__V1__GRANT__SUBJECT__NOT_SET)
			continue;
		grants[key->grant_count++] = (struct ks_grant){
			.subject = is_uid ? KS_SUBJECT_UID : KS_SUBJECT_GID,
			.id = is_uid ? grant->uid : grant->gid,
			.operations = operation_bits(grant->operations, grant->n_operations),
		};
	}
}

static bool read_key(const Keystore__V1__KeyInfo *from, struct ks_key *key, struct ks_grant *grants)
{
	if (from->fingerprint.len != 0 && from->fingerprint.len != FINGERPRINT_LEN)
		return false;
	text_clean(from->name);
	text_clean(from->service);
	*key = (struct ks_key){
		.id = from->id,
		.name = from->name,
		.algorithm = (enum ks_algorithm)from->algorithm,
		.operations = operation_bits(from->operations, from->n_operations),
		.origin = (enum ks_origin)from->origin,
		.pinned = from->pinned,
		.persistent_handle = from->persistent_handle,
		.created = from->created,
		.created_by = from->created_by,
		.service = from->service,
		.of_ca = from->of_ca,
		.public_key = from->public_key.data,
		.public_key_len = from->public_key.len,
		.fingerprint = from->fingerprint.len ? from->fingerprint.data : NULL,
	};
	read_grants(from, key, grants);
	return true;
}

static bool read_keys(struct owned *owned, Keystore__V1__KeyInfo *const *from, size_t count)
{
	size_t grants = 0;

	for (size_t i = 0; i < count; i++)
		grants += from[i]->n_grants;
	owned->keys = calloc(count ? count : 1, sizeof(*owned->keys));
	owned->grants = calloc(grants ? grants : 1, sizeof(*owned->grants));
	if (!owned->keys || !owned->grants) {
		owned->result.status = KS_NOMEM;
		return true;
	}
	grants = 0;
	for (size_t i = 0; i < count; i++) {
		if (!read_key(from[i], &owned->keys[i], owned->grants + grants))
			return false;
		grants += owned->keys[i].grant_count;
	}
	owned->result.keys = owned->keys;
	owned->result.key_count = count;
	return true;
}

static bool read_certs(struct owned *owned, Keystore__V1__CertInfo *const *from, size_t count)
{
	size_t versions = 0;

	for (size_t i = 0; i < count; i++)
		versions += from[i]->n_history;
	owned->certs = calloc(count ? count : 1, sizeof(*owned->certs));
	owned->versions = calloc(versions ? versions : 1, sizeof(*owned->versions));
	if (!owned->certs || !owned->versions) {
		owned->result.status = KS_NOMEM;
		return true;
	}
	versions = 0;
	for (size_t i = 0; i < count; i++) {
		if (!cert_from_info(from[i], &owned->certs[i], owned->versions + versions))
			return false;
		versions += owned->certs[i].history_count;
	}
	owned->result.certs = owned->certs;
	owned->result.cert_count = count;
	return true;
}

static bool read_records(struct owned *owned, const Keystore__V1__AuditListReply *from)
{
	owned->records = calloc(from->n_records ? from->n_records : 1, sizeof(*owned->records));
	if (!owned->records) {
		owned->result.status = KS_NOMEM;
		return true;
	}
	for (size_t i = 0; i < from->n_records; i++) {
		const Keystore__V1__AuditRecord *record = from->records[i];

		if (record->chain.len != CHAIN_LEN)
			return false;
		text_clean(record->operation);
		text_clean(record->object);
		text_clean(record->status);
		text_clean(record->detail);
		text_clean(record->user);
		owned->records[i] = (struct ks_record){
			.seq = record->seq,
			.time = record->time,
			.uid = record->uid,
			.pid = record->pid,
			.operation = record->operation,
			.object = record->object,
			.status = record->status,
			.detail = record->detail,
			.count = record->count,
			.chain = record->chain.data,
			.user = record->user,
		};
	}
	owned->result.records = owned->records;
	owned->result.record_count = from->n_records;
	owned->result.audit_last = from->last;
	/* Of a service that looks at what it tells, and no more. */
	if (!from->last && from->n_records)
		owned->result.audit_last = from->records[from->n_records - 1]->seq;
	owned->result.more = from->more && owned->result.audit_last;
	return true;
}

static struct ks_crl read_crl(const Keystore__V1__CrlInfo *from)
{
	text_clean(from->number);
	text_clean(from->ca);
	return (struct ks_crl){
		.ca_id = from->ca_id,
		.ca = from->ca,
		.number = from->number,
		.this_update = from->this_update,
		.next_update = from->next_update,
		.entries = from->entries,
		.bytes = from->bytes,
		.pending = from->pending,
	};
}

static bool read_crls(struct owned *owned, const Keystore__V1__CrlListReply *from)
{
	owned->crls = calloc(from->n_crls ? from->n_crls : 1, sizeof(*owned->crls));
	if (!owned->crls) {
		owned->result.status = KS_NOMEM;
		return true;
	}
	for (size_t i = 0; i < from->n_crls; i++)
		owned->crls[i] = read_crl(from->crls[i]);
	owned->result.crls = owned->crls;
	owned->result.crl_count = from->n_crls;
	owned->result.more = from->more && from->n_crls > 0;
	return true;
}

static void read_audit(struct owned *owned, const Keystore__V1__AuditVerifyReply *from)
{
	text_clean(from->message);
	text_clean(from->anchor_note);
	owned->audit = (struct ks_audit){
		.finding = (enum ks_finding)from->finding,
		.first = from->first,
		.last = from->last,
		.since = from->since,
		.message = from->message,
		.records = from->records,
		.newest = from->newest,
		.anchored = from->anchored,
		.anchored_seq = from->anchored_seq,
		.anchor_note = from->anchor_note,
	};
	owned->result.audit = &owned->audit;
}

static bool read_check(struct owned *owned, const Keystore__V1__CertCheckReply *from)
{
	owned->check_findings = check_findings_from(from->findings, from->n_findings);
	if (!owned->check_findings) {
		owned->result.status = KS_NOMEM;
		return true;
	}
	owned->check = (struct ks_check){
		.findings = owned->check_findings,
		.finding_count = from->n_findings,
		.checked = from->checked,
		.last = from->last,
	};
	owned->result.check = &owned->check;
	owned->result.more = from->more && from->checked > 0;
	return true;
}

static bool read_profiles(struct owned *owned, const Keystore__V1__ProfileListReply *from)
{
	owned->profiles = profiles_from(from->profiles, from->n_profiles);
	owned->result.profiles = owned->profiles;
	owned->result.profile_count = from->n_profiles;
	if (!owned->profiles)
		owned->result.status = KS_NOMEM;
	return true;
}

static bool read_body(struct owned *owned, const ks_pb_reply *reply)
{
	switch (reply->body_case) {
	case KEYSTORE__V1__REPLY__BODY_HELLO:
		return read_hello(owned, reply->hello);
	case KEYSTORE__V1__REPLY__BODY_SERVICE:
		return read_status(owned, reply->service);
	case KEYSTORE__V1__REPLY__BODY_KEY:
		return reply->key->key && read_keys(owned, &reply->key->key, 1);
	case KEYSTORE__V1__REPLY__BODY_KEY_LIST:
		owned->result.more = reply->key_list->more && reply->key_list->n_keys > 0;
		return read_keys(owned, reply->key_list->keys, reply->key_list->n_keys);
	case KEYSTORE__V1__REPLY__BODY_DATA:
		owned->result.data = reply->data->data.data;
		owned->result.data_len = reply->data->data.len;
		text_clean(reply->data->crl_number);
		owned->result.data_total = reply->data->total;
		owned->result.crl_number = reply->data->crl_number;
		return true;
	case KEYSTORE__V1__REPLY__BODY_CERT:
		text_clean(reply->cert->note);
		owned->result.note = reply->cert->note;
		return reply->cert->cert && read_certs(owned, &reply->cert->cert, 1);
	case KEYSTORE__V1__REPLY__BODY_CERT_LIST:
		owned->result.more = reply->cert_list->more && reply->cert_list->n_certs > 0;
		return read_certs(owned, reply->cert_list->certs, reply->cert_list->n_certs);
	case KEYSTORE__V1__REPLY__BODY_CERT_IMPORT:
		for (size_t i = 0; i < reply->cert_import->n_notes; i++)
			text_clean(reply->cert_import->notes[i]);
		owned->result.notes = (const char *const *)reply->cert_import->notes;
		owned->result.note_count = reply->cert_import->n_notes;
		return read_certs(owned, reply->cert_import->certs, reply->cert_import->n_certs);
	case KEYSTORE__V1__REPLY__BODY_CERT_REQUEST:
		owned->result.data = reply->cert_request->der.data;
		owned->result.data_len = reply->cert_request->der.len;
		return reply->cert_request->cert &&
		       read_certs(owned, &reply->cert_request->cert, 1);
	case KEYSTORE__V1__REPLY__BODY_CERT_CHECK:
		return read_check(owned, reply->cert_check);
	case KEYSTORE__V1__REPLY__BODY_PROFILE_LIST:
		return read_profiles(owned, reply->profile_list);
	case KEYSTORE__V1__REPLY__BODY_CRL_LIST:
		return read_crls(owned, reply->crl_list);
	case KEYSTORE__V1__REPLY__BODY_AUDIT_LIST:
		return read_records(owned, reply->audit_list);
	case KEYSTORE__V1__REPLY__BODY_AUDIT_VERIFY:
		read_audit(owned, reply->audit_verify);
		return true;
	case KEYSTORE__V1__REPLY__BODY_TRUST_LIST:
	case KEYSTORE__V1__REPLY__BODY_TRUST_GROUP_LIST:
	case KEYSTORE__V1__REPLY__BODY_REJECTED_LIST:
	case KEYSTORE__V1__REPLY__BODY_VALIDATE:
	case KEYSTORE__V1__REPLY__BODY_SERVICE_LIST:
	case KEYSTORE__V1__REPLY__BODY_TXN:
		return result_trust_read(&owned->trust, reply, &owned->result);
	case KEYSTORE__V1__REPLY__BODY_LOGIN:
	case KEYSTORE__V1__REPLY__BODY_WHOAMI:
	case KEYSTORE__V1__REPLY__BODY_USER:
	case KEYSTORE__V1__REPLY__BODY_USER_LIST:
	case KEYSTORE__V1__REPLY__BODY_ROLE:
	case KEYSTORE__V1__REPLY__BODY_ROLE_LIST:
	case KEYSTORE__V1__REPLY__BODY_SESSION_LIST:
	case KEYSTORE__V1__REPLY__BODY_MODE:
		return result_users_read(&owned->users, reply, &owned->result);
	case KEYSTORE__V1__REPLY__BODY_EVENT:
	case KEYSTORE__V1__REPLY__BODY__NOT_SET:
	case _KEYSTORE__V1__REPLY__BODY__CASE_IS_INT_SIZE:
		return true;
	}
	return true;
}

struct ks_result *result_from_reply(ks_pb_reply *reply, Keystore__V1__Reply__BodyCase expected)
{
	struct owned *owned = NULL;
	enum ks_status status = reply_status(reply);

	if (status == KS_OK && expected != KEYSTORE__V1__REPLY__BODY__NOT_SET &&
	    reply->body_case != expected)
		return NULL;
	owned = calloc(1, sizeof(*owned));
	if (!owned) {
		codec_reply_free(reply);
		return nomem();
	}
	text_clean(reply->message);
	owned->result = (struct ks_result){
		.status = status,
		.note = "",
		.crl_number = "",
		.message = status == KS_OK     ? ""
			   : reply->message[0] ? reply->message
					       : ks_status_name(status),
	};
	if (status == KS_OK && expected != KEYSTORE__V1__REPLY__BODY__NOT_SET &&
	    !read_body(owned, reply)) {
		ks_result_free(&owned->result);
		return NULL;
	}
	owned->reply = reply;
	if (owned->result.status != KS_NOMEM)
		return &owned->result;
	ks_result_free(&owned->result);
	return nomem();
}

struct ks_result *result_failure(enum ks_status status, const char *message)
{
	struct owned *owned = calloc(1, sizeof(*owned));
	char *copy = strdup(message);

	if (!owned || !copy) {
		free(owned);
		free(copy);
		return nomem();
	}
	owned->message = copy;
	owned->result =
		(struct ks_result){.status = status, .message = copy, .note = "", .crl_number = ""};
	return &owned->result;
}

void ks_result_free(struct ks_result *result)
{
	struct owned *owned = (struct owned *)result;

	if (!result || result == &nomem_result)
		return;
	codec_reply_free(owned->reply);
	free(owned->message);
	free(owned->keys);
	free(owned->grants);
	free(owned->certs);
	free(owned->versions);
	free(owned->records);
	free(owned->check_findings);
	free(owned->profiles);
	free(owned->crls);
	result_trust_wipe(&owned->trust);
	result_users_wipe(&owned->users);
	free(owned);
}

void event_deliver(Keystore__V1__Event *message, ks_event_fn *deliver, void *user)
{
	static const enum ks_event_type changes[] = {
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED] = KS_EVENT_KEY_CREATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED] = KS_EVENT_KEY_UPDATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED] = KS_EVENT_KEY_DELETED,
	};
	static const enum ks_event_type service_changes[] = {
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED] = KS_EVENT_SERVICE_CREATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED] = KS_EVENT_SERVICE_UPDATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED] = KS_EVENT_SERVICE_DELETED,
	};
	static const enum ks_event_type cert_changes[] = {
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED] = KS_EVENT_CERT_CREATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED] = KS_EVENT_CERT_UPDATED,
		[KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED] = KS_EVENT_CERT_DELETED,
	};
	struct ks_event event = {0};
	struct ks_crl crl = {.ca = ""};
	struct facts facts = {0};

	if (message->body_case == KEYSTORE__V1__EVENT__BODY_TPM) {
		read_facts(message->tpm, &facts);
		event.type = KS_EVENT_TPM;
		event.tpm = &facts.tpm;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_KEY &&
		   (unsigned)message->key->change < sizeof(changes) / sizeof(changes[0])) {
		text_clean(message->key->name);
		event.type = changes[message->key->change];
		event.key_id = message->key->id;
		event.key_name = message->key->name;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_CERT &&
		   (unsigned)message->cert->change < sizeof(changes) / sizeof(changes[0])) {
		text_clean(message->cert->common_name);
		event.type = cert_changes[message->cert->change];
		event.cert_id = message->cert->id;
		event.cert_common_name = message->cert->common_name;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_CRL) {
		text_clean(message->crl->number);
		crl.ca_id = message->crl->ca_id;
		crl.number = message->crl->number;
		crl.next_update = message->crl->next_update;
		event.type = KS_EVENT_CRL;
		event.crl = &crl;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_EXPIRY) {
		text_clean(message->expiry->common_name);
		text_clean(message->expiry->note);
		event.type = KS_EVENT_EXPIRY;
		event.cert_id = message->expiry->id;
		event.cert_common_name = message->expiry->common_name;
		event.days_left = message->expiry->days_left;
		event.not_after = message->expiry->not_after;
		event.note = message->expiry->note;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_NAMES) {
		text_clean(message->names->common_name);
		text_clean(message->names->note);
		event.type = KS_EVENT_NAMES;
		event.cert_id = message->names->id;
		event.cert_common_name = message->names->common_name;
		event.note = message->names->note;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_SERVICE &&
		   (unsigned)message->service->change < sizeof(changes) / sizeof(changes[0])) {
		text_clean(message->service->name);
		text_clean(message->service->group);
		event.type = service_changes[message->service->change];
		event.service_name = message->service->name;
		event.cert_id = message->service->cert_id;
		event.group = message->service->group;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_TRUST) {
		text_clean(message->trust->group);
		event.type = KS_EVENT_TRUST;
		event.group = message->trust->group;
	} else if (message->body_case == KEYSTORE__V1__EVENT__BODY_REJECTED &&
		   message->rejected->fingerprint.len == FINGERPRINT_LEN) {
		text_clean(message->rejected->group);
		text_clean(message->rejected->message);
		event.type = KS_EVENT_REJECTED;
		event.group = message->rejected->group;
		event.rejected_id = message->rejected->id;
		event.fingerprint = message->rejected->fingerprint.data;
		event.rejected_reason = message->rejected->message;
	}
	if (event.type)
		deliver(&event, user);
}
