/* Operations that use a key, and random bytes. */
#include <stddef.h>
#include <stdlib.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status get_random(struct ks_client *client, uint32_t bytes,
				 const struct reply_to *to)
{
	Keystore__V1__RandomRequest body = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.bytes = bytes;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_RANDOM;
	request.random = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_random(struct ks_client *client, uint32_t bytes, struct ks_result **ret_result)
{
	return get_random(client, bytes, BLOCKING);
}

enum ks_status ks_random_start(struct ks_client *client, uint32_t bytes, ks_done_fn *done,
			       void *user)
{
	return get_random(client, bytes, STARTED);
}

static enum ks_status sign(struct ks_client *client, const char *key, enum ks_hash hash,
			   enum ks_padding padding, const uint8_t *digest, size_t digest_len,
			   const struct reply_to *to)
{
	Keystore__V1__SignRequest body = KEYSTORE__V1__SIGN_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	body.hash = (Keystore__V1__Hash)hash;
	body.padding = (Keystore__V1__Padding)padding;
	body.digest = request_bytes(digest, digest_len);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SIGN;
	request.sign = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_sign(struct ks_client *client, const char *key, enum ks_hash hash,
		       enum ks_padding padding, const uint8_t *digest, size_t digest_len,
		       struct ks_result **ret_result)
{
	return sign(client, key, hash, padding, digest, digest_len, BLOCKING);
}

enum ks_status ks_sign_start(struct ks_client *client, const char *key, enum ks_hash hash,
			     enum ks_padding padding, const uint8_t *digest, size_t digest_len,
			     ks_done_fn *done, void *user)
{
	return sign(client, key, hash, padding, digest, digest_len, STARTED);
}

static enum ks_status decrypt(struct ks_client *client, const char *key, enum ks_padding padding,
			      enum ks_hash hash, const uint8_t *ciphertext, size_t ciphertext_len,
			      const struct reply_to *to)
{
	Keystore__V1__DecryptRequest body = KEYSTORE__V1__DECRYPT_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	body.padding = (Keystore__V1__Padding)padding;
	body.hash = (Keystore__V1__Hash)hash;
	body.ciphertext = request_bytes(ciphertext, ciphertext_len);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_DECRYPT;
	request.decrypt = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_decrypt(struct ks_client *client, const char *key, enum ks_hash hash,
			  const uint8_t *ciphertext, size_t ciphertext_len,
			  struct ks_result **ret_result)
{
	return decrypt(client, key, KS_PADDING_DEFAULT, hash, ciphertext, ciphertext_len, BLOCKING);
}

enum ks_status ks_decrypt_start(struct ks_client *client, const char *key, enum ks_hash hash,
				const uint8_t *ciphertext, size_t ciphertext_len, ks_done_fn *done,
				void *user)
{
	return decrypt(client, key, KS_PADDING_DEFAULT, hash, ciphertext, ciphertext_len, STARTED);
}

enum ks_status ks_decrypt_pkcs1(struct ks_client *client, const char *key,
				const uint8_t *ciphertext, size_t ciphertext_len,
				struct ks_result **ret_result)
{
	return decrypt(client, key, KS_PADDING_PKCS1, KS_HASH_DEFAULT, ciphertext, ciphertext_len,
		       BLOCKING);
}

enum ks_status ks_decrypt_pkcs1_start(struct ks_client *client, const char *key,
				      const uint8_t *ciphertext, size_t ciphertext_len,
				      ks_done_fn *done, void *user)
{
	return decrypt(client, key, KS_PADDING_PKCS1, KS_HASH_DEFAULT, ciphertext, ciphertext_len,
		       STARTED);
}

static enum ks_status csr_with(struct ks_client *client, Keystore__V1__KeyRef *ref,
			       const struct ks_csr *csr, struct request_names *names,
			       const struct reply_to *to)
{
	Keystore__V1__CsrRequest body = KEYSTORE__V1__CSR_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.key = ref;
	body.subject = request_text(csr->subject);
	body.n_names = csr->name_count;
	body.names = names->list;
	body.hash = (Keystore__V1__Hash)csr->hash;
	body.padding = (Keystore__V1__Padding)csr->padding;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CSR;
	request.csr = &body;
	return client_submit(client, &request, to);
}

static enum ks_status make_csr(struct ks_client *client, const char *key, const struct ks_csr *csr,
			       const struct reply_to *to)
{
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	struct request_names *names = NULL;
	enum ks_status status;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	if (csr->name_count > REQUEST_NAMES_MAX)
		return client_refuse(to, KS_INVALID, REQUEST_NAMES_TOO_MANY);
	names = request_names_new(csr->names, csr->name_count);
	if (!names)
		return client_refuse(to, KS_NOMEM, "out of memory");
	status = csr_with(client, &ref, csr, names, to);
	free(names);
	return status;
}

enum ks_status ks_csr(struct ks_client *client, const char *key, const struct ks_csr *csr,
		      struct ks_result **ret_result)
{
	return make_csr(client, key, csr, BLOCKING);
}

enum ks_status ks_csr_start(struct ks_client *client, const char *key, const struct ks_csr *csr,
			    ks_done_fn *done, void *user)
{
	return make_csr(client, key, csr, STARTED);
}
