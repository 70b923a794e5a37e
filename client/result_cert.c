#include "result_cert.h"

#include <stdlib.h>

#include "text.h"

#define FINGERPRINT_LEN 32

static bool read_version(Keystore__V1__CertVersion *from, struct ks_cert_version *version)
{
	if (from->fingerprint.len != FINGERPRINT_LEN)
		return false;
	text_clean(from->serial);
	text_clean(from->signature_algorithm);
	*version = (struct ks_cert_version){
		.version = from->version,
		.state = (enum ks_cert_state)from->state,
		.serial = from->serial,
		.not_before = from->not_before,
		.not_after = from->not_after,
		.created = from->created,
		.fingerprint = from->fingerprint.data,
		.signature_algorithm = from->signature_algorithm,
		.revoked_at = from->revoked_at,
		.revocation_reason = from->revocation_reason,
	};
	return true;
}

bool cert_from_info(Keystore__V1__CertInfo *from, struct ks_cert *cert,
		    struct ks_cert_version *versions)
{
	char *const texts[] = {
		from->profile,	 from->common_name, from->subject,  from->issuer,
		from->serial,	 from->key_name,    from->key_type, from->signature_algorithm,
		from->names_note};

	bool is_requested = from->state == KEYSTORE__V1__CERT_STATE__CERT_STATE_REQUESTED;

	if (from->fingerprint.len != FINGERPRINT_LEN && !is_requested)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_clean(texts[i]);
	for (size_t i = 0; i < from->n_history; i++)
		if (!read_version(from->history[i], &versions[i]))
			return false;
	*cert = (struct ks_cert){
		.id = from->id,
		.kind = (enum ks_cert_kind)from->kind,
		.profile = from->profile,
		.common_name = from->common_name,
		.subject = from->subject,
		.issuer = from->issuer,
		.issuer_id = from->issuer_id,
		.serial = from->serial,
		.not_before = from->not_before,
		.not_after = from->not_after,
		.state = (enum ks_cert_state)from->state,
		.key_id = from->key_id,
		.key_name = from->key_name,
		.key_origin = (enum ks_origin)from->key_origin,
		.key_algorithm = (enum ks_algorithm)from->key_algorithm,
		.key_type = from->key_type,
		.signature_algorithm = from->signature_algorithm,
		.fingerprint = is_requested ? NULL : from->fingerprint.data,
		.revoked_at = from->revoked_at,
		.revocation_reason = from->revocation_reason,
		.request_created = from->request_created,
		.version = from->version,
		.created = from->created,
		.created_by = from->created_by,
		.renewal = {.mode = (enum ks_renewal_mode)from->renewal_mode,
			    .value = from->renewal_value,
			    .new_key = from->renewal_new_key,
			    .addresses = (enum ks_addresses)from->addresses},
		.renewal_at = from->renewal_at,
		.addresses_now = (enum ks_addresses)from->addresses_now,
		.names_note = from->names_note,
		.der = from->der.data,
		.der_len = from->der.len,
		.history = versions,
		.history_count = from->n_history,
	};
	return true;
}

struct ks_check_finding *check_findings_from(Keystore__V1__CheckFinding *const *from, size_t count)
{
	struct ks_check_finding *findings = calloc(count ? count : 1, sizeof(*findings));

	for (size_t i = 0; findings && i < count; i++) {
		text_clean(from[i]->rule);
		text_clean(from[i]->clause);
		text_clean(from[i]->text);
		text_clean(from[i]->field);
		findings[i] = (struct ks_check_finding){
			.id = from[i]->id,
			.rule = from[i]->rule,
			.clause = from[i]->clause,
			.severity = (enum ks_severity)from[i]->severity,
			.text = from[i]->text,
			.field = from[i]->field,
		};
	}
	return findings;
}

static const char *const *names_of(char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_clean(names[i]);
	return (const char *const *)names;
}

/* What is newer than this library is left out. */
static unsigned name_bits(const Keystore__V1__GeneralName__Type *types, size_t count)
{
	unsigned bits = 0;

	for (size_t i = 0; i < count; i++)
		if ((unsigned)types[i] <= KS_NAME_OTHER)
			bits |= 1u << types[i];
	return bits;
}

struct ks_profile *profiles_from(Keystore__V1__Profile *const *from, size_t count)
{
	struct ks_profile *profiles = calloc(count ? count : 1, sizeof(*profiles));

	for (size_t i = 0; profiles && i < count; i++) {
		text_clean(from[i]->name);
		text_clean(from[i]->title);
		profiles[i] = (struct ks_profile){
			.name = from[i]->name,
			.title = from[i]->title,
			.key_usages = names_of(from[i]->key_usages, from[i]->n_key_usages),
			.key_usage_count = from[i]->n_key_usages,
			.extended_key_usages = names_of(from[i]->extended_key_usages,
							from[i]->n_extended_key_usages),
			.extended_key_usage_count = from[i]->n_extended_key_usages,
			.mandatory_names =
				name_bits(from[i]->mandatory_names, from[i]->n_mandatory_names),
			.optional_names =
				name_bits(from[i]->optional_names, from[i]->n_optional_names),
			.needs_host = from[i]->needs_host,
			.default_algorithm = (enum ks_algorithm)from[i]->default_algorithm,
			.default_days = from[i]->default_days,
			.is_ca = from[i]->is_ca,
		};
	}
	return profiles;
}
