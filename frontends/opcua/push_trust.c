/* Trust lists and what was rejected (OPC 10000-12 7.8.2, 7.10.7). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "keystore_service.h"
#include "keystore_trust.h"
#include "push_list.h"
#include "push_lockout.h"
#include "push_work.h"

#define REJECTED_MAX   1000
#define REJECTED_BYTES (4 * 1024 * 1024)

/* NULL: the job has failed. */
static struct ks_client *find_group(struct push_work *work, struct push_job *job,
				    struct push_place *ret_place)
{
	if (!push_place_find(work, job, job->group, ret_place))
		return NULL;
	if (!*ret_place->trust_group) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
			      "service “%s” has no trust group: keystorectl service set %s --group "
			      "NAME",
			      ret_place->service, ret_place->service);
		return NULL;
	}
	return push_link_client(work->link, job, false);
}

/* As a file. */
static bool encode(struct push_job *job, const struct push_list *list)
{
	struct push_trust_item *items = calloc(list->count + 1, sizeof *items);
	size_t count = 0;
	size_t len;
	bool is_ok;

	for (size_t i = 0; items && i < list->count; i++) {
		const struct push_list_entry *entry = &list->entries[i];

		if (entry->der)
			items[count++] =
				(struct push_trust_item){entry->der, entry->len, entry->list};
	}
	len = push_trust_encode(job->masks, items, items ? count : 0, NULL);
	is_ok = items && UA_ByteString_allocBuffer(&job->content, len) == UA_STATUSCODE_GOOD;
	if (is_ok)
		(void)push_trust_encode(job->masks, items, count, job->content.data);
	else
		push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	free(items);
	return is_ok;
}

void push_do_list_open(struct push_work *work, struct push_job *job)
{
	struct push_place place;
	struct push_list list;
	struct ks_client *client;

	if (job->is_written) {
		/* Whoever writes begins what another's transaction is in the way of. */
		(void)push_txn_is_free(work->txn, job);
		return;
	}
	client = find_group(work, job, &place);
	if (!client || !push_list_read(job, client, place.trust_group, job->masks, &list))
		return;
	(void)encode(job, &list);
	push_list_clear(&list);
}

static bool decode(struct push_job *job, unsigned *ret_lists, struct push_trust_item **ret_items,
		   size_t *ret_count)
{
	switch (push_trust_decode(job->content.data, job->content.length, ret_lists, ret_items,
				  ret_count)) {
	case PUSH_TRUST_OK:
		return true;
	case PUSH_TRUST_MALFORMED:
		return push_job_fail(job, UA_STATUSCODE_BADCERTIFICATEINVALID,
				     "what was written is no TrustListDataType in OPC UA's binary "
				     "encoding, and nothing has changed");
	case PUSH_TRUST_TOO_MANY:
		return push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
				     "a trust list has up to %d entries of up to %d bytes each",
				     PUSH_TRUST_ENTRIES_MAX, PUSH_TRUST_ENTRY_MAX);
	case PUSH_TRUST_NOMEM:
		break;
	}
	return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
}

void push_do_list_update(struct push_work *work, struct push_job *job)
{
	const UA_Boolean has_to_be_applied = true;
	struct push_trust_item *items = NULL;
	struct ks_client *client;
	struct push_place place;
	bool is_partial = false;
	bool is_ok = false;
	unsigned lists;
	size_t count;

	if (!push_txn_is_free(work->txn, job) || !decode(job, &lists, &items, &count))
		return;
	if (find_group(work, job, &place) &&
	    push_lockout_allows(work, job, &place, lists, items, count)) {
		client = push_txn_join(work->txn, job);
		is_ok = client && push_list_set(job, client, place.trust_group, lists, items, count,
						&is_partial);
		if (push_txn_is_open(work->txn))
			push_txn_leave(work->txn, job, job->group, true, is_ok, is_partial);
	}
	if (is_ok)
		(void)push_job_give(job, &has_to_be_applied, UA_TYPES_BOOLEAN);
	free(items);
}

/* 7.8.2.6 and 7.8.2.7 change at once, and nobody may have a transaction open. */
static bool is_no_txn(struct push_work *work, struct push_job *job, struct ks_client *client)
{
	struct ks_result *result = NULL;
	bool is_ok = push_link_ok(job, PUSH_OF_TXN, ks_txn_status(client, &result), &result);

	if (is_ok && (result->txn->open || push_txn_is_open(work->txn)))
		is_ok = push_job_fail(job, UA_STATUSCODE_BADTRANSACTIONPENDING,
				      "a transaction is open: certificates are added and removed "
				      "one by one when it is applied or cancelled");
	ks_result_free(result);
	return is_ok;
}

void push_do_list_add(struct push_work *work, struct push_job *job)
{
	const UA_ByteString *certificate = push_job_bytes(job, 0);
	const struct ks_trust_item item = {
		.list = KS_TRUSTED_CERTS, .der = certificate->data, .der_len = certificate->length};
	struct ks_result *result = NULL;
	struct push_place place;
	struct ks_client *client;
	enum ks_status status;

	if (!push_job_is(job, 1)) {
		push_job_fail(job, UA_STATUSCODE_BADCERTIFICATEINVALID,
			      "an issuer comes with its CRL, and so by writing the whole list: "
			      "IsTrustedCertificate is true here");
		return;
	}
	if (!certificate->length || certificate->length > work->names.trust_list_max) {
		push_job_fail(job,
			      certificate->length ? UA_STATUSCODE_BADREQUESTTOOLARGE
						  : UA_STATUSCODE_BADCERTIFICATEINVALID,
			      "the certificate has %zu bytes", certificate->length);
		return;
	}
	client = find_group(work, job, &place);
	if (!client || !is_no_txn(work, job, client))
		return;
	status = ks_trust_add(client, place.trust_group, &item, 1, &result);
	/* It is there already. */
	if (status == KS_EXISTS) {
		ks_result_free(result);
		return;
	}
	if (push_link_done(job, PUSH_OF_CONTENT, status, &result)) {
		job->is_applied = true;
		job->changed_lists = 1u << job->group;
	}
}

static bool has_thumbprint(const struct push_list_entry *entry, const char *thumbprint)
{
	unsigned char digest[20];
	char text[41];

	if (!entry->der || !EVP_Digest(entry->der, entry->len, digest, NULL, EVP_sha1(), NULL))
		return false;
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strcasecmp(text, thumbprint) == 0;
}

/* Whether others in the list need it to be complete, and no other CA has its name. */
static bool is_needed(const struct push_list *list, const struct push_list_entry *gone)
{
	bool is_needed = false;

	for (size_t i = 0; gone->is_ca && i < list->count; i++) {
		const struct push_list_entry *entry = &list->entries[i];
		bool is_cert = entry->list == 0 || entry->list == 2;

		if (entry == gone || !is_cert)
			continue;
		if (entry->is_ca && strcmp(entry->subject, gone->subject) == 0)
			return false;
		is_needed = is_needed || strcmp(entry->issuer, gone->subject) == 0;
	}
	return is_needed;
}

static void remove_entry(struct push_work *work, struct push_job *job,
			 const struct push_place *place, struct ks_client *client,
			 const struct push_list *list, const struct push_list_entry *gone)
{
	struct ks_result *result = NULL;

	if (is_needed(list, gone)) {
		push_job_fail(
			job, UA_STATUSCODE_BADCERTIFICATECHAININCOMPLETE,
			"other certificates of the list are issued by “%s”: remove these first",
			gone->subject);
		return;
	}
	if (!push_lockout_allows_without(work, job, place, list, gone))
		return;
	if (push_link_done(job, PUSH_OF_ARGUMENTS,
			   ks_trust_remove(client, place->trust_group,
					   (enum ks_trust_list)(gone->list + 1), gone->fingerprint,
					   &result),
			   &result)) {
		job->is_applied = true;
		job->changed_lists = 1u << job->group;
	}
}

void push_do_list_remove(struct push_work *work, struct push_job *job)
{
	unsigned wanted = push_job_is(job, 1) ? 0 : 2;
	char *thumbprint = push_job_text(job, 0, 40);
	struct push_list_entry *found = NULL;
	struct push_list list = {0};
	struct push_place place;
	struct ks_client *client;

	if (!thumbprint) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
			      "Thumbprint is the SHA-1 of the certificate, 40 hexadecimal digits");
		return;
	}
	client = find_group(work, job, &place);
	if (client && is_no_txn(work, job, client) &&
	    push_list_read(job, client, place.trust_group, PUSH_TRUST_ALL, &list)) {
		for (size_t i = 0; i < list.count && !found; i++) {
			if (list.entries[i].list == wanted &&
			    has_thumbprint(&list.entries[i], thumbprint))
				found = &list.entries[i];
		}
		if (found)
			remove_entry(work, job, &place, client, &list, found);
		else
			push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
				      "no certificate of that list has the thumbprint %s",
				      thumbprint);
	}
	push_list_clear(&list);
	free(thumbprint);
}

struct rejected {
	UA_ByteString *certs;
	size_t count, bytes;
	bool is_full;
};

/* False: the job has failed. */
static bool take_rejected(struct push_job *job, const struct ks_result *result,
			  struct rejected *rejected, uint64_t *after)
{
	for (size_t i = 0; i < result->rejected_count && !rejected->is_full; i++) {
		const struct ks_rejected *row = &result->rejected[i];
		UA_ByteString der = {row->der_len, (UA_Byte *)(uintptr_t)row->der};

		*after = row->id;
		rejected->bytes += der.length;
		rejected->is_full =
			rejected->count == REJECTED_MAX || rejected->bytes > REJECTED_BYTES;
		if (rejected->is_full)
			break;
		if (UA_ByteString_copy(&der, &rejected->certs[rejected->count]) !=
		    UA_STATUSCODE_GOOD)
			return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
		rejected->count++;
	}
	return true;
}

static bool read_rejected(struct push_work *work, struct push_job *job, enum push_group group,
			  struct rejected *rejected)
{
	struct push_place place;
	struct ks_client *client;
	uint64_t after = 0;
	bool is_found, has_more = true;
	bool is_ok = push_place_look(work, job, group, &place, &is_found);

	/* A service that nobody has made has refused nobody. */
	if (is_ok && !is_found)
		return true;
	client = is_ok ? push_link_client(work->link, job, false) : NULL;
	while (client && is_ok && has_more && *place.trust_group && !rejected->is_full) {
		struct ks_result *result = NULL;
		enum ks_status status =
			ks_rejected_list(client, place.trust_group, after, true, &result);

		is_ok = push_link_ok(job, PUSH_OF_ARGUMENTS, status, &result) &&
			take_rejected(job, result, rejected, &after);
		has_more = is_ok && result->more;
		ks_result_free(result);
	}
	return client && is_ok;
}

static void give_rejected(struct push_work *work, struct push_job *job, unsigned groups)
{
	struct rejected rejected = {.certs = calloc(REJECTED_MAX, sizeof *rejected.certs)};
	bool is_ok = rejected.certs;

	if (!is_ok)
		push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	for (unsigned group = 0; group < PUSH_GROUPS && is_ok; group++) {
		if (groups & 1u << group)
			is_ok = read_rejected(work, job, (enum push_group)group, &rejected);
	}
	if (is_ok)
		(void)push_job_give_array(job, rejected.certs, rejected.count, UA_TYPES_BYTESTRING);
	for (size_t i = 0; rejected.certs && i < REJECTED_MAX; i++)
		UA_ByteString_clear(&rejected.certs[i]);
	free(rejected.certs);
}

void push_do_get_rejected_list(struct push_work *work, struct push_job *job)
{
	unsigned groups = 1u << PUSH_APPLICATION;

	if (*work->names.services[PUSH_HTTPS])
		groups |= 1u << PUSH_HTTPS;
	if (*work->names.user_group)
		groups |= 1u << PUSH_USER_TOKEN;
	give_rejected(work, job, groups);
}

void push_do_group_get_rejected_list(struct push_work *work, struct push_job *job)
{
	give_rejected(work, job, 1u << job->group);
}
