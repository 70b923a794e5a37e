#include <criterion/criterion.h>

#include "x509_plant.h"

/* certificatePolicies with 1.3.6.1.4.1.99999.3 */
#define POLICY "DER:300D300B06092B06010401868D1F03"

TestSuite(x509_path, .init = setup, .fini = teardown);

Test(x509_path, extends_trust_from_a_ca_to_what_it_issued)
{
	trust(root);
	know(mid);
	add_both_crls();

	expect(leaf, PATH_OK, 2, root);
	says("trusted through \"CN=Root\"");
}

Test(x509_path, takes_issuers_that_the_peer_sent_in_any_order)
{
	trust(root);
	send_along(root);
	send_along(leaf);
	send_along(mid);

	expect(leaf, PATH_OK, 2, root);
}

Test(x509_path, trusts_no_root_because_it_was_sent)
{
	send_along(mid);
	send_along(root);

	expect(leaf, PATH_UNTRUSTED, 2, root);
	says("\"CN=Root\", which is not trusted");
}

Test(x509_path, ends_at_an_intermediate_ca_that_is_trusted)
{
	trust(mid);

	expect(leaf, PATH_OK, 1, mid);
}

Test(x509_path, accepts_a_leaf_that_is_trusted_itself)
{
	struct made_cert *self = cert((struct made_spec){.name = "self"});

	trust(leaf);
	trust(self);

	expect(leaf, PATH_OK, 0, leaf);
	request.crls = PATH_CRLS_REQUIRED;
	expect(leaf, PATH_OK, 0, leaf);
	expect(self, PATH_OK, 0, self);
}

Test(x509_path, extends_no_trust_from_a_leaf)
{
	struct made_cert *below = cert((struct made_spec){.name = "below", .issuer = leaf});

	trust(leaf);

	expect(below, PATH_NO_CA, 1, leaf);
	says("\"CN=plc-1\" issued a certificate, but is not a CA");
}

Test(x509_path, extends_no_trust_from_a_certificate_without_basic_constraints)
{
	struct made_cert *old = cert(
		(struct made_spec){.name = "old", .extensions = {{NID_key_usage, "keyCertSign"}}});
	struct made_cert *below = cert((struct made_spec){.name = "below", .issuer = old});

	trust(old);

	expect(below, PATH_NO_CA, 1, old);
}

Test(x509_path, refuses_a_self_signed_leaf_that_is_not_trusted)
{
	struct made_cert *self = cert((struct made_spec){.name = "self"});

	trust(root);

	expect(self, PATH_UNTRUSTED, 0, self);
}

Test(x509_path, names_the_missing_issuer)
{
	trust(root);

	expect(leaf, PATH_INCOMPLETE, 0, leaf);
	says("the certificate of \"CN=Mid\", which issued \"CN=plc-1\", is missing");
}

Test(x509_path, names_the_missing_issuer_of_an_intermediate)
{
	send_along(mid);

	expect(leaf, PATH_INCOMPLETE, 1, mid);
	says("the certificate of \"CN=Root\", which issued \"CN=Mid\", is missing");
}

Test(x509_path, says_when_a_certificate_expired)
{
	struct made_cert *old =
		cert((struct made_spec){.name = "old", .issuer = root, .not_after = NOW - 1});

	trust(root);

	expect(old, PATH_EXPIRED, 0, old);
	says("\"CN=old\" expired on 2027-01-15 07:59:59 UTC; the clock here says 2027-01-15 "
	     "08:00:00 UTC");
}

Test(x509_path, says_which_ca_expired)
{
	trust(root);
	know(mid);
	request.at = NOW + 101 * DAY;

	expect(leaf, PATH_EXPIRED, 2, root);
}

Test(x509_path, says_when_a_certificate_becomes_valid)
{
	struct made_cert *early =
		cert((struct made_spec){.name = "early", .issuer = root, .not_before = NOW + 1});

	trust(root);

	expect(early, PATH_NOT_YET_VALID, 0, early);
	says("is not valid before 2027-01-15 08:00:01 UTC");
}

Test(x509_path, refuses_a_signature_of_another_key)
{
	struct made_cert *forged =
		cert((struct made_spec){.name = "forged", .issuer = root, .signed_by = leaf->key});

	trust(root);

	expect(forged, PATH_SIGNATURE, 0, forged);
	says("\"CN=forged\" is not signed with the key of \"CN=Root\"");
}

Test(x509_path, refuses_what_a_root_of_the_same_name_sent_along_issued)
{
	struct made_cert *fake = ca("Root", NULL);
	struct made_cert *victim = cert((struct made_spec){.name = "victim", .issuer = fake});

	trust(root);
	send_along(fake);

	expect(victim, PATH_UNTRUSTED, 1, fake);
}

Test(x509_path, finds_the_right_one_of_cas_with_one_name_and_several_keys)
{
	struct made_cert *same[6];
	struct made_cert *below;

	/* No key identifiers: only the signature tells. */
	for (size_t i = 0; i < 6; i++) {
		same[i] = cert((struct made_spec){.name = "Same", .extensions = {CA_EXTENSIONS}});
		trust(same[i]);
	}
	request.crls = PATH_CRLS_REQUIRED;
	for (size_t i = 0; i < 6; i++)
		add_crl((struct made_crl_spec){.issuer = same[i], .without_key_id = true});

	for (size_t i = 0; i < 6; i++) {
		below = cert((struct made_spec){.name = "below", .issuer = same[i]});
		expect(below, PATH_OK, 1, same[i]);
	}
}

Test(x509_path, finds_a_way_through_cross_certificates)
{
	struct made_cert *other = ca("Other", NULL);
	struct made_cert *mid_by_other =
		cert((struct made_spec){.name = "Mid",
					.issuer = other,
					.key = mid->key,
					.extensions = {CA_EXTENSIONS, KEY_IDS}});
	struct made_cert *expired =
		cert((struct made_spec){.name = "Mid",
					.issuer = root,
					.key = mid->key,
					.not_after = NOW - DAY,
					.extensions = {CA_EXTENSIONS, KEY_IDS}});

	trust(other);
	trust(root);
	know(expired);
	send_along(mid_by_other);

	expect(leaf, PATH_OK, 2, other);
}

Test(x509_path, gives_up_a_chain_that_goes_round_in_a_circle)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made_cert b0 = make_cert(
		(struct made_spec){.name = "B", .key = key, .extensions = {CA_EXTENSIONS}});
	struct made_cert *a =
		cert((struct made_spec){.name = "A", .issuer = &b0, .extensions = {CA_EXTENSIONS}});
	struct made_cert *b = cert((struct made_spec){
		.name = "B", .issuer = a, .key = key, .extensions = {CA_EXTENSIONS}});
	struct made_cert *below = cert((struct made_spec){.name = "below", .issuer = a});

	send_along(a);
	send_along(b);

	expect(below, PATH_LOOP, 2, b);
	made_cert_free(&b0);
	EVP_PKEY_free(key);
}

static struct made_cert *deep(size_t levels)
{
	struct made_cert *last = ca("Top", NULL);
	char name[32];

	trust(last);
	for (size_t i = 0; i < levels; i++) {
		snprintf(name, sizeof(name), "level %zu", i);
		last = ca(name, last);
		send_along(last);
	}
	return last;
}

Test(x509_path, accepts_a_chain_of_the_longest_length)
{
	struct made_cert *last = deep(PATH_CERTS_MAX - 1);

	expect(last, PATH_OK, PATH_CERTS_MAX - 1, &certs[cert_count - PATH_CERTS_MAX]);
}

Test(x509_path, refuses_a_chain_of_one_more)
{
	struct made_cert *last = deep(PATH_CERTS_MAX);

	expect(last, PATH_TOO_DEEP, PATH_CERTS_MAX - 1, &certs[cert_count - PATH_CERTS_MAX]);
}

Test(x509_path, refuses_a_chain_fifty_deep)
{
	struct made_cert *last = deep(50);

	expect(last, PATH_TOO_DEEP, PATH_CERTS_MAX - 1, &certs[cert_count - PATH_CERTS_MAX]);
	says("given up at");
}

Test(x509_path, refuses_more_certificates_than_may_be_sent)
{
	trust(root);
	know(mid);
	for (size_t i = 0; i < PATH_SENT_MAX; i++)
		send_along(mid);
	expect(leaf, PATH_OK, 2, root);

	send_along(mid);
	expect(leaf, PATH_TOO_DEEP, 0, leaf);
}

Test(x509_path, gives_up_a_web_of_issuers)
{
	struct made_cert *issuer = ca("level 0", NULL);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made_cert *web = NULL;
	char name[16];

	/* Each was issued by all of the level above: six to the power of the depth. */
	for (size_t level = 1; level < PATH_CERTS_MAX; level++) {
		snprintf(name, sizeof(name), "level %zu", level);
		for (size_t i = 0; i < 6; i++) {
			web = cert((struct made_spec){.name = name,
						      .issuer = issuer,
						      .key = key,
						      .signed_by = level > 1 ? key : NULL,
						      .extensions = {CA_EXTENSIONS}});
			send_along(web);
		}
		issuer = web;
	}

	request.candidate = (struct path_der){web->der, (size_t)web->len};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_TOO_COMPLEX, "%s",
		     verdict.text);
	EVP_PKEY_free(key);
}

Test(x509_path, refuses_what_is_no_certificate)
{
	uint8_t zeros[300] = {0};
	struct path_der *candidate = &request.candidate;

	trust(root);
	know(mid);
	*candidate = (struct path_der){zeros, sizeof(zeros)};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_MALFORMED);
	*candidate = (struct path_der){leaf->der, (size_t)leaf->len - 1};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_MALFORMED);
	*candidate = (struct path_der){zeros, 0};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_MALFORMED);

	*candidate = (struct path_der){leaf->der, (size_t)leaf->len};
	sent[request.sent_count++] = (struct path_der){zeros, sizeof(zeros)};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), PATH_MALFORMED);
	says("not one DER certificate");
}

Test(x509_path, keeps_to_the_path_length)
{
	struct made_cert *narrow = cert((struct made_spec){
		.name = "Narrow",
		.extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
			       {NID_key_usage, "keyCertSign,cRLSign"},
			       KEY_IDS}});
	struct made_cert *below = ca("Below", narrow);
	struct made_cert *end = cert((struct made_spec){.name = "end", .issuer = below});

	trust(narrow);
	know(below);

	expect(below, PATH_OK, 1, narrow);
	expect(end, PATH_LENGTH, 2, narrow);
}

Test(x509_path, keeps_to_the_name_constraints)
{
	struct made_cert *bound = cert((struct made_spec){
		.name = "Bound",
		.extensions = {CA_EXTENSIONS,
			       KEY_IDS,
			       {NID_name_constraints, "critical,permitted;DNS:plant.example"}}});
	struct made_cert *in = cert(
		(struct made_spec){.name = "in",
				   .issuer = bound,
				   .extensions = {{NID_subject_alt_name, "DNS:a.plant.example"}}});
	struct made_cert *out =
		cert((struct made_spec){.name = "out",
					.issuer = bound,
					.extensions = {{NID_subject_alt_name, "DNS:b.org"}}});

	trust(bound);

	expect(in, PATH_OK, 1, bound);
	expect(out, PATH_NAME_CONSTRAINTS, 0, out);
}

Test(x509_path, follows_a_ca_below_another_of_the_same_name)
{
	struct made_cert *below = ca("Root", root);
	struct made_cert *end = cert((struct made_spec){.name = "end", .issuer = below});

	trust(root);
	send_along(below);

	expect(end, PATH_OK, 2, root);
}

Test(x509_path, wants_the_policies_that_a_ca_demands)
{
	struct made_cert *strict = cert((struct made_spec){
		.name = "Strict",
		.issuer = root,
		.extensions = {CA_EXTENSIONS,
			       KEY_IDS,
			       {NID_policy_constraints, "critical,requireExplicitPolicy:0"},
			       {NID_certificate_policies, POLICY}}});
	struct made_cert *with =
		cert((struct made_spec){.name = "with",
					.issuer = strict,
					.extensions = {{NID_certificate_policies, POLICY}}});
	struct made_cert *without = cert((struct made_spec){.name = "without", .issuer = strict});

	trust(root);
	know(strict);

	expect(with, PATH_OK, 2, root);
	expect(without, PATH_POLICY, 0, without);
}

Test(x509_path, refuses_an_unknown_critical_extension)
{
	int nid = OBJ_create("1.3.6.1.4.1.99999.1", "unknownThing", "unknown thing");
	struct made_cert *odd = cert((struct made_spec){
		.name = "odd", .issuer = root, .extensions = {{nid, "critical,DER:0500"}}});
	struct made_cert *fine = cert((struct made_spec){
		.name = "fine", .issuer = root, .extensions = {{nid, "DER:0500"}}});

	trust(root);

	expect(odd, PATH_CRITICAL_EXTENSION, 0, odd);
	expect(fine, PATH_OK, 1, root);
}

Test(x509_path, refuses_a_malformed_extension)
{
	struct made_cert *odd = cert((struct made_spec){
		.name = "odd", .issuer = root, .extensions = {{NID_key_usage, "DER:0500"}}});

	trust(root);

	expect(odd, PATH_EXTENSION, 0, odd);
}

Test(x509_path, refuses_weak_keys_and_digests)
{
	EVP_PKEY *rsa = EVP_RSA_gen(1024);
	EVP_PKEY *curve = EVP_EC_gen("secp256k1");
	struct made_cert *small =
		cert((struct made_spec){.name = "small", .issuer = root, .key = rsa});
	struct made_cert *odd =
		cert((struct made_spec){.name = "odd", .issuer = root, .key = curve});
	struct made_cert *sha1 =
		cert((struct made_spec){.name = "sha1", .issuer = root, .md = EVP_sha1()});

	trust(root);

	expect(small, PATH_WEAK, 0, small);
	expect(odd, PATH_WEAK, 0, odd);
	expect(sha1, PATH_WEAK, 0, sha1);
	trust(small);
	expect(small, PATH_WEAK, 0, small);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(curve);
}

Test(x509_path, refuses_a_certificate_for_another_usage)
{
	struct made_cert *client =
		cert((struct made_spec){.name = "client",
					.issuer = root,
					.extensions = {{NID_ext_key_usage, "clientAuth"}}});
	struct made_cert *agree = cert((struct made_spec){
		.name = "crl signer", .issuer = root, .extensions = {{NID_key_usage, "cRLSign"}}});

	trust(root);
	request.purpose = PATH_TLS_CLIENT;
	expect(client, PATH_OK, 1, root);
	expect(agree, PATH_USAGE, 0, agree);
	request.purpose = PATH_TLS_SERVER;
	expect(client, PATH_USAGE, 0, client);
	trust(client);
	expect(client, PATH_USAGE, 0, client);
	request.purpose = PATH_ANY;
	expect(client, PATH_OK, 0, client);
}

Test(x509_path, wants_the_application_uri_and_usages_of_opc_ua)
{
	struct made_cert *bare = cert(
		(struct made_spec){.name = "bare",
				   .issuer = root,
				   .extensions = {LEAF_USAGE, {NID_subject_alt_name, "URI:" URI}}});
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	struct made_cert *no_encipherment =
		cert((struct made_spec){.name = "sign only",
					.issuer = root,
					.key = rsa,
					.extensions = {{NID_key_usage, "digitalSignature"},
						       {NID_ext_key_usage, "clientAuth"},
						       {NID_subject_alt_name, "URI:" URI}}});

	trust(root);
	know(mid);
	request.purpose = PATH_OPCUA;
	request.application_uri = URI;
	expect(leaf, PATH_OK, 2, root);
	expect(bare, PATH_USAGE, 0, bare);
	expect(no_encipherment, PATH_USAGE, 0, no_encipherment);

	request.application_uri = "urn:second";
	expect(leaf, PATH_URI, 0, leaf);
	says("has the application URI \"" URI "\", but \"urn:second\" is expected");
	request.application_uri = URI "x";
	expect(leaf, PATH_URI, 0, leaf);
	request.application_uri = NULL;
	expect(leaf, PATH_URI, 0, leaf);
	EVP_PKEY_free(rsa);
}
