#include <criterion/criterion.h>

#include "x509_maker.h"
#include "x509_pool.h"

static enum pool_status add(struct x509_pool *pool, enum pool_role role,
			    const struct made_cert *made)
{
	return x509_pool_add_cert(pool, role, made->der, (size_t)made->len);
}

Test(x509_pool, holds_as_many_as_it_was_made_for)
{
	struct x509_pool *pool = x509_pool_new(2, 1);
	struct made_cert made[3];
	struct made_crl crls[2];

	for (int i = 0; i < 3; i++)
		made[i] = make_cert((struct made_spec){.name = "same"});
	for (int i = 0; i < 2; i++)
		crls[i] = make_crl((struct made_crl_spec){
			.issuer = &made[i], .without_key_id = true, .number = i + 1});

	cr_assert_eq(add(pool, POOL_TRUSTED, &made[0]), POOL_OK);
	cr_assert_eq(add(pool, POOL_ISSUER, &made[1]), POOL_OK);
	cr_assert_eq(add(pool, POOL_ISSUER, &made[2]), POOL_FULL);
	cr_assert_eq(x509_pool_add_crl(pool, crls[0].der, (size_t)crls[0].len), POOL_OK);
	cr_assert_eq(x509_pool_add_crl(pool, crls[1].der, (size_t)crls[1].len), POOL_FULL);
	/* What is there already takes no room. */
	cr_assert_eq(add(pool, POOL_ISSUER, &made[0]), POOL_OK);
	cr_assert_eq(x509_pool_add_crl(pool, crls[0].der, (size_t)crls[0].len), POOL_OK);

	x509_pool_free(pool);
	for (int i = 0; i < 3; i++)
		made_cert_free(&made[i]);
	for (int i = 0; i < 2; i++)
		made_crl_free(&crls[i]);
}

Test(x509_pool, finds_each_of_a_name)
{
	struct x509_pool *pool = x509_pool_new(20, 1);
	struct pool_cert *found;
	struct made_cert made[20];
	size_t n = 0;

	for (size_t i = 0; i < 20; i++) {
		made[i] = make_cert((struct made_spec){.name = i % 2 ? "odd" : "even"});
		cr_assert_eq(add(pool, POOL_ISSUER, &made[i]), POOL_OK);
	}

	found = x509_pool_cert(pool, X509_get_subject_name(made[1].x509));
	for (; found; found = x509_pool_cert_next(found))
		n++;
	cr_assert_eq(n, 10u);
	for (size_t i = 0; i < 20; i++) {
		found = x509_pool_same(pool, made[i].x509);
		cr_assert_not_null(found);
		cr_assert_eq(X509_cmp(found->x509, made[i].x509), 0);
		made_cert_free(&made[i]);
	}
	x509_pool_free(pool);
}

Test(x509_pool, knows_what_it_holds_by_its_bytes)
{
	struct x509_pool *pool = x509_pool_new(4, 1);
	struct made_cert held = make_cert((struct made_spec){.name = "held"});
	struct made_cert other = make_cert((struct made_spec){.name = "held"});

	cr_assert_null(x509_pool_find(pool, held.der, (size_t)held.len));
	cr_assert_eq(add(pool, POOL_ISSUER, &held), POOL_OK);

	cr_assert_eq(x509_pool_find(pool, held.der, (size_t)held.len),
		     x509_pool_same(pool, held.x509));
	cr_assert_not_null(x509_pool_find(pool, held.der, (size_t)held.len));
	cr_assert_null(x509_pool_find(pool, held.der, (size_t)held.len - 1));
	cr_assert_null(x509_pool_find(pool, other.der, (size_t)other.len));
	cr_assert_null(x509_pool_find(pool, held.der, POOL_CERT_DER_MAX + 1));

	x509_pool_free(pool);
	made_cert_free(&held);
	made_cert_free(&other);
}

Test(x509_pool, makes_an_issuer_trusted_but_no_trusted_one_an_issuer)
{
	struct x509_pool *pool = x509_pool_new(2, 1);
	struct made_cert made = make_cert((struct made_spec){.name = "a"});

	cr_assert_eq(add(pool, POOL_ISSUER, &made), POOL_OK);
	cr_assert(!x509_pool_same(pool, made.x509)->trusted);
	cr_assert_eq(add(pool, POOL_TRUSTED, &made), POOL_OK);
	cr_assert(x509_pool_same(pool, made.x509)->trusted);
	cr_assert_eq(add(pool, POOL_ISSUER, &made), POOL_OK);
	cr_assert(x509_pool_same(pool, made.x509)->trusted);
	made_cert_free(&made);
	x509_pool_free(pool);
}

Test(x509_pool, refuses_what_is_malformed_or_too_large)
{
	struct x509_pool *pool = x509_pool_new(2, 2);
	struct made_cert made = make_cert((struct made_spec){.name = "a"});
	uint8_t *large = calloc(1, POOL_CRL_DER_MAX + 1);
	uint8_t longer[4096] = {0};

	memcpy(longer, made.der, (size_t)made.len);

	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, made.der, (size_t)made.len - 1),
		     POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, longer, (size_t)made.len + 1),
		     POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, large, 0), POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, large, POOL_CERT_DER_MAX),
		     POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, large, POOL_CERT_DER_MAX + 1),
		     POOL_TOO_LARGE);
	cr_assert_eq(x509_pool_add_crl(pool, made.der, (size_t)made.len), POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_crl(pool, large, POOL_CRL_DER_MAX), POOL_MALFORMED);
	cr_assert_eq(x509_pool_add_crl(pool, large, POOL_CRL_DER_MAX + 1), POOL_TOO_LARGE);
	free(large);
	made_cert_free(&made);
	x509_pool_free(pool);
}

struct source {
	const struct made_cert *made;
	size_t count;
	size_t asked;
	bool fails;
};

static bool give(struct x509_pool *pool, uint32_t name_hash, void *user)
{
	struct source *source = user;

	source->asked++;
	for (size_t i = 0; i < source->count; i++) {
		X509_NAME *subject = X509_get_subject_name(source->made[i].x509);

		if ((uint32_t)X509_NAME_hash_ex(subject, NULL, NULL, NULL) == name_hash &&
		    add(pool, POOL_ISSUER, &source->made[i]) != POOL_OK)
			return false;
	}
	return !source->fails;
}

Test(x509_pool, asks_its_source_once_for_each_name)
{
	struct x509_pool *pool = x509_pool_new(20, 1);
	struct made_cert made[4];
	struct source source = {.made = made, .count = 4};
	struct pool_cert *found;

	for (size_t i = 0; i < 4; i++)
		made[i] = make_cert((struct made_spec){.name = i < 3 ? "many" : "one"});
	x509_pool_set_source(pool, give, &source);
	for (int round = 0; round < 2; round++) {
		size_t n = 0;

		found = x509_pool_cert(pool, X509_get_subject_name(made[0].x509));
		for (; found; found = x509_pool_cert_next(found))
			n++;
		cr_assert_eq(n, 3);
		cr_assert_eq(source.asked, 1);
	}
	cr_assert_not_null(x509_pool_same(pool, made[3].x509));
	cr_assert_eq(source.asked, 2);
	cr_assert_null(x509_pool_crl(pool, X509_get_subject_name(made[3].x509)));
	cr_assert_eq(source.asked, 2);
	cr_assert(!x509_pool_is_short(pool));
	x509_pool_free(pool);
	for (size_t i = 0; i < 4; i++)
		made_cert_free(&made[i]);
}

Test(x509_pool, says_when_its_source_had_more_than_there_was_room_for)
{
	struct x509_pool *pool = x509_pool_new(1, 1);
	struct made_cert made[2];
	struct source source = {.made = made, .count = 2};

	for (size_t i = 0; i < 2; i++)
		made[i] = make_cert((struct made_spec){.name = "many"});
	x509_pool_set_source(pool, give, &source);
	(void)x509_pool_same(pool, made[0].x509);
	cr_assert(x509_pool_is_short(pool));
	x509_pool_free(pool);
	for (size_t i = 0; i < 2; i++)
		made_cert_free(&made[i]);
}

Test(x509_pool, asks_for_so_many_names_and_no_more)
{
	struct x509_pool *pool = x509_pool_new(1, 1);
	struct source source = {0};

	x509_pool_set_source(pool, give, &source);
	for (int i = 0; i < POOL_NAMES_MAX + 1; i++) {
		char text[16];
		X509_NAME *name;

		cr_assert(!x509_pool_is_short(pool), "%d", i);
		snprintf(text, sizeof(text), "n%d", i);
		name = made_name(text);
		cr_assert_null(x509_pool_cert(pool, name));
		X509_NAME_free(name);
	}
	cr_assert(x509_pool_is_short(pool));
	cr_assert_eq(source.asked, (size_t)POOL_NAMES_MAX);
	x509_pool_free(pool);
}
