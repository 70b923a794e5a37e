#include "x509_crl.h"

#include "cert_maker.h"

#include <string.h>
#include <sys/wait.h>

#include "../../support/temp_dir.h"
#include "x509_path.h"

#define DAYS 86400

struct ca {
	EVP_PKEY *key;
	struct made cert;
};

struct list {
	uint8_t *der;
	size_t len;
};

static struct ca ca_of(EVP_PKEY *key)
{
	struct cert_spec spec = maker_spec(PROFILE_CA, key);

	return (struct ca){key, maker_make(&spec)};
}

static void ca_free(struct ca *ca)
{
	made_free(&ca->cert);
	EVP_PKEY_free(ca->key);
}

static struct crl_spec spec_of(const struct ca *ca, const struct crl_entry *entries, size_t count)
{
	return (struct crl_spec){
		.issuer = ca->cert.der,
		.issuer_len = ca->cert.len,
		.issuer_key = ca->key,
		.number.octets[CRL_NUMBER_LEN - 1] = 1,
		.this_update = BEGIN + DAYS,
		.next_update = BEGIN + 31 * DAYS,
		.entries = entries,
		.count = count,
		.hash = TPM_SHA256,
	};
}

static struct list make(const struct ca *ca, const struct crl_spec *spec)
{
	char error[X509_ERROR_MAX] = "";
	struct list list = {0};
	const uint8_t *digest;
	uint8_t sig[1024];
	struct crl *crl;
	size_t digest_len;
	size_t len;

	cr_assert_eq(crl_new(spec, error, &crl), CRL_OK, "%s", error);
	crl_digest(crl, &digest, &digest_len);
	len = soft_sign(ca->key, spec->hash, spec->padding, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(crl_finish(crl, sig, len, &list.der, &list.len), CRL_OK);
	crl_free(crl);
	return list;
}

static X509_CRL *parse(const struct list *list)
{
	const uint8_t *at = list->der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)list->len);

	cr_assert_not_null(crl);
	cr_assert_eq(at, list->der + list->len);
	return crl;
}

static enum crl_status refused(const struct crl_spec *spec, const char *because)
{
	char error[X509_ERROR_MAX] = "";
	struct crl *crl = NULL;
	enum crl_status status = crl_new(spec, error, &crl);

	cr_assert_null(crl);
	cr_assert_not_null(strstr(error, because), "%s", error);
	return status;
}

static const struct crl_entry entries[] = {
	{"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", BEGIN, CRL_KEY_COMPROMISE},
	{"0A", BEGIN + 1, CRL_UNSPECIFIED},
	{"1122334455667788", BEGIN + 2, CRL_HOLD},
};

Test(x509_crl, is_verified_by_openssl_whatever_the_issuers_key)
{
	static const struct {
		const char *key;
		enum tpm_hash hash;
		enum tpm_padding padding;
	} kinds[] = {
		{"P-256", TPM_SHA256, TPM_PADDING_NONE},
		{"P-384", TPM_SHA384, TPM_PADDING_NONE},
		{NULL, TPM_SHA256, TPM_PADDING_NONE},
		{NULL, TPM_SHA512, TPM_PADDING_PSS},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct ca ca = ca_of(kinds[i].key ? EVP_EC_gen(kinds[i].key) : EVP_RSA_gen(2048));
		struct crl_spec spec = spec_of(&ca, entries, 3);
		struct list list;
		X509_CRL *crl;

		spec.hash = kinds[i].hash;
		spec.padding = kinds[i].padding;
		list = make(&ca, &spec);
		crl = parse(&list);
		cr_assert_eq(X509_CRL_verify(crl, ca.key), 1, "%zu", i);
		X509_CRL_free(crl);
		free(list.der);
		ca_free(&ca);
	}
}

Test(x509_crl, has_what_rfc_5280_asks_for)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, entries, 3);
	struct list list = make(&ca, &spec);
	X509_CRL *crl = parse(&list);
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
	AUTHORITY_KEYID *authority =
		X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);

	cr_assert_eq(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	cr_assert_eq(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca.cert.x509)),
		     0);
	cr_assert_eq(
		ASN1_OCTET_STRING_cmp(authority->keyid, X509_get0_subject_key_id(ca.cert.x509)), 0);
	cr_assert_eq(X509_CRL_get_ext_count(crl), 2);
	cr_assert_eq(sk_X509_REVOKED_num(revoked), 3);
	/* By serial, and without a reason that says nothing. */
	cr_assert_eq(
		ASN1_INTEGER_get(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, 0))),
		10);
	cr_assert_eq(X509_REVOKED_get_ext_count(sk_X509_REVOKED_value(revoked, 0)), 0);
	cr_assert_eq(X509_REVOKED_get_ext_count(sk_X509_REVOKED_value(revoked, 1)), 1);
	AUTHORITY_KEYID_free(authority);
	X509_CRL_free(crl);
	free(list.der);
	ca_free(&ca);
}

Test(x509_crl, without_entries_has_no_list_of_them)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, NULL, 0);
	struct list list = make(&ca, &spec);
	X509_CRL *crl = parse(&list);

	cr_assert_null(X509_CRL_get_REVOKED(crl));
	X509_CRL_free(crl);
	free(list.der);
	ca_free(&ca);
}

Test(x509_crl, is_read_as_it_was_made)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, entries, 3);
	struct crl_facts facts;
	struct list list;

	memset(spec.number.octets, 0x7f, CRL_NUMBER_LEN);
	spec.next_update = 253402300799;
	list = make(&ca, &spec);
	cr_assert_eq(crl_read(list.der, list.len, &facts), CRL_OK);
	cr_assert_str_eq(facts.issuer, "CN=Plant CA,O=Plant");
	cr_assert(facts.has_number);
	cr_assert_arr_eq(facts.number.octets, spec.number.octets, CRL_NUMBER_LEN);
	cr_assert_eq(facts.this_update, spec.this_update);
	cr_assert_eq(facts.next_update, spec.next_update);
	cr_assert_eq(facts.count, 3u);
	cr_assert(!facts.is_delta);
	free(list.der);
	ca_free(&ca);
}

Test(x509_crl, of_a_ca_that_comes_here_is_taken_over)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct ca other = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, entries, 3);
	struct list list = make(&ca, &spec);
	struct crl_entry *read = NULL;
	size_t count = 7;

	cr_assert_eq(
		crl_read_entries(list.der, list.len, other.cert.der, other.cert.len, &read, &count),
		CRL_UNVERIFIED);
	cr_assert_eq(crl_read_entries(list.der, list.len, list.der, list.len, &read, &count),
		     CRL_ISSUER);
	cr_assert_eq(
		crl_read_entries(list.der, list.len - 1, ca.cert.der, ca.cert.len, &read, &count),
		CRL_MALFORMED);
	cr_assert_null(read);
	cr_assert_eq(count, 7u);
	cr_assert_eq(crl_read_entries(list.der, list.len, ca.cert.der, ca.cert.len, &read, &count),
		     CRL_OK);
	cr_assert_eq(count, 3u);
	cr_assert_str_eq(read[0].serial, "0A");
	cr_assert_eq(read[0].reason, CRL_UNSPECIFIED);
	cr_assert_eq(read[1].reason, CRL_HOLD);
	cr_assert_eq(read[1].revoked, BEGIN + 2);
	cr_assert_str_eq(read[2].serial, entries[0].serial);
	/* And as it was it is made again. */
	spec.entries = read;
	free(list.der);
	list = make(&ca, &spec);
	free(read);
	free(list.der);
	ca_free(&other);
	ca_free(&ca);
}

Test(x509_crl, that_is_none_is_not_read)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, entries, 3);
	struct list list = make(&ca, &spec);
	uint8_t *longer = calloc(1, list.len + 1);
	struct crl_facts facts = {.count = 77};

	memcpy(longer, list.der, list.len);
	cr_assert_eq(crl_read(longer, list.len + 1, &facts), CRL_MALFORMED);
	for (size_t len = 0; len < list.len; len++)
		cr_assert_eq(crl_read(list.der, len, &facts), CRL_MALFORMED);
	cr_assert_eq(crl_read(ca.cert.der, ca.cert.len, &facts), CRL_MALFORMED);
	cr_assert_eq(crl_read(list.der, CRL_DER_MAX + 1, &facts), CRL_TOO_LARGE);
	cr_assert_eq(facts.count, 77u);
	free(longer);
	free(list.der);
	ca_free(&ca);
}

Test(x509_crl, is_not_made_by_what_may_sign_none)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct ca other = ca_of(EVP_EC_gen("P-256"));
	struct cert_spec leaf_spec = maker_spec(PROFILE_TLS_SERVER, ca.key);
	struct ca leaf = {ca.key, maker_make(&leaf_spec)};
	struct crl_spec spec = spec_of(&leaf, NULL, 0);

	cr_assert_eq(refused(&spec, "no certificate authority"), CRL_ISSUER);
	spec = spec_of(&ca, NULL, 0);
	spec.issuer_key = other.key;
	cr_assert_eq(refused(&spec, "for another key"), CRL_ISSUER);
	spec.issuer_len--;
	cr_assert_eq(refused(&spec, "malformed"), CRL_ISSUER);
	made_free(&leaf.cert);
	ca_free(&other);
	ca_free(&ca);
}

Test(x509_crl, is_not_made_of_what_it_cannot_say)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	static const struct crl_entry wrong[] = {
		{"", BEGIN, 0},	      {"-01", BEGIN, 0},
		{"XY", BEGIN, 0},     {"01", BEGIN, CRL_REMOVE},
		{"01", BEGIN, 7},     {"01", BEGIN, CRL_REASON_COUNT},
		{"01", INT64_MAX, 0},
	};
	struct crl_entry twice[] = {entries[0], entries[1], {"000A", BEGIN, CRL_HOLD}};
	struct crl_spec spec;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		spec = spec_of(&ca, &wrong[i], 1);
		cr_assert_eq(refused(&spec, "cannot have"), CRL_ENTRY, "%zu", i);
	}
	spec = spec_of(&ca, twice, 3);
	cr_assert_eq(refused(&spec, "revoked twice"), CRL_ENTRY);
	spec = spec_of(&ca, NULL, 0);
	spec.next_update = spec.this_update;
	cr_assert_eq(refused(&spec, "end before it begins"), CRL_TIME);
	spec.next_update = INT64_MAX;
	cr_assert_eq(refused(&spec, "end before it begins"), CRL_TIME);
	spec = spec_of(&ca, entries, CRL_ENTRIES_MAX + 1);
	cr_assert_eq(refused(&spec, "65536 entries"), CRL_TOO_LARGE);
	ca_free(&ca);
}

Test(x509_crl, with_a_bad_signature_is_withheld)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	struct ca other = ca_of(EVP_EC_gen("P-256"));
	struct crl_spec spec = spec_of(&ca, entries, 3);
	char error[X509_ERROR_MAX];
	const uint8_t *digest;
	uint8_t *der = NULL;
	uint8_t sig[2048];
	struct crl *crl;
	size_t digest_len;
	size_t len = 7;

	cr_assert_eq(crl_new(&spec, error, &crl), CRL_OK);
	crl_digest(crl, &digest, &digest_len);
	len = soft_sign(other.key, TPM_SHA256, TPM_PADDING_NONE, digest, digest_len, sig,
			sizeof(sig));
	cr_assert_eq(crl_finish(crl, sig, len, &der, &len), CRL_UNVERIFIED);
	cr_assert_eq(crl_finish(crl, sig, 0, &der, &len), CRL_UNVERIFIED);
	cr_assert_eq(crl_finish(crl, sig, sizeof(sig), &der, &len), CRL_UNVERIFIED);
	cr_assert_null(der);
	crl_free(crl);
	ca_free(&other);
	ca_free(&ca);
}

Test(x509_crl, numbers_count_up_to_what_20_octets_hold)
{
	struct crl_number number = {0};
	struct crl_number next = {0};

	cr_assert(crl_number_next(&number, &next));
	cr_assert_eq(next.octets[CRL_NUMBER_LEN - 1], 1);
	number.octets[CRL_NUMBER_LEN - 1] = 0xff;
	cr_assert(crl_number_next(&number, &next));
	cr_assert_eq(next.octets[CRL_NUMBER_LEN - 1], 0);
	cr_assert_eq(next.octets[CRL_NUMBER_LEN - 2], 1);
	cr_assert_gt(memcmp(next.octets, number.octets, CRL_NUMBER_LEN), 0);
	memset(number.octets, 0xff, CRL_NUMBER_LEN);
	cr_assert(!crl_number_next(&number, &next));
	number.octets[0] = 0x7f;
	cr_assert(!crl_number_next(&number, &next));
}

Test(x509_crl, is_what_path_validation_goes_by)
{
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec leaf_spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca.cert, ca.key);
	struct made leaf = maker_make(&leaf_spec);
	struct crl_entry entry = {.revoked = BEGIN + 5, .reason = CRL_SUPERSEDED};
	struct path_request request = {.candidate = {leaf.der, leaf.len},
				       .at = BEGIN + 2 * DAYS,
				       .crls = PATH_CRLS_REQUIRED};
	struct path_verdict verdict;
	struct cert_facts facts;

	cr_assert_eq(cert_read(leaf.der, leaf.len, &facts), CERT_OK);
	snprintf(entry.serial, sizeof(entry.serial), "%s", facts.serial);
	for (size_t count = 0; count < 2; count++) {
		struct x509_pool *pool = x509_pool_new(4, 4);
		struct crl_spec spec = spec_of(&ca, &entry, count);
		struct list list = make(&ca, &spec);

		cr_assert_eq(x509_pool_add_cert(pool, POOL_TRUSTED, ca.cert.der, ca.cert.len),
			     POOL_OK);
		cr_assert_eq(x509_pool_add_crl(pool, list.der, list.len), POOL_OK);
		cr_assert_eq(x509_path_validate(pool, &request, &verdict),
			     count ? PATH_REVOKED : PATH_OK, "%s", verdict.text);
		x509_pool_free(pool);
		free(list.der);
	}
	cr_assert_eq(verdict.revoked_at, entry.revoked);
	cr_assert_eq(verdict.revocation_reason, CRL_SUPERSEDED);
	made_free(&leaf);
	EVP_PKEY_free(key);
	ca_free(&ca);
}

static void write_file(const char *directory, const char *name, const void *bytes, size_t len)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

Test(x509_crl, of_ten_thousand_entries_is_read_by_openssl_and_gnutls)
{
	enum { COUNT = 10000 };
	struct crl_entry *many = calloc(COUNT, sizeof(*many));
	struct ca ca = ca_of(EVP_EC_gen("P-256"));
	char directory[TEMP_PATH_MAX];
	struct crl_spec spec;
	struct list list;
	char line[1024];

	temp_dir_make(directory);
	for (unsigned i = 0; i < COUNT; i++) {
		many[i] = (struct crl_entry){.revoked = BEGIN, .reason = CRL_SUPERSEDED};
		snprintf(many[i].serial, sizeof(many[i].serial), "%08X%024X", i * 2654435761u, i);
		if (strncmp(many[i].serial, "00", 2) == 0)
			many[i].serial[0] = '1';
	}
	spec = spec_of(&ca, many, COUNT);
	list = make(&ca, &spec);
	write_file(directory, "crl", list.der, list.len);
	write_file(directory, "ca", ca.cert.der, ca.cert.len);
	snprintf(line, sizeof(line),
		 "set -e; cd %s; openssl x509 -inform DER -in ca -out ca.pem; "
		 "openssl crl -inform DER -in crl -CAfile ca.pem -noout -crlnumber 2>&1 | "
		 "grep -c 'verify OK\\|^crlNumber=0x01$' | grep -qx 2; "
		 "openssl crl -inform DER -in crl -noout -text | grep -c 'Serial Number' | "
		 "grep -qx 10000; certtool --crl-info --inder --infile crl 2>&1 | "
		 "grep -q 'Revoked certificates (10000)'",
		 directory);
	cr_assert_eq(WEXITSTATUS(system(line)), 0);
	temp_dir_remove(directory);
	free(many);
	free(list.der);
	ca_free(&ca);
}
