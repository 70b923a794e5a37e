/* The certificates of groups (OPC 10000-12 7.10.4, 7.10.5, 7.10.6, 7.10.10, 7.10.14). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "keystore_service.h"
#include "push_work.h"

#define CERT_MAX    65536
#define ISSUERS_MAX 16
#define PEM_KEY	    "PRIVATE KEY-----"
#define KEY_MAX	    65536
#define FILE_MAX    (256 * 1024)

/* What keystored is given: certificates, and perhaps a key, as PEM. */
struct bundle {
	char *text;
	size_t len, room;
};

static void bundle_clear(struct bundle *bundle)
{
	if (bundle->text)
		explicit_bzero(bundle->text, bundle->room);
	free(bundle->text);
}

static bool bundle_add(struct bundle *bundle, const void *bytes, size_t len)
{
	if (len > bundle->room - bundle->len)
		return false;
	memcpy(bundle->text + bundle->len, bytes, len);
	bundle->len += len;
	return true;
}

/* RFC 7468, in lines of 64 characters. */
static bool bundle_add_pem(struct bundle *bundle, const char *label, const UA_ByteString *der)
{
	char line[80];
	bool is_added = true;
	int len = snprintf(line, sizeof line, "-----BEGIN %s-----\n", label);

	is_added = bundle_add(bundle, line, (size_t)len);
	for (size_t at = 0; at < der->length && is_added; at += 48) {
		size_t left = der->length - at;

		len = EVP_EncodeBlock((unsigned char *)line, der->data + at,
				      left < 48 ? (int)left : 48);
		line[len] = '\n';
		is_added = bundle_add(bundle, line, (size_t)len + 1);
	}
	len = snprintf(line, sizeof line, "-----END %s-----\n", label);
	is_added = is_added && bundle_add(bundle, line, (size_t)len);
	explicit_bzero(line, sizeof line);
	return is_added;
}

void push_do_get_certificates(struct push_work *work, struct push_job *job)
{
	UA_NodeId type = UA_NODEID_NULL;
	struct ks_result *result = NULL;
	struct ks_client *client;
	struct push_place place;

	if (!push_place_take(work, job, false, &place))
		return;
	if (!place.cert_id) {
		if (push_job_give_array(job, NULL, 0, UA_TYPES_NODEID))
			(void)push_job_give_array(job, NULL, 0, UA_TYPES_BYTESTRING);
		return;
	}
	type = UA_NODEID_NUMERIC(0, push_group_kind(place.group)->certificate_type);
	client = push_link_client(work->link, job, false);
	if (client && push_link_ok(job, PUSH_OF_ARGUMENTS,
				   ks_cert_show(client, place.cert_id, &result), &result)) {
		UA_ByteString der = {result->certs->der_len,
				     (UA_Byte *)(uintptr_t)result->certs->der};

		if (push_job_give_array(job, &type, 1, UA_TYPES_NODEID))
			(void)push_job_give_array(job, &der, 1, UA_TYPES_BYTESTRING);
	}
	ks_result_free(result);
}

/* What comes with the certificate, by its format (7.10.4). False: the job has failed. */
static bool add_key(struct push_job *job, struct bundle *bundle)
{
	const UA_ByteString *format = push_job_bytes(job, 4);
	const UA_ByteString *key = push_job_bytes(job, 5);
	bool is_pem = format->length == 3 && memcmp(format->data, "PEM", 3) == 0;
	bool is_pfx = format->length == 3 && memcmp(format->data, "PFX", 3) == 0;

	if (!format->length && !key->length)
		return true;
	if (!is_pem && !is_pfx)
		return push_job_fail(job, UA_STATUSCODE_BADNOTSUPPORTED,
				     "a private key comes with its PrivateKeyFormat, which is PEM "
				     "or PFX");
	if (!key->length)
		return push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
				     "there is a PrivateKeyFormat, and no PrivateKey");
	/* Else the certificate would be taken for an answer to a request, and the rest for a comment. */
	if (is_pem && !memmem(key->data, key->length, PEM_KEY, strlen(PEM_KEY)))
		return push_job_fail(job, UA_STATUSCODE_BADNOTSUPPORTED,
				     "PrivateKey has no private key in PEM");
	if (key->length > KEY_MAX)
		return push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
				     "the private key has more than %d bytes", KEY_MAX);
	if (is_pfx ? bundle_add_pem(bundle, "PKCS12", key)
		   : bundle_add(bundle, key->data, key->length) && bundle_add(bundle, "\n", 1))
		return true;
	return push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
			     "certificate, issuers and key have more than %d bytes", FILE_MAX);
}

/* False: the job has failed. */
static bool add_certs(struct push_job *job, struct bundle *bundle)
{
	const UA_ByteString *cert = push_job_bytes(job, 2);
	size_t count;
	const UA_ByteString *issuers = push_job_array(job, 3, &count);
	bool is_added;

	if (!cert->length || cert->length > CERT_MAX)
		return push_job_fail(job, UA_STATUSCODE_BADCERTIFICATEINVALID,
				     "the certificate has %zu bytes, and one has 1 to %d",
				     cert->length, CERT_MAX);
	if (count > ISSUERS_MAX)
		return push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
				     "there are %zu issuers, and up to %d are taken", count,
				     ISSUERS_MAX);
	is_added = bundle_add_pem(bundle, "CERTIFICATE", cert);
	for (size_t i = 0; i < count && is_added; i++)
		is_added = bundle_add_pem(bundle, "CERTIFICATE", &issuers[i]);
	if (is_added)
		return true;
	return push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
			     "certificate and issuers have more than %d bytes", FILE_MAX);
}

static bool stage(struct push_work *work, struct push_job *job, const struct push_place *place,
		  const struct bundle *bundle)
{
	const struct ks_cert_file file = {
		.bytes = (const uint8_t *)bundle->text, .len = bundle->len, .first = true};
	struct ks_client *client;
	struct ks_result *result = NULL;

	if (!place->cert_id)
		return push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
				     "service “%s” has no certificate yet: ask for one with "
				     "CreateSigningRequest, or have one made with "
				     "CreateSelfSignedCertificate, and then replace it",
				     place->service);
	client = push_txn_join(work->txn, job);
	return client &&
	       push_link_done(job, PUSH_OF_CONTENT,
			      ks_cert_replace(client, place->cert_id, &file, &result), &result);
}

void push_do_update_certificate(struct push_work *work, struct push_job *job)
{
	const UA_Boolean has_to_be_applied = true;
	struct bundle bundle = {.room = FILE_MAX};
	struct push_place place;

	if (!push_place_take(work, job, true, &place) || !push_txn_is_free(work->txn, job) ||
	    !push_txn_lacks(work->txn, job, place.group))
		return;
	bundle.text = malloc(bundle.room);
	if (!bundle.text) {
		push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
		return;
	}
	if (add_certs(job, &bundle) && add_key(job, &bundle)) {
		bool is_ok = stage(work, job, &place, &bundle);

		/* A key that only a password opens, and there is no place for one in a call. */
		if (push_job_bytes(job, 5)->length &&
		    job->status == UA_STATUSCODE_BADUSERACCESSDENIED)
			job->status = UA_STATUSCODE_BADNOTSUPPORTED;

		if (push_txn_is_open(work->txn))
			push_txn_leave(work->txn, job, place.group, false, is_ok, false);
		if (is_ok)
			(void)push_job_give(job, &has_to_be_applied, UA_TYPES_BOOLEAN);
	}
	bundle_clear(&bundle);
}
