#include "duplicate.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <tss2/tss2_mu.h>

#include "public.h"
#include "template.h"

#define SEED_LEN      32 /* of SHA-256, the parent's nameAlg */
#define SYMMETRIC_LEN 16 /* AES-128 */
#define FIELD_LEN     32 /* P-256 */
#define POINT_LEN     (1 + 2 * FIELD_LEN)
#define CONTEXT_MAX   128

static bool number_take(EVP_PKEY *pkey, const char *name, size_t len, uint8_t *ret_bytes)
{
	BIGNUM *number = NULL;
	bool fits = EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
		    BN_bn2binpad(number, ret_bytes, (int)len) == (int)len;

	BN_clear_free(number);
	return fits;
}

/* One prime and the modulus are all that the TPM takes; the halves must belong together. */
static enum duplicate_status rsa_take(EVP_PKEY *pkey, TPMU_PUBLIC_ID *unique,
				      TPMU_SENSITIVE_COMPOSITE *secret)
{
	enum duplicate_status status = DUPLICATE_MALFORMED;
	BIGNUM *n = NULL, *e = NULL, *p = NULL, *q = NULL, *product = BN_new();
	BN_CTX *context = BN_CTX_secure_new();
	int bits = EVP_PKEY_get_bits(pkey);

	if (!product || !context) {
		status = DUPLICATE_NOMEM;
		goto out;
	}
	if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &p) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &q))
		goto out;
	status = DUPLICATE_UNSUPPORTED;
	if (!BN_is_word(e, RSA_F4) || BN_num_bits(p) != bits / 2 || BN_num_bits(q) != bits / 2)
		goto out;
	status = DUPLICATE_MALFORMED;
	if (!BN_is_odd(p) || !BN_is_odd(q) || BN_cmp(p, q) == 0 ||
	    !BN_mul(product, p, q, context) || BN_cmp(product, n) != 0)
		goto out;

	unique->rsa.size = (UINT16)(bits / 8);
	secret->rsa.size = (UINT16)(bits / 16);
	if (BN_bn2binpad(n, unique->rsa.buffer, bits / 8) == bits / 8 &&
	    BN_bn2binpad(p, secret->rsa.buffer, bits / 16) == bits / 16)
		status = DUPLICATE_OK;
out:
	BN_free(n);
	BN_free(e);
	BN_clear_free(p);
	BN_clear_free(q);
	BN_clear_free(product);
	BN_CTX_free(context);
	return status;
}

static enum duplicate_status ec_take(EVP_PKEY *pkey, TPMU_PUBLIC_ID *unique,
				     TPMU_SENSITIVE_COMPOSITE *secret)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	size_t len = (size_t)(EVP_PKEY_get_bits(pkey) + 7) / 8;
	TPMS_ECC_POINT *point = &unique->ecc;
	enum duplicate_status status = DUPLICATE_NOMEM;

	if (!context)
		goto out;
	status = DUPLICATE_MALFORMED;
	if (EVP_PKEY_check(context) != 1 ||
	    !number_take(pkey, OSSL_PKEY_PARAM_EC_PUB_X, len, point->x.buffer) ||
	    !number_take(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, len, point->y.buffer) ||
	    !number_take(pkey, OSSL_PKEY_PARAM_PRIV_KEY, len, secret->ecc.buffer))
		goto out;

	point->x.size = (UINT16)len;
	point->y.size = (UINT16)len;
	secret->ecc.size = (UINT16)len;
	status = DUPLICATE_OK;
out:
	EVP_PKEY_CTX_free(context);
	return status;
}

static enum tpm_algorithm algorithm_of(EVP_PKEY *pkey)
{
	char group[64];

	for (enum tpm_algorithm a = TPM_RSA_2048; a < TPM_ALGORITHM_COUNT; a++) {
		if (public_is_rsa(a)) {
			if (EVP_PKEY_is_a(pkey, "RSA") &&
			    EVP_PKEY_get_bits(pkey) == public_rsa_bits(a))
				return a;
		} else if (EVP_PKEY_is_a(pkey, "EC") &&
			   EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
			   strcmp(group, public_group(a)) == 0) {
			return a;
		}
	}
	return 0;
}

/*
 * KDFa of Part 1, 11.4.10.2, for one block: HMAC(key, 1 ‖ label ‖ 0 ‖ context ‖ bits). @label is
 * a string, whose NUL is the 0.
 */
static bool kdfa(const uint8_t seed[SEED_LEN], const char *label, const uint8_t *context,
		 size_t context_len, size_t len, uint8_t *ret_key)
{
	const uint32_t bits = (uint32_t)len * 8;
	uint8_t input[4 + 16 + CONTEXT_MAX + 4] = {0, 0, 0, 1};
	uint8_t block[SEED_LEN];
	size_t label_len = strlen(label) + 1;
	size_t at = 4;
	bool is_done;

	if (label_len > 16 || context_len > CONTEXT_MAX || len > sizeof(block))
		return false;
	memcpy(input + at, label, label_len);
	at += label_len;
	if (context_len)
		memcpy(input + at, context, context_len);
	at += context_len;
	for (int shift = 24; shift >= 0; shift -= 8)
		input[at++] = (uint8_t)(bits >> shift);
	is_done = HMAC(EVP_sha256(), seed, SEED_LEN, input, at, block, NULL) != NULL;
	if (is_done)
		memcpy(ret_key, block, len);
	OPENSSL_cleanse(block, sizeof(block));
	return is_done;
}

/* KDFe of Part 1, 11.4.10.3: SHA-256(1 ‖ Z ‖ "DUPLICATE" 0 ‖ ours.x ‖ theirs.x). */
static bool kdfe(const uint8_t z[FIELD_LEN], const uint8_t *our_x,
		 const TPM2B_ECC_PARAMETER *their_x, uint8_t ret_seed[SEED_LEN])
{
	static const char label[] = "DUPLICATE";
	static const uint8_t counter[4] = {0, 0, 0, 1};
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool is_done = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(hash, counter, sizeof(counter)) == 1 &&
		       EVP_DigestUpdate(hash, z, FIELD_LEN) == 1 &&
		       EVP_DigestUpdate(hash, label, sizeof(label)) == 1 &&
		       EVP_DigestUpdate(hash, our_x, FIELD_LEN) == 1 &&
		       EVP_DigestUpdate(hash, their_x->buffer, their_x->size) == 1 &&
		       EVP_DigestFinal_ex(hash, ret_seed, NULL) == 1;

	EVP_MD_CTX_free(hash);
	return is_done;
}

static bool agree(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t ret_z[FIELD_LEN])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
	size_t len = FIELD_LEN;
	bool is_done = context && EVP_PKEY_derive_init(context) == 1 &&
		       EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
		       EVP_PKEY_derive(context, ret_z, &len) == 1 && len == FIELD_LEN;

	EVP_PKEY_CTX_free(context);
	return is_done;
}

/*
 * A fresh seed, and the point from which the parent computes it. TPMs differ in whether they
 * hash leading zeros: a point that has none is the same for all.
 */
static bool seed_make(const TPMT_PUBLIC *parent, uint8_t ret_seed[SEED_LEN],
		      TPM2B_ENCRYPTED_SECRET *ret_secret)
{
	EVP_PKEY *theirs = public_to_pkey(parent), *ours = NULL;
	TPMS_ECC_POINT point = {.x.size = FIELD_LEN, .y.size = FIELD_LEN};
	uint8_t z[FIELD_LEN];
	size_t len = 0;
	bool is_done = theirs != NULL;

	do {
		EVP_PKEY_free(ours);
		ours = is_done ? EVP_EC_gen("P-256") : NULL;
		is_done = ours && agree(ours, theirs, z) &&
			  number_take(ours, OSSL_PKEY_PARAM_EC_PUB_X, FIELD_LEN, point.x.buffer) &&
			  number_take(ours, OSSL_PKEY_PARAM_EC_PUB_Y, FIELD_LEN, point.y.buffer);
	} while (is_done && (z[0] == 0 || point.x.buffer[0] == 0));
	is_done = is_done && kdfe(z, point.x.buffer, &parent->unique.ecc.x, ret_seed) &&
		  !Tss2_MU_TPMS_ECC_POINT_Marshal(&point, ret_secret->secret,
						  sizeof(ret_secret->secret), &len);
	ret_secret->size = (UINT16)len;
	OPENSSL_cleanse(z, sizeof(z));
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	return is_done;
}

static bool encrypt(const uint8_t key[SYMMETRIC_LEN], uint8_t *bytes, size_t len)
{
	static const uint8_t zeros[16] = {0};
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int done = 0;
	bool is_done = cipher &&
		       EVP_EncryptInit_ex(cipher, EVP_aes_128_cfb128(), NULL, key, zeros) == 1 &&
		       EVP_EncryptUpdate(cipher, bytes, &done, bytes, (int)len) == 1 &&
		       (size_t)done == len;

	EVP_CIPHER_CTX_free(cipher);
	return is_done;
}

/* Outer wrapper: HMAC(encrypted ‖ name) before what is encrypted. */
static bool wrap(const uint8_t seed[SEED_LEN], const struct tpm_name *name,
		 const TPMT_SENSITIVE *sensitive, TPM2B_PRIVATE *ret_wrapped)
{
	const size_t head = 2 + SEED_LEN;
	const TPM2B_SENSITIVE sized = {.sensitiveArea = *sensitive};
	uint8_t symmetric[SYMMETRIC_LEN], integrity[SEED_LEN];
	uint8_t *bytes = ret_wrapped->buffer;
	size_t len = head;
	bool is_done =
		kdfa(seed, "STORAGE", name->bytes, name->len, sizeof(symmetric), symmetric) &&
		kdfa(seed, "INTEGRITY", NULL, 0, sizeof(integrity), integrity) &&
		!Tss2_MU_TPM2B_SENSITIVE_Marshal(
			&sized, bytes, sizeof(ret_wrapped->buffer) - sizeof(struct tpm_name),
			&len) &&
		encrypt(symmetric, bytes + head, len - head);

	if (is_done) {
		/* Behind it for the HMAC's sake; cut off again by the size. */
		memcpy(bytes + len, name->bytes, name->len);
		bytes[0] = 0;
		bytes[1] = SEED_LEN;
		is_done = HMAC(EVP_sha256(), integrity, sizeof(integrity), bytes + head,
			       len - head + name->len, bytes + 2, NULL) != NULL;
		ret_wrapped->size = (UINT16)len;
	}
	OPENSSL_cleanse((void *)(uintptr_t)&sized, sizeof(sized));
	OPENSSL_cleanse(symmetric, sizeof(symmetric));
	OPENSSL_cleanse(integrity, sizeof(integrity));
	return is_done;
}

static EVP_PKEY *pkcs8_read(const uint8_t *pkcs8, size_t len)
{
	const uint8_t *at = pkcs8;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len);
	EVP_PKEY *pkey = info && at == pkcs8 + len ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

enum duplicate_status duplicate_read_key(const uint8_t *pkcs8, size_t len,
					 struct duplicate *ret_duplicate)
{
	EVP_PKEY *pkey = pkcs8_read(pkcs8, len);
	enum duplicate_status status = DUPLICATE_MALFORMED;
	struct duplicate made = {0};

	if (!pkey)
		goto out;
	status = DUPLICATE_UNSUPPORTED;
	made.algorithm = algorithm_of(pkey);
	if (!made.algorithm)
		goto out;
	status = public_is_rsa(made.algorithm) ? rsa_take(pkey, &made.unique, &made.secret)
					       : ec_take(pkey, &made.unique, &made.secret);
	if (status)
		goto out;

	*ret_duplicate = made;
out:
	duplicate_forget(&made);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return status;
}

bool duplicate_wrap(struct duplicate *duplicate, unsigned usage, const uint8_t auth[TPM_AUTH_MAX],
		    const TPMT_PUBLIC *parent)
{
	const TPMA_OBJECT bound =
		TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
	TPM2B_PUBLIC public = template_key(duplicate->algorithm, usage);
	TPMT_SENSITIVE sensitive = {.sensitiveType = public.publicArea.type,
				    .authValue.size = TPM_AUTH_MAX,
				    .sensitive = duplicate->secret};
	uint8_t seed[SEED_LEN];
	struct tpm_name name;
	bool is_done;

	memcpy(sensitive.authValue.buffer, auth, TPM_AUTH_MAX);
	public.publicArea.objectAttributes &= ~bound;
	public.publicArea.unique = duplicate->unique;
	is_done = template_is_primary(parent) && public_name(&public.publicArea, &name) &&
		  seed_make(parent, seed, &duplicate->seed) &&
		  wrap(seed, &name, &sensitive, &duplicate->wrapped);
	if (is_done)
		duplicate->public = public;
	OPENSSL_cleanse(&sensitive, sizeof(sensitive));
	OPENSSL_cleanse(seed, sizeof(seed));
	ERR_clear_error();
	return is_done;
}

void duplicate_forget(struct duplicate *duplicate)
{
	OPENSSL_cleanse(duplicate, sizeof(*duplicate));
}
