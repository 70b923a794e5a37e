/* docs/https.md does what it says, line by line: on a gateway, and at a machine with a browser. */
#include <criterion/criterion.h>

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "ouc_site.h"

#define PAGE	   KEYSTORE_SOURCE_DIR "/docs/https.md"
#define BLOCKS_MAX 64

TestSuite(https_guide, .timeout = 240);

/* Block @number of the page: "gateway" or "pc", or "" behind the last. Its lines go to "guide". */
static char *take_block(struct fixture *fixture, unsigned number)
{
	return fixture_sh_ok(fixture,
			     "awk -v n=%u '/^```/ { inside = 0; if ($1 == \"```sh\" && ++i == n) "
			     "{ inside = 1; printf \"%%s\", $2; next } } "
			     "inside { print > \"guide\" }' " PAGE,
			     number);
}

Test(https_guide, works_line_by_line)
{
	struct fixture *fixture = fixture_new(NULL);
	char module[] = KEYSTORE_MODULE;
	int port = plc_port(), plain_port = plc_port();
	unsigned count = 0;

	setenv("OPENSSL_MODULES", dirname(module), 1);
	free(fixture_sh_ok(fixture, "mkdir gateway pc"));
	for (unsigned i = 1; i <= BLOCKS_MAX; i++) {
		char *where = take_block(fixture, i);

		if (*where) {
			cr_assert(strcmp(where, "gateway") == 0 || strcmp(where, "pc") == 0, "%s",
				  where);
			/* Other tests have these ports. "Carry …": */
			free(fixture_sh_ok(fixture,
					   "set -e; sed -i 's/8443/%d/g; s/8080/%d/g' guide; cd %s; "
					   "export HOME=$PWD; unset XDG_RUNTIME_DIR; "
					   "timeout 30 bash -euxo pipefail ../guide >&2; cd ..; "
					   "for file in gateway/*.csr gateway/eva.pem; do "
					   "[ ! -e $file ] || cp $file pc/; done; "
					   "for file in pc/eva.csr pc/company.pem pc/gateway.pem "
					   "pc/central.*; "
					   "do [ ! -e $file ] || cp $file gateway/; done",
					   port, plain_port, where));
			if (strcmp(where, "pc") == 0 && !count++)
				free(fixture_sh_ok(
					fixture, "cmp pc/fingerprint.txt gateway/fingerprint.txt"));
		}
		free(where);
	}
	cr_assert_geq(count, 9, "the guide's blocks are no longer found");
	free(fixture_sh_ok(fixture, "while kill -0 $(cat gateway/keystore-https.pid) 2> /dev/null; "
				    "do sleep 0.05; done; grep -q '\"id\":' pc/made.json"));
	fixture_free(fixture);
}
