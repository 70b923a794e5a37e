#include "deploy_add.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "deploy_dir.h"
#include "deploy_status.h"
#include "keystore_service.h"

#define KEY_FILE_MAX ((size_t)1 << 16)
#define NOTE_MAX     512

/* One option that is text. False: told. */
static bool take_text(struct ctl *ctl, enum option option, char *text, size_t size)
{
	const char *value = ctl_option(ctl, option);

	if (value && strlen(value) >= size) {
		(void)ctl_fail(ctl, EXIT_USAGE, "%s: longer than the %zu bytes it may have",
			       option_name(option), size - 1);
		return false;
	}
	strcpy(text, value ? value : "");
	return true;
}

/* False: told. */
static bool take_options(struct ctl *ctl, struct deployment *deployment)
{
	const char *mode = ctl_option(ctl, OPTION_MODE);
	char problem[DEPLOY_PROBLEM_MAX];

	deployment->mode = DEPLOYMENT_MODE;
	if (!cert_take_id(ctl, &deployment->cert_id) ||
	    !take_text(ctl, OPTION_CERT, deployment->paths[DEPLOYMENT_CERT],
		       sizeof(deployment->paths[0])) ||
	    !take_text(ctl, OPTION_KEY, deployment->paths[DEPLOYMENT_KEY],
		       sizeof(deployment->paths[0])) ||
	    !take_text(ctl, OPTION_CHAIN, deployment->paths[DEPLOYMENT_CHAIN],
		       sizeof(deployment->paths[0])) ||
	    !take_text(ctl, OPTION_OWNER, deployment->owner, sizeof(deployment->owner)) ||
	    !take_text(ctl, OPTION_RELOAD, deployment->unit, sizeof(deployment->unit)) ||
	    !take_text(ctl, OPTION_RUN, deployment->command, sizeof(deployment->command)))
		return false;
	if (mode && !deployment_mode_read(mode, &deployment->mode)) {
		(void)ctl_fail(ctl, EXIT_USAGE, "--mode %s: not octal access bits, as 0640", mode);
		return false;
	}
	if (deployment_check(deployment, problem))
		return true;
	(void)ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	return false;
}

/* What is replaced there would be gone for good. */
static bool is_private_key(int folder, const char *base)
{
	size_t len = 0;
	char *text = folder_read(folder, base, KEY_FILE_MAX, &len, NULL);
	bool is_key = text && strstr(text, "PRIVATE KEY-----");

	if (text)
		explicit_bzero(text, len);
	free(text);
	return is_key;
}

static enum exit_code check_file(struct ctl *ctl, enum deployment_file file, const char *path)
{
	char folder[DEPLOYMENT_PATH_MAX + 1];
	char problem[DEPLOY_PROBLEM_MAX];
	enum exit_code code = EXIT_OK;
	struct stat facts;
	const char *base;
	int fd;

	if (!folder_split(path, folder, sizeof(folder), &base))
		return ctl_fail(ctl, EXIT_USAGE, "%s: not the path of a file", path);
	fd = folder_open(folder, false, problem);
	if (fd < 0)
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	if (fstatat(fd, base, &facts, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(facts.st_mode) &&
	    !S_ISLNK(facts.st_mode))
		code = ctl_fail(ctl, EXIT_USAGE, "%s is there, and is no file", path);
	else if (file == DEPLOYMENT_KEY && is_private_key(fd, base))
		code = ctl_fail(ctl, EXIT_CONFLICT,
				"%s holds a private key, which would be lost: move it away first",
				path);
	close(fd);
	return code;
}

static enum exit_code check_files(struct ctl *ctl, const struct deployment *deployment)
{
	char problem[DEPLOY_PROBLEM_MAX];
	enum exit_code code = EXIT_OK;
	uid_t uid;
	gid_t gid;

	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES && code == EXIT_OK; i++)
		if (*deployment->paths[i])
			code = check_file(ctl, i, deployment->paths[i]);
	if (code == EXIT_OK && !deployment_owner(deployment, &uid, &gid, problem))
		code = ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	return code;
}

static enum exit_code check_others(struct ctl *ctl, const char *dir,
				   const struct deployment *deployment)
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct deploy_list *list = deploy_dir_load(dir, problem);
	enum exit_code code = EXIT_OK;
	const char *file = NULL;

	if (!list)
		return errno == ENOENT ? EXIT_OK
				       : ctl_fail(ctl, errno == EACCES ? EXIT_DENIED : EXIT_FAILED,
						  "%s", problem);
	if (list->count + list->left_out >= DEPLOYMENTS_MAX)
		code = ctl_fail(ctl, EXIT_CONFLICT,
				"there are %d deployments, the most there may be", DEPLOYMENTS_MAX);
	for (size_t i = 0; i < list->count && code == EXIT_OK; i++) {
		file = deployment_shared_file(deployment, &list->entries[i].deployment);
		if (file)
			code = ctl_fail(ctl, EXIT_CONFLICT,
					"%s is written by the deployment of certificate %llu "
					"already: keystorectl deploy list shows it",
					file,
					(unsigned long long)list->entries[i].deployment.cert_id);
	}
	free(list);
	return code;
}

static enum exit_code check_cert(struct ctl *ctl, const struct deployment *deployment,
				 const struct ks_cert *cert)
{
	unsigned long long id = (unsigned long long)cert->id;

	if (cert->state != KS_CERT_ACTIVE)
		return ctl_fail(ctl, EXIT_CONFLICT,
				"certificate %llu is not active, but %s: there is nothing that a "
				"program could use",
				id,
				cert->state == KS_CERT_EXPIRED	 ? "has ended"
				: cert->state == KS_CERT_REVOKED ? "was revoked"
								 : "only requested yet");
	if (!cert->key_id)
		return ctl_fail(ctl, EXIT_CONFLICT,
				"the key of certificate %llu is elsewhere, so that no program here "
				"could use it",
				id);
	if (*deployment->paths[DEPLOYMENT_CHAIN] &&
	    (!cert->issuer_id || cert->issuer_id == cert->id))
		return ctl_fail(ctl, EXIT_USAGE, "certificate %llu %s: leave --chain out", id,
				cert->issuer_id ? "signs itself and has no issuers"
						: "has an issuer that is not known here");
	return EXIT_OK;
}

/* Whether a service of that key runs as one of these. */
static bool is_of_service(struct ctl *ctl, uint64_t key_id, uid_t uid, gid_t gid)
{
	char *after = NULL;
	bool is_found = false;
	bool more = true;

	while (more && !is_found) {
		struct ks_result *result = NULL;

		more = ks_service_list(ctl->client, after, &result) == KS_OK && result->more;
		for (size_t i = 0; i < result->assignment_count; i++) {
			const struct ks_assignment *service = &result->assignments[i];

			is_found |= service->key_id == key_id &&
				    ((service->has_uid && service->uid == uid) ||
				     (service->has_gid && service->gid == gid));
			free(after);
			after = strdup(service->name);
		}
		more = more && after;
		ks_result_free(result);
	}
	free(after);
	return is_found;
}

static bool may_sign(struct ctl *ctl, const struct ks_key *key, uid_t uid, gid_t gid)
{
	for (size_t i = 0; i < key->grant_count; i++) {
		const struct ks_grant *grant = &key->grants[i];

		if ((grant->operations & KS_OPERATION_SIGN) &&
		    grant->id == (grant->subject == KS_SUBJECT_UID ? (uint32_t)uid : (uint32_t)gid))
			return true;
	}
	return *key->service && is_of_service(ctl, key->id, uid, gid);
}

/* A hint, not a failure: the grant may come later. "": there is none. */
static void note_grants(struct ctl *ctl, const struct deployment *deployment,
			const struct ks_cert *cert, char note[NOTE_MAX])
{
	char problem[DEPLOY_PROBLEM_MAX];
	struct ks_result *result = NULL;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	char name[24];

	*note = '\0';
	snprintf(name, sizeof(name), "#%llu", (unsigned long long)cert->key_id);
	if (!*deployment->owner || !deployment_owner(deployment, &uid, &gid, problem) ||
	    ks_key_show(ctl->client, name, &result) != KS_OK)
		goto out;
	if (may_sign(ctl, &result->keys[0], uid, gid))
		goto out;
	snprintf(note, NOTE_MAX,
		 "%s may not sign with key %s: keystorectl key allow %s --uid USER --operations "
		 "sign lets the program's user, or assign certificate %llu to its service "
		 "(keystorectl service create)",
		 deployment->owner, result->keys[0].name, result->keys[0].name,
		 (unsigned long long)cert->id);
out:
	ks_result_free(result);
}

static bool agent_runs(void)
{
	int folder = deploy_status_open(deploy_status_path(NULL));
	bool is_running = folder < 0 ? errno == EACCES : deploy_status_is_owned(folder);

	if (folder >= 0)
		close(folder);
	return is_running;
}

static enum exit_code tell(struct ctl *ctl, const char *name, const struct deployment *deployment,
			   const struct ks_cert *cert, const char *note)
{
	bool is_running = agent_runs();

	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:s, s:I, s:s, s:b}", "added", name,
						     "cert_id", (json_int_t)cert->id, "note", note,
						     "agent_running", (int)is_running));
	printf("certificate %llu (%s) goes to %s, its reference file to %s\n",
	       (unsigned long long)cert->id, cert->common_name, deployment->paths[DEPLOYMENT_CERT],
	       deployment->paths[DEPLOYMENT_KEY]);
	if (*note)
		printf("note: %s\n", note);
	if (!is_running)
		printf("note: keystore-deploy is not running, so that nothing is written yet\n");
	return EXIT_OK;
}

static enum exit_code enter(struct ctl *ctl, const char *dir, const struct deployment *deployment,
			    const struct ks_cert *cert)
{
	char name[DEPLOYMENT_NAME_MAX + 1];
	char problem[DEPLOY_PROBLEM_MAX];
	char note[NOTE_MAX];

	note_grants(ctl, deployment, cert, note);
	if (!deploy_dir_add(dir, deployment, name, problem))
		return ctl_fail(ctl, errno == EACCES || errno == EPERM ? EXIT_DENIED : EXIT_FAILED,
				"%s", problem);
	return tell(ctl, name, deployment, cert, note);
}

enum exit_code command_deploy_add(struct ctl *ctl)
{
	const char *dir = deploy_dir_path(ctl_option(ctl, OPTION_DIR));
	struct deployment deployment = {0};
	struct ks_result *result = NULL;
	enum exit_code code;

	if (!take_options(ctl, &deployment))
		return EXIT_USAGE;
	code = check_files(ctl, &deployment);
	if (code == EXIT_OK)
		code = check_others(ctl, dir, &deployment);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK)
		return code;
	if (ks_cert_show(ctl->client, deployment.cert_id, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else
		code = check_cert(ctl, &deployment, &result->certs[0]);
	if (code == EXIT_OK)
		code = enter(ctl, dir, &deployment, &result->certs[0]);
	ks_result_free(result);
	return code;
}
