#include "doctor.h"

#include <errno.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "openssl_file.h"
#include "openssl_load.h"

/*
 * From here on this process is the user: what the kernel lets it do, and whom keystored sees, is
 * then what the program meets. EXIT_OK, or it was told.
 */
static enum exit_code become(const struct ctl *ctl, const char *name)
{
	uint32_t number = 0;
	const struct passwd *user = parse_number(name, &number) ? getpwuid(number) : getpwnam(name);

	if (!user)
		return ctl_fail(ctl, EXIT_USAGE, "--user %s: there is no such user", name);
	if (user->pw_uid == geteuid())
		return EXIT_OK;
	if (geteuid() != 0)
		return ctl_fail(ctl, EXIT_DENIED,
				"--user %s: only root can look as another user: run it as root, or "
				"as %s",
				name, name);
	if (initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return ctl_fail(ctl, EXIT_FAILED, "--user %s: this process cannot become it: %s",
				name, strerror(errno));
	return EXIT_OK;
}

static void take_user(struct doctor *doctor)
{
	const struct passwd *user = getpwuid(geteuid());

	if (user)
		snprintf(doctor->user, sizeof(doctor->user), "%s", user->pw_name);
	else
		snprintf(doctor->user, sizeof(doctor->user), "%u", (unsigned)geteuid());
	doctor_say(doctor, "user", DOCTOR_OK, "%s, uid %u; what follows is as this user meets it",
		   doctor->user, (unsigned)geteuid());
}

/* The one that programs of this environment read. EXIT_OK, or it was told. */
static enum exit_code take_config(struct doctor *doctor)
{
	const char *given = ctl_option(doctor->ctl, OPTION_CONFIG);
	const char *path = given ? given : secure_getenv("OPENSSL_CONF");
	char standard[PATH_MAX];

	openssl_file_system(standard);
	if (!path || !*path)
		path = standard;
	if ((size_t)snprintf(doctor->config, sizeof(doctor->config), "%s", path) >=
	    sizeof(doctor->config))
		return ctl_fail(doctor->ctl, EXIT_USAGE, "--config: this path is too long");
	doctor->config_is_systems = strcmp(path, standard) == 0;
	return EXIT_OK;
}

static void check_files(struct doctor *doctor)
{
	const char *const *paths = doctor->ctl->words;

	for (size_t i = 0; paths[i]; i++)
		doctor_take_key(doctor, paths[i]);
	for (size_t i = 0; paths[i]; i++)
		doctor_check_file(doctor, paths[i]);
}

static enum exit_code command_doctor(struct ctl *ctl)
{
	const char *user = ctl_option(ctl, OPTION_USER);
	struct doctor *doctor = calloc(1, sizeof(*doctor));
	enum exit_code code;

	if (!doctor)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	doctor->ctl = ctl;
	code = user ? become(ctl, user) : EXIT_OK;
	if (code == EXIT_OK)
		code = take_config(doctor);
	if (code == EXIT_OK) {
		openssl_isolate();
		take_user(doctor);
		doctor_check_openssl(doctor);
		doctor_check_service(doctor);
		doctor_check_rights(doctor);
		check_files(doctor);
		code = doctor_tell(doctor);
	}
	OSSL_LIB_CTX_free(doctor->context);
	ks_close(doctor->client);
	doctor_clear(doctor);
	free(doctor);
	return code;
}

const struct command commands_doctor[] = {
	{
		.name = "doctor",
		.words = "[FILE...]",
		.takes_more = true,
		.options = HAS(USER) | HAS(CONFIG),
		.summary = "why a program that uses OpenSSL cannot use its key",
		.help = "Looks at everything from OpenSSL's configuration to the TPM, and at the\n"
			"reference files and certificates FILE, as this user or as --user.\n"
			"Exit code 1: something fails, and below it is what to do.",
		.run = command_doctor,
	},
	{.name = NULL},
};
