#include "public.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <tss2/tss2_mu.h>

struct algorithm {
	TPMI_ALG_PUBLIC type;
	UINT16 rsa_bits;
	TPMI_ECC_CURVE curve;
	const char *group;
	size_t field_size; /* bytes of a coordinate, or of the modulus */
};

static const struct algorithm algorithms[TPM_ALGORITHM_COUNT] = {
	[TPM_RSA_2048] = {TPM2_ALG_RSA, 2048, 0, NULL, 256},
	[TPM_RSA_3072] = {TPM2_ALG_RSA, 3072, 0, NULL, 384},
	[TPM_RSA_4096] = {TPM2_ALG_RSA, 4096, 0, NULL, 512},
	[TPM_EC_P256] = {TPM2_ALG_ECC, 0, TPM2_ECC_NIST_P256, SN_X9_62_prime256v1, 32},
	[TPM_EC_P384] = {TPM2_ALG_ECC, 0, TPM2_ECC_NIST_P384, SN_secp384r1, 48},
};

struct hash {
	TPMI_ALG_HASH alg;
	const EVP_MD *(*md)(void);
	size_t size;
};

static const struct hash hashes[TPM_HASH_COUNT] = {
	[TPM_SHA1] = {TPM2_ALG_SHA1, EVP_sha1, 20},
	[TPM_SHA256] = {TPM2_ALG_SHA256, EVP_sha256, 32},
	[TPM_SHA384] = {TPM2_ALG_SHA384, EVP_sha384, 48},
	[TPM_SHA512] = {TPM2_ALG_SHA512, EVP_sha512, 64},
};

bool public_is_rsa(enum tpm_algorithm algorithm)
{
	return algorithms[algorithm].type == TPM2_ALG_RSA;
}

UINT16 public_rsa_bits(enum tpm_algorithm algorithm)
{
	return algorithms[algorithm].rsa_bits;
}

TPMI_ECC_CURVE public_curve(enum tpm_algorithm algorithm)
{
	return algorithms[algorithm].curve;
}

const char *public_group(enum tpm_algorithm algorithm)
{
	return algorithms[algorithm].group;
}

TPMI_ALG_HASH public_hash_alg(enum tpm_hash hash)
{
	return hashes[hash].alg;
}

const EVP_MD *public_hash_md(enum tpm_hash hash)
{
	return hashes[hash].md();
}

size_t tpm_hash_size(enum tpm_hash hash)
{
	return (unsigned)hash < TPM_HASH_COUNT ? hashes[hash].size : 0;
}

enum tpm_algorithm public_algorithm(const TPMT_PUBLIC *public)
{
	const TPMS_RSA_PARMS *rsa = &public->parameters.rsaDetail;

	for (enum tpm_algorithm a = TPM_RSA_2048; a < TPM_ALGORITHM_COUNT; a++) {
		if (public->type != algorithms[a].type)
			continue;
		if (public->type == TPM2_ALG_RSA && rsa->keyBits == algorithms[a].rsa_bits &&
		    (rsa->exponent == 0 || rsa->exponent == RSA_F4) &&
		    public->unique.rsa.size == algorithms[a].field_size)
			return a;
		if (public->type == TPM2_ALG_ECC &&
		    public->parameters.eccDetail.curveID == algorithms[a].curve)
			return a;
	}
	return 0;
}

static OSSL_PARAM *rsa_params(const TPMT_PUBLIC *public, BIGNUM **n, BIGNUM **e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	*n = BN_bin2bn(public->unique.rsa.buffer, public->unique.rsa.size, NULL);
	*e = BN_new();
	if (build && *n && *e && BN_set_word(*e, RSA_F4) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, *n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, *e))
		params = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	return params;
}

/* Uncompressed (SEC 1, 2.3.3). TPMs differ in whether they keep leading zeros. */
static bool ec_point(const TPMS_ECC_POINT *point, size_t field_size, uint8_t *ret_octets)
{
	if (point->x.size > field_size || point->y.size > field_size)
		return false;
	memset(ret_octets, 0, 1 + 2 * field_size);
	ret_octets[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(ret_octets + 1 + field_size - point->x.size, point->x.buffer, point->x.size);
	memcpy(ret_octets + 1 + 2 * field_size - point->y.size, point->y.buffer, point->y.size);
	return true;
}

static OSSL_PARAM *ec_params(const TPMT_PUBLIC *public, const struct algorithm *algorithm)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	uint8_t octets[1 + 2 * 48];
	OSSL_PARAM *params = NULL;

	if (build && ec_point(&public->unique.ecc, algorithm->field_size, octets) &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, algorithm->group,
					    0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, octets,
					     1 + 2 * algorithm->field_size))
		params = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	return params;
}

EVP_PKEY *public_to_pkey(const TPMT_PUBLIC *public)
{
	enum tpm_algorithm algorithm = public_algorithm(public);
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY_CTX *context = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	bool is_rsa;

	if (!algorithm)
		return NULL;
	is_rsa = public_is_rsa(algorithm);
	params = is_rsa ? rsa_params(public, &n, &e) : ec_params(public, &algorithms[algorithm]);
	context = EVP_PKEY_CTX_new_from_name(NULL, is_rsa ? "RSA" : "EC", NULL);
	if (params && context && EVP_PKEY_fromdata_init(context) > 0 &&
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	BN_free(n);
	BN_free(e);
	ERR_clear_error();
	return pkey;
}

bool public_name(const TPMT_PUBLIC *public, struct tpm_name *ret_name)
{
	uint8_t area[sizeof(TPMT_PUBLIC)];
	struct tpm_name name = {0};
	const EVP_MD *md = NULL;
	unsigned digest_len = 0;
	size_t area_len = 0;

	for (enum tpm_hash h = TPM_SHA1; h < TPM_HASH_COUNT; h++)
		if (hashes[h].alg == public->nameAlg)
			md = hashes[h].md();
	if (!md || Tss2_MU_TPMT_PUBLIC_Marshal(public, area, sizeof(area), &area_len) ||
	    Tss2_MU_UINT16_Marshal(public->nameAlg, name.bytes, sizeof(name.bytes), &name.len) ||
	    !EVP_Digest(area, area_len, name.bytes + name.len, &digest_len, md, NULL))
		return false;
	name.len += digest_len;
	*ret_name = name;
	return true;
}

static bool rsa_signature(const TPM2B_PUBLIC_KEY_RSA *octets, size_t modulus_size, size_t max,
			  uint8_t *ret_bytes, size_t *ret_len)
{
	if (octets->size > modulus_size || modulus_size > max)
		return false;
	memset(ret_bytes, 0, modulus_size - octets->size);
	memcpy(ret_bytes + modulus_size - octets->size, octets->buffer, octets->size);
	*ret_len = modulus_size;
	return true;
}

static bool ecdsa_signature(const TPMS_SIGNATURE_ECC *rs, size_t max, uint8_t *ret_bytes,
			    size_t *ret_len)
{
	BIGNUM *r = BN_bin2bn(rs->signatureR.buffer, rs->signatureR.size, NULL);
	BIGNUM *s = BN_bin2bn(rs->signatureS.buffer, rs->signatureS.size, NULL);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	uint8_t *at = ret_bytes;
	bool is_done = false;
	int len;

	if (!r || !s || !signature || !ECDSA_SIG_set0(signature, r, s)) {
		BN_free(r);
		BN_free(s);
		goto out;
	}
	len = i2d_ECDSA_SIG(signature, NULL);
	if (len <= 0 || (size_t)len > max)
		goto out;
	*ret_len = (size_t)i2d_ECDSA_SIG(signature, &at);
	is_done = true;
out:
	ECDSA_SIG_free(signature);
	return is_done;
}

bool public_signature_encode(const TPMT_SIGNATURE *signature, enum tpm_algorithm algorithm,
			     size_t max, uint8_t *ret_bytes, size_t *ret_len)
{
	size_t modulus_size = algorithms[algorithm].field_size;

	if (public_is_rsa(algorithm) && signature->sigAlg == TPM2_ALG_RSASSA)
		return rsa_signature(&signature->signature.rsassa.sig, modulus_size, max, ret_bytes,
				     ret_len);
	if (public_is_rsa(algorithm) && signature->sigAlg == TPM2_ALG_RSAPSS)
		return rsa_signature(&signature->signature.rsapss.sig, modulus_size, max, ret_bytes,
				     ret_len);
	if (!public_is_rsa(algorithm) && signature->sigAlg == TPM2_ALG_ECDSA)
		return ecdsa_signature(&signature->signature.ecdsa, max, ret_bytes, ret_len);
	return false;
}

EVP_PKEY_CTX *public_verifier_new(EVP_PKEY *pkey, enum tpm_hash hash, enum tpm_padding padding,
				  int salt_len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is_ready = context && EVP_PKEY_verify_init(context) > 0 &&
			EVP_PKEY_CTX_set_signature_md(context, public_hash_md(hash)) > 0;

	if (is_ready && padding == TPM_PADDING_PKCS1)
		is_ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	if (is_ready && padding == TPM_PADDING_PSS)
		is_ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
			   EVP_PKEY_CTX_set_rsa_mgf1_md(context, public_hash_md(hash)) > 0 &&
			   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) > 0;
	if (!is_ready) {
		EVP_PKEY_CTX_free(context);
		context = NULL;
	}
	ERR_clear_error();
	return context;
}
