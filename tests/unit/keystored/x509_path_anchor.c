/* By which certificate a path is verified: x509_path.h's anchor. */
#include <criterion/criterion.h>

#include "x509_plant.h"

#define CHAINS_MAX 8 /* x509_path.c's */

TestSuite(x509_path_anchor, .init = setup, .fini = teardown);

static void demand(const struct made_cert *made)
{
	request.anchor = (struct path_der){made->der, (size_t)made->len};
	request.anchor_id = 7;
}

static struct made_cert *ca_again(const struct made_cert *same, const struct made_cert *issuer)
{
	char name[16];

	X509_NAME_get_text_by_NID(X509_get_subject_name(same->x509), NID_commonName, name,
				  sizeof(name));
	return cert((struct made_spec){.name = name,
				       .issuer = issuer,
				       .key = same->key,
				       .extensions = {CA_EXTENSIONS, KEY_IDS}});
}

Test(x509_path_anchor, is_on_the_path_wherever_it_stands)
{
	trust(root);
	know(mid);
	add_both_crls();

	demand(root);
	expect(leaf, PATH_OK, 2, root);
	demand(mid);
	expect(leaf, PATH_OK, 2, root);
	demand(leaf);
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_path_anchor, is_missed_on_a_path_that_is_valid)
{
	struct made_cert *other = ca("Other", NULL);
	struct made_cert *neighbour = cert((struct made_spec){.name = "plc-2", .issuer = mid});

	trust(root);
	trust(other);
	know(mid);

	demand(other);
	expect(leaf, PATH_ANCHOR, 2, root);
	says("trusted through \"CN=Root\", but not by way of certificate 7");
	demand(neighbour);
	expect(leaf, PATH_ANCHOR, 2, root);
}

Test(x509_path_anchor, makes_the_search_go_on_to_other_chains)
{
	struct made_cert *other = ca("Other", NULL);
	struct made_cert *mid_by_other = ca_again(mid, other);

	trust(root);
	trust(other);
	know(mid);
	send_along(mid_by_other);

	demand(root);
	expect(leaf, PATH_OK, 2, root);
	demand(other);
	expect(leaf, PATH_OK, 2, other);
}

Test(x509_path_anchor, is_not_trusted_for_being_named)
{
	struct made_cert *self = cert((struct made_spec){.name = "self"});

	know(mid);
	demand(root);
	expect(leaf, PATH_UNTRUSTED, 2, root);
	demand(mid);
	expect(leaf, PATH_INCOMPLETE, 1, mid);
	demand(leaf);
	expect(leaf, PATH_INCOMPLETE, 1, mid);
	demand(self);
	expect(self, PATH_UNTRUSTED, 0, self);
}

Test(x509_path_anchor, helps_to_find_the_path_as_if_it_had_been_sent)
{
	trust(root);
	demand(mid);

	expect(leaf, PATH_OK, 2, root);
}

Test(x509_path_anchor, may_stand_above_the_trusted_certificate_where_the_path_ends)
{
	struct made_cert *other = ca("Other", NULL);

	trust(mid);
	demand(root);
	expect(leaf, PATH_OK, 1, mid);
	says("trusted through \"CN=Mid\"");
	demand(other);
	expect(leaf, PATH_ANCHOR, 1, mid);
}

Test(x509_path_anchor, may_stand_far_above_a_leaf_that_is_trusted_itself)
{
	struct made_cert *other = ca("Other", NULL);

	trust(leaf);
	know(mid);
	demand(root);
	expect(leaf, PATH_OK, 0, leaf);
	demand(other);
	expect(leaf, PATH_ANCHOR, 0, leaf);
}

Test(x509_path_anchor, is_checked_with_all_below_it)
{
	struct made_cert *old = cert((struct made_spec){
		.name = "Old", .not_after = NOW - DAY, .extensions = {CA_EXTENSIONS, KEY_IDS}});
	struct made_cert *narrow = cert((struct made_spec){
		.name = "Narrow",
		.extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
			       {NID_key_usage, "critical,keyCertSign,cRLSign"},
			       KEY_IDS}});

	trust(ca_again(mid, old));
	demand(old);
	expect(leaf, PATH_EXPIRED, 2, old);
	trust(ca_again(mid, narrow));
	demand(narrow);
	expect(leaf, PATH_LENGTH, 2, narrow);
	/* What only trust would need is as good as ever. */
	request.anchor.len = 0;
	request.candidate = (struct path_der){leaf->der, (size_t)leaf->len};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_OK, "%s", verdict.text);
}

Test(x509_path_anchor, takes_nothing_that_was_revoked_below_it)
{
	trust(mid);
	demand(root);
	request.crls = PATH_CRLS_REQUIRED;
	add_crl((struct made_crl_spec){.issuer = mid});
	expect(leaf, PATH_CRL_MISSING, 1, mid);
	add_crl((struct made_crl_spec){.issuer = root, .revoked = mid});
	expect(leaf, PATH_REVOKED, 1, mid);
}

Test(x509_path_anchor, is_as_good_with_its_name_and_key_in_another_certificate)
{
	struct made_cert *renewed = ca_again(root, NULL);
	struct made_cert *namesake = ca("Root", NULL);

	trust(root);
	know(mid);
	demand(renewed);
	expect(leaf, PATH_OK, 2, root);
	demand(namesake);
	expect(leaf, PATH_ANCHOR, 2, root);
	send_along(namesake);
	expect(leaf, PATH_ANCHOR, 2, root);
}

Test(x509_path_anchor, is_searched_for_in_so_many_chains_and_no_more)
{
	struct made_cert *other = ca("Other", NULL);

	demand(other);
	for (size_t i = 0; i < CHAINS_MAX; i++)
		trust(ca_again(mid, root));
	request.candidate = (struct path_der){leaf->der, (size_t)leaf->len};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_ANCHOR, "%s", verdict.text);
	trust(ca_again(mid, root));
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_TOO_COMPLEX, "%s",
		     verdict.text);
}

Test(x509_path_anchor, is_told_apart_from_the_host_that_is_asked_last)
{
	struct made_cert *other = ca("Other", NULL);

	know(mid);
	request.host = "plc-2";
	expect(leaf, PATH_INCOMPLETE, 1, mid);
	trust(root);
	expect(leaf, PATH_HOST, 0, leaf);
	says("\"CN=plc-1\" is trusted, but not for the host \"plc-2\"");
	says("have \"plc-1\": ask");
	demand(other);
	expect(leaf, PATH_ANCHOR, 2, root);
	demand(root);
	expect(leaf, PATH_HOST, 0, leaf);
	request.host = "plc-1.";
	expect(leaf, PATH_OK, 2, root);
	/* What is not for its purpose is nobody's host. */
	request.host = "plc-2";
	request.at = NOW + 101 * DAY;
	expect(leaf, PATH_EXPIRED, 2, root);
}
