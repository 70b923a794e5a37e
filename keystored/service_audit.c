#include "service_audit.h"

#include <openssl/asn1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "anchor.h"
#include "request.h"
#include "service.h"
#include "service_info.h"
#include "store_check.h"

#define TEXT_MAX    256 /* bytes of a record's text that are shown */
#define STEP	    256 /* records looked at between other work, well below a millisecond */
#define MESSAGE_MAX 512
#define TIME_MAX    32

struct page {
	const Keystore__V1__AuditListRequest *asked;
	size_t looked;
	uint64_t last; /* that was looked at */
	Keystore__V1__AuditRecord records[SERVICE_LIST_PAGE];
	Keystore__V1__AuditRecord *list[SERVICE_LIST_PAGE];
	char texts[SERVICE_LIST_PAGE][STORE_TEXTS][TEXT_MAX];
	uint8_t chains[SERVICE_LIST_PAGE][STORE_CHAIN_SIZE];
	size_t count;
	size_t limit;
	bool has_more;
};

/* As much of @text as fits; what is no UTF-8, cut-off characters included, becomes '?'. */
static char *copy_text(char copy[TEXT_MAX], const char *text)
{
	size_t left = strlen(text);
	size_t used = 0;

	while (left) {
		unsigned long code;
		int len = UTF8_getc((const unsigned char *)text, (int)(left < 8 ? left : 8), &code);
		size_t step = len > 0 ? (size_t)len : 1;

		if (used + step >= TEXT_MAX)
			break;
		memcpy(copy + used, len > 0 ? text : "?", step);
		used += step;
		text += step;
		left -= step;
	}
	copy[used] = '\0';
	return copy;
}

static bool is_asked_for(const Keystore__V1__AuditListRequest *asked,
			 const struct store_audit *entry)
{
	int64_t seconds = entry->time / 1000000;

	return (!*asked->user || strcmp(entry->user, asked->user) == 0) &&
	       strncmp(entry->operation, asked->operation, strlen(asked->operation)) == 0 &&
	       strstr(entry->object, asked->object) &&
	       (!*asked->status || strcmp(entry->status, asked->status) == 0) &&
	       (!asked->since || seconds >= asked->since) &&
	       (!asked->until || seconds < asked->until);
}

static bool filters_are_short(const Keystore__V1__AuditListRequest *asked)
{
	const char *const filters[] = {asked->user, asked->operation, asked->object, asked->status};

	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		if (strlen(filters[i]) > SERVICE_AUDIT_FILTER)
			return false;
	}
	return true;
}

static bool add_to_page(uint64_t seq, const struct store_audit *entry, void *user)
{
	struct page *page = user;
	size_t i = page->count;
	Keystore__V1__AuditRecord *record = &page->records[i];

	if (i == page->limit || page->looked == SERVICE_AUDIT_LOOK) {
		page->has_more = true;
		return false;
	}
	page->looked++;
	page->last = seq;
	if (!is_asked_for(page->asked, entry))
		return true;
	keystore__v1__audit_record__init(record);
	record->seq = seq;
	record->time = entry->time;
	record->uid = entry->uid;
	record->pid = entry->pid;
	record->operation = copy_text(page->texts[i][STORE_OPERATION], entry->operation);
	record->object = copy_text(page->texts[i][STORE_OBJECT], entry->object);
	record->status = copy_text(page->texts[i][STORE_RESULT], entry->status);
	record->detail = copy_text(page->texts[i][STORE_DETAIL], entry->detail);
	record->user = copy_text(page->texts[i][STORE_USER], entry->user);
	record->count = entry->count;
	memcpy(page->chains[i], entry->chain, STORE_CHAIN_SIZE);
	record->chain.data = page->chains[i];
	record->chain.len = STORE_CHAIN_SIZE;
	page->list[i] = record;
	page->count++;
	return true;
}

void service_audit_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__AuditListRequest *asked = body;
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__AuditListReply list = KEYSTORE__V1__AUDIT_LIST_REPLY__INIT;
	struct page *page = calloc(1, sizeof *page);

	(void)key;
	if (!page) {
		request_fail_memory(request);
		return;
	}
	if (!filters_are_short(asked)) {
		request_fail(request, STATUS_INVALID,
			     "what audit list is to look for has at most %u bytes each",
			     SERVICE_AUDIT_FILTER);
		free(page);
		return;
	}
	page->asked = asked;
	audit_flush(service->audit);
	page->limit =
		asked->limit && asked->limit < SERVICE_LIST_PAGE ? asked->limit : SERVICE_LIST_PAGE;
	enum store_status status =
		asked->before ? store_audit_list_back(service->store, asked->before, asked->after,
						      add_to_page, page)
			      : store_audit_list(service->store, asked->after, add_to_page, page);

	if (status == STORE_OK) {
		list.records = page->list;
		list.n_records = page->count;
		list.more = page->has_more;
		list.last = page->last;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_AUDIT_LIST;
		reply.audit_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail(request, STATUS_STORAGE, "audit list: %s",
			     store_error(service->store));
	}
	free(page);
}

struct verification {
	struct request *request;
	sd_event_source *source;
	struct store_check check;
	struct store_link anchor;
	bool is_anchored;
	char note[TPM_ERROR_MAX + 64]; /* not anchored: why */
};

static void verification_free(void *state)
{
	struct verification *verification = state;

	sd_event_source_disable_unref(verification->source);
	free(verification);
}

static void time_text(int64_t usec, char text[TIME_MAX])
{
	time_t seconds = (time_t)(usec / 1000000);
	struct tm parts;

	if (!usec || !gmtime_r(&seconds, &parts) ||
	    !strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(text, TIME_MAX, "the beginning");
}

static const struct {
	Keystore__V1__AuditFinding finding;
	const char *one; /* after "record 5" or "records 5 to 7" */
	const char *many;
} findings[] = {
	[STORE_CHANGED] = {KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_CHANGED,
			   "is not the one that was written there: it was changed, or is "
			   "another's",
			   ""},
	[STORE_MISSING] = {KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_MISSING,
			   "is missing: it was removed, and later ones are there",
			   "are missing: they were removed, and later ones are there"},
	[STORE_CUT_OFF] = {KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_CUT_OFF,
			   "is missing at the end: the trail was cut off",
			   "are missing at the end: the trail was cut off"},
	[STORE_ADDED] = {KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_ADDED,
			 "is not of the service: it was added to the trail",
			 "are not of the service: they were added to the trail"},
	[STORE_BEGIN] = {KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_BEGINNING,
			 "was removed at the beginning, otherwise than by the limit of entries",
			 "were removed at the beginning, otherwise than by the limit of entries"},
};

static void say(char message[MESSAGE_MAX], uint64_t first, uint64_t last, const char *one,
		const char *many, int64_t since)
{
	char time[TIME_MAX];
	char which[64];

	time_text(since, time);
	if (first >= last)
		snprintf(which, sizeof which, "record %llu", (unsigned long long)first);
	else
		snprintf(which, sizeof which, "records %llu to %llu", (unsigned long long)first,
			 (unsigned long long)last);
	snprintf(message, MESSAGE_MAX, "%s %s; what the trail says after %s is open to doubt",
		 which, first >= last ? one : many, time);
}

static void take_verdict(enum anchor_verdict verdict, const struct verification *verification,
			 Keystore__V1__AuditVerifyReply *answer, char message[MESSAGE_MAX])
{
	uint64_t held = verification->anchor.seq;

	answer->first = answer->last = held;
	switch (verdict) {
	case ANCHOR_HOLDS:
		answer->first = answer->last = 0;
		break;
	case ANCHOR_CUT_OFF:
		answer->finding = KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_CUT_OFF;
		answer->first = verification->check.at.seq + 1;
		say(message, answer->first, held,
		    "is missing at the end: the TPM knows it, so the trail was cut off",
		    "are missing at the end: the TPM knows the last of them, so the trail was cut "
		    "off",
		    verification->check.since);
		break;
	case ANCHOR_REWRITTEN:
		answer->finding = KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_REWRITTEN;
		say(message, held, held,
		    "is not the one that the TPM knows: it or what is before it was written anew",
		    "", 0);
		break;
	case ANCHOR_DROPPED:
		answer->finding = KEYSTORE__V1__AUDIT_FINDING__AUDIT_FINDING_DROPPED;
		say(message, held, held,
		    "is the one that the TPM knows, and it is not kept any more: nothing here can "
		    "be compared with it",
		    "", 0);
		break;
	}
}

static void answer(struct verification *verification, enum anchor_verdict verdict)
{
	const struct store_check *check = &verification->check;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__AuditVerifyReply answer = KEYSTORE__V1__AUDIT_VERIFY_REPLY__INIT;
	char message[MESSAGE_MAX] = "";
	char note[sizeof verification->note];

	/* What the reply says may not be the request's, which ends before it leaves. */
	memcpy(note, verification->note, sizeof note);
	answer.since = check->since;
	answer.records = check->records;
	answer.newest = check->at.seq;
	answer.anchored = verification->is_anchored;
	answer.anchored_seq = verification->anchor.seq;
	answer.anchor_note = note;
	if (check->finding != STORE_INTACT) {
		answer.finding = findings[check->finding].finding;
		answer.first = check->first;
		answer.last = check->last;
		say(message, check->first, check->last, findings[check->finding].one,
		    findings[check->finding].many, check->since);
	} else if (verification->is_anchored) {
		take_verdict(verdict, verification, &answer, message);
	}
	answer.message = message;
	if (*message)
		log_line(verification->request->service->log, LOG_LEVEL_ERROR, "audit trail: %s",
			 message);
	reply.body_case = KEYSTORE__V1__REPLY__BODY_AUDIT_VERIFY;
	reply.audit_verify = &answer;
	request_reply(verification->request, &reply);
}

static int on_step(sd_event_source *source, void *user)
{
	struct verification *verification = user;
	struct request *request = verification->request;
	struct store *store = request->service->store;
	enum anchor_verdict verdict = ANCHOR_HOLDS;
	bool is_done = false;
	enum store_status status = store_check_step(store, &verification->check, STEP, &is_done);

	(void)source;
	if (status == STORE_OK && is_done && verification->is_anchored)
		status = anchor_compare(store, &verification->anchor, &verdict);
	if (status != STORE_OK)
		request_fail(request, STATUS_STORAGE, "audit verify: %s", store_error(store));
	else if (is_done)
		answer(verification, verdict);
	return 0;
}

static void walk(struct verification *verification)
{
	struct request *request = verification->request;

	if (sd_event_add_defer(request->service->event, &verification->source, on_step,
			       verification) < 0 ||
	    sd_event_source_set_enabled(verification->source, SD_EVENT_ON) < 0)
		request_fail_memory(request);
}

static void anchor_done(struct tpm_job *job, void *user)
{
	struct verification *verification = ((struct request *)user)->state;
	const char *trouble = anchor_trouble(verification->request->service->anchor);

	verification->request->job = NULL;
	if (job->status != TPM_OK)
		snprintf(verification->note, sizeof verification->note, "%s", job->error);
	else if (anchor_parse(job, &verification->anchor))
		verification->is_anchored = true;
	else
		snprintf(verification->note, sizeof verification->note,
			 "the TPM holds no record yet%s%s", *trouble ? ": " : "", trouble);
	walk(verification);
}

void service_audit_verify(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	struct verification *verification = calloc(1, sizeof *verification);
	const char *reason = "";
	struct tpm_job *job;

	(void)body;
	(void)key;
	if (!verification) {
		request_fail_memory(request);
		return;
	}
	verification->request = request;
	request->state = verification;
	request->state_free = verification_free;
	audit_flush(service->audit);
	job = anchor_read_job(service->anchor, &reason);
	if (job) {
		job->level = request->level;
		job->wait = request->may_wait;
		job->done = anchor_done;
		job->user = request;
		if (tpm_engine_submit(service->engine, job) == TPM_OK) {
			request->job = job;
			return;
		}
		reason = job->error;
	}
	snprintf(verification->note, sizeof verification->note, "%s", reason);
	tpm_job_free(job);
	walk(verification);
}
