#include "push_lockout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "keystore_trust.h"
#include "push_der.h"

#define NAMES_MAX 64 /* of the issuers above one certificate */

/* What of a list has to do with one certificate: its issuers, theirs, and their CRLs. */
struct relatives {
	struct push_trust_item *items;
	size_t count;
	struct push_der_name names[NAMES_MAX];
	size_t name_count;
};

static bool is_named(const struct relatives *relatives, struct push_der_name name)
{
	for (size_t i = 0; i < relatives->name_count; i++) {
		if (push_der_same(relatives->names[i], name))
			return true;
	}
	return false;
}

static bool add_name(struct relatives *relatives, struct push_der_name name)
{
	if (is_named(relatives, name) || relatives->name_count == NAMES_MAX)
		return false;
	relatives->names[relatives->name_count++] = name;
	return true;
}

static bool is_crl(const struct push_trust_item *item)
{
	return item->list & 1;
}

/* One round over all of them; true: there are issuers that were not known before. */
static bool find_issuers(struct relatives *relatives, const struct push_trust_item *items,
			 size_t count)
{
	struct push_der_name issuer, subject;
	bool has_more = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_crl(&items[i]) &&
		    push_der_cert(items[i].der, items[i].len, &issuer, &subject) &&
		    is_named(relatives, subject))
			has_more = add_name(relatives, issuer) || has_more;
	}
	return has_more;
}

static bool is_relative(const struct relatives *relatives, const struct push_trust_item *item)
{
	struct push_der_name issuer, subject;

	if (is_crl(item))
		return push_der_crl(item->der, item->len, &issuer) && is_named(relatives, issuer);
	return push_der_cert(item->der, item->len, &issuer, &subject) &&
	       is_named(relatives, subject);
}

/* False: no memory. */
static bool find_relatives(struct relatives *relatives, const UA_ByteString *certificate,
			   const struct push_trust_item *items, size_t count)
{
	struct push_der_name issuer, subject;

	relatives->items = calloc(count + 1, sizeof *relatives->items);
	if (!relatives->items)
		return false;
	if (push_der_cert(certificate->data, certificate->length, &issuer, &subject)) {
		(void)add_name(relatives, subject);
		(void)add_name(relatives, issuer);
	}
	while (find_issuers(relatives, items, count))
		;
	for (size_t i = 0; i < count; i++) {
		if (is_relative(relatives, &items[i]))
			relatives->items[relatives->count++] = items[i];
	}
	return true;
}

/* How strict the group is. False: the job has failed. */
static bool read_switches(struct push_job *job, struct ks_client *client, const char *group,
			  struct ks_group_change *ret_switches)
{
	struct ks_result *result = NULL;
	bool is_ok =
		push_link_ok(job, PUSH_OF_ARGUMENTS, ks_group_list(client, NULL, &result), &result);

	for (size_t i = 0; is_ok && i < result->group_count; i++) {
		if (strcmp(result->groups[i].name, group) != 0)
			continue;
		ret_switches->crls = result->groups[i].crls;
		ret_switches->auto_accept = result->groups[i].auto_accept ? KS_ON : KS_OFF;
	}
	ks_result_free(result);
	return is_ok;
}

/* What came with the leaf in the channel's certificate. */
#define CHAIN_MAX 10
static size_t split(const UA_ByteString *certificate, const uint8_t *certs[CHAIN_MAX],
		    size_t lens[CHAIN_MAX])
{
	size_t at = 0, count = 0;

	while (at < certificate->length && count < CHAIN_MAX) {
		size_t len = push_der_element(certificate->data + at, certificate->length - at);

		if (!len)
			break;
		certs[count] = certificate->data + at;
		lens[count++] = len;
		at += len;
	}
	return count;
}

/* By the group @check, which has the lists. False: the job has failed. */
static bool judge(struct push_job *job, struct ks_client *client, const char *check,
		  bool *ret_accepted)
{
	const uint8_t *certs[CHAIN_MAX];
	size_t lens[CHAIN_MAX];
	size_t count = split(&job->caller.certificate, certs, lens);
	/* A time of its own: nothing follows from the verdict. */
	struct ks_validation validation = {
		.group = check, .purpose = KS_PURPOSE_OPCUA, .at = (int64_t)time(NULL)};
	struct ks_result *result = NULL;
	bool is_ok;

	if (!count) {
		*ret_accepted = true;
		return true;
	}
	validation.candidate = certs[0];
	validation.candidate_len = lens[0];
	validation.chain = certs + 1;
	validation.chain_lens = lens + 1;
	validation.chain_count = count - 1;
	is_ok = push_link_ok(job, PUSH_OF_ARGUMENTS, ks_validate(client, &validation, &result),
			     &result);
	if (is_ok) {
		*ret_accepted = result->verdict->reason == KS_VERDICT_ACCEPTED;
		snprintf(job->message, sizeof job->message, "%s", result->verdict->message);
	}
	ks_result_free(result);
	return is_ok;
}

/* False: the job has failed. */
static bool make_check(struct push_job *job, struct ks_client *client, const char *check,
		       const struct ks_group_change *like, const struct relatives *relatives)
{
	struct ks_group_change change = {.crls = like->crls, .create = true};
	struct ks_result *result = NULL;
	enum ks_status status = ks_group_set(client, check, &change, &result);
	bool is_partial;

	/* One that a crash left: it is filled anew. */
	if (status == KS_EXISTS) {
		ks_result_free(result);
		result = NULL;
		change.create = false;
		status = ks_group_set(client, check, &change, &result);
	}
	return push_link_done(job, PUSH_OF_ARGUMENTS, status, &result) &&
	       push_list_set(job, client, check, PUSH_TRUST_ALL, relatives->items, relatives->count,
			     &is_partial);
}

static bool ask(struct push_job *job, struct ks_client *client, const struct push_place *place,
		const struct relatives *relatives, bool *ret_accepted)
{
	const struct ks_group_change removal = {.remove = true};
	struct ks_group_change like = {.crls = KS_CRLS_WHERE_KNOWN};
	char check[PUSH_NAME_MAX + 1];
	bool is_ok;

	if (!read_switches(job, client, place->trust_group, &like))
		return false;
	if (like.auto_accept == KS_ON) {
		*ret_accepted = true;
		return true;
	}
	snprintf(check, sizeof check, "%.48s-push-check", place->service);
	is_ok = make_check(job, client, check, &like, relatives) &&
		judge(job, client, check, ret_accepted);
	(void)ks_group_set(client, check, &removal, NULL);
	return is_ok;
}

/* What was to be written, where, and by whom: over whichever session, as tools have one for each call. */
static bool digest_of(const struct push_job *job, const struct push_trust_item *items, size_t count,
		      uint8_t ret_digest[32])
{
	const UA_ByteString *certificate = &job->caller.certificate;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned place[2] = {(unsigned)job->method, (unsigned)job->group};
	bool is_ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		     EVP_DigestUpdate(context, place, sizeof place) &&
		     EVP_DigestUpdate(context, job->caller.user, strlen(job->caller.user) + 1) &&
		     EVP_DigestUpdate(context, certificate->data, certificate->length);

	for (size_t i = 0; i < count && is_ok; i++)
		is_ok = EVP_DigestUpdate(context, &items[i].list, sizeof items[i].list) &&
			EVP_DigestUpdate(context, items[i].der, items[i].len);
	is_ok = is_ok && EVP_DigestFinal_ex(context, ret_digest, NULL);
	EVP_MD_CTX_free(context);
	return is_ok;
}

static bool does_insist(struct push_work *work, const uint8_t digest[32])
{
	UA_DateTime now = UA_DateTime_nowMonotonic();
	bool does = work->refused_at && memcmp(work->refused, digest, 32) == 0 &&
		    now - work->refused_at <= (UA_DateTime)PUSH_INSIST_S * UA_DATETIME_SEC;

	memcpy(work->refused, digest, 32);
	work->refused_at = does ? 0 : now;
	return does;
}

/* @items: all that there would be. */
static bool allows(struct push_work *work, struct push_job *job, const struct push_place *place,
		   const struct push_trust_item *items, size_t count)
{
	struct ks_client *client = push_link_client(work->link, job, false);
	struct relatives relatives = {0};
	uint8_t digest[32] = {0};
	bool is_accepted = false;
	bool is_ok = client != NULL;
	char why[PUSH_MESSAGE_MAX];

	if (is_ok && !find_relatives(&relatives, &job->caller.certificate, items, count))
		is_ok = push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	is_ok = is_ok && ask(job, client, place, &relatives, &is_accepted);
	free(relatives.items);
	if (!is_ok || is_accepted) {
		if (is_ok)
			*job->message = '\0';
		return is_ok;
	}
	snprintf(why, sizeof why, "%s", job->message);
	if (!digest_of(job, items, count, digest))
		return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	if (does_insist(work, digest)) {
		snprintf(job->message, sizeof job->message,
			 "by these lists who writes them cannot connect again, and insists: %.600s",
			 why);
		return true;
	}
	return push_job_fail(
		job, UA_STATUSCODE_BADCERTIFICATEUNTRUSTED,
		"by these lists who writes them could not connect again; the same once "
		"more within %d s is taken as meant: %.500s",
		PUSH_INSIST_S, why);
}

/* By other groups nobody gets here. */
static bool matters(const struct push_job *job)
{
	return job->group == PUSH_APPLICATION && job->caller.certificate.length;
}

bool push_lockout_allows(struct push_work *work, struct push_job *job,
			 const struct push_place *place, unsigned lists,
			 const struct push_trust_item *items, size_t count)
{
	unsigned others = PUSH_TRUST_ALL & ~lists;
	struct push_list rest = {0};
	struct push_trust_item *all;
	size_t total = 0;
	bool is_ok;

	if (!matters(job))
		return true;
	if (others) {
		struct ks_client *client = push_link_client(work->link, job, false);

		if (!client || !push_list_read(job, client, place->trust_group, others, &rest))
			return false;
	}
	all = calloc(count + rest.count + 1, sizeof *all);
	for (unsigned list = 0; all && list < PUSH_TRUST_LISTS; list++) {
		for (size_t i = 0; i < count; i++) {
			if (items[i].list == list)
				all[total++] = items[i];
		}
		for (size_t i = 0; i < rest.count; i++) {
			const struct push_list_entry *entry = &rest.entries[i];

			if (entry->list == list && entry->der)
				all[total++] =
					(struct push_trust_item){entry->der, entry->len, list};
		}
	}
	is_ok = all ? allows(work, job, place, all, total)
		    : push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	free(all);
	push_list_clear(&rest);
	return is_ok;
}

bool push_lockout_allows_without(struct push_work *work, struct push_job *job,
				 const struct push_place *place, const struct push_list *list,
				 const struct push_list_entry *gone)
{
	struct push_trust_item *all;
	struct push_der_name subject = {0}, issuer;
	size_t total = 0;
	bool is_ok;

	if (!matters(job))
		return true;
	all = calloc(list->count + 1, sizeof *all);
	if (!all)
		return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	(void)push_der_cert(gone->der, gone->len, &issuer, &subject);
	for (size_t i = 0; i < list->count; i++) {
		const struct push_list_entry *entry = &list->entries[i];
		bool goes = entry == gone || !entry->der ||
			    (gone->is_ca && entry->list == gone->list + 1 &&
			     push_der_crl(entry->der, entry->len, &issuer) &&
			     push_der_same(issuer, subject));

		if (!goes)
			all[total++] =
				(struct push_trust_item){entry->der, entry->len, entry->list};
	}
	is_ok = allows(work, job, place, all, total);
	free(all);
	return is_ok;
}
