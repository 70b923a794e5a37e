#include "x509_chain.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_crl_newer.h"

#define SECURITY_LEVEL 2 /* OpenSSL's: 112 bits, so RSA from 2048 bits and no SHA-1 */
#define RSA_BITS_MAX   8192

/* What the pool has of CRLs with an issuer's name; the higher one says more. */
enum crl_class { CRL_NONE, CRL_OTHER_KEY, CRL_BAD_SIGNATURE, CRL_WEAK, CRL_ENDLESS, CRL_GOOD };

/* One X509_verify_cert(): certs[0] is its candidate. */
struct run {
	struct pool_cert *const *certs;
	size_t count;
	enum path_crls crls;
	bool revocation_only;
	enum crl_class classes[PATH_CERTS_MAX]; /* of the issuer of each */
	X509_CRL *examples[PATH_CERTS_MAX];	/* one that made the class */
	struct chain_fault fault;
};

static const struct {
	int error;
	enum path_reason reason;
} reasons[] = {
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, PATH_SIGNATURE},
	{X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, PATH_SIGNATURE},
	{X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH, PATH_SIGNATURE},
	{X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY, PATH_SIGNATURE},
	{X509_V_ERR_CERT_NOT_YET_VALID, PATH_NOT_YET_VALID},
	{X509_V_ERR_CERT_HAS_EXPIRED, PATH_EXPIRED},
	{X509_V_ERR_CERT_REVOKED, PATH_REVOKED},
	{X509_V_ERR_CRL_NOT_YET_VALID, PATH_CRL_NOT_YET_VALID},
	{X509_V_ERR_CRL_HAS_EXPIRED, PATH_CRL_EXPIRED},
	{X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, PATH_CRL_WRONG_ISSUER},
	{X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, PATH_CRL_WRONG_ISSUER},
	{X509_V_ERR_CRL_SIGNATURE_FAILURE, PATH_CRL_SIGNATURE},
	{X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, PATH_CRL_SIGNATURE},
	{X509_V_ERR_DIFFERENT_CRL_SCOPE, PATH_CRL_SCOPE},
	{X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, PATH_CRL_SCOPE},
	{X509_V_ERR_CRL_PATH_VALIDATION_ERROR, PATH_CRL_SCOPE},
	{X509_V_ERR_INVALID_CA, PATH_NO_CA},
	{X509_V_ERR_KEYUSAGE_NO_CERTSIGN, PATH_NO_CA},
	{X509_V_ERR_PATH_LENGTH_EXCEEDED, PATH_LENGTH},
	{X509_V_ERR_PERMITTED_VIOLATION, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_EXCLUDED_VIOLATION, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_SUBTREE_MINMAX, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, PATH_NAME_CONSTRAINTS},
	{X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, PATH_CRITICAL_EXTENSION},
	{X509_V_ERR_INVALID_EXTENSION, PATH_EXTENSION},
	{X509_V_ERR_INVALID_POLICY_EXTENSION, PATH_EXTENSION},
	{X509_V_ERR_NO_EXPLICIT_POLICY, PATH_POLICY},
	{X509_V_ERR_INVALID_PURPOSE, PATH_USAGE},
	{X509_V_ERR_EE_KEY_TOO_SMALL, PATH_WEAK},
	{X509_V_ERR_CA_KEY_TOO_SMALL, PATH_WEAK},
	{X509_V_ERR_CA_MD_TOO_WEAK, PATH_WEAK},
	{X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, PATH_WEAK},
	{X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM, PATH_WEAK},
	{X509_V_ERR_NO_ISSUER_PUBLIC_KEY, PATH_WEAK},
	{X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, PATH_WEAK},
	{X509_V_ERR_OUT_OF_MEM, PATH_NOMEM},
};

static enum path_reason reason_of(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].error == error)
			return reasons[i].reason;
	}
	return PATH_OTHER;
}

static const enum path_reason reason_of_class[] = {
	[CRL_NONE] = PATH_CRL_MISSING,
	[CRL_OTHER_KEY] = PATH_CRL_WRONG_ISSUER,
	[CRL_BAD_SIGNATURE] = PATH_CRL_SIGNATURE,
	[CRL_WEAK] = PATH_CRL_SIGNATURE,
	[CRL_ENDLESS] = PATH_CRL_EXPIRED,
	[CRL_GOOD] = PATH_CRL_SCOPE, /* good ones, none of them for this certificate */
};

bool chain_is_signed(struct pool_cert *cert, const struct pool_cert *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
	bool is_signed;

	if (cert->issuer && cert->issuer == issuer)
		return true;
	is_signed = key && X509_verify(cert->x509, key) == 1;
	ERR_clear_error();
	if (is_signed && cert->kept && issuer->kept)
		cert->issuer = issuer;
	return is_signed;
}

bool chain_key_is_accepted(const X509 *cert)
{
	static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1",
					     "brainpoolP256r1", "brainpoolP384r1"};
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char curve[64] = "";
	int is_explicit = 0;
	bool accepted = false;

	if (!key)
		goto out;
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
		accepted = EVP_PKEY_get_bits(key) <= RSA_BITS_MAX; /* OpenSSL's level: the least */
		goto out;
	}
	accepted = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) ||
	    (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				    &is_explicit) &&
	     is_explicit))
		goto out;
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++)
		accepted = accepted || strcmp(curve, curves[i]) == 0;
out:
	ERR_clear_error();
	return accepted;
}

static bool digest_is_weak(int nid)
{
	return nid == NID_sha1 || nid == NID_md5 || nid == NID_md4 || nid == NID_md2 ||
	       nid == NID_mdc2 || nid == NID_ripemd160 || nid == NID_md5_sha1;
}

/* OpenSSL's security level does not reach CRLs. */
static bool crl_is_weak(const X509_CRL *crl)
{
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *object;
	RSA_PSS_PARAMS *params;
	const void *value;
	int digest;
	int type;

	X509_CRL_get0_signature(crl, NULL, &algorithm);
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	if (OBJ_obj2nid(object) != NID_rsassaPss)
		return !OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, NULL) ||
		       digest_is_weak(digest);
	if (type != V_ASN1_SEQUENCE)
		return true;
	params = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
	digest = NID_sha1; /* RFC 4055 3.1: where it is left out */
	if (params && params->hashAlgorithm) {
		X509_ALGOR_get0(&object, NULL, NULL, params->hashAlgorithm);
		digest = OBJ_obj2nid(object);
	}
	RSA_PSS_PARAMS_free(params);
	return digest_is_weak(digest);
}

static bool crl_names_another_key(X509_CRL *crl, const X509 *issuer)
{
	AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	bool other = id && X509_check_akid(issuer, id) != X509_V_OK;

	AUTHORITY_KEYID_free(id);
	return other;
}

static bool crl_is_signed(const struct pool_crl *crl, const struct pool_cert *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x509);

	return crl->issuer == issuer || (key && X509_CRL_verify(crl->crl, key) == 1);
}

static enum crl_class crl_classify(struct x509_pool *pool, struct pool_crl *crl,
				   const struct pool_cert *issuer)
{
	struct pool_cert *other;
	enum crl_class class = CRL_BAD_SIGNATURE;

	if (crl_names_another_key(crl->crl, issuer->x509))
		return CRL_OTHER_KEY;
	/* A signature by another key of that name: of another CA, or of the same, renewed. */
	if (crl->issuer && crl->issuer != issuer && !crl_is_signed(crl, issuer))
		return CRL_OTHER_KEY;
	if (crl_is_signed(crl, issuer)) {
		if (issuer->kept)
			crl->issuer = issuer;
		if (crl_is_weak(crl->crl))
			return CRL_WEAK;
		/* RFC 5280 5.1.2.5: OpenSSL would take it for ever. */
		return X509_CRL_get0_nextUpdate(crl->crl) ? CRL_GOOD : CRL_ENDLESS;
	}
	other = x509_pool_cert(pool, X509_get_subject_name(issuer->x509));
	for (size_t tries = 0; other && tries < PATH_CERTS_MAX && class != CRL_OTHER_KEY; tries++) {
		if (other != issuer && crl_is_signed(crl, other)) {
			crl->issuer = other;
			class = CRL_OTHER_KEY;
		}
		other = x509_pool_cert_next(other);
	}
	return class;
}

/* Adds a CRL to those of its issuer, which begin at @first, unless one of them is newer. */
static bool add_crl(STACK_OF(X509_CRL) * crls, int first, X509_CRL *crl, int64_t at)
{
	for (int i = first; i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *other = sk_X509_CRL_value(crls, i);

		if (crl_supersedes(other, crl, at))
			return true;
		if (crl_supersedes(crl, other, at))
			return sk_X509_CRL_set(crls, i, crl) != NULL;
	}
	return sk_X509_CRL_push(crls, crl) > 0;
}

/*
 * The CRLs that the issuers on this path signed. What merely has their name stays outside:
 * OpenSSL would take the newest, whoever signed it.
 */
static bool gather_crls(struct x509_pool *pool, struct run *run, int64_t at,
			STACK_OF(X509_CRL) * crls)
{
	for (size_t i = 0; i + 1 < run->count; i++) {
		const struct pool_cert *issuer = run->certs[i + 1];
		struct pool_crl *crl = x509_pool_crl(pool, X509_get_subject_name(issuer->x509));
		int first = sk_X509_CRL_num(crls);

		for (; crl; crl = x509_pool_crl_next(crl)) {
			enum crl_class class = crl_classify(pool, crl, issuer);

			if (class == CRL_GOOD && !add_crl(crls, first, crl->crl, at))
				return false;
			if (class >= run->classes[i]) {
				run->classes[i] = class;
				run->examples[i] = crl->crl;
			}
		}
	}
	ERR_clear_error();
	return true;
}

/* Keeps to the path: without key identifiers OpenSSL would take the first of a name. */
static int is_issued(X509_STORE_CTX *ctx, X509 *cert, X509 *issuer)
{
	const struct run *run = X509_STORE_CTX_get_app_data(ctx);

	for (size_t i = 0; run && i < run->count; i++) {
		if (X509_cmp(cert, run->certs[i]->x509) != 0)
			continue;
		if (X509_cmp(cert, issuer) == 0 ||
		    (i + 1 < run->count && X509_cmp(issuer, run->certs[i + 1]->x509) == 0))
			return X509_check_issued(issuer, cert) == X509_V_OK;
	}
	return 0;
}

static bool top_is_self_signed(const struct run *run)
{
	return X509_self_signed(run->certs[run->count - 1]->x509, 0) == 1;
}

static bool crl_error_counts(const struct run *run, int error, unsigned depth)
{
	enum crl_class class = depth < run->count ? run->classes[depth] : CRL_NONE;

	/*
	 * The last one: a trusted certificate needs nobody's word, but may take back its own.
	 * One that another issued is looked up in a run of its own.
	 */
	if (depth + 1 >= run->count)
		return error == X509_V_ERR_CERT_REVOKED && top_is_self_signed(run);
	if (error == X509_V_ERR_UNABLE_TO_GET_CRL && run->crls == PATH_CRLS_WHERE_KNOWN)
		return class != CRL_NONE && class != CRL_OTHER_KEY;
	return true;
}

static int on_verify(int ok, X509_STORE_CTX *ctx)
{
	struct run *run = X509_STORE_CTX_get_app_data(ctx);
	unsigned depth = (unsigned)X509_STORE_CTX_get_error_depth(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	bool about_crl = crl || error == X509_V_ERR_UNABLE_TO_GET_CRL;

	if (ok || !run)
		return ok;
	if (about_crl ? !crl_error_counts(run, error, depth) : run->revocation_only)
		return 1;
	run->fault.reason = reason_of(error);
	if (error == X509_V_ERR_INVALID_EXTENSION && about_crl)
		run->fault.reason = PATH_CRL_SCOPE;
	if (error == X509_V_ERR_UNABLE_TO_GET_CRL && depth < run->count) {
		run->fault.reason = reason_of_class[run->classes[depth]];
		crl = run->examples[depth];
	}
	run->fault.error = error;
	run->fault.depth = depth;
	run->fault.crl = crl;
	run->fault.cert = X509_STORE_CTX_get_current_cert(ctx);
	if (depth < run->count)
		run->fault.cert = run->certs[depth]->x509;
	if (depth + 1 < run->count)
		run->fault.issuer = run->certs[depth + 1]->x509;
	return 0;
}

/* An OPC UA application is a TLS client, server, or both, by what its certificate says. */
static int openssl_purpose(const struct run *run, const struct path_request *request)
{
	switch (request->purpose) {
	case PATH_TLS_CLIENT:
		return X509_PURPOSE_SSL_CLIENT;
	case PATH_TLS_SERVER:
		return X509_PURPOSE_SSL_SERVER;
	case PATH_OPCUA:
		return X509_get_extended_key_usage(run->certs[0]->x509) & XKU_SSL_SERVER
			       ? X509_PURPOSE_SSL_SERVER
			       : X509_PURPOSE_SSL_CLIENT;
	case PATH_ANY:
	case PATH_PURPOSE_COUNT:
		break;
	}
	return 0;
}

static bool set_parameters(X509_STORE_CTX *ctx, const struct run *run,
			   const struct path_request *request)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;
	int purpose = run->revocation_only ? 0 : openssl_purpose(run, request);
	ASN1_OBJECT *any_policy = NULL;

	if (run->crls != PATH_CRLS_NONE)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
			 X509_V_FLAG_USE_DELTAS | X509_V_FLAG_EXTENDED_CRL_SUPPORT;
	if (!run->revocation_only) {
		/* CAs may demand policies of those below; we demand none (RFC 5280 6.1.1 c). */
		flags |= X509_V_FLAG_POLICY_CHECK;
		any_policy = OBJ_nid2obj(NID_any_policy);
		if (!any_policy || !X509_VERIFY_PARAM_add0_policy(param, any_policy))
			return false;
		X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	}
	X509_VERIFY_PARAM_set_depth(param, PATH_CERTS_MAX);
	X509_VERIFY_PARAM_set_time(param, (time_t)request->at);
	return X509_VERIFY_PARAM_set_flags(param, flags) &&
	       (!purpose || X509_VERIFY_PARAM_set_purpose(param, purpose));
}

static bool run_is_good(struct x509_pool *pool, struct run *run, const struct path_request *request)
{
	STACK_OF(X509) *trusted = sk_X509_new_null();
	STACK_OF(X509) *others = sk_X509_new_null();
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	bool good = false;

	run->fault = (struct chain_fault){.reason = PATH_NOMEM};
	if (!trusted || !others || !crls || !ctx || !store ||
	    !sk_X509_push(trusted, run->certs[run->count - 1]->x509))
		goto out;
	for (size_t i = 1; i + 1 < run->count; i++) {
		if (!sk_X509_push(others, run->certs[i]->x509))
			goto out;
	}
	if (run->crls != PATH_CRLS_NONE && !gather_crls(pool, run, request->at, crls))
		goto out;
	X509_STORE_set_check_issued(store, is_issued);
	if (!X509_STORE_CTX_init(ctx, store, run->certs[0]->x509, others) ||
	    !X509_STORE_CTX_set_app_data(ctx, run))
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, trusted);
	X509_STORE_CTX_set0_crls(ctx, crls);
	X509_STORE_CTX_set_verify_cb(ctx, on_verify);
	if (!set_parameters(ctx, run, request))
		goto out;

	run->fault.reason = PATH_OK;
	/* Shorter, with errors passed over, is not what was asked. */
	good = X509_verify_cert(ctx) == 1 && run->fault.reason == PATH_OK &&
	       sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) == (int)run->count;
	if (!good && run->fault.reason == PATH_OK) {
		run->fault.error = X509_STORE_CTX_get_error(ctx);
		run->fault.reason = reason_of(run->fault.error);
		if (run->fault.reason == PATH_REVOKED)
			run->fault.reason = PATH_OTHER;
		run->fault.cert = run->certs[0]->x509;
	}
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_CRL_free(crls);
	sk_X509_free(others);
	sk_X509_free(trusted);
	ERR_clear_error();
	return good;
}

/* OPC 10000-6 6.2.2: what an application's key is used for in a secure channel. */
static bool usage_is_opcua(const X509 *cert)
{
	X509 *x509 = (X509 *)(uintptr_t)cert; /* these only read, and OpenSSL 3.0 says otherwise */
	uint32_t needed = KU_DIGITAL_SIGNATURE;

	if (EVP_PKEY_is_a(X509_get0_pubkey(cert), "RSA"))
		needed |= KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	return (X509_get_extension_flags(x509) & EXFLAG_KUSAGE) &&
	       (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) &&
	       (X509_get_key_usage(x509) & needed) == needed &&
	       (X509_get_extended_key_usage(x509) & (XKU_SSL_SERVER | XKU_SSL_CLIENT));
}

static bool uri_is(const X509 *cert, const char *wanted)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *uri = NULL;
	bool same = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !uri; i++) {
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_URI)
			uri = sk_GENERAL_NAME_value(names, i);
	}
	if (uri && wanted)
		same = (size_t)ASN1_STRING_length(uri->d.ia5) == strlen(wanted) &&
		       memcmp(ASN1_STRING_get0_data(uri->d.ia5), wanted, strlen(wanted)) == 0;
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return same;
}

bool chain_check(struct x509_pool *pool, const struct chain *chain,
		 const struct path_request *request, struct chain_fault *ret_fault)
{
	struct run run = {.certs = chain->certs, .count = chain->count, .crls = request->crls};
	const X509 *candidate = chain->certs[0]->x509;

	for (size_t i = 0; i < chain->count; i++) {
		if (!chain_key_is_accepted(chain->certs[i]->x509)) {
			*ret_fault = (struct chain_fault){.reason = PATH_WEAK,
							  .depth = (unsigned)i,
							  .cert = chain->certs[i]->x509};
			return false;
		}
	}
	if (!run_is_good(pool, &run, request)) {
		*ret_fault = run.fault;
		return false;
	}
	if (request->purpose != PATH_OPCUA)
		return true;
	if (!usage_is_opcua(candidate)) {
		*ret_fault = (struct chain_fault){.reason = PATH_USAGE, .cert = candidate};
		return false;
	}
	if (!request->any_uri && !uri_is(candidate, request->application_uri)) {
		*ret_fault = (struct chain_fault){.reason = PATH_URI, .cert = candidate};
		return false;
	}
	return true;
}

bool chain_check_revocation(struct x509_pool *pool, const struct chain *chain, size_t from,
			    const struct path_request *request, struct chain_fault *ret_fault)
{
	struct run run = {.certs = chain->certs + from,
			  .count = chain->count - from,
			  .crls = request->crls,
			  .revocation_only = true};

	if (run_is_good(pool, &run, request))
		return true;
	run.fault.depth += (unsigned)from;
	*ret_fault = run.fault;
	return false;
}
