/*
 * Where keys and certificates are placed (requirement B5), each for an OPC UA and a web server:
 * the project's own CA, an external CA that is taken in with its key, and a CA elsewhere that
 * answers a CSR. OpenSSL is the outside party.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define CA_EXTENSIONS                                                                              \
	"-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
/* What a CA elsewhere puts in by itself. */
#define LEAF_EXTENSIONS                                                                            \
	"printf 'basicConstraints=critical,CA:FALSE\\nsubjectKeyIdentifier=hash\\n"                \
	"authorityKeyIdentifier=keyid\\nkeyUsage=critical,digitalSignature,nonRepudiation,"        \
	"keyEncipherment,dataEncipherment\\nextendedKeyUsage=%s\\nsubjectAltName=%s\\n' "

static const struct {
	const char *profile;
	const char *san;
	const char *usage;
	const char *purpose; /* openssl verify's */
} uses[] = {
	{"opcua-server", "URI:urn:plant:plc-1,DNS:plc-1.example", "serverAuth", "sslserver"},
	{"web-server", "DNS:plc-1.example,IP:192.0.2.1", "serverAuth", "sslserver"},
};
#define USES (sizeof(uses) / sizeof(*uses))

static void ok(struct fixture *fixture, const char *command)
{
	free(fixture_sh_ok(fixture, "%s", command));
}

/* The command fails, and what it says has @says in it. */
static void fails(struct fixture *fixture, const char *command, const char *says)
{
	struct run run = fixture_sh(fixture, "%s", command);

	cr_expect_neq(run.exit_code, 0, "%s", command);
	cr_expect_not_null(strstr(run.err, says), "%s: %s", command, run.err);
	run_free(&run);
}

static void make_outside_ca(struct fixture *fixture)
{
	ok(fixture,
	   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 "
	   "-subj '/O=Company/CN=Company CA' -keyout ca.key -out ca.pem " CA_EXTENSIONS);
}

static void has_fact(struct fixture *fixture, const char *id, const char *expression)
{
	ok(fixture, "true");
	free(fixture_sh_ok(
		fixture,
		"keystorectl --json cert show %s > show.json && python3 -c \"import json; "
		"c = json.load(open('show.json')); assert %s, c\"",
		id, expression));
}

static char *id_of(struct fixture *fixture, const char *file)
{
	return fixture_sh_ok(fixture,
			     "python3 -c \"import json; c = json.load(open('%s')); "
			     "print((c.get('certs') or [c.get('cert') or c])[0]['id'], end='')\"",
			     file);
}

Test(placement, the_projects_own_ca_issues)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, "keystorectl project init --days 3000");
	for (size_t i = 0; i < USES; i++) {
		char *id;

		free(fixture_sh_ok(
			fixture,
			"keystorectl --json cert create --profile %s --issuer 2 --new-key "
			"key-%zu --algorithm ec-p256 --subject CN=plc-1,O=Plant --san %s "
			"> made.json",
			uses[i].profile, i, uses[i].san));
		id = id_of(fixture, "made.json");
		free(fixture_sh_ok(
			fixture,
			"keystorectl cert export %s --out leaf.pem && keystorectl cert "
			"export 2 --out root.pem && openssl verify -x509_strict -purpose %s "
			"-CAfile root.pem leaf.pem",
			id, uses[i].purpose));
		has_fact(fixture, id, "c['private_key']['origin'] == 'tpm'");
		free(id);
	}
	fixture_free(fixture);
}

Test(placement, an_external_ca_with_its_key_issues_here)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl mode set project"));
	char *ca;

	make_outside_ca(fixture);
	ok(fixture, "printf 'sesame\\n' > pw && openssl pkcs12 -export -in ca.pem -inkey ca.key "
		    "-passout file:pw -out ca.p12");
	fails(fixture, "keystorectl cert import ca.p12 --key company-ca", "password");
	fails(fixture,
	      "printf wrong > bad && keystorectl cert import ca.p12 --key company-ca "
	      "--password-file bad",
	      "password");
	fails(fixture, "keystorectl cert import ca.p12 --password-file pw", "--key NAME");
	ok(fixture, "keystorectl --json cert import ca.p12 --key company-ca --password-file pw > "
		    "ca.json");
	ca = id_of(fixture, "ca.json");
	has_fact(fixture, ca, "c['kind'] == 'ca' and c['private_key']['origin'] == 'imported'");
	fails(fixture, "keystorectl cert import ca.p12 --key again --password-file pw", "already");
	/* Nobody signs with it but the service itself. */
	fails(fixture, "echo x > x && keystorectl sign company-ca --in x --out s", "CA");

	for (size_t i = 0; i < USES; i++) {
		char *id;

		free(fixture_sh_ok(
			fixture,
			"keystorectl --json cert create --profile %s --issuer %s --new-key "
			"key-%zu --algorithm ec-p256 --subject CN=plc-1,O=Plant --san %s "
			"> made.json",
			uses[i].profile, ca, i, uses[i].san));
		id = id_of(fixture, "made.json");
		free(fixture_sh_ok(fixture,
				   "keystorectl cert export %s --out leaf.pem && openssl verify "
				   "-x509_strict -purpose %s -CAfile ca.pem leaf.pem",
				   id, uses[i].purpose));
		free(id);
	}
	free(ca);
	fixture_free(fixture);
}

/* Signs csr.pem as the company's CA does. */
static void answer(struct fixture *fixture, size_t use, const char *out)
{
	free(fixture_sh_ok(fixture, LEAF_EXTENSIONS "> ext.cnf", uses[use].usage, uses[use].san));
	free(fixture_sh_ok(fixture,
			   "openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days 300 "
			   "-extfile ext.cnf -out %s",
			   out));
}

Test(placement, a_ca_elsewhere_answers_a_csr)
{
	struct fixture *fixture = fixture_new(NULL);

	make_outside_ca(fixture);
	for (size_t i = 0; i < USES; i++) {
		char *id;

		free(fixture_sh_ok(fixture,
				   "keystorectl --json cert request --profile %s --new-key key-%zu "
				   "--algorithm rsa-2048 --subject CN=plc-1,O=Plant --san %s --out "
				   "csr.pem > made.json",
				   uses[i].profile, i, uses[i].san));
		id = id_of(fixture, "made.json");
		has_fact(fixture, id, "c['state'] == 'requested' and not c['issuer_id']");
		ok(fixture, "openssl req -in csr.pem -verify -noout");
		/* It can be had again, and is the same. */
		free(fixture_sh_ok(fixture,
				   "keystorectl cert export %s --format csr | cmp - csr.pem", id));
		free(fixture_sh_ok(fixture, "! keystorectl cert export %s", id));

		/* Someone else's certificate is no answer. */
		struct run run = fixture_sh(fixture, "keystorectl cert replace %s ca.pem", id);

		cr_expect_neq(run.exit_code, 0);
		cr_expect_not_null(strstr(run.err, "another CSR"), "%s", run.err);
		run_free(&run);
		answer(fixture, i, "leaf.pem");
		free(fixture_sh_ok(fixture,
				   "cat leaf.pem %s > answer.pem && keystorectl cert replace %s "
				   "answer.pem",
				   i ? "" : "ca.pem", id));
		has_fact(fixture, id,
			 "c['state'] == 'active' and c['version'] == 1 and c['issuer_id'] and "
			 "'request_created' not in c");
		free(fixture_sh_ok(
			fixture,
			"keystorectl cert export %s --format chain --out chain.pem && test "
			"$(grep -c BEGIN chain.pem) = 2 && openssl verify -purpose %s "
			"-CAfile ca.pem chain.pem",
			id, uses[i].purpose));

		/* The next version, with a new key: the one before stays until the answer. */
		free(fixture_sh_ok(
			fixture,
			"keystorectl cert request --for %s --new-key key-%zu.v2 --algorithm "
			"rsa-2048 --out csr.pem",
			id, i));
		has_fact(fixture, id, "c['state'] == 'active' and 'request_created' in c");
		answer(fixture, i, "leaf2.pem");
		free(fixture_sh_ok(fixture, "keystorectl cert replace %s leaf2.pem", id));
		has_fact(fixture, id,
			 "c['version'] == 2 and c['private_key']['name'].endswith('.v2') and "
			 "c['history'][1]['state'] == 'superseded'");
		free(id);
	}
	fixture_free(fixture);
}

Test(placement, an_intermediate_ca_here_below_a_root_elsewhere_issues)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl mode set project"));
	char *ca, *leaf;

	make_outside_ca(fixture);
	ok(fixture, "keystorectl --json cert request --profile ca --new-key plant-ca --algorithm "
		    "ec-p256 --subject 'CN=Plant CA,O=Plant' --out csr.pem > made.json");
	ca = id_of(fixture, "made.json");
	ok(fixture, "printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,"
		    "keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier="
		    "keyid\\n' > ext.cnf && openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key "
		    "-days 3000 -extfile ext.cnf -out plant.pem && cat plant.pem ca.pem > all.pem");
	free(fixture_sh_ok(fixture, "keystorectl cert replace %s all.pem", ca));
	fails(fixture, "echo x > x && keystorectl sign plant-ca --in x --out s", "CA");
	free(fixture_sh_ok(
		fixture,
		"keystorectl --json cert create --profile web-server --issuer %s --new-key "
		"web --algorithm ec-p256 --subject CN=plc-1 --san DNS:plc-1 > leaf.json",
		ca));
	leaf = id_of(fixture, "leaf.json");
	free(fixture_sh_ok(
		fixture,
		"keystorectl cert export %s --format chain --out chain.pem && test $(grep "
		"-c BEGIN chain.pem) = 3 && openssl verify -x509_strict -CAfile ca.pem "
		"-untrusted chain.pem chain.pem",
		leaf));
	/* Its path length of 0 leaves no room for another one. */
	free(fixture_sh_ok(fixture,
			   "! keystorectl cert create --profile ca --issuer %s --new-key sub "
			   "--algorithm ec-p256 --subject CN=Sub",
			   ca));
	free(leaf);
	free(ca);
	fixture_free(fixture);
}

Test(placement, a_path_length_is_kept_over_a_renewal)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl mode set project"));

	ok(fixture, "keystorectl cert create --profile ca --self-signed --new-key root --algorithm "
		    "ec-p256 --subject CN=Root --path-length 0");
	for (int i = 0; i < 2; i++) {
		ok(fixture, "keystorectl cert export 1 | openssl x509 -noout -text | grep -q "
			    "'CA:TRUE, pathlen:0'");
		ok(fixture, "keystorectl cert renew 1");
	}
	fails(fixture,
	      "keystorectl cert create --profile web-server --self-signed --new-key web "
	      "--algorithm "
	      "ec-p256 --subject CN=web --san DNS:web --path-length 0",
	      "path length");
	fixture_free(fixture);
}
