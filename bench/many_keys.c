#include "many_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { DISTINCT = 8 };

/* Rows DISTINCT + 1 and up copy the rows 1 to DISTINCT in turn. */
static const char copy_rows[] =
	"BEGIN;"
	"INSERT INTO key (name, algorithm, operations, origin, created, created_by, spki, tss2, "
	"auth)"
	" WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %zu)"
	" SELECT printf('key-%%05d', n.i), algorithm, operations, origin, created, created_by, "
	"spki,"
	" tss2, auth FROM n JOIN key ON key.id = 1 + n.i %% %d;"
	"INSERT OR IGNORE INTO grants (key_id, kind, subject, operations)"
	" SELECT copy.id, kind, subject, grants.operations FROM key AS copy"
	" JOIN key AS original ON original.spki = copy.spki AND original.id <= %d"
	" JOIN grants ON grants.key_id = original.id;"
	"COMMIT;";

struct fixture *many_keys_new(size_t count)
{
	struct fixture *fixture = fixture_new(NULL);
	char path[256], *script = NULL;

	for (int i = 1; i <= DISTINCT; i++)
		free(fixture_sh_ok(fixture, "keystorectl key create key-%05d --algorithm %s", i,
				   i % 4 ? "ec-p256" : "rsa-2048"));
	free(fixture_sh_ok(fixture, "keystorectl key create pinned --algorithm ec-p256 && "
				    "keystorectl key pin pinned"));
	fixture_service_stop(fixture);
	if (asprintf(&script, copy_rows, DISTINCT + 1, count - 1, DISTINCT, DISTINCT) < 0)
		fixture_die("no memory");
	snprintf(path, sizeof(path), "%s/copy.sql", fixture_dir(fixture));
	file_write(path, script, strlen(script));
	free(script);
	free(fixture_sh_ok(fixture, "sqlite3 -bail '%s/keystored.db' < copy.sql",
			   fixture_state(fixture)));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	return fixture;
}
