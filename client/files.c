/* Keys as files: the public part, and TSS2 files in and out. */
#include <stddef.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status key_export(struct ks_client *client, const char *key,
				 Keystore__V1__KeyFormat format, const uint8_t *password,
				 size_t password_len, const struct reply_to *to)
{
	Keystore__V1__KeyExportRequest body = KEYSTORE__V1__KEY_EXPORT_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	body.format = format;
	body.password = request_bytes(password, password_len);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_EXPORT;
	request.key_export = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_export_public(struct ks_client *client, const char *key,
				    struct ks_result **ret_result)
{
	return key_export(client, key, KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_PUBLIC_PEM, NULL, 0,
			  BLOCKING);
}

enum ks_status ks_key_export_public_start(struct ks_client *client, const char *key,
					  ks_done_fn *done, void *user)
{
	return key_export(client, key, KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_PUBLIC_PEM, NULL, 0,
			  STARTED);
}

enum ks_status ks_key_export_tss2(struct ks_client *client, const char *key,
				  const uint8_t *password, size_t password_len,
				  struct ks_result **ret_result)
{
	return key_export(client, key, KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_TSS2_PEM, password,
			  password_len, BLOCKING);
}

enum ks_status ks_key_export_tss2_start(struct ks_client *client, const char *key,
					const uint8_t *password, size_t password_len,
					ks_done_fn *done, void *user)
{
	return key_export(client, key, KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_TSS2_PEM, password,
			  password_len, STARTED);
}

static enum ks_status key_import(struct ks_client *client, const char *name, const uint8_t *pem,
				 size_t pem_len, const uint8_t *password, size_t password_len,
				 unsigned operations, const struct reply_to *to)
{
	Keystore__V1__KeyImportRequest body = KEYSTORE__V1__KEY_IMPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct request_operations list;

	request_operations(operations, &list);
	body.name = request_text(name);
	body.pem = request_bytes(pem, pem_len);
	body.password = request_bytes(password, password_len);
	body.n_operations = list.count;
	body.operations = list.list;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_IMPORT;
	request.key_import = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_import_tss2(struct ks_client *client, const char *name, const uint8_t *pem,
				  size_t pem_len, const uint8_t *password, size_t password_len,
				  unsigned operations, struct ks_result **ret_result)
{
	return key_import(client, name, pem, pem_len, password, password_len, operations, BLOCKING);
}

enum ks_status ks_key_import_tss2_start(struct ks_client *client, const char *name,
					const uint8_t *pem, size_t pem_len, const uint8_t *password,
					size_t password_len, unsigned operations, ks_done_fn *done,
					void *user)
{
	return key_import(client, name, pem, pem_len, password, password_len, operations, STARTED);
}
