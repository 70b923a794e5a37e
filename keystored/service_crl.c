#include "service_crl.h"

#include <keystore.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crls.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_info.h"
#include "store_cert.h"

struct page {
	struct store *store;
	struct store_crl crls[SERVICE_CRL_PAGE];
	Keystore__V1__CrlInfo infos[SERVICE_CRL_PAGE];
	Keystore__V1__CrlInfo *list[SERVICE_CRL_PAGE];
	char numbers[SERVICE_CRL_PAGE][CRL_NUMBER_TEXT];
	char subjects[SERVICE_CRL_PAGE][sizeof((struct cert_facts){0}.subject)];
	size_t count;
	bool has_more;
};

static bool add_to_page(const struct store_crl *crl, void *user)
{
	struct page *page = user;

	page->has_more = page->count == SERVICE_CRL_PAGE;
	if (!page->has_more)
		page->crls[page->count++] = *crl;
	return !page->has_more;
}

static void fill(struct page *page, size_t at)
{
	const struct store_crl *crl = &page->crls[at];
	Keystore__V1__CrlInfo *info = &page->infos[at];
	struct store_cert ca;

	/* A list without its CA would be damage, and no reason to show none. */
	if (store_cert_get(page->store, crl->ca_id, &ca) == STORE_OK) {
		memcpy(page->subjects[at], ca.facts.subject, sizeof page->subjects[at]);
		store_cert_wipe(&ca);
	}
	crl_number_text(&crl->number, page->numbers[at]);
	keystore__v1__crl_info__init(info);
	info->ca_id = crl->ca_id;
	info->number = page->numbers[at];
	info->this_update = crl->this_update;
	info->next_update = crl->next_update;
	info->entries = crl->count;
	info->bytes = crl->size;
	info->pending = crl->is_stale;
	info->ca = page->subjects[at];
	page->list[at] = info;
}

static void reply_page(struct request *request, struct page *page)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CrlListReply list = KEYSTORE__V1__CRL_LIST_REPLY__INIT;

	page->store = request->service->store;
	for (size_t i = 0; i < page->count; i++)
		fill(page, i);
	list.crls = page->list;
	list.n_crls = page->count;
	list.more = page->has_more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_CRL_LIST;
	reply.crl_list = &list;
	request_reply(request, &reply);
}

void service_crl_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CrlListRequest *asked = body;
	struct page *page = calloc(1, sizeof *page);
	enum store_status status;

	(void)key;
	if (!page) {
		request_fail_memory(request);
		return;
	}
	status = store_crl_list(request->service->store,
				asked->after > INT64_MAX ? INT64_MAX : asked->after, add_to_page,
				page);
	if (status == STORE_OK)
		reply_page(request, page);
	else
		request_fail_store(request, status);
	free(page);
}

/* The CA's list, if there is one. False: answered. */
static bool find_crl(struct request *request, uint64_t ca_id, struct store_crl *ret_crl)
{
	enum store_status status = STORE_NOT_FOUND;

	if (ca_id && ca_id <= INT64_MAX)
		status = store_crl_get(request->service->store, ca_id, ret_crl);
	if (status == STORE_OK && !ret_crl->size)
		request_fail(request, STATUS_BUSY,
			     "the first CRL of certificate %llu is not signed yet: try again "
			     "shortly, when the TPM is there",
			     (unsigned long long)ca_id);
	else if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no CRL of certificate %llu: crl list shows them, one for "
			     "each CA whose key is here",
			     (unsigned long long)ca_id);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	return status == STORE_OK && ret_crl->size;
}

static void reply_part(struct request *request, const uint8_t *part, size_t len,
		       const struct store_crl *crl, char *number)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__DataReply data = KEYSTORE__V1__DATA_REPLY__INIT;

	data.data.data = (uint8_t *)(uintptr_t)part;
	data.data.len = len;
	data.total = crl->size;
	data.crl_number = number;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_DATA;
	reply.data = &data;
	request_reply(request, &reply);
}

void service_crl_export(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CrlExportRequest *export = body;
	char number[CRL_NUMBER_TEXT];
	struct store_crl crl = {0};
	uint8_t *part = NULL;
	size_t len = 0;

	(void)key;
	if (!find_crl(request, export->ca_id, &crl))
		return;
	crl_number_text(&crl.number, number);
	if (*export->crl_number && strcmp(export->crl_number, number) != 0) {
		request_fail(request, STATUS_CONFLICT,
			     "the CRL of certificate %llu has become number %s meanwhile: begin "
			     "anew",
			     (unsigned long long)crl.ca_id, number);
		return;
	}
	if (export->offset > crl.size) {
		request_fail(request, STATUS_INVALID,
			     "the CRL of certificate %llu has %llu bytes only",
			     (unsigned long long)crl.ca_id, (unsigned long long)crl.size);
		return;
	}
	part = malloc(SERVICE_CRL_PART);
	if (!part) {
		request_fail_memory(request);
		return;
	}
	enum store_status status = store_crl_read(request->service->store, crl.ca_id,
						  export->offset, part, SERVICE_CRL_PART, &len);

	if (status == STORE_OK)
		reply_part(request, part, len, &crl, number);
	else
		request_fail_store(request, status);
	free(part);
}

struct renewal {
	struct crls_waiter waiter;
	uint64_t ca_id;
};

static void renewal_free(void *state)
{
	struct renewal *renewal = state;

	crls_forget(&renewal->waiter);
	free(renewal);
}

static void renewal_done(struct crls_waiter *waiter, const char *trouble)
{
	struct renewal *renewal = (struct renewal *)waiter;
	struct request *request = waiter->user;
	struct page *page;
	struct store_crl crl;

	if (trouble) {
		request_fail(request, STATUS_UNAVAILABLE,
			     "the CRL of certificate %llu is not signed yet: %s",
			     (unsigned long long)renewal->ca_id, trouble);
		return;
	}
	page = calloc(1, sizeof *page);
	if (!page) {
		request_fail_memory(request);
	} else if (find_crl(request, renewal->ca_id, &crl)) {
		add_to_page(&crl, page);
		reply_page(request, page);
	}
	free(page);
}

void service_crl_renew(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CrlRenewRequest *renew = body;
	struct renewal *renewal;
	struct store_cert ca;

	(void)key;
	if (!service_cert_find(request, renew->ca_id, &ca))
		return;
	bool has_list = ca.kind == STORE_CERT_CA && ca.key_id;

	store_cert_wipe(&ca);
	if (!has_list) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is no CA whose key is here: crl list shows those "
			     "that have a CRL",
			     (unsigned long long)renew->ca_id);
		return;
	}
	renewal = calloc(1, sizeof *renewal);
	if (!renewal) {
		request_fail_memory(request);
		return;
	}
	renewal->ca_id = renew->ca_id;
	renewal->waiter.done = renewal_done;
	renewal->waiter.user = request;
	request->state = renewal;
	request->state_free = renewal_free;
	if (!crls_wait(request->service->crls, renew->ca_id, &renewal->waiter))
		request_fail_memory(request);
}

void service_crl_publish(struct service *service, const struct store_crl *crl)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__CrlEvent what = KEYSTORE__V1__CRL_EVENT__INIT;
	char number[CRL_NUMBER_TEXT];

	crl_number_text(&crl->number, number);
	what.ca_id = crl->ca_id;
	what.number = number;
	what.next_update = crl->next_update;
	event.body_case = KEYSTORE__V1__EVENT__BODY_CRL;
	event.crl = &what;
	service_info_publish_all(service, &event);
}
