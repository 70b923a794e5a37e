/* What would be wrong with a certificate that is not made, for forms. */
#include <stdlib.h>

#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_cert_take.h"
#include "x509_draft.h"

struct draft {
	struct request *request;
	const Keystore__V1__CertCreateRequest *asked;
	struct issue *issue;
	struct issue_order *order;
	const struct profile *profile; /* NULL: not known */
	int64_t issuer_end;
	const char *field; /* that is being looked at */
	bool is_answered;
	struct check_report report;
};

/* What another value of the field would put right is a finding; anything else is the answer. */
static bool is_finding(enum status status)
{
	switch (status) {
	case STATUS_INVALID:
	case STATUS_UNSUPPORTED:
	case STATUS_NOT_FOUND:
	case STATUS_EXISTS:
	case STATUS_LIMIT:
	case STATUS_CONFLICT:
		return true;
	case STATUS_OK:
	case STATUS_DENIED:
	case STATUS_BUSY:
	case STATUS_UNAVAILABLE:
	case STATUS_DEADLINE:
	case STATUS_DECRYPT_FAILED:
	case STATUS_STORAGE:
	case STATUS_TPM:
	case STATUS_INTERNAL:
	case STATUS_COUNT:
		break;
	}
	return false;
}

static bool refused(enum status status, const char *message, void *user)
{
	struct draft *draft = user;

	if (is_finding(status))
		cert_draft_refuse(&draft->report, draft->field, message);
	else
		draft->is_answered = true;
	return !draft->is_answered;
}

static void answer(struct request *request, const struct check_report *report)
{
	Keystore__V1__CertCheckReply body = KEYSTORE__V1__CERT_CHECK_REPLY__INIT;
	Keystore__V1__CheckFinding messages[CHECK_RULES_MAX];
	Keystore__V1__CheckFinding *list[CHECK_RULES_MAX];
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;

	for (size_t i = 0; i < report->count; i++) {
		messages[i] = reply_finding(&report->findings[i], 0);
		list[i] = &messages[i];
	}
	body.findings = list;
	body.n_findings = report->count;
	body.checked = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_CHECK;
	reply.cert_check = &body;
	request_reply(request, &reply);
}

static void take_profile(struct draft *draft)
{
	if (service_cert_profile(draft->request, draft->asked->profile, &draft->profile))
		cert_take_subject(draft->request, draft->order, draft->profile,
				  draft->asked->subject);
}

static void take_names(struct draft *draft)
{
	cert_take_names(draft->request, &draft->order->cert, draft->asked->names,
			draft->asked->n_names);
}

/* Of one without demands, where it is not known. */
static const struct profile *profile_of(const struct draft *draft)
{
	return draft->profile ? draft->profile : profile_by_id(PROFILE_TLS_CLIENT);
}

static void take_key(struct draft *draft)
{
	const Keystore__V1__CertCreateRequest *asked = draft->asked;

	if (!cert_take_one_key(draft->request, asked->key, asked->new_key))
		return;
	if (asked->key)
		cert_take_old_key(draft->request, draft->order, asked->key, profile_of(draft),
				  !asked->issuer);
	else
		cert_take_new_key(draft->request, draft->order, asked->new_key,
				  (unsigned)asked->algorithm);
}

static void take_issuer(struct draft *draft)
{
	if (draft->asked->issuer)
		cert_take_issuer(draft->request, draft->order, draft->asked->issuer,
				 &draft->issuer_end);
}

static void take_ca_levels(struct draft *draft)
{
	if (draft->profile)
		cert_take_ca_levels(draft->request, draft->order, draft->asked->ca_levels);
}

static void take_validity(struct draft *draft)
{
	cert_take_validity(draft->request, draft->issue, draft->order, draft->asked->validity,
			   profile_of(draft)->default_days, draft->issuer_end);
}

static void take_scheme(struct draft *draft)
{
	cert_take_scheme(draft->request, draft->order, draft->asked->hash, draft->asked->padding);
}

/* What service_cert_create() takes; each also when those before are wrong. */
static const struct {
	const char *field;
	void (*take)(struct draft *draft);
} parts[] = {
	{CHECK_OF_PROFILE, take_profile},
	{CHECK_OF_NAMES, take_names},
	{CHECK_OF_KEY, take_key},
	{CHECK_OF_ISSUER, take_issuer},
	{CHECK_OF_CA_LEVELS, take_ca_levels},
	{CHECK_OF_VALIDITY, take_validity},
	{CHECK_OF_HASH, take_scheme},
};

static enum cert_status measure(struct draft *draft)
{
	const Keystore__V1__CertCreateRequest *asked = draft->asked;
	const struct issue_order *order = draft->order;
	struct csr_name *names = calloc(asked->n_names + 1, sizeof *names);
	struct cert_spec spec = {
		.profile = draft->profile,
		.subject = asked->subject,
		.names = names,
		.name_count = asked->n_names,
		.not_before = order->not_before,
		.not_after = order->not_after,
		.issuer = order->issuer,
		.issuer_len = order->issuer_len,
		.issuer_key = order->issuer_key ? tpm_key_public(order->issuer_key) : NULL,
		.path_length = (int)order->ca_levels - 1,
		.hash = order->cert.hash ? order->cert.hash : TPM_SHA256,
		.padding = order->cert.padding,
	};
	enum cert_status status = CERT_NOMEM;

	for (size_t i = 0; names && i < asked->n_names; i++)
		names[i] = (struct csr_name){(int)asked->names[i]->type, asked->names[i]->value};
	if (names)
		status = cert_draft(&spec, &draft->report);
	free(names);
	return status;
}

/* False: answered, and the request is gone. */
static bool take(struct draft *draft)
{
	struct request *request = draft->request;

	request->refused = refused;
	request->refused_user = draft;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !draft->is_answered; i++) {
		draft->field = parts[i].field;
		parts[i].take(draft);
	}
	if (!draft->is_answered)
		request->refused = NULL;
	return !draft->is_answered;
}

void service_cert_draft(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertDraftRequest *asked = body;

	(void)none;
	if (!asked->create) {
		request_fail(request, STATUS_INVALID,
			     "a draft is of a certificate: say what cert create would be asked");
		return;
	}
	struct issue *issue = issue_new(request);
	/* It has to be there when the request has been answered. */
	struct draft *draft = issue ? calloc(1, sizeof *draft) : NULL;

	if (!issue)
		return;
	if (!draft) {
		request_fail_memory(request);
		return;
	}
	draft->request = request;
	draft->asked = asked->create;
	draft->issue = issue;
	draft->order = &issue->orders[0];
	if (take(draft)) {
		if (measure(draft) == CERT_OK)
			answer(request, &draft->report);
		else
			request_fail_memory(request);
	}
	free(draft);
}
