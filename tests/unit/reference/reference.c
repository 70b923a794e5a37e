#include "reference.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CHARS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct spki {
	unsigned char *der;
	size_t len;
};

static struct spki spki_of(EVP_PKEY *key)
{
	struct spki spki = {0};
	int len = i2d_PUBKEY(key, &spki.der);

	cr_assert(len > 0);
	spki.len = (size_t)len;
	EVP_PKEY_free(key);
	return spki;
}

static char *pem_of(const struct spki *spki)
{
	char *pem = NULL;

	cr_assert(reference_to_pem(17, "web-server", spki->der, spki->len, &pem) == REFERENCE_OK);
	return pem;
}

static enum reference_status write_status(uint64_t id, const char *name, const uint8_t *der,
					  size_t len)
{
	char *pem = NULL;
	enum reference_status status = reference_to_pem(id, name, der, len, &pem);

	cr_assert((status == REFERENCE_OK) == (pem != NULL));
	free(pem);
	return status;
}

Test(reference, reads_what_it_wrote)
{
	struct spki keys[] = {spki_of(EVP_EC_gen("P-256")), spki_of(EVP_RSA_gen(4096))};
	struct reference reference;

	for (size_t i = 0; i < 2; i++) {
		char *pem = pem_of(&keys[i]);

		cr_assert(reference_from_pem(pem, strlen(pem), &reference) == REFERENCE_OK);
		cr_assert(reference.key_id == 17);
		cr_assert_str_eq(reference.name, "web-server");
		cr_assert(reference.public_key_len == keys[i].len);
		cr_assert(memcmp(reference.public_key, keys[i].der, keys[i].len) == 0);
		cr_assert(strstr(pem, "never leaves its TPM"));
		free(pem);
		OPENSSL_free(keys[i].der);
	}
}

Test(reference, refuses_to_write_what_it_would_not_read)
{
	struct spki key = spki_of(EVP_EC_gen("P-256"));
	uint8_t big[REFERENCE_DER_MAX + 1] = {0x30};

	cr_expect(write_status(1, NAME_MAX_CHARS, key.der, key.len) == REFERENCE_OK);
	cr_expect(write_status(INT64_MAX, "k", key.der, key.len) == REFERENCE_OK);
	cr_expect(write_status(1, NAME_MAX_CHARS "a", key.der, key.len) == REFERENCE_MALFORMED);
	cr_expect(write_status(1, "", key.der, key.len) == REFERENCE_MALFORMED);
	cr_expect(write_status(1, "1k", key.der, key.len) == REFERENCE_MALFORMED);
	cr_expect(write_status(1, "k\n", key.der, key.len) == REFERENCE_MALFORMED);
	cr_expect(write_status(0, "k", key.der, key.len) == REFERENCE_MALFORMED);
	cr_expect(write_status((uint64_t)INT64_MAX + 1, "k", key.der, key.len) ==
		  REFERENCE_MALFORMED);
	cr_expect(write_status(1, "k", key.der, key.len - 1) == REFERENCE_MALFORMED);
	cr_expect(write_status(1, "k", key.der, 0) == REFERENCE_MALFORMED);
	cr_expect(write_status(1, "k", big, sizeof(big)) == REFERENCE_MALFORMED);
	OPENSSL_free(key.der);
}

Test(reference, finds_its_block_behind_others)
{
	struct spki key = spki_of(EVP_EC_gen("P-256"));
	char *pem = pem_of(&key);
	struct reference reference;
	char *both = NULL;

	cr_assert(asprintf(&both, "-----BEGIN X-----\nAAAA\n-----END X-----\n%s", pem) > 0);
	cr_assert(reference_from_pem(both, strlen(both), &reference) == REFERENCE_OK);
	free(both);
	free(pem);
	OPENSSL_free(key.der);
}

Test(reference, refuses_every_truncation)
{
	struct spki key = spki_of(EVP_EC_gen("P-256"));
	char *pem = pem_of(&key);
	struct reference reference = {.key_id = 4711};
	const char *end = strstr(pem, "-----END");

	for (size_t len = 0; len < (size_t)(end - pem); len++)
		cr_assert(reference_from_pem(pem, len, &reference) == REFERENCE_MALFORMED);
	cr_assert(reference.key_id == 4711, "outputs stay untouched on failure");
	free(pem);
	OPENSSL_free(key.der);
}

/* SEQUENCE { 1, 5, "k", SEQUENCE {} }, and what is wrong with others. */
Test(reference, keeps_to_der)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum reference_status status;
	} cases[] = {
#define DER(text, status) {text, sizeof(text) - 1, status}
		DER("\x30\x0b\x02\x01\x01\x02\x01\x05\x0c\x01k\x30\x00", REFERENCE_OK),
		DER("\x30\x0b\x02\x01\x02\x02\x01\x05\x0c\x01k\x30\x00", REFERENCE_NEWER),
		DER("\x30\x0b\x02\x01\x00\x02\x01\x05\x0c\x01k\x30\x00", REFERENCE_MALFORMED),
		DER("\x30\x0b\x02\x01\x01\x02\x01\x00\x0c\x01k\x30\x00", REFERENCE_MALFORMED),
		DER("\x30\x0b\x02\x01\x01\x02\x01\xff\x0c\x01k\x30\x00", REFERENCE_MALFORMED),
		/* Length in two bytes, indefinite length, a number with a leading zero. */
		DER("\x30\x81\x0b\x02\x01\x01\x02\x01\x05\x0c\x01k\x30\x00", REFERENCE_MALFORMED),
		DER("\x30\x80\x02\x01\x01\x02\x01\x05\x0c\x01k\x30\x00\x00\x00",
		    REFERENCE_MALFORMED),
		DER("\x30\x0c\x02\x01\x01\x02\x02\x00\x05\x0c\x01k\x30\x00", REFERENCE_MALFORMED),
		/* More behind it, a name with a NUL, another type of string, no sequence. */
		DER("\x30\x0b\x02\x01\x01\x02\x01\x05\x0c\x01k\x30\x00\x00", REFERENCE_MALFORMED),
		DER("\x30\x0c\x02\x01\x01\x02\x01\x05\x0c\x02k\x00\x30\x00", REFERENCE_MALFORMED),
		DER("\x30\x0b\x02\x01\x01\x02\x01\x05\x13\x01k\x30\x00", REFERENCE_MALFORMED),
		DER("\x30\x0b\x02\x01\x01\x02\x01\x05\x0c\x01k\x04\x00", REFERENCE_MALFORMED),
		DER("", REFERENCE_MALFORMED),
#undef DER
	};
	struct reference reference;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect(reference_from_der((const uint8_t *)cases[i].bytes, cases[i].len,
					     &reference) == cases[i].status,
			  "case %zu", i);
}
