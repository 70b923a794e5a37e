/* Requests for certificates, and certificates made here (OPC 10000-12 7.10.9, 7.10.5, 7.10.6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore_service.h"
#include "push_work.h"

#define SUBJECT_MAX 1024
#define NONCE_MIN   32
#define NAMES_MAX   32
#define NAME_MAX    255

/* No key that is there has it: keys outlive the requests that they were made for. */
static bool make_key_name(struct ks_client *client, struct push_job *job, const char *service,
			  char ret_name[PUSH_KEY_NAME_MAX])
{
	struct ks_result *result = NULL;

	if (!push_link_ok(job, PUSH_OF_ARGUMENTS, ks_random(client, 6, &result), &result)) {
		ks_result_free(result);
		return false;
	}
	int len = snprintf(ret_name, PUSH_KEY_NAME_MAX, "%.16s-push-", service);

	for (size_t i = 0; i < result->data_len && len + 3 <= PUSH_KEY_NAME_MAX; i++)
		len += snprintf(ret_name + len, (size_t)(PUSH_KEY_NAME_MAX - len), "%02x",
				result->data[i]);
	ks_result_free(result);
	return true;
}

/* "": as it is. NULL: the job has failed; free() it. */
static char *take_subject(struct push_job *job)
{
	char *asked = push_job_text(job, 2, SUBJECT_MAX);
	char *subject = asked ? push_subject(asked) : NULL;

	free(asked);
	if (!subject)
		push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
			      "SubjectName has up to %d bytes, such as CN=plc-1/O=Plant",
			      SUBJECT_MAX);
	return subject;
}

/* The algorithm of the key that a certificate has. False: the job has failed. */
static bool find_algorithm(struct ks_client *client, struct push_job *job, uint64_t cert_id,
			   enum ks_algorithm *ret_algorithm)
{
	struct ks_result *result = NULL;
	bool is_ok = push_link_ok(job, PUSH_OF_ARGUMENTS, ks_cert_show(client, cert_id, &result),
				  &result);

	if (is_ok)
		*ret_algorithm = result->certs->key_algorithm;
	ks_result_free(result);
	return is_ok;
}

/* What a certificate in a group without one is made as. */
static const char *profile_of(const struct push_place *place)
{
	return place->kind == KS_SERVICE_OPCUA_SERVER ? "opcua-server" : "web-server";
}

static void request_again(struct push_work *work, struct push_job *job,
			  const struct push_place *place, const char *subject, bool with_new_key)
{
	struct ks_client *client = push_link_client(work->link, job, false);
	struct ks_cert_request order = {.subject = *subject ? subject : NULL};
	struct ks_result *result = NULL;
	char key[PUSH_KEY_NAME_MAX];

	if (!client)
		return;
	if (with_new_key) {
		if (!find_algorithm(client, job, place->cert_id, &order.algorithm) ||
		    !make_key_name(client, job, place->service, key))
			return;
		order.new_key = key;
	}
	if (push_link_ok(job, PUSH_OF_ARGUMENTS,
			 ks_cert_request(client, place->cert_id, &order, &result), &result)) {
		UA_ByteString csr = {result->data_len, (UA_Byte *)(uintptr_t)result->data};

		(void)push_job_give(job, &csr, UA_TYPES_BYTESTRING);
	}
	ks_result_free(result);
}

void push_do_create_signing_request(struct push_work *work, struct push_job *job)
{
	bool with_new_key;
	struct push_place place;
	char *subject;

	if (!push_place_take(work, job, true, &place) || !push_txn_is_free(work->txn, job))
		return;
	with_new_key = push_job_is(job, 3);
	if (with_new_key && push_job_bytes(job, 4)->length < NONCE_MIN) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
			      "a new key takes a Nonce of at least %d bytes", NONCE_MIN);
		return;
	}
	if (!place.cert_id) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
			      "service “%s” has no certificate whose names a request could have: "
			      "have one made with CreateSelfSignedCertificate first",
			      place.service);
		return;
	}
	subject = take_subject(job);
	if (subject)
		request_again(work, job, &place, subject, with_new_key);
	free(subject);
}

/* DnsNames and IpAddresses, inputs 3 and 4. False: the job has failed. */
static bool take_names(struct push_job *job, struct ks_name names[NAMES_MAX], size_t *ret_count)
{
	size_t count = 0;

	for (size_t input = 3; input <= 4; input++) {
		size_t there;
		const UA_ByteString *values = push_job_array(job, input, &there);

		for (size_t i = 0; i < there; i++) {
			const UA_ByteString *value = &values[i];

			if (count == NAMES_MAX || !value->length || value->length > NAME_MAX ||
			    memchr(value->data, 0, value->length))
				return push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
						     "a certificate has up to %d names, of 1 to %d "
						     "bytes each",
						     NAMES_MAX, NAME_MAX);
			names[count].type = input == 3 ? KS_NAME_DNS : KS_NAME_IP;
			names[count].value = strndup((const char *)value->data, value->length);
			if (!names[count].value)
				return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY,
						     "no memory");
			count++;
			*ret_count = count;
		}
	}
	return true;
}

static void names_clear(struct ks_name names[NAMES_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)names[i].value);
}

static enum ks_algorithm algorithm_of(unsigned bits)
{
	switch (bits) {
	case 0:
	case 2048:
		return KS_ALGORITHM_RSA_2048;
	case 3072:
		return KS_ALGORITHM_RSA_3072;
	case 4096:
		return KS_ALGORITHM_RSA_4096;
	case 256:
		return KS_ALGORITHM_EC_P256;
	case 384:
		return KS_ALGORITHM_EC_P384;
	default:
		return 0;
	}
}

/* At once, since the caller is given it. False: the job has failed. */
static bool make(struct push_work *work, struct push_job *job, const struct push_place *place,
		 struct ks_cert_request *order, struct push_made *ret_made)
{
	struct ks_client *client = push_link_client(work->link, job, false);
	struct ks_result *result = NULL;
	bool is_ok;

	if (!client || !make_key_name(client, job, place->service, ret_made->key))
		return false;
	order->new_key = ret_made->key;
	is_ok = push_link_ok(job, PUSH_OF_ARGUMENTS, ks_cert_create(client, order, &result),
			     &result);
	if (is_ok) {
		UA_ByteString der = {result->certs->der_len,
				     (UA_Byte *)(uintptr_t)result->certs->der};

		ret_made->cert_id = result->certs->id;
		is_ok = push_job_give(job, &der, UA_TYPES_BYTESTRING);
	}
	ks_result_free(result);
	return is_ok;
}

/* Stages that the service has it. */
static bool assign(struct push_job *job, struct ks_client *client, const struct push_place *place,
		   const struct push_made *made)
{
	const struct ks_assignment assignment = {.name = place->service, .cert_id = made->cert_id};
	struct ks_result *result = NULL;

	return push_link_done(job, PUSH_OF_ARGUMENTS,
			      ks_service_set(client, &assignment, KS_FIELD_CERT, false, &result),
			      &result);
}

static void make_self_signed(struct push_work *work, struct push_job *job,
			     const struct push_place *place, struct ks_cert_request *order)
{
	struct ks_client *client = push_txn_join(work->txn, job);
	struct push_made made = {0};
	bool is_ok;

	if (!client)
		return;
	is_ok = make(work, job, place, order, &made);
	if (made.cert_id)
		push_txn_made(work->txn, &made);
	is_ok = is_ok && assign(job, client, place, &made);
	push_txn_leave(work->txn, job, place->group, false, is_ok, false);
}

void push_do_create_self_signed(struct push_work *work, struct push_job *job)
{
	struct ks_cert_request order = {0};
	struct ks_name names[NAMES_MAX];
	struct push_place place;
	size_t count = 0;
	char *subject = NULL;

	if (!push_place_take(work, job, true, &place) || !push_txn_is_free(work->txn, job) ||
	    !push_txn_lacks(work->txn, job, place.group))
		return;
	order.algorithm = algorithm_of(push_job_number(job, 6));
	if (place.cert_id)
		push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE,
			      "service “%s” has certificate %llu: delete it first, or update it",
			      place.service, (unsigned long long)place.cert_id);
	else if (!order.algorithm)
		push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
			      "KeySizeInBits is 2048, 3072 or 4096 (RSA), or 256 or 384 (elliptic "
			      "curves)");
	else if (take_names(job, names, &count))
		subject = take_subject(job);
	if (subject) {
		order.subject = subject;
		order.profile = profile_of(&place);
		order.names = names;
		order.name_count = count;
		order.validity.days = push_job_number(job, 5);
		make_self_signed(work, job, &place, &order);
	}
	free(subject);
	names_clear(names, count);
}

void push_do_delete_certificate(struct push_work *work, struct push_job *job)
{
	struct ks_assignment assignment = {0};
	struct ks_result *result = NULL;
	struct push_place place;
	struct ks_client *client;
	bool is_ok;

	if (!push_place_take(work, job, true, &place) || !push_txn_is_free(work->txn, job) ||
	    !push_txn_lacks(work->txn, job, place.group))
		return;
	if (!place.cert_id) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDSTATE, "service “%s” has no certificate",
			      place.service);
		return;
	}
	if (place.group == PUSH_APPLICATION) {
		push_job_fail(
			job, UA_STATUSCODE_BADINVALIDSTATE,
			"without the certificate of service “%s” nobody could connect to undo "
			"that: replace it with UpdateCertificate",
			place.service);
		return;
	}
	client = push_txn_join(work->txn, job);
	if (!client)
		return;
	/* The service has it no more; certificate and key stay, for those who want them back. */
	assignment.name = place.service;
	is_ok = push_link_done(job, PUSH_OF_ARGUMENTS,
			       ks_service_set(client, &assignment, KS_FIELD_CERT, false, &result),
			       &result);
	push_txn_leave(work->txn, job, place.group, false, is_ok, false);
}
