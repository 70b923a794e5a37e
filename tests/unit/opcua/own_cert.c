#include "own_cert.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

#include "../../support/rsa_maker.h"

TestSuite(own_cert, .timeout = 60);

static struct own_cert *own_of(const struct rsa_cert *const *certs, size_t count)
{
	const uint8_t *ders[OWN_CERT_CHAIN_MAX + 1];
	size_t lens[OWN_CERT_CHAIN_MAX + 1];

	for (size_t i = 0; i < count; i++) {
		ders[i] = certs[i]->der;
		lens[i] = certs[i]->len;
	}
	return own_cert_new(3, 4, UINT64_MAX, ders, lens, count);
}

Test(own_cert, shows_the_chain_without_its_root)
{
	struct rsa_cert root = rsa_cert_make(2048, "root", NULL, NULL);
	struct rsa_cert issuer = rsa_cert_make(2048, "issuer", NULL, &root);
	struct rsa_cert leaf = rsa_cert_make(3072, "leaf", "URI:urn:a", &issuer);
	const struct rsa_cert *chain[] = {&leaf, &issuer, &root};
	struct own_cert *own = own_of(chain, 3);
	uint8_t thumbprint[20];

	cr_assert(own);
	cr_expect(own->leaf_len == leaf.len && own->chain_len == leaf.len + issuer.len);
	cr_expect(memcmp(own->chain, leaf.der, leaf.len) == 0);
	cr_expect(memcmp(own->chain + leaf.len, issuer.der, issuer.len) == 0);
	cr_expect(EVP_Digest(leaf.der, leaf.len, thumbprint, NULL, EVP_sha1(), NULL) == 1);
	cr_expect(memcmp(own->thumbprint, thumbprint, 20) == 0);
	cr_expect(own->key_size == 384);
	cr_expect(own->not_after == 2524607999); /* 2049-12-31 23:59:59 */
	cr_expect(strcmp(own->key, "#18446744073709551615") == 0);
	cr_expect(own->cert_id == 3 && own->version == 4);
	own_cert_free(own);
	rsa_cert_clear(&root);
	rsa_cert_clear(&issuer);
	rsa_cert_clear(&leaf);
}

Test(own_cert, shows_one_that_signs_itself)
{
	struct rsa_cert self = rsa_cert_make(2048, "self", "URI:urn:a", NULL);
	const struct rsa_cert *chain[] = {&self};
	struct own_cert *own = own_of(chain, 1);

	cr_assert(own);
	cr_expect(own->chain_len == self.len && own->leaf_len == self.len);
	own_cert_free(own);
	rsa_cert_clear(&self);
}

Test(own_cert, is_there_as_long_as_somebody_has_a_share)
{
	struct rsa_cert self = rsa_cert_make(2048, "self", "URI:urn:a", NULL);
	const struct rsa_cert *chain[] = {&self};
	struct own_cert *own = own_of(chain, 1), *other = own_cert_share(own);

	cr_expect(other == own && own->shares == 2);
	own_cert_free(own);
	cr_expect(other->shares == 1 && other->chain[0] == 0x30);
	own_cert_free(other);
	own_cert_free(NULL);
	cr_expect(own_cert_share(NULL) == NULL);
	rsa_cert_clear(&self);
}

Test(own_cert, is_none_of_what_cannot_be_shown)
{
	struct rsa_cert ec = rsa_cert_of(EVP_EC_gen("P-256"), "ec", "URI:urn:a", NULL);
	struct rsa_cert weak = rsa_cert_make(1016, "weak", "URI:urn:a", NULL);
	struct rsa_cert good = rsa_cert_make(1024, "good", "URI:urn:a", NULL);
	struct rsa_cert cut = good;
	const struct rsa_cert *chain[OWN_CERT_CHAIN_MAX + 1] = {&ec};
	struct own_cert *own;

	cr_expect(!own_of(chain, 1));
	chain[0] = &weak;
	cr_expect(!own_of(chain, 1));
	chain[0] = &cut;
	cut.len--;
	cr_expect(!own_of(chain, 1));
	chain[0] = &good;
	chain[1] = &cut;
	cr_expect(!own_of(chain, 2));
	cr_expect(!own_of(chain, 0));
	for (size_t i = 0; i <= OWN_CERT_CHAIN_MAX; i++)
		chain[i] = &good;
	cr_expect(!own_of(chain, OWN_CERT_CHAIN_MAX + 1));
	own = own_of(chain, OWN_CERT_CHAIN_MAX);
	cr_expect(own);
	own_cert_free(own);
	rsa_cert_clear(&ec);
	rsa_cert_clear(&weak);
	rsa_cert_clear(&good);
}
