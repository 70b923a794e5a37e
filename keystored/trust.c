#include "trust.h"

#include <stdio.h>
#include <stdlib.h>

#include "store_cert.h"
#include "store_crl.h"

struct group {
	struct trust *trust;
	uint64_t id; /* 0: this place is free */
	struct x509_pool *pool;
	size_t bytes; /* of DER in it */
	uint64_t used;
	enum store_status fault; /* of the last reading */
};

struct trust {
	struct store *store;
	struct group groups[TRUST_POOLS_MAX];
	uint64_t clock; /* counts uses */
};

struct trust *trust_new(struct store *store)
{
	struct trust *trust = calloc(1, sizeof *trust);

	if (trust)
		trust->store = store;
	return trust;
}

static void drop(struct group *group)
{
	x509_pool_free(group->pool);
	*group = (struct group){0};
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	for (size_t i = 0; i < TRUST_POOLS_MAX; i++)
		drop(&trust->groups[i]);
	free(trust);
}

void trust_changed(struct trust *trust, uint64_t group_id)
{
	for (size_t i = 0; i < TRUST_POOLS_MAX; i++) {
		if (trust->groups[i].id == group_id)
			drop(&trust->groups[i]);
	}
}

void trust_crl_changed(struct trust *trust)
{
	for (size_t i = 0; i < TRUST_POOLS_MAX; i++)
		drop(&trust->groups[i]);
}

struct reading {
	struct group *group;
	enum pool_status status;
	enum store_status fault;
};

static void count_bytes(struct reading *reading, size_t len)
{
	reading->group->bytes += len;
	if (reading->group->bytes > TRUST_BYTES_MAX)
		reading->status = POOL_FULL;
}

/*
 * A CA of this service is in the group: so is its CRL as it was published last, which nobody
 * has to carry there before the one in the list ends.
 */
static void add_own_crl(struct reading *reading, const uint8_t fingerprint[32])
{
	struct store *store = reading->group->trust->store;
	struct store_crl crl;
	uint64_t ca_id = 0;
	size_t len = 0;
	enum store_status status = store_cert_by_fingerprint(store, fingerprint, &ca_id);

	if (status == STORE_OK)
		status = store_crl_get(store, ca_id, &crl);
	/* Neither a CA of ours, nor one with a list. */
	if (status == STORE_NOT_FOUND || (status == STORE_OK && !crl.size))
		return;
	uint8_t *der = status == STORE_OK ? malloc(crl.size) : NULL;

	if (der)
		status = store_crl_read(store, ca_id, 0, der, crl.size, &len);
	else if (status == STORE_OK)
		status = STORE_NOMEM;
	if (status == STORE_OK) {
		reading->status = x509_pool_add_crl(reading->group->pool, der, len);
		count_bytes(reading, len);
	}
	reading->fault = status;
	free(der);
}

static bool read_entry(const struct store_trust *entry, void *user)
{
	struct reading *reading = user;
	struct group *group = reading->group;

	switch (entry->list) {
	case STORE_TRUSTED_CERTS:
		reading->status =
			x509_pool_add_cert(group->pool, POOL_TRUSTED, entry->der, entry->der_len);
		break;
	case STORE_ISSUER_CERTS:
		reading->status =
			x509_pool_add_cert(group->pool, POOL_ISSUER, entry->der, entry->der_len);
		break;
	case STORE_TRUSTED_CRLS:
	case STORE_ISSUER_CRLS:
		reading->status = x509_pool_add_crl(group->pool, entry->der, entry->der_len);
		break;
	case STORE_LIST_ANY:
	case STORE_LIST_COUNT:
		break;
	}
	count_bytes(reading, entry->der_len);
	if (reading->status == POOL_OK && entry->facts.is_ca)
		add_own_crl(reading, entry->facts.fingerprint);
	return reading->status == POOL_OK && reading->fault == STORE_OK;
}

static bool fetch(struct x509_pool *pool, uint32_t name_hash, void *user)
{
	struct group *group = user;
	struct reading reading = {.group = group};

	(void)pool;
	enum store_status status =
		store_trust_named(group->trust->store, group->id, name_hash, read_entry, &reading);

	if (status == STORE_OK)
		status = reading.fault;
	if (status == STORE_OK && reading.status == POOL_NOMEM)
		status = STORE_NOMEM;
	/* What was taken up is read again as it was. */
	if (status == STORE_OK && reading.status == POOL_MALFORMED)
		status = STORE_CORRUPT;
	if (status != STORE_OK)
		group->fault = status;
	return status == STORE_OK && reading.status == POOL_OK;
}

static struct group *oldest(struct trust *trust)
{
	struct group *found = &trust->groups[0];

	for (size_t i = 1; i < TRUST_POOLS_MAX; i++) {
		if (trust->groups[i].used < found->used)
			found = &trust->groups[i];
	}
	return found;
}

/* What all of them hold together stays within bounds, whatever is asked for next. */
static void make_room(struct trust *trust, const struct group *keep)
{
	size_t bytes = 0;

	for (size_t i = 0; i < TRUST_POOLS_MAX; i++)
		bytes += trust->groups[i].bytes;
	for (size_t i = 0; i < TRUST_POOLS_MAX && bytes > TRUST_BYTES_MAX; i++) {
		if (&trust->groups[i] == keep)
			continue;
		bytes -= trust->groups[i].bytes;
		drop(&trust->groups[i]);
	}
}

/* NULL: no memory. */
static struct group *open_group(struct trust *trust, uint64_t id)
{
	struct group *group = NULL;

	for (size_t i = 0; i < TRUST_POOLS_MAX; i++) {
		if (trust->groups[i].id == id)
			group = &trust->groups[i];
	}
	if (!group) {
		group = oldest(trust);
		drop(group);
		group->pool = x509_pool_new(TRUST_CERTS_MAX, TRUST_CRLS_MAX);
		if (!group->pool)
			return NULL;
		group->id = id;
		group->trust = trust;
		x509_pool_set_source(group->pool, fetch, group);
	}
	group->used = ++trust->clock;
	return group;
}

enum store_status trust_validate(struct trust *trust, uint64_t group_id,
				 const struct path_request *request, bool is_trusted,
				 struct path_verdict *ret_verdict)
{
	struct path_verdict verdict;
	enum store_status status = STORE_OK;
	bool is_short = true;

	/* Full of what others asked for: once more with nothing but what this one needs. */
	for (int tries = 0; tries < 2 && is_short && status == STORE_OK; tries++) {
		struct group *group = open_group(trust, group_id);

		if (!group)
			return STORE_NOMEM;
		if (is_trusted &&
		    x509_pool_add_cert(group->pool, POOL_TRUSTED, request->candidate.bytes,
				       request->candidate.len) == POOL_NOMEM)
			status = STORE_NOMEM;
		if (status == STORE_OK)
			(void)x509_path_validate(group->pool, request, &verdict);
		if (group->fault != STORE_OK)
			status = group->fault;
		is_short = x509_pool_is_short(group->pool);
		/* What was only supposed, or only half read, is not to be relied on again. */
		if (is_trusted || is_short || status != STORE_OK)
			drop(group);
		else
			make_room(trust, group);
	}
	if (status != STORE_OK)
		return status;
	if (is_short) {
		verdict = (struct path_verdict){.reason = PATH_TOO_COMPLEX};
		snprintf(verdict.text, sizeof verdict.text,
			 "the trust group has more certificates and CRLs of these names than are "
			 "looked at: remove those that are not needed");
	}
	*ret_verdict = verdict;
	return STORE_OK;
}
