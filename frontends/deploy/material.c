#include "material.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "x509_match.h"

#define KEEP "; the files stay as they are"

/* One fetch. */
struct fetch {
	struct ks_client *client;
	const struct deployment *deployment;
	struct ks_result *shown; /* the certificate */
	struct ks_result *chain; /* it with its issuers, PEM */
	struct ks_result *key;
	size_t issuers; /* where they begin in the chain */
	struct material material;
	char *problem;
};

static unsigned long long id_of(const struct fetch *fetch)
{
	return (unsigned long long)fetch->deployment->cert_id;
}

static enum material_status refuse(struct fetch *fetch, const char *what)
{
	snprintf(fetch->problem, DEPLOY_PROBLEM_MAX, "certificate %llu %s" KEEP, id_of(fetch),
		 what);
	return MATERIAL_REFUSED;
}

static enum material_status fail(struct fetch *fetch, const struct ks_result *result)
{
	static const enum ks_status away[] = {KS_BUSY,	      KS_UNAVAILABLE,  KS_DEADLINE,
					      KS_UNREACHABLE, KS_DISCONNECTED, KS_LIMIT,
					      KS_NOMEM};

	snprintf(fetch->problem, DEPLOY_PROBLEM_MAX, "%.400s" KEEP, result->message);
	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		if (result->status == away[i])
			return MATERIAL_AWAY;
	return MATERIAL_REFUSED;
}

static enum material_status check_cert(struct fetch *fetch)
{
	const struct ks_cert *cert = &fetch->shown->certs[0];

	switch (cert->state) {
	case KS_CERT_ACTIVE:
	case KS_CERT_SUPERSEDED:
		break;
	case KS_CERT_EXPIRED:
		return refuse(fetch, "has ended: renew it");
	case KS_CERT_REVOKED:
		return refuse(fetch, "was revoked: make another one");
	case KS_CERT_REQUESTED:
		return refuse(fetch, "is only requested yet: bring the answer with cert replace");
	}
	if (!cert->key_id)
		return refuse(fetch, "has its key elsewhere, so that no program here can use it");
	if (!cert->der_len)
		return refuse(fetch, "is not there yet");
	snprintf(fetch->material.common_name, sizeof(fetch->material.common_name), "%s",
		 cert->common_name);
	fetch->material.version = cert->version;
	fetch->material.not_after = cert->not_after;
	return MATERIAL_OK;
}

static enum material_status fetch_cert(struct fetch *fetch)
{
	uint64_t id = fetch->deployment->cert_id;
	enum material_status status;
	const struct ks_cert *cert;

	if (ks_cert_show(fetch->client, id, &fetch->shown) != KS_OK)
		return fail(fetch, fetch->shown);
	status = check_cert(fetch);
	if (status != MATERIAL_OK)
		return status;
	if (ks_cert_export(fetch->client, id, KS_CERT_CHAIN_PEM, &fetch->chain) != KS_OK)
		return fail(fetch, fetch->chain);
	cert = &fetch->shown->certs[0];
	if (x509_match_der((const char *)fetch->chain->data, fetch->chain->data_len, cert->der,
			   cert->der_len, &fetch->issuers))
		return MATERIAL_OK;
	snprintf(fetch->problem, DEPLOY_PROBLEM_MAX,
		 "certificate %llu was renewed while it was read" KEEP, id_of(fetch));
	return MATERIAL_AWAY;
}

static enum material_status fetch_key(struct fetch *fetch)
{
	char name[24];

	snprintf(name, sizeof(name), "#%llu", (unsigned long long)fetch->shown->certs[0].key_id);
	if (ks_key_show(fetch->client, name, &fetch->key) != KS_OK)
		return fail(fetch, fetch->key);
	if (x509_match_key((const char *)fetch->chain->data, fetch->chain->data_len,
			   fetch->key->keys[0].public_key, fetch->key->keys[0].public_key_len))
		return MATERIAL_OK;
	return refuse(fetch, "is not of the key that keystored says it has: that is a fault of "
			     "keystored");
}

static bool put(struct material *material, enum deployment_file file, const char *bytes, size_t len)
{
	material->bytes[file] = strndup(bytes, len);
	material->len[file] = len;
	return material->bytes[file] != NULL;
}

static enum material_status write_down(struct fetch *fetch)
{
	struct material *material = &fetch->material;
	const char *chain = (const char *)fetch->chain->data;
	bool has_chain = *fetch->deployment->paths[DEPLOYMENT_CHAIN] != '\0';
	const struct ks_key *key = &fetch->key->keys[0];
	size_t len = fetch->chain->data_len;
	enum reference_status reference;

	if (has_chain && fetch->issuers >= len)
		return refuse(fetch, "has no issuers here that could go to a chain file: deploy it "
				     "without one");
	reference = reference_to_pem(key->id, key->name, key->public_key, key->public_key_len,
				     &material->bytes[DEPLOYMENT_KEY]);
	if (reference != REFERENCE_OK) {
		snprintf(fetch->problem, DEPLOY_PROBLEM_MAX, "the reference to key %s: %s" KEEP,
			 key->name, reference_status_text(reference));
		return MATERIAL_REFUSED;
	}
	material->len[DEPLOYMENT_KEY] = strlen(material->bytes[DEPLOYMENT_KEY]);
	if (!put(material, DEPLOYMENT_CERT, chain, has_chain ? fetch->issuers : len) ||
	    (has_chain &&
	     !put(material, DEPLOYMENT_CHAIN, chain + fetch->issuers, len - fetch->issuers))) {
		snprintf(fetch->problem, DEPLOY_PROBLEM_MAX, "out of memory" KEEP);
		return MATERIAL_AWAY;
	}
	if (material_is_pair(material->bytes[DEPLOYMENT_CERT], material->len[DEPLOYMENT_CERT],
			     material->bytes[DEPLOYMENT_KEY], material->len[DEPLOYMENT_KEY]))
		return MATERIAL_OK;
	return refuse(fetch, "and its reference file do not belong together: that is a fault of "
			     "keystore-deploy");
}

enum material_status material_fetch(struct ks_client *client, const struct deployment *deployment,
				    struct material *ret_material, char problem[DEPLOY_PROBLEM_MAX])
{
	struct fetch fetch = {.client = client, .deployment = deployment, .problem = problem};
	enum material_status status = fetch_cert(&fetch);

	if (status == MATERIAL_OK)
		status = fetch_key(&fetch);
	if (status == MATERIAL_OK)
		status = write_down(&fetch);
	ks_result_free(fetch.shown);
	ks_result_free(fetch.chain);
	ks_result_free(fetch.key);
	if (status == MATERIAL_OK)
		*ret_material = fetch.material;
	else
		material_wipe(&fetch.material);
	return status;
}

void material_wipe(struct material *material)
{
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++)
		free(material->bytes[i]);
	*material = (struct material){0};
}

bool material_is_pair(const char *cert, size_t cert_len, const char *reference,
		      size_t reference_len)
{
	struct reference key;

	return reference_from_pem(reference, reference_len, &key) == REFERENCE_OK &&
	       x509_match_key(cert, cert_len, key.public_key, key.public_key_len);
}
