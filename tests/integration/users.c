/* Users, logins and modes, as keystorectl has them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL                                                                                      \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; export HOME=$PWD; "                      \
	"unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; printf 'correct horse\\n' > pw; "                   \
	"printf 'battery staple\\n' > other; "

#define WITH_ADMIN                                                                                 \
	SHELL "keystorectl user create admin --roles administrator --password-file pw; "           \
	      "keystorectl login admin --password-file pw; "

static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, SHELL "%s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(users, log_in_for_the_commands_that_follow)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, WITH_ADMIN
			   "keystorectl key create web --algorithm ec-p256; "
			   "keystorectl whoami | grep -q 'user  *admin'; "
			   "test \"$(stat -c %%a .cache/keystorectl/*.token)\" = 600; "
			   "KEYSTORE_TOKEN=$(cat .cache/keystorectl/*.token) HOME=/nonexistent "
			   "keystorectl user list | grep -q ^admin; "
			   "keystorectl logout; test -z \"$(ls .cache/keystorectl)\"; "
			   "fails keystorectl key create more --algorithm ec-p256; "
			   "keystorectl key list --names | grep -qx web; "
			   "fails keystorectl login admin --password-file other; "
			   "keystorectl login admin --password-file - < pw; "
			   "keystorectl audit list | grep 'key create' | grep -q ' admin '; "
			   "keystorectl audit verify"));
	fixture_free(fixture);
}

Test(users, have_the_rights_of_their_roles)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, WITH_ADMIN
		"keystorectl role list | grep -q '^certificate-engineer '; "
		"keystorectl mode set project; keystorectl role set keymaker --rights "
		"view,manage-keys; "
		"keystorectl user create kim --roles keymaker,auditor --password-file other; "
		"keystorectl user list | grep -q '^kim .*keymaker'; "
		"keystorectl login kim --password-file other; "
		"keystorectl key create web --algorithm ec-p256; keystorectl audit list > "
		"/dev/null; "
		"fails keystorectl project init; fails keystorectl user list; "
		"keystorectl login admin --password-file pw; "
		"keystorectl user set kim --state disabled; "
		"fails keystorectl login kim --password-file other; "
		"keystorectl user delete kim; keystorectl role delete keymaker"));
	expect(fixture, 7, "nobody would be there who can manage users",
	       "keystorectl user delete admin");
	expect(fixture, 7, "is predefined", "keystorectl role delete operator");
	fixture_free(fixture);
}

Test(users, change_their_password_and_root_helps_who_lost_it)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, WITH_ADMIN
		"keystorectl user set admin --password-file pw --must-change > /dev/null; "
		"fails keystorectl login admin --password-file pw; "
		"keystorectl passwd admin --password-file pw --new-password-file other; "
		"keystorectl login admin --password-file other; keystorectl session list | "
		"grep -q admin; "
		"keystorectl user recover admin --password-file pw; "
		"fails keystorectl whoami; keystorectl login admin --password-file pw"));
	expect(fixture, 2, "needs --password-file FILE, or a terminal",
	       "setsid keystorectl login admin < /dev/null");
	expect(fixture, 2, "it has at least 8 characters",
	       "echo short > bad; keystorectl user create x --password-file bad");
	fixture_free(fixture);
}

Test(users, have_their_password_checked_without_a_login)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, WITH_ADMIN
		"keystorectl user create kim --roles operator --password-file other; "
		"keystorectl logout; "
		"keystorectl user verify kim --password-file other | grep -q 'roles  *operator'; "
		"keystorectl user verify kim --password-file - --json < other | python3 -c 'import "
		"json, sys; u = json.load(sys.stdin); "
		"assert u[\"name\"] == \"kim\" and \"view\" in u[\"rights\"], u; "
		"assert u[\"last_login\"] is None, u'; "
		"test -z \"$(ls .cache/keystorectl)\"; "
		"keystorectl login admin --password-file pw; "
		"test $(keystorectl session list | wc -l) = 2; "
		/* It is not his who is logged in. */
		"fails keystorectl user verify kim --password-file pw; "
		"keystorectl audit list | grep 'user verify' | grep -q ' denied '"));
	expect(fixture, 4, "wrong", "keystorectl user verify kim --password-file pw");
	expect(fixture, 4, "wrong", "keystorectl user verify nobody --password-file pw");
	expect(fixture, 2, "user verify needs --password-file FILE, or a terminal",
	       "setsid keystorectl user verify kim < /dev/null");
	fixture_free(fixture);
}

Test(users, stay_when_the_service_starts_anew_and_logins_end)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, WITH_ADMIN "keystorectl whoami"));
	fixture_service_restart(fixture);
	expect(fixture, 4, "log in again", "keystorectl whoami");
	free(fixture_sh_ok(fixture, SHELL "fails keystorectl logout; "
					  "fails keystorectl key create a --algorithm ec-p256; "
					  "keystorectl login admin --password-file pw; "
					  "keystorectl key create a --algorithm ec-p256"));
	fixture_free(fixture);
}

Test(modes, keep_cas_for_projects_and_everything_when_switched)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "test $(keystorectl mode show) = local; "
		      "keystorectl cert create --profile web-server --self-signed --new-key web "
		      "--algorithm ec-p256 --subject CN=web --san DNS:web; "
		      "keystorectl cert renew 1; keystorectl cert export 1 > /dev/null"));
	expect(fixture, 7, "switch to project mode",
	       "keystorectl cert create --profile ca --self-signed --new-key ca --algorithm "
	       "ec-p256 --subject CN=CA");
	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl project init; test $(keystorectl mode show) = project; "
			   "keystorectl cert create --profile tls-client --issuer 3 --new-key b "
			   "--algorithm ec-p256 --subject CN=b; "
			   "keystorectl mode set local; keystorectl cert list | grep -q ' b '; "
			   "fails keystorectl cert renew 4; keystorectl cert renew 1; "
			   "fails keystorectl cert revoke 4"));
	fixture_service_restart(fixture);
	free(fixture_sh_ok(fixture, SHELL "test $(keystorectl mode show) = local; "
					  "keystorectl mode set project; "
					  "keystorectl cert renew 4; keystorectl cert revoke 4"));
	fixture_free(fixture);
}
