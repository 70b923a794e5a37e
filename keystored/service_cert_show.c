#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "clock.h"
#include "conn.h"
#include "crls.h"
#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_assign.h"
#include "service_cert.h"
#include "service_info.h"
#include "upkeep.h"

bool service_cert_find(struct request *request, uint64_t id, struct store_cert *ret_cert)
{
	enum store_status status = STORE_NOT_FOUND;

	snprintf(request->object, sizeof request->object, "certificate %llu",
		 (unsigned long long)id);
	if (id && id <= INT64_MAX)
		status = store_cert_get(request->service->store, id, ret_cert);
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no certificate %llu: cert list shows them",
			     (unsigned long long)id);
	else if (status != STORE_OK)
		request_fail_store(request, status);
	else if (ret_cert->key_id)
		snprintf(request->object, sizeof request->object, "%s", ret_cert->key_name);
	return status == STORE_OK;
}

/* CAs' and others' certificates are no secret; a device's shows what the device is. */
static bool may_see(struct request *request, const struct store_cert *cert)
{
	struct service *service = request->service;
	const struct keyring_key *key = NULL;

	if (cert->kind != STORE_CERT_DEVICE)
		return request_may(request, RIGHT_ANY, NULL);
	if (cert->key_id && keyring_get(service->keyring, NULL, cert->key_id, &key) != STORE_OK)
		key = NULL;
	return request_may(request, RIGHT_SEE, key);
}

bool service_cert_find_visible(struct request *request, uint64_t id, struct store_cert *ret_cert)
{
	struct store_cert cert;

	if (!service_cert_find(request, id, &cert))
		return false;
	if (may_see(request, &cert)) {
		*ret_cert = cert;
		return true;
	}
	request_fail(request, STATUS_DENIED,
		     "uid %u may not see certificate %llu: those may who view everything or are "
		     "granted the use of its key “%s”",
		     request->uid, (unsigned long long)id, cert.key_name);
	store_cert_wipe(&cert);
	return false;
}

struct page {
	struct store_cert certs[SERVICE_CERT_PAGE];
	Keystore__V1__CertInfo infos[SERVICE_CERT_PAGE];
	Keystore__V1__CertInfo *list[SERVICE_CERT_PAGE];
	size_t count;
	size_t limit;
	bool has_more;
};

static bool add_to_page(const struct store_cert *cert, void *user)
{
	struct page *page = user;

	if (page->count == page->limit) {
		page->has_more = true;
		return false;
	}
	page->certs[page->count++] = *cert;
	return true;
}

void service_cert_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CertListRequest *asked = body;
	struct service *service = request->service;
	const struct peer *peer = conn_peer(request->conn);
	bool sees_all = request_may(request, RIGHT_VIEW, NULL);
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertListReply list = KEYSTORE__V1__CERT_LIST_REPLY__INIT;
	unsigned kind = (unsigned)asked->kind;
	int64_t now = clock_now(service->clock);

	(void)key;
	if (kind > STORE_CERT_TRUSTED || asked->after > INT64_MAX) {
		request_fail(request, STATUS_INVALID,
			     "a list is of all certificates, of CAs (1), of devices (2) or of "
			     "others (3), not %u, and begins after an ID",
			     kind);
		return;
	}
	struct page *page = calloc(1, sizeof *page);

	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->limit =
		asked->limit && asked->limit < SERVICE_CERT_PAGE ? asked->limit : SERVICE_CERT_PAGE;
	enum store_status status = store_cert_list(service->store, asked->after, kind,
						   sees_all ? NULL : peer, add_to_page, page);

	if (status == STORE_OK) {
		for (size_t i = 0; i < page->count; i++) {
			reply_cert_fill(&page->infos[i], &page->certs[i], now);
			page->list[i] = &page->infos[i];
		}
		list.certs = page->list;
		list.n_certs = page->count;
		list.more = page->has_more;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_LIST;
		reply.cert_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	free(page);
}

void service_cert_reply(struct request *request, uint64_t id, const char *note)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertReply body = KEYSTORE__V1__CERT_REPLY__INIT;
	struct reply_cert built;
	char told[256];
	enum store_status status = reply_cert_build(&built, request->service, id);

	if (status == STORE_OK) {
		snprintf(told, sizeof told, "%s", note);
		body.cert = &built.info;
		body.note = told;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT;
		reply.cert = &body;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	reply_cert_wipe(&built);
}

void service_cert_show(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CertShowRequest *show = body;
	struct store_cert cert;

	(void)key;
	if (!service_cert_find_visible(request, show->id, &cert))
		return;
	store_cert_wipe(&cert);
	service_cert_reply(request, show->id, "");
}

struct deletion {
	struct change change;
	uint64_t id;
	enum store_cert_kind kind;
	char common_name[sizeof((struct cert_facts){0}).common_name];
	uint64_t key_id;
};

static enum store_status apply_deletion(struct service *service, struct change *change)
{
	struct deletion *deletion = (struct deletion *)change;
	struct store_service user;
	uint64_t issued = 0;
	enum store_status status = store_cert_issued_by(service->store, deletion->id, &issued);

	if (status == STORE_OK)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu has issued others, the first is %llu: "
				     "delete those first",
				     (unsigned long long)deletion->id, (unsigned long long)issued);
	if (status == STORE_NOT_FOUND)
		status = store_service_of_cert(service->store, deletion->id, &user);
	if (status == STORE_OK)
		return change_refuse(change, STATUS_CONFLICT,
				     "certificate %llu is assigned to service “%s”: assign another "
				     "one first, or none, with service set",
				     (unsigned long long)deletion->id, user.name);
	if (status == STORE_NOT_FOUND)
		status = store_cert_delete(service->store, deletion->id);
	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_NOT_FOUND, "there is no certificate %llu",
				     (unsigned long long)deletion->id);
	return status;
}

static void deletion_applied(struct service *service, struct change *change)
{
	const struct deletion *deletion = (struct deletion *)change;

	service_cert_publish(
		service,
		&(struct store_cert){
			.id = deletion->id, .kind = deletion->kind, .key_id = deletion->key_id},
		deletion->common_name, KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED);
}

static void deletion_free(struct change *change)
{
	free(change);
}

void service_cert_delete(struct request *request, const void *body, const struct keyring_key *key)
{
	static const struct change_kind kind = {
		.apply = apply_deletion,
		.applied = deletion_applied,
		.free = deletion_free,
	};
	const Keystore__V1__CertDeleteRequest *delete = body;
	struct store_cert cert;

	(void)key;
	if (!service_cert_find(request, delete->id, &cert))
		return;
	struct deletion *deletion = calloc(1, sizeof *deletion);

	if (deletion) {
		deletion->change.kind = &kind;
		deletion->id = cert.id;
		deletion->kind = cert.kind;
		deletion->key_id = cert.key_id;
		memcpy(deletion->common_name, cert.facts.common_name, sizeof deletion->common_name);
		snprintf(deletion->change.detail, sizeof deletion->change.detail,
			 "certificate %llu %.128s", (unsigned long long)cert.id,
			 cert.facts.common_name);
		request_change(request, &deletion->change);
	} else {
		request_fail_memory(request);
	}
	store_cert_wipe(&cert);
}

void service_cert_publish(struct service *service, const struct store_cert *cert,
			  const char *common_name, Keystore__V1__KeyEvent__Change change)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__CertEvent what = KEYSTORE__V1__CERT_EVENT__INIT;
	const struct keyring_key *key = NULL;

	if (cert->key_id && keyring_get(service->keyring, NULL, cert->key_id, &key) != STORE_OK)
		key = NULL;
	what.change = change;
	what.id = cert->id;
	what.common_name = (char *)(uintptr_t)common_name;
	event.body_case = KEYSTORE__V1__EVENT__BODY_CERT;
	event.cert = &what;
	/* A new one, or a renewed one, may need a list. */
	if (cert->kind == STORE_CERT_CA)
		crls_check(service->crls);
	upkeep_check(service->upkeep);
	if (cert->kind == STORE_CERT_DEVICE)
		service_info_publish(service, key, &event);
	else
		service_info_publish_all(service, &event);
	service_assign_cert_changed(service, cert->id);
}
