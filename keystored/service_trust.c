#include "service_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "store_service.h"
#include "trust_change.h"

bool service_trust_find(struct request *request, const char *name, struct store_group *ret_group)
{
	enum store_status status = STORE_NOT_FOUND;

	if (names_is_key_name(name)) {
		snprintf(request->object, sizeof request->object, "%s", name);
		status = store_group_get(request->service->store, name, 0, ret_group);
	}
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no trust group “%.64s”: group list shows them", name);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	return status == STORE_OK;
}

bool service_trust_may_use(struct request *request, uint64_t group_id)
{
	struct policy_object object = {0};
	struct grant *grants = NULL;
	enum store_status status =
		store_group_grants(request->service->store, group_id, &grants, &object.grant_count);

	object.grants = grants;
	bool may = status == STORE_OK && request_may_use(request, RIGHT_USE_TRUST, &object);

	free(grants);
	return may;
}

bool service_trust_find_usable(struct request *request, const char *name,
			       struct store_group *ret_group)
{
	struct store_group group;

	if (!service_trust_find(request, name, &group))
		return false;
	if (!service_trust_may_use(request, group.id)) {
		request_fail(request, STATUS_DENIED,
			     "uid %u may not use trust group “%s”: those may who see everything, "
			     "and the users of the services that have it; service set assigns one",
			     request->uid, group.name);
		return false;
	}
	*ret_group = group;
	return true;
}

/* False: answered. */
static bool is_list(struct request *request, unsigned list, bool may_be_any)
{
	if (list < STORE_LIST_COUNT && (may_be_any || list != STORE_LIST_ANY))
		return true;
	request_fail(request, STATUS_INVALID,
		     "a trust group's lists are trusted certificates (1) and CRLs (2), issuer "
		     "certificates (3) and CRLs (4), and not %u",
		     list);
	return false;
}

/* False: answered. */
static bool is_fingerprint(struct request *request, const ProtobufCBinaryData *fingerprint)
{
	if (fingerprint->len == 32)
		return true;
	request_fail(request, STATUS_INVALID,
		     "a fingerprint is a SHA-256 value of 32 bytes, and this one has %zu",
		     fingerprint->len);
	return false;
}

struct page {
	struct store_trust entries[SERVICE_TRUST_PAGE];
	Keystore__V1__TrustEntry infos[SERVICE_TRUST_PAGE];
	Keystore__V1__TrustEntry *list[SERVICE_TRUST_PAGE];
	size_t count;
	size_t limit;
	bool has_more;
};

static bool add_to_page(const struct store_trust *entry, void *user)
{
	struct page *page = user;

	if (page->count == page->limit) {
		page->has_more = true;
		return false;
	}
	page->entries[page->count++] = *entry;
	return true;
}

static void fill_entry(Keystore__V1__TrustEntry *info, struct store_trust *entry)
{
	keystore__v1__trust_entry__init(info);
	info->id = entry->id;
	info->list = (Keystore__V1__TrustList)entry->list;
	info->fingerprint.data = entry->facts.fingerprint;
	info->fingerprint.len = sizeof entry->facts.fingerprint;
	info->subject = entry->facts.subject;
	info->issuer = entry->facts.issuer;
	info->serial = entry->facts.serial;
	info->not_before = entry->facts.from;
	info->not_after = entry->facts.until;
	info->is_ca = entry->facts.is_ca;
	info->revocations = entry->facts.revocations;
	info->added = entry->added;
	info->added_by = entry->added_by;
	info->auto_accepted = entry->auto_accepted;
}

void service_trust_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__TrustListRequest *asked = body;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__TrustListReply list = KEYSTORE__V1__TRUST_LIST_REPLY__INIT;
	struct store_group group;

	(void)key;
	if (!is_list(request, (unsigned)asked->list, true) ||
	    !service_trust_find_usable(request, asked->group, &group))
		return;
	struct page *page = calloc(1, sizeof *page);

	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->limit = asked->limit && asked->limit < SERVICE_TRUST_PAGE ? asked->limit
									: SERVICE_TRUST_PAGE;
	enum store_status status =
		store_trust_list(request->service->store, group.id, (enum store_list)asked->list,
				 asked->after, add_to_page, page);

	if (status == STORE_OK) {
		for (size_t i = 0; i < page->count; i++) {
			fill_entry(&page->infos[i], &page->entries[i]);
			page->list[i] = &page->infos[i];
		}
		list.entries = page->list;
		list.n_entries = page->count;
		list.more = page->has_more;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_TRUST_LIST;
		reply.trust_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	free(page);
}

void service_trust_export(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__TrustExportRequest *asked = body;
	struct store_group group;
	struct store_trust entry;

	(void)key;
	if (!is_list(request, (unsigned)asked->list, true) ||
	    !is_fingerprint(request, &asked->fingerprint) ||
	    !service_trust_find_usable(request, asked->group, &group))
		return;
	enum store_status status =
		store_trust_get(request->service->store, group.id, (enum store_list)asked->list,
				asked->fingerprint.data, &entry);

	if (status == STORE_OK) {
		request_reply_data(request, entry.der, entry.der_len);
		store_trust_wipe(&entry);
	} else if (status == STORE_NOT_FOUND) {
		request_fail(request, STATUS_NOT_FOUND,
			     "trust group “%s” has no such entry: trust list shows them",
			     group.name);
	} else {
		request_fail_store(request, status);
	}
}

/* False: answered. */
static bool take_item(struct request *request, struct trust_change *change,
		      const Keystore__V1__TrustItem *item, size_t number)
{
	static const struct {
		enum status status;
		const char *text;
	} refusals[] = {
		[ENTRY_MALFORMED] = {STATUS_INVALID, "is not one DER certificate or CRL"},
		[ENTRY_TOO_LARGE] = {STATUS_LIMIT,
				     "is too large: a certificate may have 64 KiB, a CRL 248"},
		[ENTRY_DELTA] = {STATUS_UNSUPPORTED, "is a delta CRL: add the complete one"},
		[ENTRY_NOMEM] = {STATUS_INTERNAL, "finds no memory"},
	};
	struct entry_facts facts;
	enum entry_status status = entry_read(item->der.data, item->der.len, &facts);
	enum store_list list = (enum store_list)item->list;

	if (!is_list(request, (unsigned)item->list, false))
		return false;
	if (status != ENTRY_OK) {
		request_fail(request, refusals[status].status, "item %zu %s", number,
			     refusals[status].text);
		return false;
	}
	if (item->by_content && facts.is_crl && list == STORE_TRUSTED_CERTS)
		list = STORE_TRUSTED_CRLS;
	if (item->by_content && facts.is_crl && list == STORE_ISSUER_CERTS)
		list = STORE_ISSUER_CRLS;
	if (facts.is_crl != (list == STORE_TRUSTED_CRLS || list == STORE_ISSUER_CRLS)) {
		request_fail(request, STATUS_INVALID,
			     "item %zu is a %s, and not for the %s: name the other list", number,
			     facts.is_crl ? "CRL" : "certificate", trust_list_text(list));
		return false;
	}
	/* Nobody's certificate is an issuer's unless it may issue. */
	if (list == STORE_ISSUER_CERTS && !facts.is_ca) {
		request_fail(request, STATUS_INVALID,
			     "“%.128s” is no CA's, and not for the issuer certificates: add it to "
			     "the trusted ones",
			     facts.subject);
		return false;
	}
	if (!trust_change_add(change, list, &facts, item->der.data, item->der.len)) {
		request_fail_memory(request);
		return false;
	}
	return true;
}

/* False: answered. */
static bool take_items(struct request *request, struct trust_change *change,
		       Keystore__V1__TrustItem *const *items, size_t count)
{
	if (count > TRUST_ITEMS_MAX) {
		request_fail(request, STATUS_LIMIT,
			     "%zu items are too many for one request, which takes %d: use several "
			     "in one transaction",
			     count, TRUST_ITEMS_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!take_item(request, change, items[i], i + 1))
			return false;
	}
	return true;
}

/* Who is concerned, for the audit; with several of them, how many. */
static void describe(struct trust_change *change, const char *what)
{
	const struct entry_facts *facts = change->count ? &change->items[0].facts : NULL;

	if (change->count == 1)
		snprintf(change->change.detail, sizeof change->change.detail, "%s: %s %.96s",
			 trust_list_text(change->items[0].list), facts->is_crl ? "CRL of" : "",
			 facts->is_crl ? facts->issuer : facts->subject);
	else
		snprintf(change->change.detail, sizeof change->change.detail, "%s%zu entries", what,
			 change->count);
}

/* NULL: answered. */
static struct trust_change *begin(struct request *request, const char *name)
{
	struct store_group group;
	struct trust_change *change;

	if (!service_trust_find(request, name, &group))
		return NULL;
	change = trust_change_new(&group);
	if (!change)
		request_fail_memory(request);
	return change;
}

void service_trust_add(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__TrustAddRequest *asked = body;

	(void)key;
	if (!asked->n_items) {
		request_fail(request, STATUS_INVALID, "there is nothing to add: give an item");
		return;
	}
	struct trust_change *change = begin(request, asked->group);

	if (!change)
		return;
	if (!take_items(request, change, asked->items, asked->n_items)) {
		change_free(&change->change);
		return;
	}
	describe(change, "");
	request_change(request, &change->change);
}

/* False: answered. */
static bool take_lists(struct request *request, struct trust_change *change,
		       const Keystore__V1__TrustSetRequest *asked)
{
	for (size_t i = 0; i < asked->n_lists; i++) {
		if (!is_list(request, (unsigned)asked->lists[i], false))
			return false;
		change->cleared |= 1u << asked->lists[i];
	}
	if (!change->cleared)
		request_fail(request, STATUS_INVALID, "no list is named that could be set");
	return change->cleared != 0;
}

/* False: answered. */
static bool items_are_for_lists(struct request *request, const struct trust_change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		if (change->cleared & 1u << change->items[i].list)
			continue;
		request_fail(request, STATUS_INVALID,
			     "item %zu is for the %s, which are not among the lists that are set",
			     i + 1, trust_list_text(change->items[i].list));
		return false;
	}
	return true;
}

void service_trust_set(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__TrustSetRequest *asked = body;
	struct trust_change *change = begin(request, asked->group);

	(void)key;
	if (!change)
		return;
	if (!take_lists(request, change, asked) ||
	    !take_items(request, change, asked->items, asked->n_items) ||
	    !items_are_for_lists(request, change)) {
		change_free(&change->change);
		return;
	}
	describe(change, "set to ");
	request_change(request, &change->change);
}

void service_trust_remove(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__TrustRemoveRequest *asked = body;
	char hex[65];

	(void)key;
	if (!is_list(request, (unsigned)asked->list, true) ||
	    !is_fingerprint(request, &asked->fingerprint))
		return;
	struct trust_change *change = begin(request, asked->group);

	if (!change)
		return;
	change->removes = true;
	change->from = (enum store_list)asked->list;
	memcpy(change->fingerprint, asked->fingerprint.data, sizeof change->fingerprint);
	for (size_t i = 0; i < sizeof change->fingerprint; i++)
		snprintf(hex + 2 * i, 3, "%02x", change->fingerprint[i]);
	snprintf(change->change.detail, sizeof change->change.detail, "%s: %s",
		 trust_list_text(change->from), hex);
	request_change(request, &change->change);
}
