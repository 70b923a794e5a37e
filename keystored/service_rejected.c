#include "service_rejected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rejects.h"
#include "request.h"
#include "service.h"
#include "service_trust.h"
#include "trust_change.h"

#define REJECTED_PAGE  64u
#define PAGE_BYTES_MAX 131072u /* of DER in one reply: a frame has twice that */

struct page {
	struct store_rejected rows[REJECTED_PAGE];
	Keystore__V1__Rejected infos[REJECTED_PAGE];
	Keystore__V1__Rejected *list[REJECTED_PAGE];
	size_t count;
	size_t bytes;
	bool with_der;
	bool has_no_memory;
	bool has_more;
};

static bool add_to_page(const struct store_rejected *rejected, void *user)
{
	struct page *page = user;
	struct store_rejected *row = &page->rows[page->count];
	uint8_t *der = NULL;

	if (page->count == REJECTED_PAGE ||
	    (page->with_der && page->count && page->bytes + rejected->der_len > PAGE_BYTES_MAX)) {
		page->has_more = true;
		return false;
	}
	if (page->with_der) {
		der = malloc(rejected->der_len);
		page->has_no_memory = !der;
		if (!der)
			return false;
		memcpy(der, rejected->der, rejected->der_len);
		page->bytes += rejected->der_len;
	}
	*row = *rejected;
	row->der = der;
	page->count++;
	return true;
}

static void fill(Keystore__V1__Rejected *info, struct store_rejected *row, bool with_der)
{
	keystore__v1__rejected__init(info);
	info->id = row->id;
	info->group = row->group;
	info->fingerprint.data = row->fingerprint;
	info->fingerprint.len = sizeof row->fingerprint;
	info->subject = row->subject;
	info->issuer = row->issuer;
	info->verdict = (Keystore__V1__Verdict)row->reason;
	info->message = row->sentence;
	info->first_seen = row->first_seen;
	info->last_seen = row->last_seen;
	info->count = row->count;
	if (with_der) {
		info->der.data = (uint8_t *)(uintptr_t)row->der;
		info->der.len = row->der_len;
	}
}

static void page_free(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		store_rejected_wipe(&page->rows[i]);
	free(page);
}

static void reply_page(struct request *request, struct page *page)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__RejectedListReply list = KEYSTORE__V1__REJECTED_LIST_REPLY__INIT;

	for (size_t i = 0; i < page->count; i++) {
		fill(&page->infos[i], &page->rows[i], page->with_der);
		page->list[i] = &page->infos[i];
	}
	list.rejected = page->list;
	list.n_rejected = page->count;
	list.more = page->has_more;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_REJECTED_LIST;
	reply.rejected_list = &list;
	request_reply(request, &reply);
}

void service_rejected_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__RejectedListRequest *asked = body;
	struct store_group group = {0};

	(void)key;
	if (*asked->group ? !service_trust_find_usable(request, asked->group, &group)
			  : !request_allows(request, RIGHT_VIEW, NULL))
		return;
	struct page *page = calloc(1, sizeof *page);

	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->with_der = asked->with_der;
	rejects_flush(request->service->rejects);
	enum store_status status = store_rejected_list(request->service->store, group.id,
						       asked->after, add_to_page, page);

	if (status == STORE_OK && page->has_no_memory)
		status = STORE_NOMEM;
	if (status == STORE_OK)
		reply_page(request, page);
	else
		request_fail_store(request, status);
	page_free(page);
}

/* False: answered. */
static bool find_rejected(struct request *request, uint64_t id, struct store_rejected *ret)
{
	enum store_status status = STORE_NOT_FOUND;

	rejects_flush(request->service->rejects);
	if (id && id <= INT64_MAX)
		status = store_rejected_get(request->service->store, id, ret);
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no refused certificate %llu: rejected list shows them",
			     (unsigned long long)id);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	else
		memcpy(request->object, ret->group, sizeof ret->group);
	return status == STORE_OK;
}

void service_rejected_trust(struct request *request, const void *body,
			    const struct keyring_key *key)
{
	const Keystore__V1__RejectedTrustRequest *asked = body;
	struct trust_change *change = NULL;
	struct store_rejected rejected;
	struct entry_facts facts;
	struct store_group group;

	(void)key;
	if (!find_rejected(request, asked->id, &rejected))
		return;
	if (!service_trust_find(request, rejected.group, &group))
		goto out;
	change = trust_change_new(&group);
	if (!change || entry_read(rejected.der, rejected.der_len, &facts) != ENTRY_OK ||
	    !trust_change_add(change, STORE_TRUSTED_CERTS, &facts, rejected.der,
			      rejected.der_len)) {
		if (change)
			change_free(&change->change);
		request_fail_memory(request);
		goto out;
	}
	snprintf(change->change.detail, sizeof change->change.detail, "%s: %.128s",
		 trust_list_text(STORE_TRUSTED_CERTS), facts.subject);
	request_change(request, &change->change);
out:
	store_rejected_wipe(&rejected);
}

void service_rejected_delete(struct request *request, const void *body,
			     const struct keyring_key *key)
{
	const Keystore__V1__RejectedDeleteRequest *asked = body;
	struct store *store = request->service->store;
	struct store_rejected rejected = {0};
	struct store_group group = {0};
	enum store_status status;
	char detail[192];

	(void)key;
	if (asked->id ? !find_rejected(request, asked->id, &rejected)
		      : *asked->group && !service_trust_find(request, asked->group, &group))
		return;
	rejects_flush(request->service->rejects);
	if (!request_begin_change(request))
		goto out;
	if (asked->id)
		status = store_rejected_delete(store, asked->id);
	else
		status = store_rejected_clear(store, group.id);
	snprintf(detail, sizeof detail, "%.160s",
		 asked->id ? rejected.subject : "all that were refused");
	if (request_commit(request, status, detail))
		request_reply_empty(request);
out:
	store_rejected_wipe(&rejected);
}
