#include "x509_cert.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"
#include "x509_name.h"

static const enum cert_status from_name[] = {
	[NAME_OK] = CERT_OK,
	[NAME_INVALID] = CERT_SUBJECT,
	[NAME_NOMEM] = CERT_NOMEM,
};

static const struct {
	int nid;
	const char *word;
} keys[] =
	{
		{NID_rsaEncryption, "rsa"},
		{NID_rsassaPss, "rsa-pss"},
		{NID_X9_62_id_ecPublicKey, "ecdsa"},
},
  mds[] = {
	  {NID_md5, "md5"},	  {NID_sha1, "sha1"},	  {NID_sha224, "sha224"},
	  {NID_sha256, "sha256"}, {NID_sha384, "sha384"}, {NID_sha512, "sha512"},
};

static const char *key_word(int nid)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].nid == nid)
			return keys[i].word;
	}
	return NULL;
}

static const char *md_word(int nid)
{
	for (size_t i = 0; i < sizeof(mds) / sizeof(mds[0]); i++) {
		if (mds[i].nid == nid)
			return mds[i].word;
	}
	return NULL;
}

/* A string that is none of what its type says is shown byte by byte. */
static void common_name_read(const X509_NAME *name, char *ret_text, size_t size)
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)name, NID_commonName, -1);
	const ASN1_STRING *value;
	unsigned char *utf8 = NULL;
	int len;

	ret_text[0] = '\0';
	if (at < 0)
		return;
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	len = ASN1_STRING_to_UTF8(&utf8, value);
	if (len >= 0)
		x509_text_copy((const char *)utf8, (size_t)len, ret_text, size);
	else
		x509_text_copy((const char *)ASN1_STRING_get0_data(value),
			       (size_t)ASN1_STRING_length(value), ret_text, size);
	OPENSSL_free(utf8);
}

static void serial_read(const ASN1_INTEGER *serial, char *ret_text, size_t size)
{
	const uint8_t *bytes = ASN1_STRING_get0_data(serial);
	size_t len = (size_t)ASN1_STRING_length(serial);
	size_t used = 0;

	ret_text[0] = '\0';
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		ret_text[used++] = '-';
	for (size_t i = 0; i < len && used + 3 <= size; i++, used += 2)
		snprintf(ret_text + used, size - used, "%02X", bytes[i]);
}

static void algorithm_read(X509 *x509, char *ret_text, size_t size)
{
	const X509_ALGOR *algorithm = X509_get0_tbs_sigalg(x509);
	const ASN1_OBJECT *object;
	const char *key = NULL;
	const char *md = NULL;
	int md_nid;
	int key_nid;

	if (X509_get_signature_info(x509, &md_nid, &key_nid, NULL, NULL)) {
		key = key_word(key_nid);
		md = md_word(md_nid);
	}
	if (key && md) {
		snprintf(ret_text, size, "%s-%s", key, md);
		return;
	}
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	OBJ_obj2txt(ret_text, (int)size, object, 1);
}

/* Curves by NIST's names, others by OpenSSL's; one that has no name is an EC key all the same. */
static void curve_read(const EVP_PKEY *key, char *ret_text, size_t size)
{
	static const struct {
		const char *group;
		const char *word;
	} curves[] = {
		{"prime256v1", "p256"},
		{"secp384r1", "p384"},
		{"secp521r1", "p521"},
	};
	char group[24];
	const char *word = group;

	if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1) {
		snprintf(ret_text, size, "ec");
		return;
	}
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(group, curves[i].group) == 0)
			word = curves[i].word;
	}
	snprintf(ret_text, size, "ec-%s", word);
}

static void key_read(X509 *x509, char *ret_text, size_t size)
{
	static const struct {
		const char *type;
		const char *word;
		bool has_length;
	} types[] = {
		{"RSA", "rsa", true},	       {"RSA-PSS", "rsa-pss", true}, {"DSA", "dsa", true},
		{"ED25519", "ed25519", false}, {"ED448", "ed448", false},
	};
	const EVP_PKEY *key = X509_get0_pubkey(x509);
	ASN1_OBJECT *object;

	if (key && EVP_PKEY_is_a(key, "EC")) {
		curve_read(key, ret_text, size);
		return;
	}
	for (size_t i = 0; key && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!EVP_PKEY_is_a(key, types[i].type))
			continue;
		if (types[i].has_length)
			snprintf(ret_text, size, "%s-%d", types[i].word, EVP_PKEY_get_bits(key));
		else
			snprintf(ret_text, size, "%s", types[i].word);
		return;
	}
	X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509));
	OBJ_obj2txt(ret_text, (int)size, object, 1);
}

static bool fingerprints_make(const X509 *x509, const uint8_t *der, size_t len,
			      struct cert_facts *facts)
{
	unsigned char *spki = NULL;
	int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
	bool done = spki_len > 0 &&
		    EVP_Digest(der, len, facts->fingerprint, NULL, EVP_sha256(), NULL) &&
		    EVP_Digest(spki, (size_t)spki_len, facts->spki_fingerprint, NULL, EVP_sha256(),
			       NULL);

	OPENSSL_free(spki);
	return done;
}

enum cert_status cert_read(const uint8_t *der, size_t len, struct cert_facts *ret_facts)
{
	struct cert_facts facts = {0};
	enum cert_status status = CERT_SUBJECT;
	const X509_NAME *subject;
	X509 *x509;

	if (len > CERT_DER_MAX)
		return CERT_TOO_LARGE;
	x509 = x509_der_read(der, len);
	if (!x509)
		return CERT_SUBJECT;
	if (!x509_der_time(X509_get0_notBefore(x509), &facts.not_before) ||
	    !x509_der_time(X509_get0_notAfter(x509), &facts.not_after))
		goto out;

	subject = X509_get_subject_name(x509);
	status = from_name[x509_name_show(subject, facts.subject, sizeof(facts.subject))];
	if (status != CERT_OK)
		goto out;
	status = from_name[x509_name_show(X509_get_issuer_name(x509), facts.issuer,
					  sizeof(facts.issuer))];
	if (status != CERT_OK)
		goto out;
	status = CERT_NOMEM;
	if (!fingerprints_make(x509, der, len, &facts))
		goto out;
	common_name_read(subject, facts.common_name, sizeof(facts.common_name));
	serial_read(X509_get0_serialNumber(x509), facts.serial, sizeof(facts.serial));
	algorithm_read(x509, facts.signature_algorithm, sizeof(facts.signature_algorithm));
	key_read(x509, facts.key_type, sizeof(facts.key_type));
	facts.is_ca = X509_get_extension_flags(x509) & EXFLAG_CA;
	facts.name_hash = (uint32_t)X509_NAME_hash_ex(subject, NULL, NULL, NULL);

	*ret_facts = facts;
	status = CERT_OK;
out:
	X509_free(x509);
	return status;
}
