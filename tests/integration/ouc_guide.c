/* docs/ouc.md does what it says, line by line, on two controllers. */
#include <criterion/criterion.h>

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ouc_site.h"

#define PAGE	   KEYSTORE_SOURCE_DIR "/docs/ouc.md"
#define BLOCKS_MAX 32

/* Block @number of the page: "plc-1" or "plc-2", or "" behind the last. Its lines go to "guide". */
static char *take_block(struct fixture *fixture, unsigned number)
{
	return fixture_sh_ok(fixture,
			     "awk -v n=%u '/^```/ { inside = 0; if ($1 == \"```sh\" && ++i == n) "
			     "{ inside = 1; printf \"%%s\", $2; next } } "
			     "inside { print > \"guide\" }' " PAGE,
			     number);
}

TestSuite(ouc_guide, .timeout = 240);

Test(ouc_guide, works_line_by_line)
{
	struct fixture *plcs[] = {fixture_new(NULL), fixture_new(NULL)};
	char module[] = KEYSTORE_MODULE;
	int port = plc_port();
	unsigned count = 0;

	setenv("OPENSSL_MODULES", dirname(module), 1);
	for (unsigned i = 1; i <= BLOCKS_MAX; i++) {
		char *where = take_block(plcs[0], i);
		bool is_first = strcmp(where, "plc-1") == 0;

		if (*where) {
			cr_assert(is_first || strcmp(where, "plc-2") == 0, "%s", where);
			if (!is_first)
				free(fixture_sh_ok(plcs[0], "mv guide %s/", fixture_dir(plcs[1])));
			/* Other tests have port 2000, and each block is a shell of its own. */
			free(fixture_sh_ok(plcs[!is_first],
					   "export HOME=$PWD; unset XDG_RUNTIME_DIR; "
					   "sed -i 's/2000/%d/' guide; cat exports guide > script "
					   "2> /dev/null || cp guide script; grep ^export guide >> "
					   "exports || :; bash -euxo pipefail script >&2",
					   port));
			/* Slower than a reader, but sanitizers are slower still. */
			free(fixture_sh_ok(plcs[1],
					   "bash -c 'while test -e run/control.sock && ! (exec 3<> "
					   "/dev/tcp/127.0.0.1/%d) 2> /dev/null; do sleep 0.1; "
					   "done'",
					   port));
			/* "Carry …": */
			free(fixture_sh_ok(plcs[!is_first], "cp *-ca.pem %s/ 2> /dev/null || :",
					   fixture_dir(plcs[is_first])));
			count++;
		}
		free(where);
	}
	cr_assert_geq(count, 11, "the guide's blocks are no longer found");
	free(fixture_sh_ok(plcs[1], "grep -q 'after the renewal' events.jsonl"));
	for (int i = 0; i < 2; i++) {
		free(fixture_sh_ok(plcs[i], "while test -e run/control.sock; do sleep 0.05; done"));
		fixture_free(plcs[i]);
	}
}
