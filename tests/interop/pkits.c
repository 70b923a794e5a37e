/*
 * NIST's Public Key Interoperability Test Suite: every end-entity certificate whose name says
 * whether it is valid, with all CA certificates as issuers and all CRLs.
 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x509_path.h"

#define AT	 1600000000 /* 2020-09-13: within the suite's validity, 2010 to 2030 */
#define FILE_MAX 65536
#define CASES	 203 /* end-entity certificates named Valid… or Invalid… */

/* Valid ones that are refused, and why. Accepting an invalid one is never right. */
static const struct {
	const char *name;
	const char *why;
} refused[] = {
	{"ValidDSASignaturesTest4", "DSA is not accepted"},
	{"ValidDSAParameterInheritanceTest5", "DSA is not accepted"},
	{"ValidBasicSelfIssuedNewWithOldTest4", "CRL signed with the CA's key outside the path"},
	{"ValidBasicSelfIssuedCRLSigningKeyTest6", "separate key for CRLs"},
	{"ValidSeparateCertificateandCRLKeysTest19", "separate key for CRLs"},
	{"ValidIDPwithindirectCRLTest24", "indirect CRL of another issuer"},
	{"ValidIDPwithindirectCRLTest25", "indirect CRL of another issuer"},
	{"ValidcRLIssuerTest28", "indirect CRL of another issuer"},
	{"ValidcRLIssuerTest29", "indirect CRL of another issuer"},
	{"ValidcRLIssuerTest30", "indirect CRL of another issuer"},
	{"ValidcRLIssuerTest33", "indirect CRL of another issuer"},
};

static bool seen[sizeof(refused) / sizeof(*refused)];

struct file {
	uint8_t bytes[FILE_MAX];
	size_t len;
};

static const char *suite(void)
{
	const char *given = getenv("KEYSTORE_PKITS");

	return given ? given : KEYSTORE_SOURCE_DIR "/../shared/data/pkits";
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name);

	return len >= strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

static void file_read(const char *folder, const char *name, struct file *ret_file)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", suite(), folder, name);
	file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	ret_file->len = fread(ret_file->bytes, 1, FILE_MAX, file);
	cr_assert_lt(ret_file->len, (size_t)FILE_MAX, "%s", path);
	fclose(file);
}

/* Calls @handle with each file of the folder whose name does, or does not, end in EE.crt. */
static void each(const char *folder, bool end_entities, struct x509_pool *pool,
		 void (*handle)(struct x509_pool *pool, const char *name, const struct file *file))
{
	struct dirent *entry;
	struct file file;
	char path[1024];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", suite(), folder);
	dir = opendir(path);
	cr_assert_not_null(dir, "%s", path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || ends_with(entry->d_name, "EE.crt") != end_entities)
			continue;
		file_read(folder, entry->d_name, &file);
		handle(pool, entry->d_name, &file);
	}
	closedir(dir);
}

static void add_cert(struct x509_pool *pool, const char *name, const struct file *file)
{
	enum pool_role role =
		strcmp(name, "TrustAnchorRootCertificate.crt") == 0 ? POOL_TRUSTED : POOL_ISSUER;

	cr_assert_eq(x509_pool_add_cert(pool, role, file->bytes, file->len), POOL_OK, "%s", name);
}

static void add_crl(struct x509_pool *pool, const char *name, const struct file *file)
{
	cr_assert_eq(x509_pool_add_crl(pool, file->bytes, file->len), POOL_OK, "%s", name);
}

static const char *why_refused(const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		if (strncmp(name, refused[i].name, strlen(refused[i].name)) == 0 &&
		    strcmp(name + strlen(refused[i].name), "EE.crt") == 0) {
			seen[i] = true;
			return refused[i].why;
		}
	}
	return NULL;
}

static int valid_accepted, valid_refused, invalid_refused;

static void check(struct x509_pool *pool, const char *name, const struct file *file)
{
	struct path_request request = {.candidate = {file->bytes, file->len}, .at = AT};
	bool is_valid = strncmp(name, "Valid", 5) == 0;
	struct path_verdict verdict;
	enum path_reason reason;

	if (!is_valid && strncmp(name, "Invalid", 7) != 0)
		return;
	reason = x509_path_validate(pool, &request, &verdict);
	cr_assert_neq(verdict.text[0], '\0', "%s", name);
	if (!is_valid) {
		cr_expect_neq(reason, PATH_OK, "%s was accepted", name);
		invalid_refused += reason != PATH_OK;
	} else if (why_refused(name)) {
		cr_expect_neq(reason, PATH_OK, "%s is accepted: not a deviation any more", name);
		valid_refused += reason != PATH_OK;
	} else {
		cr_expect_eq(reason, PATH_OK, "%s: %s", name, verdict.text);
		valid_accepted += reason == PATH_OK;
	}
}

Test(pkits, every_case_is_decided_as_its_name_says)
{
	struct x509_pool *pool;
	DIR *dir = opendir(suite());

	if (!dir) {
		printf("PKITS is not in %s: skipped\n", suite());
		cr_skip_test("no PKITS");
	}
	closedir(dir);
	pool = x509_pool_new(1000, 1000);
	each("certs", false, pool, add_cert);
	each("crls", false, pool, add_crl);

	each("certs", true, pool, check);

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		cr_expect(seen[i], "%s, a deviation, is not in the suite", refused[i].name);
	printf("PKITS: %d valid accepted, %d valid refused as listed, %d invalid refused\n",
	       valid_accepted, valid_refused, invalid_refused);
	cr_assert_eq(valid_accepted + valid_refused + invalid_refused, CASES);
	x509_pool_free(pool);
}
