/* Measures certificates by the rules, a few at a time between other work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_own.h"
#include "store_cert.h"
#include "x509_check.h"

#define FINDINGS_MAX 256u /* in one reply; those of one certificate are not torn apart */
#define ONE_MAX	     (CHECK_RULES_MAX + 2u) /* of one certificate */

struct finding {
	Keystore__V1__CheckFinding message;
	char text[STORE_RENEWAL_NOTE_MAX];
};

struct checking {
	struct request *request;
	sd_event_source *source;
	uint64_t at; /* the last certificate that was looked at */
	uint64_t checked;
	bool has_more;
	size_t count;
	struct finding findings[FINDINGS_MAX + ONE_MAX];
};

static void checking_free(void *state)
{
	struct checking *checking = state;

	sd_event_source_disable_unref(checking->source);
	free(checking);
}

/* Freed with the request. NULL: answered. */
static struct checking *checking_new(struct request *request)
{
	struct checking *checking = calloc(1, sizeof *checking);

	if (!checking) {
		request_fail_memory(request);
		return NULL;
	}
	checking->request = request;
	request->state = checking;
	request->state_free = checking_free;
	return checking;
}

static void answer(struct checking *checking)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertCheckReply body = KEYSTORE__V1__CERT_CHECK_REPLY__INIT;
	Keystore__V1__CheckFinding *list[FINDINGS_MAX + ONE_MAX];
	struct request *request = checking->request;

	for (size_t i = 0; i < checking->count; i++) {
		checking->findings[i].message.text = checking->findings[i].text;
		list[i] = &checking->findings[i].message;
	}
	body.findings = list;
	body.n_findings = checking->count;
	body.checked = checking->checked;
	body.last = checking->at;
	body.more = checking->has_more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_CHECK;
	reply.cert_check = &body;
	/* The reply is made of the state, which has to outlive the request. */
	request->state_free = NULL;
	request_reply(request, &reply);
	checking_free(checking);
}

static void add_finding(struct checking *checking, uint64_t id, const struct check_finding *from,
			const char *text)
{
	struct finding *finding = &checking->findings[checking->count++];

	finding->message = reply_finding(from, id);
	snprintf(finding->text, sizeof finding->text, "%s", text);
}

static enum cert_status check(struct checking *checking, uint64_t id, const uint8_t *der,
			      size_t len, const struct profile *profile)
{
	struct check_report report;
	enum cert_status status = cert_check(der, len, profile, &report);

	if (status != CERT_OK)
		return status;
	checking->checked++;
	for (size_t i = 0; i < report.count; i++)
		add_finding(checking, id, &report.findings[i], report.findings[i].text);
	return CERT_OK;
}

/*
 * Not of the certificate alone, so that it is no rule of the table: whether its names are still
 * this device's.
 */
static enum store_status check_names(struct checking *checking, const struct store_cert *cert)
{
	static const struct check_finding address = {
		.rule = "san-address-gone",
		.clause = "RFC 5280 4.2.1.6",
		.field = CHECK_OF_NAMES,
		.severity = CHECK_WARNING,
	};
	static const struct check_finding host = {
		.rule = "san-host-gone",
		.clause = "RFC 5280 4.2.1.6",
		.field = CHECK_OF_NAMES,
		.severity = CHECK_WARNING,
	};
	struct service *service = checking->request->service;
	struct store_renewal renewal;
	struct own_verdict verdict;
	enum store_status status = store_renewal_get(service->store, cert->id, &renewal);

	if (status != STORE_OK)
		return status;
	service_own_judge(service, cert, &renewal.policy, &verdict);
	if (verdict.addresses)
		add_finding(checking, cert->id, &address, verdict.text);
	if (verdict.hosts)
		add_finding(checking, cert->id, &host, verdict.text);
	return STORE_OK;
}

static void fail_check(struct request *request, uint64_t id, enum cert_status status)
{
	if (status == CERT_NOMEM)
		request_fail_memory(request);
	else if (id)
		request_fail(request, STATUS_STORAGE,
			     "certificate %llu cannot be read: restore the database from a backup",
			     (unsigned long long)id);
	else
		request_fail(request, STATUS_INVALID,
			     "what was sent is not one certificate in DER of at most %d bytes",
			     CERT_DER_MAX);
}

/* False: answered. */
static bool step(struct checking *checking, bool *ret_is_done)
{
	struct request *request = checking->request;
	struct store_cert cert;
	enum store_status status = store_cert_next(request->service->store, checking->at, &cert);

	if (status == STORE_NOT_FOUND || checking->count >= FINDINGS_MAX) {
		checking->has_more = status == STORE_OK;
		*ret_is_done = true;
		if (status == STORE_OK)
			store_cert_wipe(&cert);
		return true;
	}
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	checking->at = cert.id;
	enum cert_status found = CERT_OK;

	if (cert.state != STORE_CERT_REQUESTED)
		found = check(checking, cert.id, cert.der, cert.der_len,
			      profile_by_id(cert.profile));
	if (found != CERT_OK)
		fail_check(request, cert.id, found);
	else
		status = check_names(checking, &cert);
	if (status != STORE_OK)
		request_fail_store(request, status);
	store_cert_wipe(&cert);
	return found == CERT_OK && status == STORE_OK;
}

static int on_step(sd_event_source *source, void *user)
{
	struct checking *checking = user;
	bool is_done = false;

	(void)source;
	/* One at a time, and after everything else: it takes as long as half a signature. */
	if (step(checking, &is_done) && is_done)
		answer(checking);
	return 0;
}

static void check_all(struct request *request, uint64_t after)
{
	struct checking *checking;

	if (after > INT64_MAX) {
		request_fail(request, STATUS_INVALID, "there is no certificate %llu to begin after",
			     (unsigned long long)after);
		return;
	}
	if (!request_allows(request, RIGHT_VIEW, NULL))
		return;
	checking = checking_new(request);
	if (!checking)
		return;
	checking->at = after;
	if (sd_event_add_defer(request->service->event, &checking->source, on_step, checking) < 0 ||
	    sd_event_source_set_priority(checking->source, SD_EVENT_PRIORITY_IDLE) < 0 ||
	    sd_event_source_set_enabled(checking->source, SD_EVENT_ON) < 0)
		request_fail_memory(request);
}

static void check_one(struct request *request, uint64_t id)
{
	struct store_cert cert;

	if (!service_cert_find_visible(request, id, &cert))
		return;
	struct checking *checking = checking_new(request);
	enum cert_status status = CERT_OK;

	if (checking && cert.state == STORE_CERT_REQUESTED) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is not there yet: its CSR waits for an answer",
			     (unsigned long long)id);
	} else if (checking) {
		checking->at = id;
		status = check(checking, id, cert.der, cert.der_len, profile_by_id(cert.profile));
		enum store_status names =
			status == CERT_OK ? check_names(checking, &cert) : STORE_OK;

		if (status != CERT_OK)
			fail_check(request, id, status);
		else if (names != STORE_OK)
			request_fail_store(request, names);
		else
			answer(checking);
	}
	store_cert_wipe(&cert);
}

static void check_sent(struct request *request, const Keystore__V1__CertCheckRequest *asked)
{
	const struct profile *profile = NULL;
	struct checking *checking;

	if (*asked->profile && !service_cert_profile(request, asked->profile, &profile))
		return;
	checking = checking_new(request);
	if (!checking)
		return;
	enum cert_status status = check(checking, 0, asked->der.data, asked->der.len, profile);

	if (status == CERT_OK)
		answer(checking);
	else
		fail_check(request, 0, status);
}

void service_cert_check(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertCheckRequest *asked = body;

	(void)none;
	if (asked->id && (asked->der.len || asked->after))
		request_fail(request, STATUS_INVALID,
			     "cert check is of one certificate here, of one that is sent, or of "
			     "all: give one of ID and certificate, or neither");
	else if (asked->id)
		check_one(request, asked->id);
	else if (asked->der.len)
		check_sent(request, asked);
	else
		check_all(request, asked->after);
}
