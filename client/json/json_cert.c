#include "json_cert.h"

#include <openssl/pem.h>

#include "json_key.h"
#include "json_pem.h"
#include "json_text.h"

const char *cert_state_text(enum ks_cert_state state)
{
	switch (state) {
	case KS_CERT_ACTIVE:
		return "active";
	case KS_CERT_SUPERSEDED:
		return "superseded";
	case KS_CERT_EXPIRED:
		return "expired";
	case KS_CERT_REVOKED:
		return "revoked";
	case KS_CERT_REQUESTED:
		return "requested";
	}
	return "unknown";
}

const char *cert_kind_text(enum ks_cert_kind kind)
{
	switch (kind) {
	case KS_CERT_CA:
		return "ca";
	case KS_CERT_DEVICE:
		return "device";
	case KS_CERT_TRUSTED:
		return "trusted";
	case KS_CERT_ALL:
		break;
	}
	return "unknown";
}

const char *reason_text(unsigned reason)
{
	const char *name = ks_reason_name((enum ks_reason)reason);

	return name ? name : "unknown";
}

const char *severity_text(enum ks_severity severity)
{
	switch (severity) {
	case KS_WARNING:
		return "warning";
	case KS_ERROR:
		return "error";
	}
	return "unknown";
}

json_t *json_cert_version(const struct ks_cert_version *version)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
			 (json_int_t)version->version, "state", cert_state_text(version->state),
			 "serial", json_text(version->serial), "not_before",
			 json_time(version->not_before), "not_after", json_time(version->not_after),
			 "created", json_time(version->created), "fingerprint",
			 json_fingerprint(version->fingerprint), "signature_algorithm",
			 json_text(version->signature_algorithm));
}

json_t *json_cert_history(const struct ks_cert *cert)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cert->history_count; i++)
		json_append(&list, json_cert_version(&cert->history[i]));
	return list;
}

const char *addresses_text(enum ks_addresses addresses)
{
	static const char *const texts[] = {
		[KS_ADDRESSES_UNCHANGED] = "none", [KS_ADDRESSES_DEFAULT] = "default",
		[KS_ADDRESSES_IGNORE] = "ignore",  [KS_ADDRESSES_REPORT] = "report",
		[KS_ADDRESSES_FOLLOW] = "follow",
	};

	return (unsigned)addresses < sizeof(texts) / sizeof(texts[0]) ? texts[addresses]
								      : "unknown";
}

static json_t *json_renewal(const struct ks_cert *cert)
{
	static const char *const modes[] = {
		[KS_RENEWAL_DEFAULT] = "default",
		[KS_RENEWAL_OFF] = "off",
		[KS_RENEWAL_DAYS_BEFORE] = "days before",
		[KS_RENEWAL_PERCENT_LEFT] = "per cent left",
	};
	bool is_known = (unsigned)cert->renewal.mode < sizeof(modes) / sizeof(modes[0]);

	return json_pack("{s:s, s:i, s:b, s:o, s:s, s:s}", "mode",
			 is_known ? modes[cert->renewal.mode] : "unknown", "value",
			 (int)cert->renewal.value, "new_key", cert->renewal.new_key, "at",
			 json_time_or_null(cert->renewal_at), "addresses",
			 addresses_text(cert->renewal.addresses), "addresses_now",
			 addresses_text(cert->addresses_now));
}

static json_t *json_private_key(const struct ks_cert *cert)
{
	if (!cert->key_id)
		return json_null();
	return json_pack("{s:I, s:o, s:s, s:s}", "id", (json_int_t)cert->key_id, "name",
			 json_text(cert->key_name), "origin", origin_text(cert->key_origin),
			 "algorithm", algorithm_text(cert->key_algorithm));
}

json_t *json_cert(const struct ks_cert *cert)
{
	json_t *object = json_pack(
		"{s:I, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:s}", "id",
		(json_int_t)cert->id, "kind", cert_kind_text(cert->kind), "profile",
		json_text(cert->profile), "common_name", json_text(cert->common_name), "subject",
		json_text(cert->subject), "issuer", json_text(cert->issuer), "issuer_id",
		(json_int_t)cert->issuer_id, "serial", json_text(cert->serial), "not_before",
		json_time(cert->not_before), "not_after", json_time(cert->not_after), "state",
		cert_state_text(cert->state));

	json_add(&object, "private_key", json_private_key(cert));
	json_add(&object, "key", json_text(cert->key_type));
	json_add(&object, "signature_algorithm", json_text(cert->signature_algorithm));
	if (cert->fingerprint)
		json_add(&object, "fingerprint", json_fingerprint(cert->fingerprint));
	if (cert->state == KS_CERT_REVOKED) {
		json_add(&object, "revoked_at", json_time(cert->revoked_at));
		json_add(&object, "revocation_reason",
			 json_string(reason_text(cert->revocation_reason)));
	}
	if (cert->request_created)
		json_add(&object, "request_created", json_time(cert->request_created));
	json_add(&object, "version", json_integer(cert->version));
	json_add(&object, "created", json_time(cert->created));
	json_add(&object, "created_by", json_integer(cert->created_by));
	/* A list's certificates have no details. */
	if (cert->der_len) {
		json_add(&object, "renewal", json_renewal(cert));
		json_add(&object, "names_note",
			 *cert->names_note ? json_text(cert->names_note) : json_null());
		json_add(&object, "pem", json_pem(PEM_STRING_X509, cert->der, cert->der_len));
		json_add(&object, "history", json_cert_history(cert));
	}
	return object;
}

json_t *json_check_finding(const struct ks_check_finding *finding)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "id", (json_int_t)finding->id,
			 "severity", severity_text(finding->severity), "rule",
			 json_text(finding->rule), "clause", json_text(finding->clause), "field",
			 json_text(finding->field), "text", json_text(finding->text));
}

const char *name_type_text(enum ks_name_type type)
{
	switch (type) {
	case KS_NAME_URI:
		return "URI";
	case KS_NAME_IP:
		return "IP";
	case KS_NAME_DNS:
		return "DNS";
	case KS_NAME_EMAIL:
		return "email";
	case KS_NAME_RID:
		return "RID";
	case KS_NAME_OTHER:
		return "other";
	}
	return "unknown";
}

static json_t *json_name_types(unsigned bits)
{
	json_t *list = json_array();

	for (enum ks_name_type type = KS_NAME_URI; type <= KS_NAME_OTHER; type++)
		if (bits & 1u << type)
			json_append(&list, json_string(name_type_text(type)));
	return list;
}

json_t *json_profile(const struct ks_profile *profile)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s, s:I, s:b}", "name",
		json_text(profile->name), "title", json_text(profile->title), "key_usages",
		json_names(profile->key_usages, profile->key_usage_count), "extended_key_usages",
		json_names(profile->extended_key_usages, profile->extended_key_usage_count),
		"mandatory_names", json_name_types(profile->mandatory_names), "optional_names",
		json_name_types(profile->optional_names), "needs_host", (int)profile->needs_host,
		"default_algorithm", algorithm_text(profile->default_algorithm), "default_days",
		(json_int_t)profile->default_days, "is_ca", (int)profile->is_ca);
}

json_t *json_crl(const struct ks_crl *crl)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:b}", "ca_id",
			 (json_int_t)crl->ca_id, "ca", json_text(crl->ca), "number",
			 json_text(crl->number), "this_update", json_time(crl->this_update),
			 "next_update", json_time(crl->next_update), "entries",
			 (json_int_t)crl->entries, "bytes", (json_int_t)crl->bytes, "pending",
			 (int)crl->pending);
}
