#include "json_trust.h"

#include "json_text.h"

const char *trust_list_text(enum ks_trust_list list)
{
	switch (list) {
	case KS_TRUSTED_CERTS:
		return "trusted-certs";
	case KS_TRUSTED_CRLS:
		return "trusted-crls";
	case KS_ISSUER_CERTS:
		return "issuer-certs";
	case KS_ISSUER_CRLS:
		return "issuer-crls";
	case KS_TRUST_ALL:
		break;
	}
	return "unknown";
}

const char *crl_policy_text(enum ks_crl_policy policy)
{
	switch (policy) {
	case KS_CRLS_REQUIRED:
		return "required";
	case KS_CRLS_WHERE_KNOWN:
		return "where-known";
	case KS_CRLS_NONE:
		return "none";
	case KS_CRLS_UNCHANGED:
		break;
	}
	return "unknown";
}

json_t *json_trust_group(const struct ks_trust_group *group)
{
	return json_pack(
		"{s:o, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
		json_text(group->name), "predefined", (int)group->predefined, "auto_accept",
		(int)group->auto_accept, "crls", crl_policy_text(group->crls), "trusted_certs",
		(json_int_t)group->trusted_certs, "trusted_crls", (json_int_t)group->trusted_crls,
		"issuer_certs", (json_int_t)group->issuer_certs, "issuer_crls",
		(json_int_t)group->issuer_crls, "revision", (json_int_t)group->revision, "updated",
		json_time_or_null(group->updated));
}

json_t *json_trust_entry(const struct ks_trust_entry *entry)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:I, s:b}", "id",
			 (json_int_t)entry->id, "list", trust_list_text(entry->list), "fingerprint",
			 json_fingerprint(entry->fingerprint), "subject", json_text(entry->subject),
			 "issuer", json_text(entry->issuer), "serial", json_text(entry->serial),
			 "not_before", json_time_or_null(entry->not_before), "not_after",
			 json_time_or_null(entry->not_after), "ca", (int)entry->is_ca,
			 "revocations", (json_int_t)entry->revocations, "added",
			 json_time_or_null(entry->added), "added_by", (json_int_t)entry->added_by,
			 "auto_accepted", (int)entry->auto_accepted);
}

json_t *json_rejected(const struct ks_rejected *rejected)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I}", "id",
			 (json_int_t)rejected->id, "group", json_text(rejected->group),
			 "fingerprint", json_fingerprint(rejected->fingerprint), "subject",
			 json_text(rejected->subject), "issuer", json_text(rejected->issuer),
			 "reason", ks_verdict_name(rejected->reason), "message",
			 json_text(rejected->message), "first_seen",
			 json_time(rejected->first_seen), "last_seen",
			 json_time(rejected->last_seen), "count", (json_int_t)rejected->count);
}

json_t *json_verdict(const struct ks_verdict *verdict)
{
	json_t *object = json_pack("{s:b, s:s, s:o, s:I, s:o, s:b}", "accepted",
				   (int)(verdict->reason == KS_VERDICT_ACCEPTED), "reason",
				   ks_verdict_name(verdict->reason), "message",
				   json_text(verdict->message), "depth", (json_int_t)verdict->depth,
				   "fingerprint", json_fingerprint(verdict->fingerprint),
				   "auto_accepted", (int)verdict->auto_accepted);

	if (*verdict->missing_issuer)
		json_add(&object, "missing_issuer", json_text(verdict->missing_issuer));
	if (verdict->reason == KS_VERDICT_REVOKED) {
		json_add(&object, "revoked_at", json_time(verdict->revoked_at));
		json_add(&object, "revocation_reason", json_integer(verdict->revocation_reason));
	}
	return object;
}
