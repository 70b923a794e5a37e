#include "x509_cert.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"
#include "x509_name.h"
#include "x509_sign.h"

#define SERIAL_BITS	127
#define SERIAL_BITS_MIN 64

struct cert {
	X509 *x509;
	EVP_PKEY *issuer_key;
	struct x509_digest digest;
};

static const enum cert_status from_name[] = {
	[NAME_OK] = CERT_OK,
	[NAME_INVALID] = CERT_SUBJECT,
	[NAME_NOMEM] = CERT_NOMEM,
};

static const enum cert_status from_san[] = {
	[SAN_OK] = CERT_OK,
	[SAN_INVALID] = CERT_NAME,
	[SAN_NOMEM] = CERT_NOMEM,
};

static enum cert_status fail(enum cert_status status, char *ret_error, const char *sentence)
{
	snprintf(ret_error, CERT_ERROR_MAX, "%s", sentence);
	return status;
}

static enum cert_status issuer_read(const struct cert_spec *spec, char *ret_error,
				    X509 **ret_issuer)
{
	X509 *issuer = x509_der_read(spec->issuer, spec->issuer_len);
	const char *wrong = NULL;
	uint32_t flags;
	long limit;

	if (!issuer)
		return fail(CERT_ISSUER, ret_error,
			    "issuer: its certificate is malformed, or larger than 64 KiB");
	flags = X509_get_extension_flags(issuer);
	limit = X509_get_pathlen(issuer);
	if (flags & EXFLAG_INVALID)
		wrong = "issuer: an extension of its certificate is malformed";
	else if ((flags & EXFLAG_CA) && !(X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN))
		wrong = "issuer: its key usage lacks keyCertSign: name one that may issue";
	else if (X509_check_ca(issuer) != 1 || X509_get_version(issuer) != X509_VERSION_3)
		wrong = "issuer: it is no certificate authority: name one that is";
	else if (EVP_PKEY_eq(X509_get0_pubkey(issuer), spec->issuer_key) != 1)
		wrong = "issuer: its certificate is for another key than the one that signs";
	else if (X509_NAME_entry_count(X509_get_subject_name(issuer)) == 0)
		wrong = "issuer: its subject is empty, so that nothing could name it";
	else if (spec->profile->is_ca && limit == 0)
		wrong = "issuer: its path length of 0 allows no CA below it: name another one";
	else if (spec->profile->is_ca && limit > 0 && spec->path_length >= limit)
		wrong = "issuer: its path length does not allow the one that is wanted: "
			"give a smaller one";
	if (wrong) {
		X509_free(issuer);
		return fail(CERT_ISSUER, ret_error, wrong);
	}
	*ret_issuer = issuer;
	return CERT_OK;
}

static enum cert_status set_validity(X509 *x509, const struct cert_spec *spec, const X509 *issuer,
				     char *ret_error)
{
	ASN1_TIME *not_before = NULL;
	ASN1_TIME *not_after = NULL;
	enum cert_status status = CERT_NOMEM;
	const char *wrong = NULL;

	if (spec->not_after <= spec->not_before)
		return fail(CERT_VALIDITY, ret_error,
			    "validity: it ends before it begins: give a later end");
	if (spec->not_before < X509_TIME_MIN || spec->not_after > X509_TIME_MAX)
		return fail(CERT_VALIDITY, ret_error,
			    "validity: a certificate can say the years 1950 to 9999 only");

	not_before = ASN1_TIME_set(NULL, spec->not_before);
	not_after = ASN1_TIME_set(NULL, spec->not_after);
	if (!not_before || !not_after)
		goto out;
	if (issuer && ASN1_TIME_compare(not_before, X509_get0_notBefore(issuer)) < 0)
		wrong = "validity: it begins before the issuer's certificate does: begin later";
	else if (issuer && ASN1_TIME_compare(not_after, X509_get0_notAfter(issuer)) > 0)
		wrong = "validity: it ends after the issuer's certificate does: end earlier, or "
			"renew the issuer first";
	if (wrong)
		status = fail(CERT_VALIDITY, ret_error, wrong);
	else if (X509_set1_notBefore(x509, not_before) && X509_set1_notAfter(x509, not_after))
		status = CERT_OK;
out:
	ASN1_TIME_free(not_before);
	ASN1_TIME_free(not_after);
	return status;
}

static enum cert_status set_subject(X509 *x509, const struct cert_spec *spec, const X509 *issuer,
				    char *ret_error)
{
	X509_NAME *name = NULL;
	enum cert_status status = from_name[x509_name_parse(spec->subject, ret_error, &name)];
	const char *wrong = NULL;
	int count;

	if (status != CERT_OK)
		return status;
	count = X509_NAME_entry_count(name);
	if (spec->profile->is_opcua && X509_NAME_get_index_by_NID(name, NID_commonName, -1) < 0)
		wrong = "subject: it has no common name, which OPC UA needs: write "
			"CN=plc-1,O=Plant";
	else if (count == 0 && (!issuer || spec->profile->is_ca))
		wrong = "subject: it is empty, which an issuer's may not be: write "
			"CN=plc-1,O=Plant";
	else if (count == 0 && spec->name_count == 0)
		wrong = "subject: it is empty and there is no subject alternative name: write "
			"CN=plc-1,O=Plant, or give names";
	else if (issuer && X509_NAME_cmp(name, X509_get_subject_name(issuer)) == 0)
		wrong = "subject: it is the issuer's too, as if the certificate were self-signed: "
			"give another one";
	if (wrong)
		status = fail(CERT_SUBJECT, ret_error, wrong);
	else if (!X509_set_subject_name(x509, name) ||
		 !X509_set_issuer_name(x509, issuer ? X509_get_subject_name(issuer) : name))
		status = CERT_NOMEM;
	X509_NAME_free(name);
	return status;
}

static bool set_serial(X509 *x509)
{
	BIGNUM *serial = BN_new();
	bool done = false;

	if (!serial)
		return false;
	do {
		if (!BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY))
			goto out;
	} while (BN_num_bits(serial) < SERIAL_BITS_MIN);
	done = BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509)) != NULL;
out:
	BN_free(serial);
	return done;
}

static bool add_basic_constraints(X509 *x509, const struct cert_spec *spec)
{
	BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
	bool done = false;

	if (!constraints)
		return false;
	if (spec->profile->is_ca) {
		constraints->ca = 0xff;
		if (spec->path_length >= 0) {
			constraints->pathlen = ASN1_INTEGER_new();
			if (!constraints->pathlen ||
			    !ASN1_INTEGER_set(constraints->pathlen, spec->path_length))
				goto out;
		}
	}
	done = X509_add1_ext_i2d(x509, NID_basic_constraints, constraints, 1, 0) == 1;
out:
	BASIC_CONSTRAINTS_free(constraints);
	return done;
}

static bool add_key_usage(X509 *x509, uint32_t usage)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	bool done = bits != NULL;

	for (int i = 0; done && i < KEY_USAGE_BITS; i++) {
		if (usage & (1u << i))
			done = ASN1_BIT_STRING_set_bit(bits, i, 1);
	}
	done = done && X509_add1_ext_i2d(x509, NID_key_usage, bits, 1, 0) == 1;
	ASN1_BIT_STRING_free(bits);
	return done;
}

static bool add_extended_key_usage(X509 *x509, const struct profile *profile)
{
	EXTENDED_KEY_USAGE *usages;
	bool done;

	if (!profile->for_server && !profile->for_client)
		return true;
	usages = EXTENDED_KEY_USAGE_new();
	/* Built-in objects are static: the list frees none. */
	done = usages &&
	       (!profile->for_server ||
		sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(NID_server_auth))) &&
	       (!profile->for_client ||
		sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(NID_client_auth))) &&
	       X509_add1_ext_i2d(x509, NID_ext_key_usage, usages, 0, 0) == 1;
	EXTENDED_KEY_USAGE_free(usages);
	return done;
}

static bool add_key_ids(X509 *x509, X509 *issuer)
{
	ASN1_OCTET_STRING *own = x509_sign_key_id(x509);
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	bool done = false;

	if (!own || !authority)
		goto out;
	authority->keyid = issuer ? x509_sign_issuer_id(issuer) : ASN1_OCTET_STRING_dup(own);
	done = authority->keyid &&
	       X509_add1_ext_i2d(x509, NID_subject_key_identifier, own, 0, 0) == 1 &&
	       X509_add1_ext_i2d(x509, NID_authority_key_identifier, authority, 0, 0) == 1;
out:
	AUTHORITY_KEYID_free(authority);
	ASN1_OCTET_STRING_free(own);
	return done;
}

/* What the profile needs, before it is looked at whether the values are in shape. */
static const char *missing_name(const struct cert_spec *spec)
{
	const struct profile *profile = spec->profile;
	size_t counts[SAN_TYPE_COUNT] = {0};
	const char *wrong;

	for (size_t i = 0; i < spec->name_count; i++) {
		if (spec->names[i].type > 0 && spec->names[i].type < SAN_TYPE_COUNT)
			counts[spec->names[i].type]++;
	}
	wrong = profile_uri_wrong(profile, counts[SAN_URI]);
	return wrong ? wrong : profile_host_wrong(profile, counts[SAN_IP], counts[SAN_DNS]);
}

static enum cert_status add_names(X509 *x509, const struct cert_spec *spec, char *ret_error)
{
	const char *missing = missing_name(spec);
	GENERAL_NAMES *list = NULL;
	enum cert_status status;
	bool is_critical;

	if (missing) {
		snprintf(ret_error, CERT_ERROR_MAX,
			 "subject alternative names: a certificate for %s %s", spec->profile->name,
			 missing);
		return CERT_NAME;
	}
	if (spec->name_count == 0)
		return CERT_OK;
	status = from_san[x509_san_build(spec->names, spec->name_count, ret_error, &list)];
	if (status != CERT_OK)
		return status;
	is_critical = X509_NAME_entry_count(X509_get_subject_name(x509)) == 0;
	if (X509_add1_ext_i2d(x509, NID_subject_alt_name, list, is_critical, 0) != 1)
		status = CERT_NOMEM;
	GENERAL_NAMES_free(list);
	return status;
}

/* OpenSSL has no setters for these two; the objects themselves are not constant. */
static X509_ALGOR *inner_algorithm(const X509 *x509)
{
	return (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(x509);
}

static void outer_parts(const X509 *x509, X509_ALGOR **ret_algorithm, ASN1_BIT_STRING **ret_bits)
{
	const X509_ALGOR *algorithm;
	const ASN1_BIT_STRING *bits;

	X509_get0_signature(&bits, &algorithm, x509);
	*ret_algorithm = (X509_ALGOR *)(uintptr_t)algorithm;
	*ret_bits = (ASN1_BIT_STRING *)(uintptr_t)bits;
}

static bool set_algorithm(struct cert *cert, const struct cert_spec *spec)
{
	X509_ALGOR *algorithm = x509_sign_algorithm(cert->issuer_key, spec->hash, spec->padding);
	ASN1_BIT_STRING *bits;
	X509_ALGOR *outer;
	bool done;

	outer_parts(cert->x509, &outer, &bits);
	done = algorithm && X509_ALGOR_copy(inner_algorithm(cert->x509), algorithm) &&
	       X509_ALGOR_copy(outer, algorithm);
	X509_ALGOR_free(algorithm);
	return done;
}

static enum cert_status digest_make(struct cert *cert, enum tpm_hash hash, char *ret_error)
{
	enum cert_status status = CERT_NOMEM;
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_tbs(cert->x509, &tbs);

	if (len <= 0)
		goto out;
	if (len > CERT_DER_MAX - X509_SIGNATURE_ROOM) {
		snprintf(ret_error, CERT_ERROR_MAX,
			 "the certificate would have %d bytes, at most %d are made: give fewer or "
			 "shorter names",
			 len + X509_SIGNATURE_ROOM, CERT_DER_MAX);
		status = CERT_TOO_LARGE;
		goto out;
	}
	if (x509_sign_digest(tbs, (size_t)len, hash, &cert->digest))
		status = CERT_OK;
out:
	OPENSSL_free(tbs);
	return status;
}

static enum cert_status fill(struct cert *cert, const struct cert_spec *spec, X509 *issuer,
			     char *ret_error)
{
	uint32_t usage =
		profile_key_usage(spec->profile, EVP_PKEY_is_a(spec->public_key, "RSA"), !issuer);
	enum cert_status status = set_validity(cert->x509, spec, issuer, ret_error);

	if (status != CERT_OK)
		return status;
	status = set_subject(cert->x509, spec, issuer, ret_error);
	if (status != CERT_OK)
		return status;
	if (!X509_set_version(cert->x509, X509_VERSION_3) || !set_serial(cert->x509) ||
	    !X509_set_pubkey(cert->x509, spec->public_key) ||
	    !add_basic_constraints(cert->x509, spec) || !add_key_usage(cert->x509, usage) ||
	    !add_extended_key_usage(cert->x509, spec->profile) || !add_key_ids(cert->x509, issuer))
		return CERT_NOMEM;
	status = add_names(cert->x509, spec, ret_error);
	if (status != CERT_OK)
		return status;
	if (!set_algorithm(cert, spec))
		return CERT_NOMEM;
	return digest_make(cert, spec->hash, ret_error);
}

enum cert_status cert_new(const struct cert_spec *spec, char ret_error[CERT_ERROR_MAX],
			  struct cert **ret_cert)
{
	EVP_PKEY *issuer_key = spec->issuer ? spec->issuer_key : spec->public_key;
	struct cert *cert = calloc(1, sizeof(*cert));
	enum cert_status status = CERT_NOMEM;
	X509 *issuer = NULL;

	if (!cert)
		return CERT_NOMEM;
	cert->x509 = X509_new();
	if (!cert->x509 || !EVP_PKEY_up_ref(issuer_key))
		goto out;
	cert->issuer_key = issuer_key;
	if (spec->issuer) {
		status = issuer_read(spec, ret_error, &issuer);
		if (status != CERT_OK)
			goto out;
	}
	status = fill(cert, spec, issuer, ret_error);
	if (status != CERT_OK)
		goto out;

	*ret_cert = cert;
	cert = NULL;
out:
	X509_free(issuer);
	cert_free(cert);
	return status;
}

void cert_digest(const struct cert *cert, const uint8_t **ret_digest, size_t *ret_len)
{
	*ret_digest = cert->digest.bytes;
	*ret_len = cert->digest.len;
}

enum cert_status cert_encode(const struct cert *cert, uint8_t **ret_der, size_t *ret_len)
{
	int len = i2d_X509(cert->x509, NULL);
	uint8_t *copy;
	uint8_t *end;

	if (len <= 0 || len > CERT_DER_MAX)
		return CERT_TOO_LARGE;
	copy = malloc((size_t)len);
	if (!copy)
		return CERT_NOMEM;
	end = copy;
	i2d_X509(cert->x509, &end);

	*ret_der = copy;
	*ret_len = (size_t)len;
	return CERT_OK;
}

enum cert_status cert_finish(struct cert *cert, const uint8_t *signature, size_t signature_len,
			     uint8_t **ret_der, size_t *ret_len)
{
	ASN1_BIT_STRING *bits;
	X509_ALGOR *algorithm;

	if (signature_len > X509_SIGNATURE_ROOM)
		return CERT_UNVERIFIED;
	outer_parts(cert->x509, &algorithm, &bits);
	if (!x509_sign_fill(bits, signature, signature_len))
		return CERT_NOMEM;
	if (X509_verify(cert->x509, cert->issuer_key) != 1)
		return CERT_UNVERIFIED;
	return cert_encode(cert, ret_der, ret_len);
}

void cert_free(struct cert *cert)
{
	if (!cert)
		return;
	X509_free(cert->x509);
	EVP_PKEY_free(cert->issuer_key);
	free(cert);
}
