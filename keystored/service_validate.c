#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "rejects.h"
#include "request.h"
#include "service.h"
#include "service_assign.h"
#include "service_rejected.h"
#include "service_trust.h"
#include "store_cert.h"
#include "trust.h"
#include "trust_change.h"
#include "x509_host.h"
#include "x509_text.h"

_Static_assert((int)PATH_OK == KEYSTORE__V1__VERDICT__VERDICT_ACCEPTED &&
		       (int)PATH_INCOMPLETE == KEYSTORE__V1__VERDICT__VERDICT_INCOMPLETE &&
		       (int)PATH_REVOKED == KEYSTORE__V1__VERDICT__VERDICT_REVOKED &&
		       (int)PATH_CRL_SCOPE == KEYSTORE__V1__VERDICT__VERDICT_CRL_SCOPE &&
		       (int)PATH_OTHER == KEYSTORE__V1__VERDICT__VERDICT_OTHER &&
		       (int)PATH_ANCHOR == KEYSTORE__V1__VERDICT__VERDICT_ANCHOR,
	       "reasons are told, and stored, by their numbers");

static const enum path_purpose purposes[] = {
	[KEYSTORE__V1__PURPOSE__PURPOSE_UNSPECIFIED] = PATH_ANY,
	[KEYSTORE__V1__PURPOSE__PURPOSE_ANY] = PATH_ANY,
	[KEYSTORE__V1__PURPOSE__PURPOSE_TLS_CLIENT] = PATH_TLS_CLIENT,
	[KEYSTORE__V1__PURPOSE__PURPOSE_TLS_SERVER] = PATH_TLS_SERVER,
	[KEYSTORE__V1__PURPOSE__PURPOSE_OPCUA] = PATH_OPCUA,
};

static void reply_verdict(struct request *request, struct path_verdict *verdict, bool auto_accepted)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__ValidateReply answer = KEYSTORE__V1__VALIDATE_REPLY__INIT;
	static const uint8_t none[sizeof verdict->fingerprint];

	answer.verdict = (Keystore__V1__Verdict)verdict->reason;
	answer.message = verdict->text;
	answer.depth = verdict->depth;
	if (memcmp(verdict->fingerprint, none, sizeof none) != 0) {
		answer.fingerprint.data = verdict->fingerprint;
		answer.fingerprint.len = sizeof verdict->fingerprint;
	}
	answer.missing_issuer = verdict->missing;
	answer.revoked_at = verdict->revoked_at;
	answer.revocation_reason = (uint32_t)verdict->revocation_reason;
	answer.auto_accepted = auto_accepted;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_VALIDATE;
	reply.validate = &answer;
	request_reply(request, &reply);
}

static void reply_accepted(struct request *request, struct trust_change *change)
{
	reply_verdict(request, change->state, true);
}

static bool is_unknown(const struct path_verdict *verdict)
{
	return verdict->reason == PATH_INCOMPLETE || verdict->reason == PATH_UNTRUSTED;
}

/* Nobody knows who it is, but there is nothing else wrong with it. */
static bool is_only_unknown(struct request *request, const struct store_group *group,
			    const struct path_request *path, struct path_verdict *verdict)
{
	struct path_verdict as_trusted;
	uint64_t count = 0;

	if (!is_unknown(verdict))
		return false;
	if (store_trust_count_auto(request->service->store, group->id, &count) != STORE_OK ||
	    count >= TRUST_AUTO_MAX ||
	    trust_validate(request->service->trust, group->id, path, true, &as_trusted) != STORE_OK)
		return false;
	/* What is wrong besides is the better reason. */
	*verdict = as_trusted;
	return as_trusted.reason == PATH_OK;
}

/* What is wrong with it besides is the reason, if anything is. */
static enum store_status look_further(struct request *request, const struct store_group *group,
				      const struct path_request *path, struct path_verdict *verdict)
{
	struct path_verdict as_trusted;
	enum store_status status =
		trust_validate(request->service->trust, group->id, path, true, &as_trusted);

	if (status != STORE_OK || as_trusted.reason == PATH_OK)
		return status;
	/* It was not looked at: nobody is to take it for good. */
	if (is_unknown(&as_trusted))
		as_trusted.reason = PATH_TOO_COMPLEX;
	*verdict = as_trusted;
	return status;
}

/* As a change of its own: audited, and on the list, where it can be seen and removed. */
static void accept(struct request *request, const struct store_group *group,
		   const struct path_request *path, const struct path_verdict *verdict)
{
	struct trust_change *change = trust_change_new(group);
	struct path_verdict *kept = malloc(sizeof *kept);
	struct entry_facts facts;

	if (!change || !kept ||
	    entry_read(path->candidate.bytes, path->candidate.len, &facts) != ENTRY_OK ||
	    !trust_change_add(change, STORE_TRUSTED_CERTS, &facts, path->candidate.bytes,
			      path->candidate.len)) {
		if (change)
			change_free(&change->change);
		free(kept);
		request_fail_memory(request);
		return;
	}
	*kept = *verdict;
	change->auto_accepts = true;
	change->reply = reply_accepted;
	change->state = kept;
	change->state_free = free;
	snprintf(change->change.detail, sizeof change->change.detail, "accepted by itself: %.128s",
		 facts.subject);
	request_change(request, &change->change);
}

/* Whoever is trusted, but is not the one who was asked for: trusting once more would not help. */
static bool is_about_the_question(enum path_reason reason)
{
	return reason == PATH_HOST || reason == PATH_ANCHOR;
}

static void answer(struct request *request, const struct store_group *group,
		   const struct path_request *path, const Keystore__V1__ValidateRequest *asked)
{
	struct service *service = request->service;
	struct path_verdict verdict;
	enum store_status status = trust_validate(service->trust, group->id, path, false, &verdict);
	bool is_question = asked->at != 0;

	if (status != STORE_OK) {
		request_fail_store(request, status);
		return;
	}
	if (verdict.reason != PATH_OK && group->auto_accept && !is_question &&
	    is_only_unknown(request, group, path, &verdict)) {
		accept(request, group, path, &verdict);
		return;
	}
	if (asked->thorough && is_unknown(&verdict))
		status = look_further(request, group, path, &verdict);
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return;
	}
	if (verdict.reason == PATH_NOMEM) {
		request_fail_memory(request);
		return;
	}
	if (verdict.reason != PATH_OK && !is_about_the_question(verdict.reason) && !is_question)
		rejects_note(service->rejects, group, &path->candidate, &verdict);
	reply_verdict(request, &verdict, false);
}

/* The trust group of a service, and what its peers are. False: answered. */
static bool find_group_of(struct request *request, const Keystore__V1__ValidateRequest *asked,
			  struct store_group *ret_group, enum path_purpose *ret_purpose)
{
	struct store_service row;

	if (*asked->group) {
		request_fail(request, STATUS_INVALID,
			     "a certificate is validated with a trust group or for a service: name "
			     "one of them");
		return false;
	}
	if (!service_assign_find(request, asked->service, &row))
		return false;
	if (!row.group_id) {
		request_fail(request, STATUS_CONFLICT,
			     "service “%s” has no trust group, and trusts nobody: service set "
			     "assigns one",
			     row.name);
		return false;
	}
	enum store_status status =
		store_group_get(request->service->store, NULL, row.group_id, ret_group);

	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	*ret_purpose = service_assign_purpose(row.kind);
	return true;
}

/* False: answered. */
static bool check_host(struct request *request, const char *host)
{
	const char *wrong = x509_host_wrong(host);
	char shown[X509_SHOWN_MAX];

	if (!wrong)
		return true;
	x509_text_show(host, strlen(host), shown);
	request_fail(request, STATUS_INVALID, "host “%s” %s", shown, wrong);
	return false;
}

/*
 * Whoever may use the group may name any certificate: a verdict tells of it what the candidate's
 * path shows, and else its number. False: answered.
 */
static bool find_anchor(struct request *request, uint64_t id, struct store_cert *ret_cert)
{
	enum store_status status = STORE_NOT_FOUND;
	struct store_cert cert;

	if (id <= INT64_MAX)
		status = store_cert_get(request->service->store, id, &cert);
	if (status == STORE_NOT_FOUND) {
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no certificate %llu by which another could be verified: "
			     "cert list shows them",
			     (unsigned long long)id);
		return false;
	}
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	if (cert.state == STORE_CERT_REQUESTED) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is not there yet: its CSR waits for an answer",
			     (unsigned long long)id);
		store_cert_wipe(&cert);
		return false;
	}
	*ret_cert = cert;
	return true;
}

void service_validate(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__ValidateRequest *asked = body;
	struct path_der sent[PATH_SENT_MAX];
	struct store_cert anchor = {0};
	struct store_group group;
	struct path_request path = {
		.candidate = {asked->candidate.data, asked->candidate.len},
		.sent = sent,
		.sent_count = asked->n_chain,
		.at = asked->at ? asked->at : clock_now(request->service->clock),
		.application_uri = asked->application_uri,
		.any_uri = !*asked->application_uri,
		.host = *asked->host ? asked->host : NULL,
		.anchor_id = asked->anchor_id,
	};

	(void)key;
	if (!asked->candidate.len || asked->n_chain > PATH_SENT_MAX ||
	    (unsigned)asked->purpose >= sizeof purposes / sizeof *purposes) {
		request_fail(request, STATUS_INVALID,
			     "validate takes a certificate, at most %d that came along (not %zu), "
			     "and a purpose from 0 to 4 (not %u)",
			     PATH_SENT_MAX, asked->n_chain, (unsigned)asked->purpose);
		return;
	}
	if (*asked->service ? !find_group_of(request, asked, &group, &path.purpose)
			    : !service_trust_find_usable(request, asked->group, &group))
		return;
	if ((path.host && !check_host(request, path.host)) ||
	    (asked->anchor_id && !find_anchor(request, asked->anchor_id, &anchor)))
		return;
	path.anchor = (struct path_der){anchor.der, anchor.der_len};
	for (size_t i = 0; i < asked->n_chain; i++)
		sent[i] = (struct path_der){asked->chain[i].data, asked->chain[i].len};
	if (asked->purpose || !*asked->service)
		path.purpose = purposes[asked->purpose];
	path.crls = (enum path_crls)group.crls;
	answer(request, &group, &path, asked);
	store_cert_wipe(&anchor);
}
