/* docs/opcua.md does what it says, line by line, on a gateway and a machine that manages it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "ouc_site.h"

#define PAGE	   KEYSTORE_SOURCE_DIR "/docs/opcua.md"
#define BLOCKS_MAX 32

/* Block @number of the page: "gateway" or "manager", or "" behind the last. It goes to "guide". */
static char *take_block(struct fixture *fixture, unsigned number)
{
	return fixture_sh_ok(fixture,
			     "awk -v n=%u '/^```/ { inside = 0; if ($1 == \"```sh\" && ++i == n) "
			     "{ inside = 1; printf \"%%s\", $2; next } } "
			     "inside { print > \"guide\" }' " PAGE,
			     number);
}

/* Other tests have port 4840, and each block is a shell of its own. */
static void run_block(struct fixture *fixture, int port)
{
	free(fixture_sh_ok(fixture,
			   "export HOME=$PWD; unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; "
			   "sed -i 's/4840/%d/' guide; cat exports guide > script 2> /dev/null || "
			   "cp guide script; grep ^export guide >> exports || :; "
			   "bash -euxo pipefail script >&2",
			   port));
}

TestSuite(opcua_guide, .timeout = 240);

Test(opcua_guide, works_line_by_line)
{
	struct fixture *machines[] = {fixture_new(NULL), fixture_new(NULL)};
	int port = plc_port();
	unsigned count = 0;

	for (unsigned i = 1; i <= BLOCKS_MAX; i++) {
		char *where = take_block(machines[0], i);
		bool is_gateway = strcmp(where, "gateway") == 0;

		if (*where) {
			cr_assert(is_gateway || strcmp(where, "manager") == 0, "%s", where);
			if (!is_gateway)
				free(fixture_sh_ok(machines[0], "mv guide %s/",
						   fixture_dir(machines[1])));
			run_block(machines[!is_gateway], port);
			/* Slower than a reader, but sanitizers are slower still. */
			free(fixture_sh_ok(machines[0],
					   "bash -c 'while test -e keystore-opcua.pid && kill -0 "
					   "$(cat keystore-opcua.pid) && ! (exec 3<> "
					   "/dev/tcp/127.0.0.1/%d) 2> /dev/null; do sleep 0.1; "
					   "done'",
					   port));
			/* "Carry …": */
			free(fixture_sh_ok(machines[0], "cp admin.txt %s/ 2> /dev/null || :",
					   fixture_dir(machines[1])));
			count++;
		}
		free(where);
	}
	cr_assert_geq(count, 13, "the guide's blocks are no longer found");
	free(fixture_sh_ok(machines[0], "kill $(cat keystore-opcua.pid); while kill -0 $(cat "
					"keystore-opcua.pid) 2> /dev/null; do sleep 0.05; done"));
	for (int i = 0; i < 2; i++)
		fixture_free(machines[i]);
}
