#include "result_trust.h"

#include <stdlib.h>

#include "text.h"

#define FINGERPRINT_LEN 32

/* False: the result says that there is no memory. */
static bool room_for(size_t count, size_t size, void **ret_list, struct ks_result *result)
{
	*ret_list = calloc(count ? count : 1, size);
	if (!*ret_list)
		result->status = KS_NOMEM;
	return *ret_list != NULL;
}

static bool read_entry(const Keystore__V1__TrustEntry *from, struct ks_trust_entry *entry)
{
	if (from->fingerprint.len != FINGERPRINT_LEN)
		return false;
	text_clean(from->subject);
	text_clean(from->issuer);
	text_clean(from->serial);
	*entry = (struct ks_trust_entry){
		.id = from->id,
		.list = (enum ks_trust_list)from->list,
		.fingerprint = from->fingerprint.data,
		.subject = from->subject,
		.issuer = from->issuer,
		.serial = from->serial,
		.not_before = from->not_before,
		.not_after = from->not_after,
		.is_ca = from->is_ca,
		.revocations = from->revocations,
		.added = from->added,
		.added_by = from->added_by,
		.auto_accepted = from->auto_accepted,
	};
	return true;
}

static bool read_entries(struct result_trust *trust, const Keystore__V1__TrustListReply *from,
			 struct ks_result *result)
{
	if (!room_for(from->n_entries, sizeof(*trust->entries), (void **)&trust->entries, result))
		return true;
	for (size_t i = 0; i < from->n_entries; i++)
		if (!read_entry(from->entries[i], &trust->entries[i]))
			return false;
	result->trust_entries = trust->entries;
	result->trust_entry_count = from->n_entries;
	result->more = from->more && from->n_entries > 0;
	return true;
}

static bool read_groups(struct result_trust *trust, const Keystore__V1__TrustGroupListReply *from,
			struct ks_result *result)
{
	if (!room_for(from->n_groups, sizeof(*trust->groups), (void **)&trust->groups, result))
		return true;
	for (size_t i = 0; i < from->n_groups; i++) {
		const Keystore__V1__TrustGroup *group = from->groups[i];

		text_clean(group->name);
		trust->groups[i] = (struct ks_trust_group){
			.name = group->name,
			.predefined = group->predefined,
			.auto_accept = group->auto_accept,
			.crls = (enum ks_crl_policy)group->crls,
			.trusted_certs = group->trusted_certs,
			.trusted_crls = group->trusted_crls,
			.issuer_certs = group->issuer_certs,
			.issuer_crls = group->issuer_crls,
			.revision = group->revision,
			.updated = group->updated,
		};
	}
	result->groups = trust->groups;
	result->group_count = from->n_groups;
	result->more = from->more && from->n_groups > 0;
	return true;
}

static bool read_one_rejected(const Keystore__V1__Rejected *from, struct ks_rejected *rejected)
{
	if (from->fingerprint.len != FINGERPRINT_LEN)
		return false;
	text_clean(from->group);
	text_clean(from->subject);
	text_clean(from->issuer);
	text_clean(from->message);
	*rejected = (struct ks_rejected){
		.id = from->id,
		.group = from->group,
		.fingerprint = from->fingerprint.data,
		.subject = from->subject,
		.issuer = from->issuer,
		.reason = (enum ks_verdict_reason)from->verdict,
		.message = from->message,
		.first_seen = from->first_seen,
		.last_seen = from->last_seen,
		.count = from->count,
		.der = from->der.data,
		.der_len = from->der.len,
	};
	return true;
}

static bool read_rejected(struct result_trust *trust, const Keystore__V1__RejectedListReply *from,
			  struct ks_result *result)
{
	if (!room_for(from->n_rejected, sizeof(*trust->rejected), (void **)&trust->rejected,
		      result))
		return true;
	for (size_t i = 0; i < from->n_rejected; i++)
		if (!read_one_rejected(from->rejected[i], &trust->rejected[i]))
			return false;
	result->rejected = trust->rejected;
	result->rejected_count = from->n_rejected;
	result->more = from->more && from->n_rejected > 0;
	return true;
}

static bool read_verdict(struct result_trust *trust, const Keystore__V1__ValidateReply *from,
			 struct ks_result *result)
{
	if (from->fingerprint.len != 0 && from->fingerprint.len != FINGERPRINT_LEN)
		return false;
	text_clean(from->message);
	text_clean(from->missing_issuer);
	trust->verdict = (struct ks_verdict){
		.reason = (enum ks_verdict_reason)from->verdict,
		.message = from->message,
		.depth = from->depth,
		.fingerprint = from->fingerprint.len ? from->fingerprint.data : NULL,
		.missing_issuer = from->missing_issuer,
		.revoked_at = from->revoked_at,
		.revocation_reason = from->revocation_reason,
		.auto_accepted = from->auto_accepted,
	};
	result->verdict = &trust->verdict;
	return true;
}

static bool read_services(struct result_trust *trust, const Keystore__V1__ServiceListReply *from,
			  struct ks_result *result)
{
	if (!room_for(from->n_services, sizeof(*trust->assignments), (void **)&trust->assignments,
		      result))
		return true;
	for (size_t i = 0; i < from->n_services; i++) {
		const Keystore__V1__Service *service = from->services[i];

		text_clean(service->name);
		text_clean(service->group);
		text_clean(service->common_name);
		trust->assignments[i] = (struct ks_assignment){
			.name = service->name,
			.kind = (enum ks_service_kind)service->kind,
			.cert_id = service->cert_id,
			.group = service->group,
			.has_uid = service->has_uid,
			.uid = service->uid,
			.has_gid = service->has_gid,
			.gid = service->gid,
			.common_name = service->common_name,
			.key_id = service->key_id,
			.revision = service->revision,
			.updated = service->updated,
		};
	}
	result->assignments = trust->assignments;
	result->assignment_count = from->n_services;
	result->more = from->more && from->n_services > 0;
	return true;
}

static bool read_txn(struct result_trust *trust, const Keystore__V1__TxnReply *from,
		     struct ks_result *result)
{
	for (size_t i = 0; i < from->n_staged; i++)
		text_clean(from->staged[i]);
	trust->txn = (struct ks_txn){
		.open = from->open,
		.mine = from->mine,
		.uid = from->uid,
		.pid = from->pid,
		.since = from->since,
		.idle_ms = from->idle_ms,
		.changes = from->changes,
		.bytes = from->bytes,
		.applied = from->applied,
		.staged = (const char *const *)from->staged,
		.staged_count = from->n_staged,
	};
	result->txn = &trust->txn;
	return true;
}

bool result_trust_read(struct result_trust *trust, const ks_pb_reply *reply,
		       struct ks_result *result)
{
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_TRUST_LIST)
		return read_entries(trust, reply->trust_list, result);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_TRUST_GROUP_LIST)
		return read_groups(trust, reply->trust_group_list, result);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_REJECTED_LIST)
		return read_rejected(trust, reply->rejected_list, result);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_SERVICE_LIST)
		return read_services(trust, reply->service_list, result);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_TXN)
		return read_txn(trust, reply->txn, result);
	return reply->body_case == KEYSTORE__V1__REPLY__BODY_VALIDATE &&
	       read_verdict(trust, reply->validate, result);
}

void result_trust_wipe(struct result_trust *trust)
{
	free(trust->entries);
	free(trust->groups);
	free(trust->rejected);
	free(trust->assignments);
}
