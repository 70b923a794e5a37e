/* docs/deploy.md does what it says, line by line. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

Test(deploy_guide, works_line_by_line)
{
	struct fixture *fixture;
	char *lines;

	/* The page is for root, who gives files to www-data. */
	if (geteuid() != 0)
		cr_skip_test("this takes root");
	fixture = fixture_new(NULL);
	lines = fixture_sh_ok(
		fixture,
		"awk '/^```/ { inside = $0 == \"```sh\"; next } inside' " KEYSTORE_SOURCE_DIR
		"/docs/deploy.md > guide; "
		"export HOME=$PWD; unset XDG_RUNTIME_DIR; bash -euxo pipefail guide >&2; wc -l < "
		"guide");
	cr_assert_geq(atoi(lines), 12, "the guide's commands are no longer found");
	free(lines);
	free(fixture_sh_ok(fixture, "grep -q web.v2 tls/web.key"));
	fixture_free(fixture);
}
