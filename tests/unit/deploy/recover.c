/* Each state that a death in the middle can leave. */
#include "recover.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "../../support/temp_dir.h"
#include "material.h"
#include "reference.h"

static char dir[TEMP_PATH_MAX];
static struct deployment deployment;

/* A certificate and the reference file of its key. */
struct pair {
	char *cert;
	char *key;
};

static struct pair pair_new(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	struct pair pair = {0};
	char *text = NULL;
	long text_len;
	int len = i2d_PUBKEY(key, &der);

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	text_len = BIO_get_mem_data(bio, &text);
	pair.cert = strndup(text, (size_t)text_len);
	cr_assert(reference_to_pem(7, "web", der, (size_t)len, &pair.key) == REFERENCE_OK);
	OPENSSL_free(der);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return pair;
}

static struct pair old, new;

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(deployment.paths[DEPLOYMENT_CERT], DEPLOYMENT_PATH_MAX, "%s/cert", dir);
	snprintf(deployment.paths[DEPLOYMENT_KEY], DEPLOYMENT_PATH_MAX, "%s/key", dir);
	old = pair_new();
	new = pair_new();
}

static void tear_down(void)
{
	temp_dir_remove(dir);
	free(old.cert);
	free(old.key);
	free(new.cert);
	free(new.key);
}

TestSuite(recover, .init = set_up, .fini = tear_down);

static void put(const char *name, const char *text)
{
	char path[TEMP_PATH_MAX + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static bool holds(const char *name, const char *text)
{
	char path[TEMP_PATH_MAX + 32];
	char found[8192] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return !text;
	(void)!fread(found, 1, sizeof(found) - 1, file);
	fclose(file);
	return text && strcmp(found, text) == 0;
}

static void expect(const char *cert, const char *key)
{
	cr_assert(holds("cert", cert));
	cr_assert(holds("key", key));
	cr_assert(holds(".cert.keystore-new", NULL));
	cr_assert(holds(".key.keystore-new", NULL));
}

Test(recover, knows_a_pair)
{
	cr_assert(material_is_pair(old.cert, strlen(old.cert), old.key, strlen(old.key)));
	cr_assert(!material_is_pair(old.cert, strlen(old.cert), new.key, strlen(new.key)));
	cr_assert(!material_is_pair("", 0, new.key, strlen(new.key)));
	cr_assert(!material_is_pair(old.cert, strlen(old.cert), "", 0));
	cr_assert(!material_is_pair(old.cert, strlen(old.cert) - 40, old.key, strlen(old.key)));
}

Test(recover, forgets_what_was_only_written_beside)
{
	put("cert", old.cert);
	put("key", old.key);
	put(".key.keystore-new", new.key);
	put(".cert.keystore-new", "-----BEGIN CERTIF");
	cr_assert(!recover_files(&deployment));
	expect(old.cert, old.key);
}

Test(recover, finishes_when_the_key_has_its_place_already)
{
	put("cert", old.cert);
	put("key", new.key);
	put(".key.keystore-new", old.key);
	put(".cert.keystore-new", new.cert);
	cr_assert(recover_files(&deployment));
	expect(new.cert, new.key);
}

Test(recover, finishes_the_first_deployment_too)
{
	put("key", new.key);
	put(".cert.keystore-new", new.cert);
	cr_assert(recover_files(&deployment));
	expect(new.cert, new.key);
}

Test(recover, goes_back_where_only_the_key_is_left)
{
	put("cert", old.cert);
	put("key", new.key);
	put(".key.keystore-new", old.key);
	cr_assert(recover_files(&deployment));
	expect(old.cert, old.key);
}

Test(recover, leaves_what_was_done)
{
	put("cert", new.cert);
	put("key", new.key);
	put(".key.keystore-new", old.key);
	put(".cert.keystore-new", old.cert);
	cr_assert(!recover_files(&deployment));
	expect(new.cert, new.key);
}

Test(recover, leaves_what_it_cannot_know)
{
	put("cert", old.cert);
	put("key", new.key);
	put(".cert.keystore-new", old.cert);
	cr_assert(!recover_files(&deployment));
	expect(old.cert, new.key);
	strcpy(deployment.paths[DEPLOYMENT_CERT], "/nowhere/cert");
	cr_assert(!recover_files(&deployment));
}
