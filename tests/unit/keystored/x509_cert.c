#include "cert_maker.h"
#include "x509_issued.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

static bool is_critical(const X509 *x509, int nid)
{
	int at = X509_get_ext_by_NID(x509, nid, -1);

	cr_assert_geq(at, 0);
	return X509_EXTENSION_get_critical(X509_get_ext(x509, at));
}

static enum cert_status refused(const struct cert_spec *spec, const char *because)
{
	char error[CERT_ERROR_MAX] = "";
	struct cert *cert = NULL;
	enum cert_status status = cert_new(spec, error, &cert);

	cr_assert_null(cert);
	cr_assert_not_null(strstr(error, because), "%s", error);
	return status;
}

Test(x509_cert, of_an_application_has_what_opc_10000_6_asks_for)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct cert_spec spec = maker_spec(PROFILE_OPCUA_CLIENT_SERVER, key);
	struct made made = maker_make(&spec);
	GENERAL_NAMES *names;

	cr_assert_eq(X509_get_version(made.x509), X509_VERSION_3);
	cr_assert_eq(
		X509_NAME_cmp(X509_get_subject_name(made.x509), X509_get_issuer_name(made.x509)),
		0);
	cr_assert_eq(X509_get_key_usage(made.x509),
		     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT |
			     KU_DATA_ENCIPHERMENT | KU_KEY_CERT_SIGN);
	cr_assert_eq(X509_get_extended_key_usage(made.x509), XKU_SSL_SERVER | XKU_SSL_CLIENT);
	cr_assert(is_critical(made.x509, NID_key_usage));
	cr_assert(is_critical(made.x509, NID_basic_constraints));
	cr_assert(!is_critical(made.x509, NID_subject_alt_name));
	cr_assert_eq(X509_get_extension_flags(made.x509) & (EXFLAG_CA | EXFLAG_INVALID), 0);
	names = X509_get_ext_d2i(made.x509, NID_subject_alt_name, NULL, NULL);
	cr_assert_eq(sk_GENERAL_NAME_num(names), 3);
	cr_assert_eq(X509_get_ext_count(made.x509), 6);
	GENERAL_NAMES_free(names);
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_cert, of_a_ca_may_issue_and_nothing_else)
{
	EVP_PKEY *key;
	struct made ca = maker_ca(&key, 1);

	cr_assert_eq(X509_check_ca(ca.x509), 1);
	cr_assert_eq(X509_get_pathlen(ca.x509), 1);
	cr_assert_eq(X509_get_key_usage(ca.x509), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	cr_assert_eq(X509_get_ext_by_NID(ca.x509, NID_ext_key_usage, -1), -1);
	cr_assert(is_critical(ca.x509, NID_basic_constraints));
	made_free(&ca);
	EVP_PKEY_free(key);
}

Test(x509_cert, names_its_issuer_by_name_and_key)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_OPCUA_SERVER, key, &ca, ca_key);
	struct made made = maker_make(&spec);

	cr_assert_eq(X509_check_issued(ca.x509, made.x509), X509_V_OK);
	cr_assert_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(made.x509),
					   X509_get0_subject_key_id(ca.x509)),
		     0);
	cr_assert_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(ca.x509),
					   X509_get0_subject_key_id(ca.x509)),
		     0);
	cr_assert_eq(ASN1_STRING_length(X509_get0_subject_key_id(made.x509)), 20);
	cr_assert_eq(X509_get_key_usage(made.x509) & KU_KEY_CERT_SIGN, 0);
	made_free(&made);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, has_a_serial_of_its_own_that_is_positive_and_long)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, key);
	struct made made[16];

	for (size_t i = 0; i < 16; i++) {
		const ASN1_INTEGER *serial;
		BIGNUM *number;

		made[i] = maker_make(&spec);
		serial = X509_get0_serialNumber(made[i].x509);
		number = ASN1_INTEGER_to_BN(serial, NULL);
		cr_assert(!BN_is_negative(number));
		cr_assert_geq(BN_num_bits(number), 64);
		cr_assert_leq(BN_num_bits(number), 127);
		BN_free(number);
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(
				ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(made[k].x509)), 0);
	}
	for (size_t i = 0; i < 16; i++)
		made_free(&made[i]);
	EVP_PKEY_free(key);
}

Test(x509_cert, is_verified_with_every_key_hash_and_padding)
{
	static const enum tpm_hash all[] = {TPM_SHA1, TPM_SHA256, TPM_SHA384, TPM_SHA512};
	static const char *const words[] = {"sha1", "sha256", "sha384", "sha512"};
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *ec = EVP_EC_gen("P-384");
	const struct {
		EVP_PKEY *key;
		enum tpm_padding padding;
		const char *word;
	} kinds[] = {
		{rsa, TPM_PADDING_PKCS1, "rsa"},
		{rsa, TPM_PADDING_PSS, "rsa-pss"},
		{ec, TPM_PADDING_NONE, "ecdsa"},
	};

	for (size_t i = 0; i < 12; i++) {
		struct cert_spec spec = maker_spec(PROFILE_TLS_SERVER, kinds[i / 4].key);
		struct cert_facts facts;
		struct made made;
		char wanted[32];

		spec.hash = all[i % 4];
		spec.padding = kinds[i / 4].padding;
		made = maker_make(&spec);
		cr_assert_eq(cert_read(made.der, made.len, &facts), CERT_OK);
		snprintf(wanted, sizeof(wanted), "%s-%s", kinds[i / 4].word, words[i % 4]);
		cr_assert_str_eq(facts.signature_algorithm, wanted);
		made_free(&made);
	}
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

Test(x509_cert, changes_the_form_of_a_time_with_the_year_2050)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_CA, key);
	struct made made;

	spec.not_before = 2524607999; /* 2049-12-31 23:59:59 */
	spec.not_after = 2524608000;
	made = maker_make(&spec);
	cr_assert_eq(ASN1_STRING_type(X509_get0_notBefore(made.x509)), V_ASN1_UTCTIME);
	cr_assert_eq(ASN1_STRING_type(X509_get0_notAfter(made.x509)), V_ASN1_GENERALIZEDTIME);
	cr_assert_eq(
		memcmp(ASN1_STRING_get0_data(X509_get0_notAfter(made.x509)), "20500101000000Z", 15),
		0);
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_cert, refuses_a_validity_that_is_reversed_or_cannot_be_said)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_CA, key);
	struct made made;

	spec.not_after = 253402300799;
	made = maker_make(&spec);
	made_free(&made);
	spec.not_after++;
	cr_assert_eq(refused(&spec, "1950 to 9999"), CERT_VALIDITY);
	spec.not_after = INT64_MAX;
	cr_assert_eq(refused(&spec, "1950 to 9999"), CERT_VALIDITY);
	spec.not_after = spec.not_before;
	cr_assert_eq(refused(&spec, "before it begins"), CERT_VALIDITY);
	spec.not_before = INT64_MIN;
	cr_assert_eq(refused(&spec, "1950 to 9999"), CERT_VALIDITY);
	EVP_PKEY_free(key);
}

Test(x509_cert, stays_within_its_issuers_validity)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	struct made made;

	spec.not_after = BEGIN + 10 * YEAR;
	made = maker_make(&spec);
	made_free(&made);
	spec.not_after++;
	cr_assert_eq(refused(&spec, "ends after the issuer's"), CERT_VALIDITY);
	spec.not_after = BEGIN + YEAR;
	spec.not_before--;
	cr_assert_eq(refused(&spec, "begins before the issuer's"), CERT_VALIDITY);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, is_issued_by_a_ca_with_its_own_key_only)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec(PROFILE_OPCUA_SERVER, key);
	struct made leaf = maker_make(&spec);

	/* It says keyCertSign, and is no CA all the same. */
	spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &leaf, key);
	cr_assert_eq(refused(&spec, "no certificate authority"), CERT_ISSUER);
	spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, key);
	cr_assert_eq(refused(&spec, "another key"), CERT_ISSUER);
	spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	spec.issuer_len--;
	cr_assert_eq(refused(&spec, "malformed"), CERT_ISSUER);
	spec.issuer_len = CERT_DER_MAX + 1;
	cr_assert_eq(refused(&spec, "64 KiB"), CERT_ISSUER);
	spec.issuer_len = ca.len;
	spec.subject = "CN=Plant CA,O=Plant";
	cr_assert_eq(refused(&spec, "the issuer's too"), CERT_SUBJECT);
	made_free(&leaf);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

/* A CA's certificate as others make them: without the extension, or with its new value. */
static void change(struct made *ca, EVP_PKEY *key, int nid, const char *value)
{
	X509_EXTENSION *extension;
	int len;

	X509_EXTENSION_free(X509_delete_ext(ca->x509, X509_get_ext_by_NID(ca->x509, nid, -1)));
	if (value) {
		extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
		cr_assert_eq(X509_add_ext(ca->x509, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
	cr_assert_gt(X509_sign(ca->x509, key, EVP_sha256()), 0);
	free(ca->der);
	ca->der = NULL;
	len = i2d_X509(ca->x509, &ca->der);
	cr_assert_gt(len, 0);
	ca->len = (size_t)len;
}

Test(x509_cert, is_broken_where_the_key_that_it_names_did_not_sign_it)
{
	EVP_PKEY *ca_key, *other_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1), other = maker_ca(&other_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	struct made leaf = maker_make(&spec);

	cr_assert_eq(cert_issued(leaf.der, leaf.len, ca.der, ca.len), ISSUED_BY_IT);
	/* The same name, and another key. */
	cr_assert_eq(cert_issued(leaf.der, leaf.len, other.der, other.len), ISSUED_BY_OTHER);
	cr_assert_eq(cert_issued(ca.der, ca.len, leaf.der, leaf.len), ISSUED_BY_OTHER);
	cr_assert_eq(cert_issued(ca.der, ca.len, ca.der, ca.len), ISSUED_BY_IT);
	cr_assert_eq(cert_issued(leaf.der, leaf.len - 1, ca.der, ca.len), ISSUED_BY_OTHER);
	leaf.der[leaf.len - 1] ^= 1;
	cr_assert_eq(cert_issued(leaf.der, leaf.len, ca.der, ca.len), ISSUED_BROKEN);
	cr_assert_eq(cert_issued(leaf.der, leaf.len, other.der, other.len), ISSUED_BY_OTHER);
	leaf.der[leaf.len - 1] ^= 1;
	/* A CA without a key identifier may have had another key. */
	change(&other, other_key, NID_subject_key_identifier, NULL);
	cr_assert_eq(cert_issued(leaf.der, leaf.len, other.der, other.len), ISSUED_BY_OTHER);
	change(&ca, ca_key, NID_subject_key_identifier, NULL);
	cr_assert_eq(cert_issued(leaf.der, leaf.len, ca.der, ca.len), ISSUED_BY_IT);
	made_free(&leaf);
	made_free(&other);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, names_an_issuer_without_a_key_identifier_by_its_key)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_dup(X509_get0_subject_key_id(ca.x509));
	struct cert_spec spec;
	struct made made;

	change(&ca, ca_key, NID_subject_key_identifier, NULL);
	spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	made = maker_make(&spec);
	cr_assert_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(made.x509), id), 0);
	ASN1_OCTET_STRING_free(id);
	made_free(&made);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, is_not_issued_by_a_ca_that_signs_other_things)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec;

	change(&ca, ca_key, NID_key_usage, "critical,cRLSign");
	spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	cr_assert_eq(refused(&spec, "lacks keyCertSign"), CERT_ISSUER);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, of_a_ca_below_a_ca_keeps_to_its_path_length)
{
	static const struct {
		int issuers;
		int own;
		const char *because;
	} cases[] = {
		{-1, -1, NULL}, {-1, 5, NULL}, {0, -1, "path length of 0"}, {0, 0, "path length"},
		{1, 0, NULL},	{1, -1, NULL}, {1, 1, "a smaller one"},
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EVP_PKEY *ca_key;
		struct made ca = maker_ca(&ca_key, cases[i].issuers);
		struct cert_spec spec = maker_spec_by(PROFILE_CA, key, &ca, ca_key);
		struct made made;

		spec.subject = "CN=Hall 1";
		spec.path_length = cases[i].own;
		if (cases[i].because) {
			cr_assert_eq(refused(&spec, cases[i].because), CERT_ISSUER);
		} else {
			made = maker_make(&spec);
			cr_assert_eq(X509_get_pathlen(made.x509), cases[i].own);
			made_free(&made);
		}
		made_free(&ca);
		EVP_PKEY_free(ca_key);
	}
	EVP_PKEY_free(key);
}

Test(x509_cert, has_the_names_that_its_profile_needs)
{
	static const struct csr_name two_uris[] = {{SAN_URI, "urn:a"}, {SAN_URI, "urn:b"}};
	static const struct csr_name bad[] = {{SAN_URI, "urn:a"}, {SAN_IP, "plc-1"}};
	static const struct csr_name email[] = {{SAN_EMAIL, "a@plant.example"}};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_OPCUA_CLIENT, key);

	spec.names = two_uris;
	spec.name_count = 2;
	cr_assert_eq(refused(&spec, "opcua-client has exactly one URI"), CERT_NAME);
	spec.name_count = 0;
	cr_assert_eq(refused(&spec, "exactly one URI"), CERT_NAME);
	spec.names = bad;
	spec.name_count = 2;
	cr_assert_eq(refused(&spec, "is not an address"), CERT_NAME);
	spec.profile = profile_by_id(PROFILE_WEB_SERVER);
	spec.names = email;
	spec.name_count = 1;
	cr_assert_eq(refused(&spec, "an address or a host name"), CERT_NAME);
	EVP_PKEY_free(key);
}

Test(x509_cert, may_be_nameless_only_where_an_issuer_and_a_name_are_there)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_TLS_SERVER, key, &ca, ca_key);
	struct made made;

	spec.subject = "";
	made = maker_make(&spec);
	cr_assert(is_critical(made.x509, NID_subject_alt_name));
	made_free(&made);
	spec.profile = profile_by_id(PROFILE_TLS_CLIENT);
	spec.name_count = 0;
	cr_assert_eq(refused(&spec, "no subject alternative name"), CERT_SUBJECT);
	spec.issuer = NULL;
	spec.name_count = 3;
	cr_assert_eq(refused(&spec, "it is empty"), CERT_SUBJECT);
	spec.profile = profile_by_id(PROFILE_OPCUA_SERVER);
	spec.subject = "O=Plant";
	cr_assert_eq(refused(&spec, "no common name"), CERT_SUBJECT);
	spec.subject = "plc-1";
	cr_assert_eq(refused(&spec, "has no ="), CERT_SUBJECT);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert, refuses_to_grow_past_its_limit)
{
	static char text[X509_TEXT_MAX + 1];
	static struct csr_name names[SAN_NAMES_MAX];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, key);

	memset(text, 'a', X509_TEXT_MAX);
	memcpy(text, "urn:", 4);
	for (size_t i = 0; i < SAN_NAMES_MAX; i++)
		names[i] = (struct csr_name){SAN_URI, text};
	spec.names = names;
	spec.name_count = SAN_NAMES_MAX;
	cr_assert_eq(refused(&spec, "fewer"), CERT_TOO_LARGE);
	EVP_PKEY_free(key);
}

Test(x509_cert, does_not_let_a_wrong_signature_out)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	char error[CERT_ERROR_MAX];
	const uint8_t *digest;
	uint8_t *der = NULL;
	size_t der_len = 7;
	size_t digest_len;
	struct cert *cert;
	uint8_t sig[2048] = {0};
	size_t len;

	cr_assert_eq(cert_new(&spec, error, &cert), CERT_OK);
	cert_digest(cert, &digest, &digest_len);

	/* The certificate's own key signs what its issuer's has to sign. */
	len = soft_sign(key, TPM_SHA256, TPM_PADDING_NONE, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(cert_finish(cert, sig, len, &der, &der_len), CERT_UNVERIFIED);
	cr_assert_eq(cert_finish(cert, sig, 0, &der, &der_len), CERT_UNVERIFIED);
	cr_assert_eq(cert_finish(cert, sig, sizeof(sig), &der, &der_len), CERT_UNVERIFIED);
	cr_assert_null(der);
	cr_assert_eq(der_len, 7);
	cert_free(cert);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

static void write_pem(const char *directory, const char *name, X509 *x509)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_eq(PEM_write_X509(file, x509), 1);
	fclose(file);
}

/* The exit status of a shell command that has $1 for the directory. */
static int run_in(const char *directory, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "set -- %s; %s", directory, command);
	return WEXITSTATUS(system(line));
}

/* The tools ask the clock. */
static void valid_from(struct cert_spec *spec, int64_t begin)
{
	spec->not_after += begin - spec->not_before;
	spec->not_before = begin;
}

Test(x509_cert, is_accepted_by_openssl_and_gnutls)
{
	char directory[] = "/tmp/x509_cert.XXXXXX";
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *ec = EVP_EC_gen("P-384");
	const struct {
		EVP_PKEY *root;
		EVP_PKEY *sub;
		EVP_PKEY *leaf;
		enum tpm_padding padding;
	} kinds[] = {
		{rsa, rsa, ec, TPM_PADDING_PKCS1},
		{rsa, rsa, rsa, TPM_PADDING_PSS},
		{ec, ec, rsa, TPM_PADDING_NONE},
	};

	int64_t now = time(NULL);

	cr_assert_not_null(mkdtemp(directory));
	for (size_t i = 0; i < 3; i++) {
		struct cert_spec spec = maker_spec(PROFILE_CA, kinds[i].root);
		struct made root;
		struct made sub;
		struct made leaf;
		struct made own;

		spec.padding = kinds[i].padding;
		spec.path_length = 1;
		valid_from(&spec, now);
		root = maker_make(&spec);
		spec = maker_spec_by(PROFILE_CA, kinds[i].sub, &root, kinds[i].root);
		spec.padding = kinds[i].padding;
		spec.subject = "CN=Hall 1,O=Plant";
		spec.path_length = 0;
		valid_from(&spec, now);
		sub = maker_make(&spec);
		spec = maker_spec_by(PROFILE_OPCUA_CLIENT_SERVER, kinds[i].leaf, &sub,
				     kinds[i].sub);
		spec.padding = kinds[i].padding;
		valid_from(&spec, now);
		leaf = maker_make(&spec);
		spec = maker_spec(PROFILE_OPCUA_SERVER, kinds[i].leaf);
		valid_from(&spec, now);
		own = maker_make(&spec);
		write_pem(directory, "root", root.x509);
		write_pem(directory, "sub", sub.x509);
		write_pem(directory, "leaf", leaf.x509);
		write_pem(directory, "own", own.x509);

		cr_assert_eq(run_in(directory,
				    "openssl verify -x509_strict -purpose "
				    "sslserver -CAfile $1/root -untrusted $1/sub $1/leaf "
				    ">/dev/null 2>&1"),
			     0);
		cr_assert_eq(run_in(directory, "openssl verify -CAfile $1/own $1/own "
					       ">/dev/null 2>&1"),
			     0);
		cr_assert_eq(run_in(directory, "openssl x509 -noout -text -in $1/leaf | "
					       "grep -q 'URI:urn:plc-1:app, IP Address:192.0.2.1, "
					       "DNS:plc-1.example'"),
			     0);
		cr_assert_eq(run_in(directory,
				    "command -v certtool >/dev/null || exit 0;"
				    "cat $1/leaf $1/sub $1/root >$1/chain;"
				    "certtool --verify-chain --infile $1/chain "
				    "2>/dev/null | grep -q 'Chain verification output: Verified'"),
			     0);
		made_free(&own);
		made_free(&leaf);
		made_free(&sub);
		made_free(&root);
	}
	cr_assert_eq(run_in(directory, "rm -r $1"), 0);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}
