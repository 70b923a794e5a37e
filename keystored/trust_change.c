#include "trust_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"
#include "rejects.h"
#include "request.h"
#include "service.h"
#include "store_service.h"
#include "trust.h"

const char *trust_list_text(enum store_list list)
{
	static const char *const texts[STORE_LIST_COUNT] = {
		[STORE_LIST_ANY] = "lists",
		[STORE_TRUSTED_CERTS] = "trusted certificates",
		[STORE_TRUSTED_CRLS] = "trusted CRLs",
		[STORE_ISSUER_CERTS] = "issuer certificates",
		[STORE_ISSUER_CRLS] = "issuer CRLs",
	};

	return texts[list];
}

struct audience {
	const struct service *service;
	struct policy_object object;
};

static bool may_use(const struct policy_caller *caller, void *user)
{
	const struct audience *audience = user;

	return policy_decide(&audience->service->policy, caller, RIGHT_USE_TRUST,
			     &audience->object) == POLICY_ALLOWED;
}

void trust_publish(struct service *service, uint64_t group_id, Keystore__V1__Event *event)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct audience audience = {.service = service};
	struct grant *grants = NULL;

	/* Without the grants it reaches those who see everything. */
	if (store_group_grants(service->store, group_id, &grants, &audience.object.grant_count) ==
	    STORE_OK)
		audience.object.grants = grants;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_EVENT;
	reply.event = event;
	conns_publish(service->conns, &reply, may_use, &audience);
	free(grants);
}

void trust_publish_changed(struct service *service, uint64_t group_id, const char *name)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__TrustEvent what = KEYSTORE__V1__TRUST_EVENT__INIT;

	what.group = (char *)(uintptr_t)name;
	event.body_case = KEYSTORE__V1__EVENT__BODY_TRUST;
	event.trust = &what;
	trust_publish(service, group_id, &event);
}

/* What the group has under a CRL's issuer. */
struct crl_search {
	const struct trust_item *item;
	bool has_issuer; /* of that name, and … */
	bool is_signed;	 /* … whose key signed it */
	uint8_t issuer[ENTRY_CERT_MAX];
	size_t issuer_len;
	struct store_trust *older; /* of the same issuer, in the same list: */
	size_t older_count;
	bool has_newer;
	char newer_serial[64];
};

#define OLDER_MAX 16 /* CRLs of one issuer in one list; there is one, unless its key changed */

static bool look_for_issuer(const struct store_trust *entry, void *user)
{
	struct crl_search *search = user;
	struct entry_der crl = {search->item->der, search->item->der_len};
	struct entry_der cert = {entry->der, entry->der_len};

	if (entry->facts.is_crl || !entry_crl_is_named(crl, cert))
		return true;
	search->has_issuer = true;
	if (entry->der_len > sizeof search->issuer || !entry_crl_is_signed(crl, cert))
		return true;
	search->is_signed = true;
	memcpy(search->issuer, entry->der, entry->der_len);
	search->issuer_len = entry->der_len;
	return false;
}

static bool look_for_others(const struct store_trust *entry, void *user)
{
	struct crl_search *search = user;
	struct entry_der cert = {search->issuer, search->issuer_len};

	if (entry->list != search->item->list ||
	    !entry_crl_is_signed((struct entry_der){entry->der, entry->der_len}, cert))
		return true;
	if (!entry_crl_is_newer(&search->item->facts, &entry->facts)) {
		search->has_newer = true;
		memcpy(search->newer_serial, entry->facts.serial, sizeof search->newer_serial);
		return false;
	}
	if (search->older_count < OLDER_MAX)
		search->older[search->older_count++] = *entry;
	return true;
}

static enum store_status refuse_crl(struct trust_change *change, const struct crl_search *search)
{
	const struct entry_facts *facts = &search->item->facts;

	if (!search->has_issuer)
		return change_refuse(&change->change, STATUS_INVALID,
				     "the CRL is of “%.128s”, whose certificate is not in trust "
				     "group “%s”: add it first",
				     facts->issuer, change->group);
	if (!search->is_signed)
		return change_refuse(&change->change, STATUS_INVALID,
				     "the CRL says that it is of “%.128s”, and no certificate of "
				     "that name in trust group “%s” has the key that signed it",
				     facts->issuer, change->group);
	return change_refuse(&change->change, STATUS_CONFLICT,
			     "trust group “%s” has a CRL of “%.128s” that is as new (number %s, "
			     "and this one is number %s): add the latest one",
			     change->group, facts->issuer,
			     *search->newer_serial ? search->newer_serial : "none",
			     *facts->serial ? facts->serial : "none");
}

/* Whether a CRL may be added; the older ones that it takes the place of go. */
static enum store_status check_crl(struct service *service, struct trust_change *change,
				   const struct trust_item *item)
{
	struct store_trust older[OLDER_MAX];
	struct crl_search *search = calloc(1, sizeof *search);

	if (!search)
		return STORE_NOMEM;
	search->item = item;
	search->older = older;
	enum store_status status = store_trust_named(
		service->store, change->group_id, item->facts.name_hash, look_for_issuer, search);

	if (status == STORE_OK && search->is_signed)
		status = store_trust_named(service->store, change->group_id, item->facts.name_hash,
					   look_for_others, search);
	if (status == STORE_OK && (!search->is_signed || search->has_newer))
		status = refuse_crl(change, search);
	for (size_t i = 0; i < search->older_count && status == STORE_OK; i++)
		status = store_trust_remove(service->store, older[i].id);
	free(search);
	return status;
}

static enum store_status add_item(struct service *service, struct trust_change *change,
				  const struct trust_item *item)
{
	struct store_trust entry = {
		.group_id = change->group_id,
		.list = item->list,
		.facts = item->facts,
		.added = time(NULL),
		.added_by = change->change.uid,
		.auto_accepted = change->auto_accepts,
		.der = item->der,
		.der_len = item->der_len,
	};
	struct store_trust same;
	enum store_status status = store_trust_get(service->store, change->group_id, item->list,
						   item->facts.fingerprint, &same);

	if (status == STORE_OK) {
		store_trust_wipe(&same);
		return change_refuse(&change->change, STATUS_EXISTS,
				     "trust group “%s” has “%.128s” among its %s already",
				     change->group,
				     item->facts.is_crl ? item->facts.issuer : item->facts.subject,
				     trust_list_text(item->list));
	}
	if (status != STORE_NOT_FOUND)
		return status;
	status = item->facts.is_crl ? check_crl(service, change, item) : STORE_OK;
	if (status == STORE_OK)
		status = store_trust_add(service->store, &entry);
	if (status == STORE_OK && item->list == STORE_TRUSTED_CERTS)
		status = store_rejected_forget(service->store, change->group_id,
					       item->facts.fingerprint);
	return status;
}

/* Certificates first, since CRLs need them. */
static enum store_status add_items(struct service *service, struct trust_change *change)
{
	enum store_status status = STORE_OK;

	for (int crls = 0; crls < 2; crls++) {
		for (size_t i = 0; i < change->count && status == STORE_OK; i++) {
			if (change->items[i].facts.is_crl == (crls == 1))
				status = add_item(service, change, &change->items[i]);
		}
	}
	return status;
}

struct orphans {
	struct store_trust crls[OLDER_MAX];
	size_t count;
};

static bool add_orphan(const struct store_trust *entry, void *user)
{
	struct orphans *orphans = user;

	if (!entry->facts.is_crl || orphans->count == OLDER_MAX)
		return true;
	uint8_t *copy = malloc(entry->der_len);

	if (!copy)
		return false;
	memcpy(copy, entry->der, entry->der_len);
	orphans->crls[orphans->count] = *entry;
	orphans->crls[orphans->count++].der = copy;
	return true;
}

struct parents {
	struct entry_der crl;
	bool found;
};

static bool is_parent(const struct store_trust *entry, void *user)
{
	struct parents *parents = user;

	parents->found =
		!entry->facts.is_crl &&
		entry_crl_is_signed(parents->crl, (struct entry_der){entry->der, entry->der_len});
	return !parents->found;
}

/* OPC 10000-12 7.8.2.7: the CRLs of a CA go with it, but for those another entry vouches for. */
static enum store_status remove_orphans(struct service *service, const struct trust_change *change,
					uint32_t name_hash)
{
	struct orphans *orphans = calloc(1, sizeof *orphans);

	if (!orphans)
		return STORE_NOMEM;
	enum store_status status =
		store_trust_named(service->store, change->group_id, name_hash, add_orphan, orphans);

	for (size_t i = 0; i < orphans->count; i++) {
		struct store_trust *crl = &orphans->crls[i];
		struct parents parents = {.crl = {crl->der, crl->der_len}};

		if (status == STORE_OK)
			status = store_trust_named(service->store, change->group_id, name_hash,
						   is_parent, &parents);
		if (status == STORE_OK && !parents.found)
			status = store_trust_remove(service->store, crl->id);
		store_trust_wipe(crl);
	}
	free(orphans);
	return status;
}

static enum store_status remove_entry(struct service *service, struct trust_change *change)
{
	struct store_trust entry;
	enum store_status status = store_trust_get(service->store, change->group_id, change->from,
						   change->fingerprint, &entry);

	if (status == STORE_NOT_FOUND)
		return change_refuse(&change->change, STATUS_NOT_FOUND,
				     "trust group “%s” has no such entry among its %s: trust list "
				     "shows them",
				     change->group, trust_list_text(change->from));
	if (status != STORE_OK)
		return status;
	status = store_trust_remove(service->store, entry.id);
	if (status == STORE_OK && !entry.facts.is_crl)
		status = remove_orphans(service, change, entry.facts.name_hash);
	store_trust_wipe(&entry);
	return status;
}

static enum store_status check_limits(struct service *service, struct trust_change *change)
{
	uint64_t count = 0;
	enum store_status status = store_trust_count(service->store, &count);

	if (status != STORE_OK)
		return status;
	if (change->count && count > service->config->trust_entries)
		return change_refuse(&change->change, STATUS_LIMIT,
				     "the trust lists would have %llu entries, and %u are allowed: "
				     "remove some, or raise trust-entries in keystored.conf",
				     (unsigned long long)count, service->config->trust_entries);
	if (!change->auto_accepts)
		return STORE_OK;
	status = store_trust_count_auto(service->store, change->group_id, &count);
	if (status == STORE_OK && count > TRUST_AUTO_MAX)
		return change_refuse(&change->change, STATUS_LIMIT,
				     "trust group “%s” has accepted %d certificates by itself, "
				     "and no more are: look at them, and switch auto-accept off",
				     change->group, TRUST_AUTO_MAX);
	return status;
}

static enum store_status check(struct service *service, struct change *base)
{
	struct trust_change *change = (struct trust_change *)base;
	struct store_group group;
	enum store_status status = store_group_get(service->store, NULL, change->group_id, &group);

	if (status == STORE_NOT_FOUND)
		return change_refuse(base, STATUS_CONFLICT,
				     "trust group “%s” was deleted meanwhile", change->group);
	if (status == STORE_OK && group.revision != change->revision)
		return change_refuse(base, STATUS_CONFLICT,
				     "trust group “%s” was changed by others meanwhile",
				     change->group);
	return status;
}

static enum store_status apply(struct service *service, struct change *base)
{
	struct trust_change *change = (struct trust_change *)base;
	enum store_status status = STORE_OK;

	for (int list = STORE_TRUSTED_CERTS; list < STORE_LIST_COUNT && status == STORE_OK;
	     list++) {
		if (change->cleared & 1u << list)
			status = store_trust_clear(service->store, change->group_id,
						   (enum store_list)list);
	}
	if (status == STORE_OK && change->removes)
		status = remove_entry(service, change);
	if (status == STORE_OK)
		status = add_items(service, change);
	if (status == STORE_OK)
		status = check_limits(service, change);
	if (status == STORE_OK)
		status = store_group_touch(service->store, change->group_id, time(NULL));
	return status;
}

static void applied(struct service *service, struct change *base)
{
	const struct trust_change *change = (struct trust_change *)base;

	for (size_t i = 0; i < change->count; i++) {
		if (change->items[i].list == STORE_TRUSTED_CERTS)
			rejects_forget(service->rejects, change->group_id,
				       change->items[i].facts.fingerprint);
	}
	if (change->auto_accepts)
		log_line(service->log, LOG_LEVEL_WARNING, "trust group %s: %s", change->group,
			 change->change.detail);
	trust_changed(service->trust, change->group_id);
	trust_publish_changed(service, change->group_id, change->group);
}

static void reply(struct request *request, struct change *base)
{
	struct trust_change *change = (struct trust_change *)base;

	if (change->reply)
		change->reply(request, change);
	else
		request_reply_empty(request);
}

static void free_change(struct change *base)
{
	struct trust_change *change = (struct trust_change *)base;

	for (size_t i = 0; i < change->count; i++)
		free(change->items[i].der);
	free(change->items);
	if (change->state_free)
		change->state_free(change->state);
	free(change);
}

struct trust_change *trust_change_new(const struct store_group *group)
{
	static const struct change_kind kind = {
		.check = check,
		.apply = apply,
		.applied = applied,
		.reply = reply,
		.free = free_change,
	};
	struct trust_change *change = calloc(1, sizeof *change);

	if (!change)
		return NULL;
	change->change.kind = &kind;
	change->group_id = group->id;
	change->revision = group->revision;
	memcpy(change->group, group->name, sizeof change->group);
	memcpy(change->change.object, group->name, sizeof change->change.object);
	return change;
}

bool trust_change_add(struct trust_change *change, enum store_list list,
		      const struct entry_facts *facts, const uint8_t *der, size_t len)
{
	struct trust_item item = {.list = list, .facts = *facts, .der_len = len};

	if (change->count == TRUST_ITEMS_MAX)
		return false;
	if (!(change->count & (change->count - 1))) {
		size_t room = change->count ? 2 * change->count : 1;
		struct trust_item *items = reallocarray(change->items, room, sizeof *items);

		if (!items)
			return false;
		change->items = items;
	}
	item.der = malloc(len);
	if (!item.der)
		return false;
	memcpy(item.der, der, len);
	change->change.bytes += len + sizeof item;
	change->items[change->count++] = item;
	return true;
}
