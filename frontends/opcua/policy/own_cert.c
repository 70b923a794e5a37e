#include "own_cert.h"

#include <inttypes.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_BITS_MIN 1024
#define KEY_BITS_MAX 4096

static X509 *parse(const uint8_t *cert, size_t len)
{
	const unsigned char *at = cert;
	X509 *x509 = len && len <= LONG_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;

	if (x509 && at != cert + len) {
		X509_free(x509);
		x509 = NULL;
	}
	return x509;
}

/* What is shown of its leaf. */
static bool read_leaf(struct own_cert *own, const uint8_t *cert, size_t len)
{
	X509 *x509 = parse(cert, len);
	EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;
	struct tm until;
	bool is_good = false;
	int bits;

	if (!key || !EVP_PKEY_is_a(key, "RSA"))
		goto out;
	bits = EVP_PKEY_get_bits(key);
	if (bits < KEY_BITS_MIN || bits > KEY_BITS_MAX ||
	    ASN1_TIME_to_tm(X509_get0_notAfter(x509), &until) != 1 ||
	    EVP_Digest(cert, len, own->thumbprint, NULL, EVP_sha1(), NULL) != 1)
		goto out;
	own->key_size = (size_t)EVP_PKEY_get_size(key);
	own->not_after = timegm(&until);
	own->leaf_len = len;
	is_good = true;
out:
	X509_free(x509);
	return is_good;
}

/* Whoever trusts a root has it: it is not sent along (OPC 10000-6 6.2.6). */
static bool is_wanted(const uint8_t *cert, size_t len, bool *ret_is_wanted)
{
	X509 *x509 = parse(cert, len);
	int is_root = x509 ? X509_self_signed(x509, 0) : -1;

	X509_free(x509);
	if (is_root < 0)
		return false;
	*ret_is_wanted = !is_root;
	return true;
}

/* The lengths of what is shown: 0 for what is not. */
static bool measure(const uint8_t *const *certs, const size_t *lens, size_t count,
		    size_t shown[OWN_CERT_CHAIN_MAX], size_t *ret_len)
{
	size_t len = shown[0] = lens[0];

	for (size_t i = 1; i < count; i++) {
		bool wanted;

		if (!is_wanted(certs[i], lens[i], &wanted))
			return false;
		shown[i] = wanted ? lens[i] : 0;
		len += shown[i];
	}
	*ret_len = len;
	return true;
}

struct own_cert *own_cert_new(uint64_t cert_id, uint32_t version, uint64_t key_id,
			      const uint8_t *const *certs, const size_t *lens, size_t count)
{
	size_t shown[OWN_CERT_CHAIN_MAX], len = 0;
	struct own_cert *own = NULL;
	bool is_good = false;

	if (count == 0 || count > OWN_CERT_CHAIN_MAX)
		return NULL;
	ERR_set_mark();
	own = calloc(1, sizeof(*own));
	if (!own || !read_leaf(own, certs[0], lens[0]) || !measure(certs, lens, count, shown, &len))
		goto out;
	own->chain = malloc(len);
	if (!own->chain)
		goto out;
	for (size_t i = 0; i < count; i++) {
		memcpy(own->chain + own->chain_len, certs[i], shown[i]);
		own->chain_len += shown[i];
	}
	(void)snprintf(own->key, sizeof(own->key), "#%" PRIu64, key_id);
	own->cert_id = cert_id;
	own->version = version;
	own->shares = 1;
	is_good = true;
out:
	ERR_pop_to_mark();
	if (!is_good) {
		own_cert_free(own);
		own = NULL;
	}
	return own;
}

struct own_cert *own_cert_share(struct own_cert *own)
{
	if (own)
		own->shares++;
	return own;
}

void own_cert_free(struct own_cert *own)
{
	if (!own || (own->shares && --own->shares))
		return;
	free(own->chain);
	free(own);
}
