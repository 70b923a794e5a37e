#include "service_key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "reply.h"
#include "request.h"
#include "service.h"
#include "service_info.h"
#include "service_pin.h"
#include "store_cert.h"

struct page {
	Keystore__V1__KeyInfo infos[SERVICE_LIST_PAGE];
	Keystore__V1__KeyInfo *list[SERVICE_LIST_PAGE];
	struct reply_operations operations[SERVICE_LIST_PAGE];
	char names[SERVICE_LIST_PAGE][NAMES_KEY_MAX + 1];
	size_t count;
	size_t limit;
	bool has_more;
};

static bool add_to_page(const struct store_key *key, void *user)
{
	struct page *page = user;
	size_t i = page->count;

	if (i == page->limit) {
		page->has_more = true;
		return false;
	}
	keystore__v1__key_info__init(&page->infos[i]);
	memcpy(page->names[i], key->name, sizeof key->name);
	page->operations[i] = reply_operations(key->operations);
	page->infos[i].id = key->id;
	page->infos[i].name = page->names[i];
	page->infos[i].algorithm = (Keystore__V1__Algorithm)key->algorithm;
	page->infos[i].operations = page->operations[i].list;
	page->infos[i].n_operations = page->operations[i].count;
	page->infos[i].origin = (Keystore__V1__Origin)key->origin;
	page->infos[i].pinned = key->handle != 0;
	page->infos[i].persistent_handle = key->handle;
	page->infos[i].created = key->created;
	page->infos[i].created_by = key->created_by;
	page->infos[i].of_ca = key->of_ca;
	page->list[i] = &page->infos[i];
	page->count++;
	return true;
}

void service_key_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyListRequest *asked = body;
	struct service *service = request->service;
	const struct peer *peer = conn_peer(request->conn);
	bool sees_all = request_may(request, RIGHT_VIEW, NULL);
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__KeyListReply list = KEYSTORE__V1__KEY_LIST_REPLY__INIT;
	struct page *page = calloc(1, sizeof *page);

	(void)key;
	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->limit =
		asked->limit && asked->limit < SERVICE_LIST_PAGE ? asked->limit : SERVICE_LIST_PAGE;
	enum store_status status = store_key_list(service->store, asked->after,
						  sees_all ? NULL : peer, add_to_page, page);

	if (status == STORE_OK) {
		list.keys = page->list;
		list.n_keys = page->count;
		list.more = page->has_more;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY_LIST;
		reply.key_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	free(page);
}

void service_key_show(struct request *request, const void *body, const struct keyring_key *key)
{
	(void)body;
	(void)key;
	request_reply_key(request);
}

/* False: answered. */
static bool take_grant(struct request *request, const Keystore__V1__Grant *asked,
		       const struct keyring_key *key, struct grant *ret_grant)
{
	struct grant grant = {0};

	if (asked && asked->subject_case == KEYSTORE__V1__GRANT__SUBJECT_UID)
		grant = (struct grant){POLICY_UID, asked->uid, 0};
	else if (asked && asked->subject_case == KEYSTORE__V1__GRANT__SUBJECT_GID)
		grant = (struct grant){POLICY_GID, asked->gid, 0};
	/* (uid_t)-1 is nobody, see setresuid(2). */
	if (!grant.subject || grant.id == UINT32_MAX) {
		request_fail(request, STATUS_INVALID,
			     "key allow “%s” has to say for which uid or gid", key->name);
		return false;
	}
	if (!reply_operations_parse(asked->operations, asked->n_operations, &grant.operations) ||
	    (grant.operations & ~key->operations)) {
		request_fail(request, STATUS_INVALID,
			     "key “%s” is for %s: nothing else can be granted", key->name,
			     key->operations == POLICY_SIGN	 ? "signing"
			     : key->operations == POLICY_DECRYPT ? "decryption"
								 : "signing and decryption");
		return false;
	}
	*ret_grant = grant;
	return true;
}

void service_key_allow(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyAllowRequest *allow = body;
	struct service *service = request->service;
	struct grant grant;
	bool is_new = true;
	char detail[64];

	if (!take_grant(request, allow->grant, key, &grant))
		return;
	for (size_t i = 0; i < key->own_grant_count; i++) {
		if (key->grants[i].subject == grant.subject && key->grants[i].id == grant.id)
			is_new = false;
	}
	if (is_new && grant.operations && key->own_grant_count >= service->config->grants_per_key) {
		request_fail(request, STATUS_LIMIT,
			     "key “%s” has %u grants, and no more are allowed: grant it to a group "
			     "instead, or raise [limits] grants-per-key",
			     key->name, key->own_grant_count);
		return;
	}
	snprintf(detail, sizeof detail, "%s %u:%s%s%s", grant.subject == POLICY_UID ? "uid" : "gid",
		 grant.id, grant.operations & POLICY_SIGN ? " sign" : "",
		 grant.operations & POLICY_DECRYPT ? " decrypt" : "",
		 grant.operations ? "" : " nothing");
	if (!request_begin_change(request))
		return;
	if (!request_commit(request, store_grant_set(service->store, key->id, &grant), detail))
		return;
	keyring_refresh(service->keyring, request->key_id);
	if (keyring_get(service->keyring, NULL, request->key_id, &key) == STORE_OK)
		service_info_publish_key(service, key,
					 KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
	request_reply_key(request);
}

static void export_public(struct request *request, const struct keyring_key *key)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	if (pem && PEM_write_bio(pem, PEM_STRING_PUBLIC, "", key->spki, (long)key->spki_len) > 0)
		len = BIO_get_mem_data(pem, &text);
	if (len > 0)
		request_reply_data(request, (const uint8_t *)text, (size_t)len);
	else
		request_fail_memory(request);
	BIO_free(pem);
}

static void export_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	char *pem = NULL;
	size_t len = 0;

	request->job = NULL;
	if (job->status != TPM_OK) {
		request_fail_job(request, job);
		return;
	}
	if (!tpm_key_pem_encode(job->output, job->output_len, &pem, &len)) {
		request_fail_memory(request);
		return;
	}
	/* What leaves is in the audit first. */
	if (request_begin_change(request) && request_commit(request, STORE_OK, "tss2"))
		request_reply_data(request, (const uint8_t *)pem, len);
	OPENSSL_cleanse(pem, len);
	free(pem);
}

static void export_tss2(struct request *request, const Keystore__V1__KeyExportRequest *export,
			const struct keyring_key *key)
{
	struct tpm_key *tpm;
	struct tpm_job *job;

	if (!request_allows(request, RIGHT_EXPORT_KEY, key))
		return;
	if (export->password.len > TPM_AUTH_MAX) {
		request_fail(request, STATUS_INVALID,
			     "the password has %zu bytes; a key file's has at most %d",
			     export->password.len, TPM_AUTH_MAX);
		return;
	}
	tpm = request_tpm_key(request, key);
	if (!tpm)
		return;
	job = tpm_job_new(TPM_EXPORT);
	if (!job) {
		request_fail_memory(request);
		return;
	}
	job->key = tpm_key_ref(tpm);
	job->auth_len = export->password.len;
	if (job->auth_len)
		memcpy(job->auth, export->password.data, job->auth_len);
	request_submit(request, job, export_done);
}

void service_key_export(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyExportRequest *export = body;

	if (export->format == KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_PUBLIC_PEM) {
		/* Public, so not a matter for the audit. */
		request->is_recorded = true;
		export_public(request, key);
	} else if (export->format == KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_TSS2_PEM) {
		export_tss2(request, export, key);
	} else {
		request_fail(
			request, STATUS_INVALID,
			"key “%s” can be exported as its public part or as a TSS2 key file; the "
			"private key itself never leaves the TPM",
			key->name);
	}
}

/* Whether no certificate needs it. False: answered. */
static bool is_free(struct request *request, const struct keyring_key *key)
{
	uint64_t id = 0;
	enum store_status status = store_cert_of_key(request->service->store, key->id, &id);

	if (status == STORE_OK)
		request_fail(request, STATUS_CONFLICT,
			     "key “%s” is that of certificate %llu: delete the certificate first",
			     key->name, (unsigned long long)id);
	else if (status != STORE_NOT_FOUND)
		request_fail_store(request, status);
	return status == STORE_NOT_FOUND;
}

void service_key_delete(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	struct tpm_key *tpm = NULL;
	struct store_handle handle = {0};
	enum store_status pinned = store_handle_of_key(service->store, key->id, &handle);
	enum store_status status;

	(void)body;
	if (!is_free(request, key))
		goto out;
	if (pinned != STORE_OK && pinned != STORE_NOT_FOUND) {
		request_fail_store(request, pinned);
		goto out;
	}
	if (handle.state == STORE_PINNING) {
		request_fail(request, STATUS_CONFLICT,
			     "key “%s” is just being pinned: try again shortly", key->name);
		goto out;
	}
	/* A key that is damaged can be deleted too; it cannot be loaded, then. */
	if (keyring_tpm_key(service->keyring, key, &tpm) == STORE_OK)
		tpm = tpm_key_ref(tpm);
	if (!request_begin_change(request))
		goto out;
	status = store_key_delete(service->store, key->id);
	if (status == STORE_OK && handle.state == STORE_PINNED)
		status = store_handle_set(service->store, handle.handle, STORE_UNPINNING);
	if (!request_commit(request, status, ""))
		goto out;
	service_info_publish_key(service, key, KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_DELETED);
	if (tpm) {
		tpm_key_set_handle(tpm, 0);
		service_pin_forget(service, tpm);
	}
	keyring_forget(service->keyring, request->key_id);
	/* Deleted is deleted; what the TPM still holds goes as soon as it can. */
	if (handle.state == STORE_PINNED)
		service_pin_evict(service, &handle, request);
	else
		request_reply_empty(request);
out:
	tpm_key_unref(tpm);
}
