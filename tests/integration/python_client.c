/* docs/python/keystore_client.py does what the page about the protocol promises. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* In the fixture's directory, with the messages made as the client's own text says. */
#define PYTHON                                                                                     \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; S='" KEYSTORE_SOURCE_DIR                 \
	"'; mkdir -p python; "                                                                     \
	"protoc --python_out=python --proto_path=\"$S/proto\" keystore.proto; "                    \
	"ask() { PYTHONPATH=python /usr/bin/python3 \"$S/docs/python/keystore_client.py\" "        \
	"\"$@\"; }; "

Test(python_client, makes_a_key_and_signs_with_it)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "%s",
			   PYTHON
			   "ask hello | grep -q 'protocol_version: 1'; "
			   "ask create plc-1 ec-p256 | grep -q 'name: \"plc-1\"'; "
			   "echo recipe > data; ask sign plc-1 data > signature; "
			   "keystorectl key export plc-1 --public --out public.pem; "
			   "openssl dgst -sha256 -verify public.pem -signature signature data"));
	fixture_free(fixture);
}

Test(python_client, writes_a_csr_that_openssl_accepts)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "%s",
			   PYTHON
			   "ask create plc-1 rsa-2048 > /dev/null; "
			   "ask csr plc-1 CN=plc-1,O=Plant DNS:plc-1 IP:192.0.2.1 > csr.pem; "
			   "openssl req -in csr.pem -verify -noout -text | "
			   "grep -q 'DNS:plc-1, IP Address:192.0.2.1'"));
	fixture_free(fixture);
}

Test(python_client, says_what_the_service_refused)
{
	struct fixture *fixture = fixture_new(NULL);
	char *out = fixture_sh_ok(fixture, "%s",
				  PYTHON "echo x > data; fails ask sign absent data 2> error; "
					 "cat error");

	cr_assert_not_null(strstr(out, "absent"));
	cr_assert_null(strstr(out, "Traceback"));
	free(out);
	fixture_free(fixture);
}
