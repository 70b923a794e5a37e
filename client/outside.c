/* What goes to other CAs and comes from them: files, CSRs and their answers. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static ProtobufCBinaryData password_bytes(const char *password)
{
	return request_bytes((const uint8_t *)password, password ? strlen(password) : 0);
}

static enum ks_status cert_import(struct ks_client *client, const struct ks_cert_file *file,
				  const struct reply_to *to)
{
	Keystore__V1__CertImportRequest body = KEYSTORE__V1__CERT_IMPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.file = request_bytes(file->bytes, file->len);
	body.password = password_bytes(file->password);
	body.kind = (Keystore__V1__CertKind)file->kind;
	body.profile = request_text(file->profile);
	body.key_name = request_text(file->key_name);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_IMPORT;
	request.cert_import = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_import(struct ks_client *client, const struct ks_cert_file *file,
			      struct ks_result **ret_result)
{
	return cert_import(client, file, BLOCKING);
}

enum ks_status ks_cert_import_start(struct ks_client *client, const struct ks_cert_file *file,
				    ks_done_fn *done, void *user)
{
	return cert_import(client, file, STARTED);
}

static enum ks_status cert_replace(struct ks_client *client, uint64_t id,
				   const struct ks_cert_file *file, const struct reply_to *to)
{
	Keystore__V1__CertReplaceRequest body = KEYSTORE__V1__CERT_REPLACE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.file = request_bytes(file->bytes, file->len);
	body.password = password_bytes(file->password);
	body.key_name = request_text(file->key_name);
	body.first = file->first;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_REPLACE;
	request.cert_replace = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_replace(struct ks_client *client, uint64_t id,
			       const struct ks_cert_file *file, struct ks_result **ret_result)
{
	return cert_replace(client, id, file, BLOCKING);
}

enum ks_status ks_cert_replace_start(struct ks_client *client, uint64_t id,
				     const struct ks_cert_file *file, ks_done_fn *done, void *user)
{
	return cert_replace(client, id, file, STARTED);
}

static enum ks_status cert_request(struct ks_client *client, uint64_t id,
				   const struct ks_cert_request *cert, const struct reply_to *to)
{
	Keystore__V1__CertRequestRequest body = KEYSTORE__V1__CERT_REQUEST_REQUEST__INIT;
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
	body.id = id;
	body.key = cert->key ? &ref : NULL;
	body.new_key = request_text(cert->new_key);
	body.algorithm = (Keystore__V1__Algorithm)cert->algorithm;
	body.profile = request_text(cert->profile);
	body.subject = request_text(cert->subject);
	body.n_names = cert->name_count;
	body.names = names->list;
	body.hash = (Keystore__V1__Hash)cert->hash;
	body.padding = (Keystore__V1__Padding)cert->padding;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_REQUEST;
	request.cert_request = &body;
	status = client_submit(client, &request, to);
	free(names);
	return status;
}

enum ks_status ks_cert_request(struct ks_client *client, uint64_t id,
			       const struct ks_cert_request *cert, struct ks_result **ret_result)
{
	return cert_request(client, id, cert, BLOCKING);
}

enum ks_status ks_cert_request_start(struct ks_client *client, uint64_t id,
				     const struct ks_cert_request *cert, ks_done_fn *done,
				     void *user)
{
	return cert_request(client, id, cert, STARTED);
}

static enum ks_status ca_sign(struct ks_client *client, const struct ks_csr_order *order,
			      const struct reply_to *to)
{
	Keystore__V1__CertSignCsrRequest body = KEYSTORE__V1__CERT_SIGN_CSR_REQUEST__INIT;
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	validity.not_before = order->validity.not_before;
	validity.not_after = order->validity.not_after;
	validity.days = order->validity.days;
	body.csr = request_bytes(order->csr, order->csr_len);
	body.issuer = order->issuer;
	body.profile = request_text(order->profile);
	body.validity = &validity;
	body.hash = (Keystore__V1__Hash)order->hash;
	body.padding = (Keystore__V1__Padding)order->padding;
	body.ca_levels = order->ca_levels;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_SIGN_CSR;
	request.cert_sign_csr = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_ca_sign(struct ks_client *client, const struct ks_csr_order *order,
			  struct ks_result **ret_result)
{
	return ca_sign(client, order, BLOCKING);
}

enum ks_status ks_ca_sign_start(struct ks_client *client, const struct ks_csr_order *order,
				ks_done_fn *done, void *user)
{
	return ca_sign(client, order, STARTED);
}

static enum ks_status export_pkcs12(struct ks_client *client, uint64_t id, const char *password,
				    const struct reply_to *to)
{
	Keystore__V1__CertExportRequest body = KEYSTORE__V1__CERT_EXPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.format = KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P12;
	body.password = password_bytes(password);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_EXPORT;
	request.cert_export = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_export_pkcs12(struct ks_client *client, uint64_t id, const char *password,
				     struct ks_result **ret_result)
{
	return export_pkcs12(client, id, password, BLOCKING);
}

enum ks_status ks_cert_export_pkcs12_start(struct ks_client *client, uint64_t id,
					   const char *password, ks_done_fn *done, void *user)
{
	return export_pkcs12(client, id, password, STARTED);
}
