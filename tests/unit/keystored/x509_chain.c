#include <criterion/criterion.h>

#include "x509_plant.h"

TestSuite(x509_chain, .init = setup, .fini = teardown);

static void trust_root_know_mid(void)
{
	trust(root);
	know(mid);
	request.crls = PATH_CRLS_REQUIRED;
}

Test(x509_chain, says_when_and_why_the_leaf_was_revoked)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){
		.issuer = mid, .revoked = leaf, .reason = CRL_REASON_KEY_COMPROMISE});

	expect(leaf, PATH_REVOKED, 0, leaf);
	cr_assert_eq(verdict.revoked_at, NOW - 2 * DAY);
	cr_assert_eq(verdict.revocation_reason, 1);
	cr_assert_str_eq(verdict.text, "\"CN=plc-1\" was revoked by \"CN=Mid\" on 2027-01-13 "
				       "08:00:00 UTC: key compromise");
	request.crls = PATH_CRLS_WHERE_KNOWN;
	expect(leaf, PATH_REVOKED, 0, leaf);
	request.crls = PATH_CRLS_NONE;
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, refuses_what_a_revoked_ca_issued)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){
		.issuer = root, .revoked = mid, .reason = CRL_REASON_CESSATION_OF_OPERATION});
	add_crl((struct made_crl_spec){.issuer = mid});

	expect(leaf, PATH_REVOKED, 1, mid);
	cr_assert_eq(verdict.revocation_reason, 5);
	says("cessation of operation");
}

Test(x509_chain, refuses_what_is_on_hold)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){
		.issuer = mid, .revoked = leaf, .reason = CRL_REASON_CERTIFICATE_HOLD});

	expect(leaf, PATH_REVOKED, 0, leaf);
	says("on hold");
}

Test(x509_chain, refuses_a_root_that_revoked_itself)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root, .revoked = root});
	add_crl((struct made_crl_spec){.issuer = mid});

	expect(leaf, PATH_REVOKED, 2, root);
}

Test(x509_chain, refuses_a_trusted_leaf_that_its_ca_revoked)
{
	trust(leaf);
	know(mid);
	know(root);
	request.crls = PATH_CRLS_WHERE_KNOWN;
	expect(leaf, PATH_OK, 0, leaf);

	add_crl((struct made_crl_spec){.issuer = mid, .revoked = leaf});
	expect(leaf, PATH_REVOKED, 0, leaf);
}

Test(x509_chain, refuses_a_trusted_ca_that_the_one_above_revoked)
{
	trust(mid);
	know(root);
	request.crls = PATH_CRLS_REQUIRED;
	add_crl((struct made_crl_spec){.issuer = mid});
	expect(leaf, PATH_CRL_MISSING, 1, mid);

	add_crl((struct made_crl_spec){.issuer = root, .revoked = mid});
	expect(leaf, PATH_REVOKED, 1, mid);
}

Test(x509_chain, does_not_ask_of_a_trusted_ca_that_the_one_above_is_valid)
{
	struct made_cert *old = cert((struct made_spec){.name = "Old root",
							.not_after = NOW - DAY,
							.extensions = {CA_EXTENSIONS, KEY_IDS}});
	struct made_cert *below = ca("Below", old);
	struct made_cert *end = cert((struct made_spec){.name = "end", .issuer = below});

	trust(below);
	know(old);
	request.crls = PATH_CRLS_REQUIRED;
	add_crl((struct made_crl_spec){.issuer = old});
	add_crl((struct made_crl_spec){.issuer = below});

	expect(end, PATH_OK, 1, below);
}

Test(x509_chain, names_the_ca_whose_crl_is_missing)
{
	trust_root_know_mid();
	expect(leaf, PATH_CRL_MISSING, 0, leaf);
	says("there is no CRL of \"CN=Mid\"");

	add_crl((struct made_crl_spec){.issuer = mid});
	expect(leaf, PATH_CRL_MISSING, 1, mid);
	says("there is no CRL of \"CN=Root\"");

	add_crl((struct made_crl_spec){.issuer = root});
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, does_without_crls_that_are_not_known_only_if_asked)
{
	trust_root_know_mid();
	request.crls = PATH_CRLS_WHERE_KNOWN;
	expect(leaf, PATH_OK, 2, root);

	add_crl((struct made_crl_spec){.issuer = mid});
	expect(leaf, PATH_OK, 2, root);
}

static void expect_crl(struct made_crl_spec spec, enum path_reason reason)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl(spec);

	expect(leaf, reason, 0, leaf);
	request.crls = PATH_CRLS_WHERE_KNOWN;
	expect(leaf, reason, 0, leaf);
}

Test(x509_chain, refuses_an_expired_crl)
{
	expect_crl((struct made_crl_spec){.issuer = mid, .next_update = NOW - 1}, PATH_CRL_EXPIRED);
	says("the CRL of \"CN=Mid\" for \"CN=plc-1\" had to be updated by 2027-01-15 07:59:59 UTC");
}

Test(x509_chain, refuses_a_crl_that_never_expires)
{
	expect_crl((struct made_crl_spec){.issuer = mid, .next_update = -1}, PATH_CRL_EXPIRED);
	says("has no date of its next update");
}

Test(x509_chain, refuses_a_crl_of_tomorrow)
{
	expect_crl((struct made_crl_spec){.issuer = mid, .this_update = NOW + 1},
		   PATH_CRL_NOT_YET_VALID);
	says("is not valid before 2027-01-15 08:00:01 UTC");
}

Test(x509_chain, refuses_a_crl_with_a_wrong_signature)
{
	expect_crl((struct made_crl_spec){.issuer = mid, .signed_by = leaf->key},
		   PATH_CRL_SIGNATURE);
}

Test(x509_chain, refuses_a_crl_signed_with_an_outdated_digest)
{
	expect_crl((struct made_crl_spec){.issuer = mid, .md = EVP_sha1()}, PATH_CRL_SIGNATURE);
}

Test(x509_chain, refuses_a_crl_for_other_certificates)
{
	/* issuingDistributionPoint { onlyContainsCACerts TRUE } */
	expect_crl((struct made_crl_spec){.issuer = mid,
					  .extension = {NID_issuing_distribution_point,
							"critical,DER:30038201FF"}},
		   PATH_CRL_SCOPE);
	says("no CRL of \"CN=Mid\" covers \"CN=plc-1\"");
}

Test(x509_chain, refuses_a_crl_with_an_unknown_critical_extension)
{
	int nid = OBJ_create("1.3.6.1.4.1.99999.2", "unknownCrl", "unknown of a CRL");

	expect_crl((struct made_crl_spec){.issuer = mid, .extension = {nid, "critical,DER:0500"}},
		   PATH_CRL_SCOPE);
}

Test(x509_chain, refuses_a_crl_that_only_has_the_issuers_name)
{
	struct made_cert *other = ca("Mid", NULL);

	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = other});
	expect(leaf, PATH_CRL_WRONG_ISSUER, 0, leaf);
	says("of another key");
	request.crls = PATH_CRLS_WHERE_KNOWN;
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, tells_a_namesakes_crl_by_its_signature)
{
	struct made_cert *other = ca("Mid", root);

	trust_root_know_mid();
	know(other);
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = other, .without_key_id = true});
	expect(leaf, PATH_CRL_WRONG_ISSUER, 0, leaf);

	add_crl((struct made_crl_spec){.issuer = mid, .without_key_id = true});
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, refuses_a_crl_of_a_ca_that_may_sign_none)
{
	struct made_cert *mute =
		cert((struct made_spec){.name = "Mute",
					.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
						       {NID_key_usage, "keyCertSign"},
						       KEY_IDS}});
	struct made_cert *end = cert((struct made_spec){.name = "end", .issuer = mute});

	trust(mute);
	request.crls = PATH_CRLS_REQUIRED;
	add_crl((struct made_crl_spec){.issuer = mute});

	expect(end, PATH_CRL_WRONG_ISSUER, 0, end);
}

Test(x509_chain, takes_the_newer_of_two_crls)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid, .number = 2});
	add_crl((struct made_crl_spec){.issuer = mid, .this_update = NOW - 5 * DAY});
	expect(leaf, PATH_OK, 2, root);

	add_crl((struct made_crl_spec){
		.issuer = mid, .this_update = NOW - 10, .number = 3, .revoked = leaf});
	expect(leaf, PATH_REVOKED, 0, leaf);
}

/* Two lists within a second: it was revoked in between. */
Test(x509_chain, takes_the_crl_with_the_higher_number_of_two_from_the_same_second)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid, .number = 7});
	add_crl((struct made_crl_spec){.issuer = mid, .number = 8, .revoked = leaf});
	expect(leaf, PATH_REVOKED, 0, leaf);
	add_crl((struct made_crl_spec){.issuer = mid, .number = 9});
	expect(leaf, PATH_OK, 2, root);
	/* An older one that comes later changes nothing. */
	add_crl((struct made_crl_spec){
		.issuer = mid, .number = 6, .revoked = leaf, .reason = CRL_REASON_SUPERSEDED});
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, does_not_take_a_crl_from_the_future_for_the_newer_one)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid, .number = 2});
	add_crl((struct made_crl_spec){
		.issuer = mid, .this_update = NOW + DAY, .number = 3, .revoked = leaf});
	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, takes_a_current_crl_beside_an_expired_and_a_forged_one)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid});
	add_crl((struct made_crl_spec){
		.issuer = mid, .this_update = NOW - 3 * DAY, .next_update = NOW - DAY});
	add_crl((struct made_crl_spec){.issuer = mid,
				       .this_update = NOW - 1,
				       .signed_by = leaf->key,
				       .revoked = leaf,
				       .number = 9});

	expect(leaf, PATH_OK, 2, root);
}

Test(x509_chain, answers_the_same_again_with_what_it_remembers)
{
	trust_root_know_mid();
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid, .revoked = leaf});

	for (size_t i = 0; i < 3; i++)
		expect(leaf, PATH_REVOKED, 0, leaf);
	know(leaf);
	for (size_t i = 0; i < 3; i++)
		expect(leaf, PATH_REVOKED, 0, leaf);
}
