/* Operations on certificates. */
#include <stddef.h>
#include <stdlib.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static Keystore__V1__Validity validity_of(const struct ks_validity *from)
{
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;

	if (from) {
		validity.not_before = from->not_before;
		validity.not_after = from->not_after;
		validity.days = from->days;
	}
	return validity;
}

static enum ks_status project_init(struct ks_client *client, const struct ks_project *project,
				   const struct reply_to *to)
{
	Keystore__V1__ProjectInitRequest body = KEYSTORE__V1__PROJECT_INIT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.rsa_subject = request_text(project ? project->rsa_subject : NULL);
	body.ec_subject = request_text(project ? project->ec_subject : NULL);
	body.days = project ? project->days : 0;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_PROJECT_INIT;
	request.project_init = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_project_init(struct ks_client *client, const struct ks_project *project,
			       struct ks_result **ret_result)
{
	return project_init(client, project, BLOCKING);
}

enum ks_status ks_project_init_start(struct ks_client *client, const struct ks_project *project,
				     ks_done_fn *done, void *user)
{
	return project_init(client, project, STARTED);
}

static enum ks_status profile_list(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__ProfileListRequest body = KEYSTORE__V1__PROFILE_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_PROFILE_LIST;
	request.profile_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_profile_list(struct ks_client *client, struct ks_result **ret_result)
{
	return profile_list(client, BLOCKING);
}

enum ks_status ks_profile_list_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return profile_list(client, STARTED);
}

/* Sends it, or, as a draft, what it would be. */
static enum ks_status cert_ask(struct ks_client *client, const struct ks_cert_request *cert,
			       bool is_draft, const struct reply_to *to)
{
	Keystore__V1__CertCreateRequest body = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	Keystore__V1__CertDraftRequest draft = KEYSTORE__V1__CERT_DRAFT_REQUEST__INIT;
	Keystore__V1__Validity validity = validity_of(&cert->validity);
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct request_names *names;
	enum ks_status status;

	if (cert->key && !request_key(cert->key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	if (cert->name_count > REQUEST_NAMES_MAX)
		return client_refuse(to, KS_INVALID, REQUEST_NAMES_TOO_MANY);
	names = request_names_new(cert->names, cert->name_count);
	if (!names)
		return client_refuse(to, KS_NOMEM, "out of memory");
	body.key = cert->key ? &ref : NULL;
	body.new_key = request_text(cert->new_key);
	body.algorithm = (Keystore__V1__Algorithm)cert->algorithm;
	body.profile = request_text(cert->profile);
	body.subject = request_text(cert->subject);
	body.n_names = cert->name_count;
	body.names = names->list;
	body.issuer = cert->issuer;
	body.validity = &validity;
	body.hash = (Keystore__V1__Hash)cert->hash;
	body.padding = (Keystore__V1__Padding)cert->padding;
	body.ca_levels = cert->ca_levels;
	if (is_draft) {
		draft.create = &body;
		request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_DRAFT;
		request.cert_draft = &draft;
	} else {
		request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_CREATE;
		request.cert_create = &body;
	}
	status = client_submit(client, &request, to);
	free(names);
	return status;
}

enum ks_status ks_cert_draft(struct ks_client *client, const struct ks_cert_request *cert,
			     struct ks_result **ret_result)
{
	return cert_ask(client, cert, true, BLOCKING);
}

enum ks_status ks_cert_draft_start(struct ks_client *client, const struct ks_cert_request *cert,
				   ks_done_fn *done, void *user)
{
	return cert_ask(client, cert, true, STARTED);
}

enum ks_status ks_cert_create(struct ks_client *client, const struct ks_cert_request *cert,
			      struct ks_result **ret_result)
{
	return cert_ask(client, cert, false, BLOCKING);
}

enum ks_status ks_cert_create_start(struct ks_client *client, const struct ks_cert_request *cert,
				    ks_done_fn *done, void *user)
{
	return cert_ask(client, cert, false, STARTED);
}

static enum ks_status cert_list(struct ks_client *client, enum ks_cert_kind kind, uint64_t after,
				uint32_t limit, const struct reply_to *to)
{
	Keystore__V1__CertListRequest body = KEYSTORE__V1__CERT_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.kind = (Keystore__V1__CertKind)kind;
	body.after = after;
	body.limit = limit;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_LIST;
	request.cert_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_list(struct ks_client *client, enum ks_cert_kind kind, uint64_t after,
			    uint32_t limit, struct ks_result **ret_result)
{
	return cert_list(client, kind, after, limit, BLOCKING);
}

enum ks_status ks_cert_list_start(struct ks_client *client, enum ks_cert_kind kind, uint64_t after,
				  uint32_t limit, ks_done_fn *done, void *user)
{
	return cert_list(client, kind, after, limit, STARTED);
}

static enum ks_status cert_show(struct ks_client *client, uint64_t id, const struct reply_to *to)
{
	Keystore__V1__CertShowRequest body = KEYSTORE__V1__CERT_SHOW_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_SHOW;
	request.cert_show = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_show(struct ks_client *client, uint64_t id, struct ks_result **ret_result)
{
	return cert_show(client, id, BLOCKING);
}

enum ks_status ks_cert_show_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				  void *user)
{
	return cert_show(client, id, STARTED);
}

static enum ks_status cert_export(struct ks_client *client, uint64_t id, enum ks_cert_format format,
				  const struct reply_to *to)
{
	Keystore__V1__CertExportRequest body = KEYSTORE__V1__CERT_EXPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.format = (Keystore__V1__CertFormat)format;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_EXPORT;
	request.cert_export = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_export(struct ks_client *client, uint64_t id, enum ks_cert_format format,
			      struct ks_result **ret_result)
{
	return cert_export(client, id, format, BLOCKING);
}

enum ks_status ks_cert_export_start(struct ks_client *client, uint64_t id,
				    enum ks_cert_format format, ks_done_fn *done, void *user)
{
	return cert_export(client, id, format, STARTED);
}

static enum ks_status cert_renew(struct ks_client *client, uint64_t id,
				 const struct ks_validity *asked, enum ks_hash hash,
				 const struct reply_to *to)
{
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	Keystore__V1__Validity validity = validity_of(asked);
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.validity = &validity;
	body.hash = (Keystore__V1__Hash)hash;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_RENEW;
	request.cert_renew = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_renew(struct ks_client *client, uint64_t id,
			     const struct ks_validity *validity, enum ks_hash hash,
			     struct ks_result **ret_result)
{
	return cert_renew(client, id, validity, hash, BLOCKING);
}

enum ks_status ks_cert_renew_start(struct ks_client *client, uint64_t id,
				   const struct ks_validity *validity, enum ks_hash hash,
				   ks_done_fn *done, void *user)
{
	return cert_renew(client, id, validity, hash, STARTED);
}

static enum ks_status cert_delete(struct ks_client *client, uint64_t id, const struct reply_to *to)
{
	Keystore__V1__CertDeleteRequest body = KEYSTORE__V1__CERT_DELETE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_DELETE;
	request.cert_delete = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_delete(struct ks_client *client, uint64_t id, struct ks_result **ret_result)
{
	return cert_delete(client, id, BLOCKING);
}

enum ks_status ks_cert_delete_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				    void *user)
{
	return cert_delete(client, id, STARTED);
}

static enum ks_status cert_check(struct ks_client *client, uint64_t id, uint64_t after,
				 const struct reply_to *to)
{
	Keystore__V1__CertCheckRequest body = KEYSTORE__V1__CERT_CHECK_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.after = after;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_CHECK;
	request.cert_check = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_check(struct ks_client *client, uint64_t id, uint64_t after,
			     struct ks_result **ret_result)
{
	return cert_check(client, id, after, BLOCKING);
}

enum ks_status ks_cert_check_start(struct ks_client *client, uint64_t id, uint64_t after,
				   ks_done_fn *done, void *user)
{
	return cert_check(client, id, after, STARTED);
}

static enum ks_status cert_check_der(struct ks_client *client, const uint8_t *der, size_t der_len,
				     const char *profile, const struct reply_to *to)
{
	Keystore__V1__CertCheckRequest body = KEYSTORE__V1__CERT_CHECK_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.der.data = (uint8_t *)(uintptr_t)der;
	body.der.len = der_len;
	if (profile)
		body.profile = (char *)(uintptr_t)profile;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_CHECK;
	request.cert_check = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_check_der(struct ks_client *client, const uint8_t *der, size_t der_len,
				 const char *profile, struct ks_result **ret_result)
{
	return cert_check_der(client, der, der_len, profile, BLOCKING);
}

enum ks_status ks_cert_check_der_start(struct ks_client *client, const uint8_t *der, size_t der_len,
				       const char *profile, ks_done_fn *done, void *user)
{
	return cert_check_der(client, der, der_len, profile, STARTED);
}
