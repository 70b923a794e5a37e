/* The provider under OpenSSL's own command line: every kind of use, and what it says when it refuses. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "openssl.h"

#define WITH "export OPENSSL_CONF=openssl.cnf; "

static struct fixture *new_fixture(void)
{
	struct fixture *fixture = fixture_new(NULL);

	openssl_configure(fixture);
	free(fixture_sh_ok(fixture,
			   "echo order > m && openssl dgst -sha256 -binary -out d m && "
			   "keystorectl key create ec --algorithm ec-p256 && "
			   "keystorectl key create rsa --algorithm rsa-2048 && "
			   "for k in ec rsa; do "
			   "keystorectl key export $k --reference --out $k.pem && "
			   "keystorectl key export $k --public --out $k.pub || exit; done"));
	return fixture;
}

static void works(struct fixture *fixture, const char *command)
{
	free(fixture_sh_ok(fixture, WITH "%s", command));
}

static void says(struct fixture *fixture, const char *command, const char *words)
{
	struct run run = fixture_sh(fixture, WITH "%s", command);

	cr_expect_neq(run.exit_code, 0, "%s", command);
	cr_expect(strstr(run.err, words), "%s\n%s", command, run.err);
	run_free(&run);
}

Test(openssl_cli, signs_with_each_hash_and_padding)
{
	struct fixture *fixture = new_fixture();

	works(fixture, "set -e; for k in ec rsa; do for h in sha256 sha384 sha512; do for from in "
		       "$k.pem keystore:$k; do openssl dgst -$h -sign $from -out s m; "
		       "openssl dgst -$h -verify $k.pub -signature s m; done; done; done");
	works(fixture, "set -e; for h in sha256 sha384 sha512; do openssl dgst -$h -sign rsa.pem "
		       "-sigopt rsa_padding_mode:pss -out s m; openssl dgst -$h -verify rsa.pub "
		       "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -signature s "
		       "m; done");
	works(fixture, "set -e; for k in ec rsa; do openssl pkeyutl -sign -inkey $k.pem -in d "
		       "-pkeyopt digest:sha256 -out s; openssl pkeyutl -verify -pubin -inkey "
		       "$k.pub -in d -pkeyopt digest:sha256 -sigfile s; done");
	/* Our own key checks too. */
	works(fixture, "set -e; for k in ec rsa; do openssl dgst -sha256 -sign $k.pem -out s m; "
		       "openssl dgst -sha256 -prverify $k.pem -signature s m; done");
	fixture_free(fixture);
}

Test(openssl_cli, finds_a_key_by_its_id)
{
	struct fixture *fixture = new_fixture();

	works(fixture, "openssl pkey -in keystore:2 -pubout | cmp - rsa.pub");
	works(fixture, "for k in ec rsa; do openssl pkey -in $k.pem -pubout | cmp - $k.pub || "
		       "exit; done");
	fixture_free(fixture);
}

Test(openssl_cli, makes_certificates_requests_and_messages)
{
	struct fixture *fixture = new_fixture();

	works(fixture,
	      "set -e; for k in ec rsa; do openssl req -new -x509 -key $k.pem -subj /CN=$k "
	      "-addext basicConstraints=critical,CA:TRUE -days 10 -out $k.crt; openssl verify "
	      "-CAfile $k.crt $k.crt; "
	      "openssl req -new -key $k.pem -subj /CN=$k -out $k.csr; openssl req -verify -noout "
	      "-in $k.csr; openssl cms -sign -nodetach -in m -signer $k.crt -inkey $k.pem -outform "
	      "pem -out cms; openssl cms -verify -in cms -inform pem -CAfile $k.crt -out m2; "
	      "grep -q order m2; openssl req -new -key ec.pem -subj /CN=leaf -out leaf.csr; "
	      "openssl x509 -req -in leaf.csr -CA $k.crt -CAkey $k.pem "
	      "-CAcreateserial -days 1 -out leaf.crt; openssl verify -partial_chain -CAfile "
	      "$k.crt leaf.crt; done");
	works(fixture,
	      "set -e; openssl req -new -x509 -key rsa.pem -subj /CN=pss -sigopt "
	      "rsa_padding_mode:pss -out pss.crt; openssl verify -CAfile pss.crt pss.crt; "
	      "openssl x509 -in pss.crt -noout -text | grep 'Salt Length: 0x20'; openssl cms "
	      "-sign -nodetach -in m -signer rsa.crt -inkey rsa.pem -keyopt rsa_padding_mode:pss "
	      "-outform pem -out cms; openssl cms -verify -in cms -inform pem -CAfile rsa.crt; "
	      "openssl cms -cmsout -print -noout -in cms -inform pem | grep -i pss");
	fixture_free(fixture);
}

Test(openssl_cli, decrypts_oaep)
{
	struct fixture *fixture = new_fixture();

	works(fixture,
	      "set -e; for h in sha1 sha256; do o=\"-pkeyopt rsa_padding_mode:oaep -pkeyopt "
	      "rsa_oaep_md:$h\"; openssl pkeyutl -encrypt -pubin -inkey rsa.pub $o -in m -out c; "
	      "openssl pkeyutl -decrypt -inkey rsa.pem $o -in c -out m2; cmp m m2; done; "
	      "openssl pkeyutl -encrypt -inkey rsa.pem -pkeyopt rsa_padding_mode:oaep -in m -out "
	      "c; openssl pkeyutl -decrypt -inkey rsa.pem -pkeyopt rsa_padding_mode:oaep -in c");
	fixture_free(fixture);
}

Test(openssl_cli, refuses_in_words)
{
	struct fixture *fixture = new_fixture();

	says(fixture, "openssl dgst -md5 -sign rsa.pem -out s m", "not 16 bytes of MD5");
	says(fixture, "openssl dgst -sha1 -sign rsa.pem -out s m", "SHA-1");
	says(fixture, "openssl pkeyutl -sign -inkey rsa.pem -in d -out s",
	     "a hash that was not named");
	says(fixture,
	     "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -sign "
	     "rsa.pem -out s m",
	     "a PSS salt of 20 bytes");
	says(fixture,
	     "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -sign "
	     "rsa.pem -out s m",
	     "as long as possible");
	says(fixture, "openssl dgst -sha256 -sigopt rsa_padding_mode:x931 -sign rsa.pem -out s m",
	     "PKCS#1 v1.5 or PSS");
	says(fixture,
	     "openssl pkeyutl -encrypt -pubin -inkey rsa.pub -in m -out c && openssl pkeyutl "
	     "-decrypt -inkey rsa.pem -in c",
	     "decrypts RSA-OAEP only");
	says(fixture,
	     "openssl pkeyutl -decrypt -inkey rsa.pem -pkeyopt rsa_padding_mode:oaep -in d",
	     "refused by keystored");
	says(fixture, "openssl pkeyutl -derive -inkey ec.pem -peerkey ec.pub", "they do not agree");
	says(fixture, "openssl dgst -sha256 -sign keystore:nobody -out s m", "there is no key");
	says(fixture, "openssl dgst -sha256 -sign keystore:12x -out s m", "names no key");
	says(fixture, "openssl dgst -sha256 -sign keystore: -out s m", "names no key");
	works(fixture, "openssl pkey -in ec.pem -out private.pem; ! grep PRIVATE private.pem");
	fixture_free(fixture);
}

Test(openssl_cli, does_not_serve_with_a_certificate_of_another_key)
{
	struct fixture *fixture = new_fixture();

	works(fixture,
	      "for k in ec rsa; do openssl req -new -x509 -key $k.pem -subj /CN=$k -days "
	      "10 -out $k.crt || exit; done; keystorectl key create ec2 --algorithm ec-p256 "
	      "&& keystorectl key export ec2 --reference --out ec2.pem");
	says(fixture, "openssl s_server -accept 127.0.0.1:0 -cert ec.crt -key ec2.pem < /dev/null",
	     "match");
	says(fixture, "openssl s_server -accept 127.0.0.1:0 -cert ec.crt -key rsa.pem < /dev/null",
	     "match");
	fixture_free(fixture);
}

Test(openssl_cli, says_where_keystored_was_not_found)
{
	struct fixture *fixture = new_fixture();

	cr_assert_eq(fixture_service_stop(fixture), 0);
	/* A reference loads all the same: programs start before the service does. */
	works(fixture, "openssl pkey -in ec.pem -pubout | cmp - ec.pub");
	says(fixture, "openssl dgst -sha256 -sign ec.pem -out s m", fixture_socket(fixture));
	says(fixture, "openssl dgst -sha256 -sign keystore:ec -out s m", "not reachable");
	fixture_free(fixture);
}

/* A reference to a key that is gone, or of another device, or damaged, or not to be trusted. */
Test(openssl_cli, does_not_sign_with_another_key_than_the_one_meant)
{
	struct fixture *fixture = new_fixture();

	works(fixture, "keystorectl key create other --algorithm ec-p256 && keystorectl key "
		       "export other --reference --out other.pem");
	/* The ID of one key with the public half of another, as from another device. */
	works(fixture, "set -e; for k in ec other; do grep -v : $k.pem | sed '1,2d' | "
		       "sed '/-----/d' | base64 -d > $k.der; done; { head -c 12 ec.der; tail -c 91 "
		       "other.der; } > mixed.der; { echo '-----BEGIN KEYSTORE KEY REFERENCE-----'; "
		       "base64 -w 64 mixed.der; echo '-----END KEYSTORE KEY REFERENCE-----'; } > "
		       "mixed.pem; openssl pkey -in mixed.pem -pubout > mixed.pub; keystorectl key "
		       "export other --public | cmp - mixed.pub");
	says(fixture, "openssl dgst -sha256 -sign mixed.pem -out s m", "is not the one");
	works(fixture, "keystorectl key delete other && keystorectl key create other --algorithm "
		       "ec-p256");
	says(fixture, "openssl dgst -sha256 -sign other.pem -out s m", "there is no key");
	says(fixture,
	     "sed 's/^ME/MF/;s/^MG/MH/' ec.pem > bad.pem; openssl dgst -sha256 -sign "
	     "bad.pem -out s m",
	     "Could not");
	says(fixture, "head -n 4 ec.pem > short.pem; openssl dgst -sha256 -sign short.pem -out s m",
	     "Could not");
	fixture_free(fixture);
}

/* A server that ends by itself after a number of handshakes, under valgrind. */
static const char valgrind_loop[] =
	"set -e; for k in ec rsa; do openssl req -new -x509 -key $k.pem -subj /CN=localhost "
	"-days 10 -out $k.crt; done; mkfifo out; "
	"valgrind -q --leak-check=full --show-leak-kinds=definite,indirect "
	"--errors-for-leak-kinds=definite,indirect --error-exitcode=9 openssl s_server -www "
	"-accept 127.0.0.1:0 -cert ec.crt -key ec.pem -dcert rsa.crt -dkey rsa.pem -naccept 30 "
	"> out 2> valgrind.log & server=$!; "
	"exec 3< out; while read -r word address; do [ \"$word\" != ACCEPT ] || break; done <&3; "
	"cat <&3 > server.log & "
	"get() { printf 'GET / HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect $address "
	"-verify_return_error \"$@\" 2> client.log | grep -q 'HTTP/1.0 200' || { cat client.log "
	">&2; exit 1; }; }; "
	"for i in $(seq 10); do get -tls1_3 -sigalgs ECDSA+SHA256 -CAfile ec.crt; get -tls1_3 "
	"-sigalgs RSA-PSS+SHA256 -CAfile rsa.crt; get -tls1_2 -sigalgs RSA+SHA256 -CAfile "
	"rsa.crt; done; wait $server || { cat valgrind.log >&2; exit 1; }";

Test(openssl_cli, leaks_nothing_over_a_loop_of_handshakes)
{
	struct fixture *fixture = new_fixture();

	works(fixture, valgrind_loop);
	fixture_free(fixture);
}

Test(openssl_cli, works_in_children_that_are_forked_while_signatures_are_under_way)
{
	struct fixture *fixture = new_fixture();

	works(fixture, "timeout 60 provider-forks ec.pem && timeout 60 provider-forks rsa.pem");
	fixture_free(fixture);
}
