#include "service_use.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "request.h"
#include "service.h"
#include "service_info.h"
#include "x509_csr.h"

static const char *const hash_names[TPM_HASH_COUNT] = {
	[TPM_SHA1] = "SHA-1",
	[TPM_SHA256] = "SHA-256",
	[TPM_SHA384] = "SHA-384",
	[TPM_SHA512] = "SHA-512",
};

bool service_use_scheme(struct request *request, const char *name, bool is_rsa,
			Keystore__V1__Hash wire_hash, Keystore__V1__Padding wire_padding,
			enum tpm_hash *ret_hash, enum tpm_padding *ret_padding)
{
	unsigned hash = wire_hash ? (unsigned)wire_hash : TPM_SHA256;
	unsigned padding = (unsigned)wire_padding;

	if (hash >= TPM_HASH_COUNT || padding > TPM_PADDING_PSS) {
		request_fail(
			request, STATUS_INVALID,
			"hash %u with padding %u is unknown: hashes are 1 to 4, paddings 0 to 2",
			hash, padding);
		return false;
	}
	if (hash == TPM_SHA1 && !request->service->config->allow_sha1_signatures) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "signatures over SHA-1 are switched off: use SHA-256, or have "
			     "allow-sha1-signatures set in keystored.conf");
		return false;
	}
	if (!is_rsa && padding != TPM_PADDING_NONE) {
		request_fail(request, STATUS_INVALID,
			     "key “%s” is an EC key, and ECDSA has no padding: leave it out", name);
		return false;
	}
	*ret_hash = (enum tpm_hash)hash;
	*ret_padding = is_rsa && !padding ? TPM_PADDING_PKCS1 : (enum tpm_padding)padding;
	return true;
}

/* False: answered. */
static bool take_scheme(struct request *request, const struct keyring_key *key,
			Keystore__V1__Hash hash, Keystore__V1__Padding padding,
			enum tpm_hash *ret_hash, enum tpm_padding *ret_padding)
{
	if (!(key->operations & POLICY_SIGN)) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "key “%s” is not for signing: use one that is", key->name);
		return false;
	}
	return service_use_scheme(request, key->name, keyring_key_is_rsa(key), hash, padding,
				  ret_hash, ret_padding);
}

static void data_done(struct tpm_job *job, void *user)
{
	struct request *request = user;

	request->job = NULL;
	if (job->status == TPM_OK)
		request_reply_data(request, job->output, job->output_len);
	else
		request_fail_job(request, job);
}

/* NULL: answered. */
static struct tpm_job *new_job(struct request *request, enum tpm_operation operation,
			       const struct keyring_key *key, const uint8_t *input, size_t len)
{
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		return NULL;
	struct tpm_job *job = tpm_job_new(operation);

	if (!job || tpm_job_set_input(job, input, len) != TPM_OK) {
		tpm_job_free(job);
		request_fail_memory(request);
		return NULL;
	}
	job->key = tpm_key_ref(tpm);
	return job;
}

void service_use_sign(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__SignRequest *sign = body;
	enum tpm_padding padding;
	enum tpm_hash hash;

	if (!take_scheme(request, key, sign->hash, sign->padding, &hash, &padding))
		return;
	if (sign->digest.len != tpm_hash_size(hash)) {
		request_fail(
			request, STATUS_INVALID,
			"the digest for key “%s” has %zu bytes, and %s makes %zu: name the hash "
			"that made it",
			key->name, sign->digest.len, hash_names[hash], tpm_hash_size(hash));
		return;
	}
	struct tpm_job *job = new_job(request, TPM_SIGN, key, sign->digest.data, sign->digest.len);

	if (!job)
		return;
	job->hash = hash;
	job->padding = padding;
	request_submit(request, job, data_done);
}

/* How it was encrypted. False: answered. */
static bool take_padding(struct request *request, const Keystore__V1__DecryptRequest *decrypt,
			 unsigned hash)
{
	switch ((unsigned)decrypt->padding) {
	case KEYSTORE__V1__PADDING__PADDING_UNSPECIFIED:
		if (hash == TPM_SHA1 || hash == TPM_SHA256)
			return true;
		request_fail(request, STATUS_INVALID,
			     "OAEP with hash %u is not possible: use SHA-1 or SHA-256", hash);
		return false;
	case KEYSTORE__V1__PADDING__PADDING_PKCS1:
		if (!request->service->config->allow_pkcs1_decryption)
			request_fail(request, STATUS_UNSUPPORTED,
				     "decryption of PKCS#1 v1.5 is switched off: use OAEP, or have "
				     "allow-pkcs1-decryption set in keystored.conf");
		else if (decrypt->hash)
			request_fail(request, STATUS_INVALID,
				     "PKCS#1 v1.5 has no hash for decryption: leave it out");
		else
			return true;
		return false;
	default:
		request_fail(
			request, STATUS_INVALID,
			"padding %u is none of encryption: leave it out for OAEP, or use 1 for "
			"PKCS#1 v1.5",
			(unsigned)decrypt->padding);
		return false;
	}
}

void service_use_decrypt(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__DecryptRequest *decrypt = body;
	unsigned hash = decrypt->hash ? (unsigned)decrypt->hash : TPM_SHA256;

	if (!keyring_key_is_rsa(key) || !(key->operations & POLICY_DECRYPT)) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "key “%s” is not for decryption: use an RSA key that is", key->name);
		return;
	}
	if (!take_padding(request, decrypt, hash))
		return;
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		return;
	size_t modulus = (size_t)EVP_PKEY_get_size(tpm_key_public(tpm));

	if (decrypt->ciphertext.len != modulus) {
		request_fail(request, STATUS_INVALID,
			     "the ciphertext has %zu bytes, and one for key “%s” has %zu",
			     decrypt->ciphertext.len, key->name, modulus);
		return;
	}
	struct tpm_job *job = new_job(request, TPM_DECRYPT, key, decrypt->ciphertext.data,
				      decrypt->ciphertext.len);

	if (!job)
		return;
	job->hash = (enum tpm_hash)hash;
	job->padding = (enum tpm_padding)decrypt->padding;
	request_submit(request, job, data_done);
}

void service_use_random(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__RandomRequest *random = body;

	(void)key;
	if (!random->bytes || random->bytes > SERVICE_RANDOM_MAX) {
		request_fail(request, STATUS_INVALID,
			     "%u random bytes were asked for: 1 to %u are possible at a time",
			     random->bytes, SERVICE_RANDOM_MAX);
		return;
	}
	struct tpm_job *job = tpm_job_new(TPM_RANDOM);

	if (!job) {
		request_fail_memory(request);
		return;
	}
	job->want = random->bytes;
	request_submit(request, job, data_done);
}

static void state_free(void *state)
{
	csr_free(state);
}

static void fail_csr(struct request *request, enum csr_status status, const char *error)
{
	switch (status) {
	case CSR_OK:
		break;
	case CSR_SUBJECT:
	case CSR_NAME:
	case CSR_TOO_LARGE:
		request_fail(request, STATUS_INVALID, "%s", error);
		return;
	case CSR_UNVERIFIED:
		request_fail(request, STATUS_TPM,
			     "the TPM's signature with key “%s” does not verify and was withheld: "
			     "try again",
			     request->object);
		return;
	case CSR_NOMEM:
		break;
	}
	request_fail_memory(request);
}

static void csr_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	uint8_t *der = NULL;
	size_t len = 0;

	request->job = NULL;
	if (job->status != TPM_OK) {
		request_fail_job(request, job);
		return;
	}
	enum csr_status status =
		csr_finish(request->state, job->output, job->output_len, &der, &len);

	if (status == CSR_OK)
		request_reply_data(request, der, len);
	else
		fail_csr(request, status, "the CSR could not be assembled");
	free(der);
}

void service_use_csr(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CsrRequest *asked = body;
	struct csr_name *names = calloc(asked->n_names + 1, sizeof *names);
	enum tpm_padding padding;
	enum tpm_hash hash;
	char error[256] = "";
	struct csr *csr = NULL;
	struct tpm_job *job;
	const uint8_t *digest;
	size_t digest_len;

	if (!names) {
		request_fail_memory(request);
		return;
	}
	for (size_t i = 0; i < asked->n_names; i++)
		names[i] = (struct csr_name){(int)asked->names[i]->type, asked->names[i]->value};
	if (!take_scheme(request, key, asked->hash, asked->padding, &hash, &padding))
		goto out;
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		goto out;
	enum csr_status status = csr_new(asked->subject, names, asked->n_names, NULL,
					 tpm_key_public(tpm), hash, padding, error, &csr);

	if (status != CSR_OK) {
		fail_csr(request, status, error);
		goto out;
	}
	request->state = csr;
	request->state_free = state_free;
	csr_digest(csr, &digest, &digest_len);
	job = new_job(request, TPM_SIGN, key, digest, digest_len);
	if (job) {
		job->hash = hash;
		job->padding = padding;
		request_submit(request, job, csr_done);
	}
out:
	free(names);
}
