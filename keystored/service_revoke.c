/* Revocation of what a CA here has issued. */
#include <keystore.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "clock.h"
#include "crls.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_crl.h"
#include "store_revoke.h"

struct revocation {
	struct change change;
	struct store_cert cert; /* what it was before */
	uint32_t version;	/* 0: all */
	enum crl_reason reason;
	uint64_t ca_id; /* of the last version concerned */
};

/* Why @version cannot be revoked, or taken back, here. STORE_OK: it can. */
static enum store_status check_version(struct service *service, struct revocation *revocation,
				       const struct store_revoke *version)
{
	struct change *change = &revocation->change;
	unsigned long long id = version->id;
	struct store_cert ca;

	if (revocation->reason == CRL_REMOVE &&
	    (version->state != STORE_CERT_REVOKED || version->reason != CRL_HOLD))
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu is not on hold: only that can be taken back",
				     id);
	if (revocation->reason != CRL_REMOVE && version->state == STORE_CERT_REVOKED &&
	    (version->reason != CRL_HOLD || revocation->reason == CRL_HOLD))
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu is revoked already, for %s", id,
				     crl_reason_name(version->reason));
	if (!version->issuer_id)
		return change_refuse(
			change, STATUS_CONFLICT,
			"certificate %llu was issued elsewhere, by “%.128s”: have that "
			"CA revoke it",
			id, revocation->cert.facts.issuer);
	if (version->issuer_id == version->id)
		return change_refuse(
			change, STATUS_CONFLICT,
			"certificate %llu is self-signed, so that no CRL can revoke it: "
			"remove it where it is trusted, and delete it",
			id);
	enum store_status status = store_cert_get(service->store, version->issuer_id, &ca);

	if (status != STORE_OK)
		return status;
	bool is_here = ca.key_id != 0;

	store_cert_wipe(&ca);
	if (!is_here)
		return change_refuse(change, STATUS_CONFLICT,
				     "the key of the CA that issued certificate %llu (certificate "
				     "%llu) is not here: have whoever has it revoke it",
				     id, (unsigned long long)version->issuer_id);
	return STORE_OK;
}

static enum store_status revoke_version(struct service *service, struct revocation *revocation,
					struct store_revoke *version, bool is_current)
{
	struct crl_entry entry = {.revoked = clock_now(service->clock),
				  .reason = revocation->reason};
	enum store_status status;

	if (strlen(version->serial) >= sizeof entry.serial)
		return change_refuse(
			&revocation->change, STATUS_CONFLICT,
			"the serial number of certificate %llu is longer than a CRL can "
			"say",
			(unsigned long long)version->id);
	memcpy(entry.serial, version->serial, strlen(version->serial) + 1);
	revocation->ca_id = version->issuer_id;
	version->reason = revocation->reason;
	version->state = STORE_CERT_REVOKED;
	if (revocation->reason == CRL_REMOVE)
		version->state = is_current ? STORE_CERT_ACTIVE : STORE_CERT_SUPERSEDED;
	status = store_revoke_set(service->store, version, entry.revoked);
	if (status != STORE_OK)
		return status;
	return revocation->reason == CRL_REMOVE
		       ? store_crl_release(service->store, version->issuer_id, entry.serial)
		       : store_crl_revoke(service->store, version->issuer_id, &entry);
}

/* All versions that can be; the last one's reason is told where none can. */
static enum store_status apply_to(struct service *service, struct revocation *revocation,
				  struct store_revoke *versions, size_t count)
{
	enum store_status status = STORE_NOT_FOUND;
	size_t done = 0;

	for (size_t i = 0; i < count; i++) {
		if (revocation->version && versions[i].version != revocation->version)
			continue;
		status = check_version(service, revocation, &versions[i]);
		if (status == STORE_EXISTS)
			continue;
		if (status == STORE_OK)
			status = revoke_version(service, revocation, &versions[i], i == count - 1);
		if (status != STORE_OK)
			return status;
		done++;
	}
	return done ? STORE_OK : status;
}

static enum store_status apply(struct service *service, struct change *change)
{
	struct revocation *revocation = (struct revocation *)change;
	struct store_revoke *versions = NULL;
	size_t count = 0;
	enum store_status status =
		store_revoke_list(service->store, revocation->cert.id, &versions, &count);

	if (status == STORE_OK)
		status = apply_to(service, revocation, versions, count);
	free(versions);
	if (status == STORE_NOT_FOUND && revocation->version)
		return change_refuse(change, STATUS_NOT_FOUND,
				     "certificate %llu has no version %u: cert show has those that "
				     "there are",
				     (unsigned long long)revocation->cert.id, revocation->version);
	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_CONFLICT,
				     "there is nothing of certificate %llu yet to revoke",
				     (unsigned long long)revocation->cert.id);
	return status;
}

static void applied(struct service *service, struct change *change)
{
	const struct revocation *revocation = (struct revocation *)change;

	service_cert_publish(service, &revocation->cert, revocation->cert.facts.common_name,
			     KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
	crls_check(service->crls);
}

/* A request that waits for the list. */
struct pending {
	struct crls_waiter waiter;
	uint64_t id;
};

static void pending_free(void *state)
{
	struct pending *pending = state;

	crls_forget(&pending->waiter);
	free(pending);
}

static void list_done(struct crls_waiter *waiter, const char *trouble)
{
	struct pending *pending = (struct pending *)waiter;
	char note[CRLS_TEXT_MAX + 64] = "";

	if (trouble)
		snprintf(note, sizeof note, "this holds, but the CA's CRL says it only later: %s",
			 trouble);
	service_cert_reply(waiter->user, pending->id, note);
}

static void reply(struct request *request, struct change *change)
{
	const struct revocation *revocation = (struct revocation *)change;
	struct pending *pending = calloc(1, sizeof *pending);

	/* It is done, and nothing may answer that it is not. */
	request_must_finish(request);
	if (pending) {
		pending->id = revocation->cert.id;
		pending->waiter.done = list_done;
		pending->waiter.user = request;
		request->state = pending;
		request->state_free = pending_free;
	}
	if (!pending || !crls_wait(request->service->crls, revocation->ca_id, &pending->waiter))
		service_cert_reply(request, revocation->cert.id, "");
}

static void revocation_free(struct change *change)
{
	struct revocation *revocation = (struct revocation *)change;

	store_cert_wipe(&revocation->cert);
	free(revocation);
}

void service_cert_revoke(struct request *request, const void *body, const struct keyring_key *key)
{
	static const struct change_kind kind = {
		.apply = apply,
		.applied = applied,
		.reply = reply,
		.free = revocation_free,
	};
	const Keystore__V1__CertRevokeRequest *asked = body;
	unsigned reason = (unsigned)asked->reason;
	char versions[32] = "all versions";
	struct revocation *revocation;
	struct store_cert cert;

	(void)key;
	if (!crl_reason_name(reason)) {
		request_fail(request, STATUS_INVALID,
			     "there is no reason %u: RFC 5280 5.3.1 has those that there are",
			     reason);
		return;
	}
	if (!service_cert_find(request, asked->id, &cert))
		return;
	revocation = calloc(1, sizeof *revocation);
	if (!revocation) {
		store_cert_wipe(&cert);
		request_fail_memory(request);
		return;
	}
	revocation->change.kind = &kind;
	revocation->cert = cert;
	revocation->version = asked->version;
	revocation->reason = (enum crl_reason)reason;
	if (asked->version)
		snprintf(versions, sizeof versions, "version %u", asked->version);
	snprintf(revocation->change.detail, sizeof revocation->change.detail,
		 "certificate %llu, %s: %s", (unsigned long long)cert.id, versions,
		 crl_reason_name(reason));
	request_change(request, &revocation->change);
}
