#include "reply_cert.h"

#include <stdlib.h>

#include "clock.h"
#include "service.h"
#include "service_key.h"
#include "store_renewal.h"

static Keystore__V1__CertState state_of(const struct store_cert *cert, int64_t now)
{
	switch (cert->state) {
	case STORE_CERT_SUPERSEDED:
		return KEYSTORE__V1__CERT_STATE__CERT_STATE_SUPERSEDED;
	case STORE_CERT_REVOKED:
		return KEYSTORE__V1__CERT_STATE__CERT_STATE_REVOKED;
	case STORE_CERT_REQUESTED:
		return KEYSTORE__V1__CERT_STATE__CERT_STATE_REQUESTED;
	case STORE_CERT_ACTIVE:
		break;
	}
	return now > cert->facts.not_after ? KEYSTORE__V1__CERT_STATE__CERT_STATE_EXPIRED
					   : KEYSTORE__V1__CERT_STATE__CERT_STATE_ACTIVE;
}

/* Packing only reads, but protobuf-c's structs have no const. */
static char *text(const char *borrowed)
{
	return (char *)(uintptr_t)borrowed;
}

static ProtobufCBinaryData bytes(const uint8_t *borrowed, size_t len)
{
	return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)borrowed, .len = len};
}

void reply_cert_fill(Keystore__V1__CertInfo *info, const struct store_cert *cert, int64_t now)
{
	const struct cert_facts *facts = &cert->facts;
	const struct profile *profile = profile_by_id(cert->profile);

	keystore__v1__cert_info__init(info);
	info->id = cert->id;
	info->kind = (Keystore__V1__CertKind)cert->kind;
	info->profile = text(profile ? profile->name : "");
	info->common_name = text(facts->common_name);
	info->subject = text(facts->subject);
	info->issuer = text(facts->issuer);
	info->issuer_id = cert->issuer_id;
	info->serial = text(facts->serial);
	info->not_before = facts->not_before;
	info->not_after = facts->not_after;
	info->state = state_of(cert, now);
	info->key_id = cert->key_id;
	info->key_name = text(cert->key_name);
	info->key_origin = (Keystore__V1__Origin)cert->key_origin;
	info->key_algorithm = (Keystore__V1__Algorithm)cert->key_algorithm;
	/* A CSR's is its key's, which is here. */
	info->key_type = text(*facts->key_type ? facts->key_type
					       : service_key_algorithm_name(cert->key_algorithm));
	info->signature_algorithm = text(facts->signature_algorithm);
	if (cert->state != STORE_CERT_REQUESTED)
		info->fingerprint = bytes(facts->fingerprint, sizeof facts->fingerprint);
	info->version = cert->version;
	info->created = cert->created;
	info->created_by = cert->created_by;
	info->revoked_at = cert->revoked_at;
	info->revocation_reason = cert->revoked_for;
	info->request_created = cert->request_created;
}

static bool add_version(const struct store_cert *cert, void *user)
{
	struct reply_cert *reply = user;

	if (reply->count == REPLY_CERT_HISTORY_MAX)
		return false;
	reply->versions[reply->count++] = *cert;
	return true;
}

static void fill_history(struct reply_cert *reply, int64_t now)
{
	for (size_t i = 0; i < reply->count; i++) {
		const struct store_cert *cert = &reply->versions[i];
		Keystore__V1__CertVersion *version = &reply->history[i];

		keystore__v1__cert_version__init(version);
		version->version = cert->version;
		version->state = state_of(cert, now);
		version->revoked_at = cert->revoked_at;
		version->revocation_reason = cert->revoked_for;
		version->serial = text(cert->facts.serial);
		version->not_before = cert->facts.not_before;
		version->not_after = cert->facts.not_after;
		version->created = cert->version_created;
		version->fingerprint =
			bytes(cert->facts.fingerprint, sizeof cert->facts.fingerprint);
		version->signature_algorithm = text(cert->facts.signature_algorithm);
		reply->history_list[i] = version;
	}
	reply->info.history = reply->history_list;
	reply->info.n_history = reply->count;
}

static void fill_renewal(Keystore__V1__CertInfo *info, const struct store_cert *cert,
			 const struct renewal_policy *policy)
{
	struct renewal_policy resolved = renewal_resolve(policy, profile_by_id(cert->profile));
	int64_t at = renewal_at(&resolved, cert->facts.not_before, cert->facts.not_after);

	info->renewal_mode = (Keystore__V1__RenewalMode)policy->mode;
	info->renewal_value = policy->value;
	info->renewal_new_key = policy->new_key;
	if (cert->key_id && cert->issuer_id && cert->state == STORE_CERT_ACTIVE && at != INT64_MAX)
		info->renewal_at = at;
}

static void fill_names(struct reply_cert *reply, const struct service *service,
		       const struct renewal_policy *policy)
{
	const struct store_cert *cert = &reply->current;
	bool is_self_signed = cert->issuer_id == cert->id;

	if (cert->kind != STORE_CERT_DEVICE || !cert->key_id)
		return;
	service_own_judge(service, cert, policy, &reply->own);
	/* Theirs are one more than ours. */
	reply->info.addresses = (Keystore__V1__AddressPolicy)(policy->addresses + 1);
	reply->info.addresses_now =
		(Keystore__V1__AddressPolicy)(renewal_resolve_addresses(policy,
									service->policy.is_local,
									is_self_signed) +
					      1);
	reply->info.names_note = reply->own.text;
}

enum store_status reply_cert_build(struct reply_cert *reply, struct service *service, uint64_t id)
{
	struct store *store = service->store;
	int64_t now = clock_now(service->clock);
	struct store_renewal renewal = {0};

	*reply = (struct reply_cert){0};
	enum store_status status = store_cert_get(store, id, &reply->current);

	if (status != STORE_OK)
		return status;
	reply->versions = calloc(REPLY_CERT_HISTORY_MAX, sizeof *reply->versions);
	reply->history = calloc(REPLY_CERT_HISTORY_MAX, sizeof *reply->history);
	reply->history_list = calloc(REPLY_CERT_HISTORY_MAX, sizeof(Keystore__V1__CertVersion *));
	if (!reply->versions || !reply->history || !reply->history_list)
		return STORE_NOMEM;
	status = store_cert_history(store, id, add_version, reply);
	if (status != STORE_OK)
		return status;
	status = store_renewal_get(store, id, &renewal);
	if (status != STORE_OK)
		return status;
	reply_cert_fill(&reply->info, &reply->current, now);
	fill_renewal(&reply->info, &reply->current, &renewal.policy);
	fill_names(reply, service, &renewal.policy);
	reply->info.der = bytes(reply->current.der, reply->current.der_len);
	if (reply->current.state != STORE_CERT_REQUESTED)
		fill_history(reply, now);
	return STORE_OK;
}

void reply_cert_wipe(struct reply_cert *reply)
{
	store_cert_wipe(&reply->current);
	free(reply->versions);
	free(reply->history);
	free(reply->history_list);
	*reply = (struct reply_cert){0};
}

Keystore__V1__CheckFinding reply_finding(const struct check_finding *finding, uint64_t id)
{
	Keystore__V1__CheckFinding message = KEYSTORE__V1__CHECK_FINDING__INIT;

	message.id = id;
	message.rule = (char *)(uintptr_t)finding->rule;
	message.clause = (char *)(uintptr_t)finding->clause;
	message.severity = (Keystore__V1__CheckSeverity)finding->severity;
	message.field = (char *)(uintptr_t)finding->field;
	message.text = (char *)(uintptr_t)finding->text;
	return message;
}
