/* What comes in is stored as one change: now, or when its transaction is applied. */
#include "service_cert_intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "clock.h"
#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_info.h"
#include "service_key.h"
#include "service_pin.h"
#include "store_crl.h"
#include "store_csr.h"
#include "store_issuer.h"
#include "store_revoke.h"
#include "x509_issued.h"

/* As far as there is time for it. */
static bool is_issued_by(struct intake *intake, const uint8_t *der, size_t len,
			 const uint8_t *issuer, size_t issuer_len)
{
	if (intake->checks == INTAKE_CHECKS_MAX) {
		intake_note(intake, "so many certificates have the same names that not all issuers "
				    "were looked for: delete and import again what is not linked");
		intake->checks++;
	}
	if (intake->checks > INTAKE_CHECKS_MAX)
		return false;
	intake->checks++;
	return cert_is_issued_by(der, len, issuer, issuer_len);
}

/* The certificate here that issued @one; 0: none. */
static enum store_status find_issuer(struct store *store, struct intake *intake,
				     const struct intake_cert *one, uint64_t *ret_issuer)
{
	struct store_issuers *found = calloc(1, sizeof *found);
	enum store_status status = STORE_NOMEM;

	*ret_issuer = 0;
	if (!found)
		return STORE_NOMEM;
	status = store_issuer_candidates(store, one->cert.facts.issuer, found);
	for (size_t i = 0; status == STORE_OK && i < found->count && !*ret_issuer; i++) {
		const struct store_issuer *issuer = &found->list[i];

		if (is_issued_by(intake, one->cert.der, one->cert.der_len, issuer->der,
				 issuer->der_len))
			*ret_issuer = issuer->cert_id;
	}
	store_issuers_wipe(found);
	free(found);
	return status;
}

/* A CA has come: what it issued, and was here before, learns of it. */
static enum store_status adopt_orphans(struct store *store, struct intake *intake,
				       const struct store_cert *ca)
{
	struct store_issuers *found = calloc(1, sizeof *found);
	enum store_status status = found ? STORE_OK : STORE_NOMEM;
	uint64_t after = 0;
	bool is_more = true;

	while (status == STORE_OK && is_more && intake->checks <= INTAKE_CHECKS_MAX) {
		status = store_issuer_orphans(store, ca->facts.subject, after, found);
		is_more = status == STORE_OK && found->count == STORE_ISSUER_MAX;
		for (size_t i = 0; status == STORE_OK && i < found->count; i++) {
			const struct store_issuer *orphan = &found->list[i];

			after = orphan->cert_id;
			if (is_issued_by(intake, orphan->der, orphan->der_len, ca->der,
					 ca->der_len))
				status = store_issuer_link(store, orphan->cert_id, orphan->version,
							   ca->id);
		}
		if (status == STORE_OK)
			store_issuers_wipe(found);
	}
	free(found);
	return status;
}

static enum store_status put(struct store *store, struct store_cert *cert)
{
	enum store_status status;

	if (!cert->id)
		return store_cert_add(store, cert, &cert->id);
	status = store_cert_renew(store, cert);
	return status == STORE_OK ? store_csr_remove(store, cert->id) : status;
}

/* Whether the CSR that an answer is for waits yet, and no other one. */
static enum store_status check_answer(struct service *service, struct intake *intake,
				      const struct store_cert *answer)
{
	struct store_csr csr = {0};
	enum store_status status = store_csr_get(service->store, answer->id, &csr);
	bool is_same = csr.created == intake->csr_created &&
		       (status != STORE_OK || intake->key || csr.key_id == answer->key_id);

	store_csr_wipe(&csr);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return status;
	if (is_same)
		return STORE_OK;
	return change_refuse(&intake->change, STATUS_CONFLICT,
			     "certificate %llu has another CSR than before: have that answered, "
			     "or replace it again",
			     (unsigned long long)answer->id);
}

static enum store_status check(struct service *service, struct change *change)
{
	struct intake *intake = (struct intake *)change;
	const struct store_cert *cert = &intake->certs[0].cert;
	struct store_cert now;

	if (intake->certs[0].is_here || !cert->id)
		return STORE_OK;
	enum store_status status = store_cert_get(service->store, cert->id, &now);

	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu was deleted meanwhile: import what is to "
				     "take its place",
				     (unsigned long long)cert->id);
	if (status != STORE_OK)
		return status;
	uint32_t version = now.version;

	store_cert_wipe(&now);
	if (version != cert->version)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu is version %u by now, and this was to "
				     "replace version %u: replace it again, if it is still to be",
				     (unsigned long long)cert->id, version, cert->version);
	return check_answer(service, intake, cert);
}

/* What was here when the file was read, and is relied on. */
static enum store_status apply_known(struct service *service, struct intake *intake,
				     const struct intake_cert *one)
{
	uint64_t id = 0;
	enum store_status status =
		store_cert_by_fingerprint(service->store, one->cert.facts.fingerprint, &id);

	if (status == STORE_NOT_FOUND)
		return change_refuse(&intake->change, STATUS_CONFLICT,
				     "certificate “%.64s” of the file was here, and was deleted "
				     "meanwhile: import the file again",
				     one->cert.facts.subject);
	return status;
}

/* A key that was here before. */
static enum store_status check_key(struct service *service, struct intake *intake,
				   const struct store_cert *cert)
{
	const struct keyring_key *key;
	enum store_status status = keyring_get(service->keyring, NULL, cert->key_id, &key);

	if (status == STORE_NOT_FOUND)
		return change_refuse(&intake->change, STATUS_CONFLICT,
				     "key “%s”, which certificate “%.64s” is for, was deleted "
				     "meanwhile: import it with its key, or as --kind trusted",
				     cert->key_name, cert->facts.subject);
	return status;
}

static enum store_status apply_one(struct service *service, struct intake *intake,
				   struct intake_cert *one)
{
	struct store_cert *cert = &one->cert;
	struct store *store = service->store;
	enum store_status status = STORE_OK;

	if (one->is_here)
		return apply_known(service, intake, one);
	if (one->has_new_key)
		cert->key_id = intake->key_id;
	else if (cert->key_id)
		status = check_key(service, intake, cert);
	if (status != STORE_OK)
		return status;
	if (!one->is_self_signed) {
		status = find_issuer(store, intake, one, &cert->issuer_id);
		cert->issuer_is_elsewhere = !cert->issuer_id;
	}
	if (status == STORE_OK)
		status = put(store, cert);
	if (status == STORE_EXISTS)
		return change_refuse(&intake->change, STATUS_EXISTS,
				     "certificate “%.64s” is here already, or its issuer gave its "
				     "serial %s to another one: cert list shows them",
				     cert->facts.subject, cert->facts.serial);
	if (status == STORE_OK && cert->kind == STORE_CERT_CA)
		status = adopt_orphans(store, intake, cert);
	/* Its next list has what its last one had. */
	if (status == STORE_OK && one->has_new_key && intake->key_of_ca)
		status = store_crl_adopt(store, cert->id, &intake->crl_number, intake->revoked,
					 intake->revoked_count);
	return status;
}

static enum store_status record_revoked(struct service *service, const struct change *change,
					const struct store_revoke *version)
{
	const char *reason = crl_reason_name(version->reason);
	struct store_cert cert;
	char detail[192];
	struct audit_entry entry = {
		.uid = change->uid,
		.pid = change->pid,
		.operation = "cert revoke",
		.object = cert.key_name,
		.status = status_name(STATUS_OK),
		.detail = detail,
		.user = change->user,
	};
	enum store_status status = store_cert_get(service->store, version->id, &cert);

	if (status != STORE_OK)
		return status;
	snprintf(detail, sizeof detail,
		 "certificate %llu “%.64s” version %u: %s, as the list of CA %llu has it",
		 (unsigned long long)version->id, cert.facts.common_name, version->version,
		 reason ? reason : "unspecified", (unsigned long long)version->issuer_id);
	status = audit_record(service->audit, &entry);
	store_cert_wipe(&cert);
	return status;
}

typedef enum store_status revoke_listed(struct store *store, uint64_t id,
					struct store_revoke **ret_versions, size_t *ret_count);

/* What its issuer has revoked elsewhere is revoked here, too. */
static enum store_status heed_list(struct service *service, struct intake *intake,
				   revoke_listed *revoke, uint64_t id)
{
	struct store_revoke *versions = NULL;
	size_t count = 0;
	enum store_status status = revoke(service->store, id, &versions, &count);
	uint64_t *hit = intake->hit;

	if (status == STORE_OK && count)
		hit = reallocarray(hit, intake->hit_count + count, sizeof *hit);
	if (!hit && count)
		status = STORE_NOMEM;
	else
		intake->hit = hit;
	for (size_t i = 0; i < count && status == STORE_OK; i++) {
		status = record_revoked(service, &intake->change, &versions[i]);
		intake->hit[intake->hit_count++] = versions[i].id;
	}
	free(versions);
	return status;
}

static enum store_status heed_lists(struct service *service, struct intake *intake)
{
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < intake->count && status == STORE_OK; i++) {
		const struct intake_cert *one = &intake->certs[i];

		if (one->is_here)
			continue;
		status = heed_list(service, intake, store_revoke_if_listed, one->cert.id);
		if (status == STORE_OK && one->has_new_key && intake->key_of_ca)
			status = heed_list(service, intake, store_revoke_listed_by, one->cert.id);
	}
	return status;
}

/* "certificate 3 plc-1, 4 Plant CA, …" */
static void describe(struct intake *intake)
{
	char *detail = intake->change.detail;
	const size_t size = sizeof intake->change.detail;
	size_t len = 0;

	*detail = '\0';
	for (size_t i = 0; i < intake->count && len < size; i++) {
		const struct store_cert *cert = &intake->certs[i].cert;

		if (!intake->certs[i].is_here)
			len += (size_t)snprintf(detail + len, size - len, "%s%llu %.64s",
						len ? ", " : "certificate ",
						(unsigned long long)cert->id,
						cert->facts.common_name);
	}
}

static enum store_status put_key(struct service *service, struct intake *intake)
{
	uint32_t uid = intake->change.uid;
	unsigned can = tpm_key_usage(intake->key);
	const struct keyring_key *old;
	enum store_status status;

	if (intake->key_of_ca)
		return service_key_put(service, uid, intake->key_name, intake->key_id, intake->key,
				       POLICY_SIGN, true);
	if (!intake->old_key_id)
		return service_key_put(service, uid, intake->key_name, intake->key_id, intake->key,
				       can, false);
	/* Who uses the certificate goes on with its new key. */
	status = keyring_get(service->keyring, NULL, intake->old_key_id, &old);
	return status != STORE_OK
		       ? status
		       : service_key_put_for(service, uid, intake->key_name, intake->key_id,
					     intake->key, old->operations & can, old->grants,
					     old->own_grant_count);
}

static enum store_status apply(struct service *service, struct change *change)
{
	struct intake *intake = (struct intake *)change;
	enum store_status status = STORE_OK;

	if (intake->key && store_key_count(service->store) >= service->config->keys)
		return change_refuse(change, STATUS_LIMIT,
				     "there are %u keys, and no more are allowed: delete one, or "
				     "raise [limits] keys",
				     service->config->keys);
	if (intake->key) {
		status = put_key(service, intake);
		if (status == STORE_EXISTS)
			return change_refuse(change, STATUS_EXISTS,
					     "there is a key “%s” already: give another name for "
					     "the one in the file",
					     intake->key_name);
	}
	for (size_t i = 0; i < intake->count && status == STORE_OK; i++)
		status = apply_one(service, intake, &intake->certs[i]);
	if (status == STORE_OK)
		status = heed_lists(service, intake);
	if (status == STORE_OK)
		describe(intake);
	return status;
}

static void publish_revoked(struct service *service, uint64_t id)
{
	struct store_cert cert;

	if (store_cert_get(service->store, id, &cert) != STORE_OK)
		return;
	service_cert_publish(service, &cert, cert.facts.common_name,
			     KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
	store_cert_wipe(&cert);
}

static void applied(struct service *service, struct change *change)
{
	struct intake *intake = (struct intake *)change;
	const struct keyring_key *key;

	if (intake->key && keyring_get(service->keyring, NULL, intake->key_id, &key) == STORE_OK)
		service_info_publish_key(service, key,
					 KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
	for (size_t i = 0; i < intake->count; i++) {
		const struct intake_cert *one = &intake->certs[i];

		/* version is what a replaced one had; a new one has none yet. */
		if (!one->is_here)
			service_cert_publish(
				service, &one->cert, one->cert.facts.common_name,
				one->cert.version
					? KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED
					: KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
	}
	for (size_t i = 0; i < intake->hit_count; i++)
		publish_revoked(service, intake->hit[i]);
}

static void dropped(struct service *service, struct change *change)
{
	struct intake *intake = (struct intake *)change;

	if (intake->key)
		service_pin_forget(service, intake->key);
}

static void reply(struct request *request, struct change *change)
{
	struct intake *intake = (struct intake *)change;
	ks_pb_reply message = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertImportReply body = KEYSTORE__V1__CERT_IMPORT_REPLY__INIT;
	struct store_cert *stored = calloc(IMPORT_CERTS_MAX, sizeof *stored);
	Keystore__V1__CertInfo *infos = calloc(IMPORT_CERTS_MAX, sizeof *infos);
	Keystore__V1__CertInfo *list[IMPORT_CERTS_MAX];
	enum store_status status = stored && infos ? STORE_OK : STORE_NOMEM;
	char *notes[INTAKE_NOTES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < intake->count && status == STORE_OK; i++) {
		if (intake->certs[i].is_here)
			continue;
		status = store_cert_get(request->service->store, intake->certs[i].cert.id,
					&stored[count]);
		if (status != STORE_OK)
			break;
		reply_cert_fill(&infos[count], &stored[count], clock_now(request->service->clock));
		list[count] = &infos[count];
		count++;
	}
	for (size_t i = 0; i < intake->note_count; i++)
		notes[i] = intake->notes[i];
	if (status == STORE_OK) {
		body.certs = list;
		body.n_certs = count;
		body.notes = notes;
		body.n_notes = intake->note_count;
		message.body_case = KEYSTORE__V1__REPLY__BODY_CERT_IMPORT;
		message.cert_import = &body;
		request_reply(request, &message);
	} else {
		request_fail_store(request, status);
	}
	for (size_t i = 0; stored && i < count; i++)
		store_cert_wipe(&stored[i]);
	free(stored);
	free(infos);
}

static void change_is_done(struct change *change)
{
	intake_free((struct intake *)change);
}

void intake_run(struct request *request, struct intake *intake)
{
	static const struct change_kind kind = {
		.check = check,
		.apply = apply,
		.applied = applied,
		.dropped = dropped,
		.reply = reply,
		.free = change_is_done,
	};

	intake->change.kind = &kind;
	intake->change.bytes = sizeof *intake + intake->revoked_count * sizeof *intake->revoked;
	for (size_t i = 0; i < intake->count; i++)
		intake->change.bytes +=
			intake->certs[i].cert.der_len + intake->certs[i].cert.names_len;
	snprintf(intake->change.object, sizeof intake->change.object, "%s", intake->key_name);
	request_change(request, &intake->change);
}
