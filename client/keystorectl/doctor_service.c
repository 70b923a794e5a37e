#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "doctor.h"
#include "keystore_service.h"

#define MESSAGE_BYTES	 1024
#define DEADLINE_MS	 5000
#define NAMES_BYTES	 256
#define KEYS_SEEN_MAX	 1000
#define GROUPS_MAX	 256
#define SERVICE_PAGE_MAX 100

static void check_tpm(struct doctor *doctor, const struct ks_tpm *tpm)
{
	switch (tpm->state) {
	case KS_TPM_READY:
		doctor->tpm_is_ready = true;
		doctor_say(doctor, "TPM", DOCTOR_OK, "%s %s, firmware %s", tpm->manufacturer,
			   tpm->model, tpm->firmware);
		return;
	case KS_TPM_STARTING:
		doctor_say(doctor, "TPM", DOCTOR_WARNING, "it is being started");
		doctor_to_do(doctor, "try again in a moment");
		return;
	case KS_TPM_LOCKED_OUT:
		doctor_say(doctor, "TPM", DOCTOR_FAILS,
			   "it is locked after too many wrong passwords: %s", tpm->reason);
		doctor_to_do(doctor, "wait until it lets go, or end the lockout with its password");
		doctor_command(doctor, "tpm2_dictionarylockout --clear-lockout");
		return;
	case KS_TPM_UNAVAILABLE:
		break;
	}
	doctor_say(doctor, "TPM", DOCTOR_FAILS, "it does not answer: %s", tpm->reason);
	doctor_to_do(doctor,
		     "look whether /dev/tpmrm0 is there, and what the service and the kernel say; "
		     "keystored takes the TPM up again by itself");
	doctor_command(doctor, "journalctl -u keystored -k -b --grep -i tpm");
}

static void tell_unreachable(struct doctor *doctor, const char *path, int error)
{
	char message[MESSAGE_BYTES];

	ks_connect_message(path, error, message, sizeof(message));
	doctor_say(doctor, "socket", DOCTOR_FAILS, "%s", message);
	if (error == EACCES)
		doctor_to_do(doctor,
			     "let %s reach the socket: each folder on the way needs x, and "
			     "the socket itself w",
			     doctor->user);
	else
		doctor_command(doctor, "systemctl restart keystored");
	doctor_say(doctor, "TPM", DOCTOR_NOT_CHECKED, "the service does not answer");
}

void doctor_check_service(struct doctor *doctor)
{
	const char *path = ctl_option(doctor->ctl, OPTION_SOCKET);
	const char *deadline = ctl_option(doctor->ctl, OPTION_DEADLINE);
	struct ks_options options = {.deadline_ms = DEADLINE_MS};
	struct ks_result *result = NULL;
	struct ks_client *client = NULL;

	/* Where programs look, if they are told; a login is for people, and programs have none. */
	if (!path && *doctor->facts.socket)
		path = doctor->facts.socket;
	if (ks_connect(path, &client) != KS_OK) {
		tell_unreachable(doctor, path, errno);
		return;
	}
	if (deadline)
		(void)parse_seconds(deadline, &options.deadline_ms);
	ks_set_options(client, &options);
	if (ks_hello(client, "keystorectl doctor", &result) == KS_OK) {
		doctor_say(doctor, "socket", DOCTOR_OK, "%s%skeystored %s answers",
			   path ? path : "", path ? ": " : "", result->service->version);
		check_tpm(doctor, &result->service->tpm);
		doctor->client = client;
		client = NULL;
	} else {
		doctor_say(doctor, "socket", DOCTOR_FAILS,
			   "keystored does not answer as it should: %s", result->message);
		doctor_command(doctor, "systemctl restart keystored");
		doctor_say(doctor, "TPM", DOCTOR_NOT_CHECKED, "the service does not answer");
	}
	ks_result_free(result);
	ks_close(client);
}

/* Who this process is to a grant. */
struct identity {
	uid_t uid;
	gid_t groups[GROUPS_MAX + 1];
	size_t group_count;
};

static void take_identity(struct identity *identity)
{
	int count = getgroups(GROUPS_MAX, identity->groups);

	identity->uid = geteuid();
	identity->group_count = count > 0 ? (size_t)count : 0;
	identity->groups[identity->group_count++] = getegid();
}

static bool is_member(const struct identity *identity, gid_t gid)
{
	for (size_t i = 0; i < identity->group_count; i++)
		if (identity->groups[i] == gid)
			return true;
	return false;
}

static bool is_granted(const struct ks_key *key, const struct identity *identity)
{
	for (size_t i = 0; i < key->grant_count; i++) {
		const struct ks_grant *grant = &key->grants[i];

		if (!(grant->operations & KS_OPERATION_SIGN))
			continue;
		if (grant->subject == KS_SUBJECT_UID ? grant->id == identity->uid
						     : is_member(identity, grant->id))
			return true;
	}
	return false;
}

/* Whether it is the user of the service called @name. */
static bool is_of_service(struct doctor *doctor, const char *name, const struct identity *identity)
{
	struct ks_result *result = NULL;
	char after[128] = "";
	bool is_its = false;
	bool has_more = true;

	for (int page = 0; has_more && !is_its && page < SERVICE_PAGE_MAX; page++) {
		if (ks_service_list(doctor->client, *after ? after : NULL, &result) != KS_OK)
			break;
		has_more = result->more && result->assignment_count;
		for (size_t i = 0; i < result->assignment_count; i++) {
			const struct ks_assignment *one = &result->assignments[i];

			snprintf(after, sizeof(after), "%s", one->name);
			if (strcmp(one->name, name) == 0)
				is_its = (one->has_uid && one->uid == identity->uid) ||
					 (one->has_gid && is_member(identity, one->gid));
		}
		ks_result_free(result);
		result = NULL;
	}
	ks_result_free(result);
	return is_its;
}

static bool may_sign(struct doctor *doctor, const char *name, const struct identity *identity)
{
	struct ks_result *result = NULL;
	bool may = false;

	if (ks_key_show(doctor->client, name, &result) == KS_OK) {
		const struct ks_key *key = &result->keys[0];

		may = !key->of_ca && key->operations & KS_OPERATION_SIGN &&
		      (is_granted(key, identity) ||
		       (*key->service && is_of_service(doctor, key->service, identity)));
	}
	ks_result_free(result);
	return may;
}

struct usable {
	size_t seen;
	size_t count;
	char names[NAMES_BYTES]; /* of the first ones */
};

static void add_name(struct usable *usable, const char *name)
{
	size_t used = strlen(usable->names);

	usable->count++;
	if (used + strlen(name) + sizeof(", …") < NAMES_BYTES)
		snprintf(usable->names + used, NAMES_BYTES - used, "%s%s", used ? ", " : "", name);
	else if (used && !strstr(usable->names, "…"))
		snprintf(usable->names + used, NAMES_BYTES - used, ", …");
}

/* EXIT_OK, or it was told. */
static bool count_keys(struct doctor *doctor, struct usable *usable)
{
	struct identity identity = {0};
	struct ks_result *result = NULL;
	char after[REFERENCE_NAME_MAX + 1] = "";
	bool has_more = true;
	bool is_ok = true;

	take_identity(&identity);
	while (has_more && is_ok && usable->seen < KEYS_SEEN_MAX) {
		is_ok = ks_key_list(doctor->client, *after ? after : NULL, 0, &result) == KS_OK;
		for (size_t i = 0; i < result->key_count; i++) {
			snprintf(after, sizeof(after), "%s", result->keys[i].name);
			usable->seen++;
			if (may_sign(doctor, after, &identity))
				add_name(usable, after);
		}
		has_more = result->more && result->key_count;
		if (!is_ok)
			doctor_say(doctor, "rights", DOCTOR_FAILS, "keystored lists no keys: %s",
				   result->message);
		ks_result_free(result);
		result = NULL;
	}
	return is_ok;
}

void doctor_check_rights(struct doctor *doctor)
{
	struct usable usable = {0};
	char word[DOCTOR_WORD_BYTES];

	if (!doctor->client) {
		doctor_say(doctor, "rights", DOCTOR_NOT_CHECKED, "the service does not answer");
		return;
	}
	if (!count_keys(doctor, &usable))
		return;
	if (usable.count) {
		doctor_say(doctor, "rights", DOCTOR_OK, "%s may sign with %zu %s: %s", doctor->user,
			   usable.count, usable.count == 1 ? "key" : "keys", usable.names);
		return;
	}
	/* Root looks after things here, and is seldom who runs the program. */
	doctor_say(doctor, "rights", geteuid() == 0 ? DOCTOR_WARNING : DOCTOR_FAILS,
		   "%s may sign with no key", doctor->user);
	if (geteuid() == 0)
		doctor_to_do(doctor, "look as the user whom the program runs as, with --user");
	else
		doctor_to_do(doctor, "allow it, where KEY is the key's name");
	doctor_command(doctor,
		       geteuid() == 0 ? "keystorectl doctor --user %s"
				      : "keystorectl key allow KEY --uid %s --operations sign",
		       geteuid() == 0 ? "NAME" : doctor_word(doctor->user, word));
}
