#include "json_key.h"

#include <grp.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_pem.h"
#include "json_text.h"

#define DATABASE_BYTES 4096

const char *operations_text(unsigned operations)
{
	static const char *const texts[] = {"none", "sign", "decrypt", "sign,decrypt"};

	return texts[operations & (KS_OPERATION_SIGN | KS_OPERATION_DECRYPT)];
}

const char *algorithm_text(enum ks_algorithm algorithm)
{
	const char *name = ks_algorithm_name(algorithm);

	return name ? name : "unknown";
}

const char *origin_text(enum ks_origin origin)
{
	switch (origin) {
	case KS_ORIGIN_TPM:
		return "tpm";
	case KS_ORIGIN_IMPORTED:
		return "imported";
	}
	return "unknown";
}

const char *subject_text(enum ks_subject subject)
{
	return subject == KS_SUBJECT_UID ? "uid" : "gid";
}

char *subject_name(enum ks_subject subject, uint32_t id)
{
	char buf[DATABASE_BYTES];
	struct passwd user;
	struct group group;
	struct passwd *found_user = NULL;
	struct group *found_group = NULL;

	switch (subject) {
	case KS_SUBJECT_UID:
		if (getpwuid_r(id, &user, buf, sizeof(buf), &found_user) == 0 && found_user)
			return strdup(user.pw_name);
		break;
	case KS_SUBJECT_GID:
		if (getgrgid_r(id, &group, buf, sizeof(buf), &found_group) == 0 && found_group)
			return strdup(group.gr_name);
		break;
	}
	return NULL;
}

json_t *json_operations(unsigned operations)
{
	json_t *list = json_array();

	if (operations & KS_OPERATION_SIGN)
		json_append(&list, json_string("sign"));
	if (operations & KS_OPERATION_DECRYPT)
		json_append(&list, json_string("decrypt"));
	return list;
}

json_t *json_grant(const struct ks_grant *grant)
{
	char *name = subject_name(grant->subject, grant->id);
	json_t *object =
		json_pack("{s:s, s:I, s:o, s:o}", "subject", subject_text(grant->subject), "id",
			  (json_int_t)grant->id, "name", name ? json_text(name) : json_null(),
			  "operations", json_operations(grant->operations));

	free(name);
	return object;
}

static void add_details(json_t **object, const struct ks_key *key)
{
	json_t *grants = json_array();

	for (size_t i = 0; i < key->grant_count; i++)
		json_append(&grants, json_grant(&key->grants[i]));
	json_add(object, "fingerprint", json_fingerprint(key->fingerprint));
	json_add(object, "public_key",
		 json_pem(PEM_STRING_PUBLIC, key->public_key, key->public_key_len));
	json_add(object, "grants", grants);
	if (*key->service)
		json_add(object, "service", json_text(key->service));
}

json_t *json_key(const struct ks_key *key)
{
	char handle[16];
	json_t *object;

	snprintf(handle, sizeof(handle), "0x%08x", key->persistent_handle);
	object = json_pack(
		"{s:I, s:o, s:s, s:o, s:s, s:b, s:o, s:o, s:I, s:b}", "id", (json_int_t)key->id,
		"name", json_text(key->name), "algorithm", algorithm_text(key->algorithm), "usage",
		json_operations(key->operations), "origin", origin_text(key->origin), "pinned",
		(int)key->pinned, "persistent_handle",
		key->pinned ? json_string(handle) : json_null(), "created", json_time(key->created),
		"created_by", (json_int_t)key->created_by, "of_ca", (int)key->of_ca);
	/* A list's keys have no details. */
	if (key->fingerprint)
		add_details(&object, key);
	return object;
}
