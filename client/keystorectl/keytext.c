#include "keytext.h"

#include <grp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define DATABASE_BYTES	  4096
#define FINGERPRINT_BYTES 32

const char *key_algorithm(const struct ks_key *key)
{
	const char *name = ks_algorithm_name(key->algorithm);

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

/* A user's or group's name; NULL: it has none here. free() it. */
static char *subject_name(enum ks_subject subject, uint32_t id)
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

static json_t *grant_json(const struct ks_grant *grant)
{
	char *name = subject_name(grant->subject, grant->id);
	json_t *object = json_pack(
		"{s:s, s:I, s:o, s:o}", "subject", grant->subject == KS_SUBJECT_UID ? "uid" : "gid",
		"id", (json_int_t)grant->id, "name", name ? json_text(name) : json_null(),
		"operations", operations_json(grant->operations));

	free(name);
	return object;
}

static json_t *public_key_json(const struct ks_key *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	json_t *text = NULL;
	char *pem = NULL;
	long len = 0;

	if (bio &&
	    PEM_write_bio(bio, PEM_STRING_PUBLIC, "", key->public_key, (long)key->public_key_len))
		len = BIO_get_mem_data(bio, &pem);
	if (len > 0)
		text = json_stringn(pem, (size_t)len);
	BIO_free(bio);
	return text;
}

static void add_details(json_t *object, const struct ks_key *key)
{
	char *fingerprint = hex_text(key->fingerprint, FINGERPRINT_BYTES);
	json_t *grants = json_array();

	json_object_set_new(object, "fingerprint", fingerprint ? json_string(fingerprint) : NULL);
	json_object_set_new(object, "public_key", public_key_json(key));
	for (size_t i = 0; i < key->grant_count; i++)
		json_array_append_new(grants, grant_json(&key->grants[i]));
	json_object_set_new(object, "grants", grants);
	if (*key->service)
		json_object_set_new(object, "service", json_text(key->service));
	free(fingerprint);
}

json_t *key_json(const struct ks_key *key)
{
	char created[TIME_BYTES];
	char handle[16];
	json_t *object;

	time_text(key->created, created);
	snprintf(handle, sizeof(handle), "0x%08x", key->persistent_handle);
	object =
		json_pack("{s:I, s:o, s:s, s:o, s:s, s:b, s:o, s:s, s:I, s:b}", "id",
			  (json_int_t)key->id, "name", json_text(key->name), "algorithm",
			  key_algorithm(key), "usage", operations_json(key->operations), "origin",
			  origin_text(key->origin), "pinned", (int)key->pinned, "persistent_handle",
			  key->pinned ? json_string(handle) : json_null(), "created", created,
			  "created_by", (json_int_t)key->created_by, "of_ca", (int)key->of_ca);
	if (object && key->fingerprint)
		add_details(object, key);
	return object;
}

static void print_subject(FILE *out, const char *label, enum ks_subject subject, uint32_t id,
			  const char *operations)
{
	char *name = subject_name(subject, id);
	const char *kind = subject == KS_SUBJECT_UID ? "uid" : "gid";

	fact_print(out, label, "%s %u%s%s%s%s%s", kind, id, name ? " (" : "", name ? name : "",
		   name ? ")" : "", operations ? ": " : "", operations ? operations : "");
	free(name);
}

void key_print(const struct ks_key *key, FILE *out)
{
	char created[TIME_BYTES];
	char *fingerprint = key->fingerprint ? hex_text(key->fingerprint, FINGERPRINT_BYTES) : NULL;

	time_text(key->created, created);
	fact_print(out, "name", "%s", key->name);
	fact_print(out, "id", "%llu", (unsigned long long)key->id);
	fact_print(out, "algorithm", "%s", key_algorithm(key));
	fact_print(out, "usage", "%s", operations_text(key->operations));
	fact_print(out, "origin", "%s",
		   key->origin == KS_ORIGIN_TPM ? "made in this TPM, never outside it"
						: "imported, existed outside a TPM once");
	if (key->pinned)
		fact_print(out, "pinned", "yes, at 0x%08x", key->persistent_handle);
	else
		fact_print(out, "pinned", "no");
	fact_print(out, "created", "%s", created);
	print_subject(out, "created by", KS_SUBJECT_UID, key->created_by, NULL);
	if (fingerprint)
		fact_print(out, "fingerprint", "%s", fingerprint);
	for (size_t i = 0; i < key->grant_count; i++)
		print_subject(out, i ? "" : "allowed", key->grants[i].subject, key->grants[i].id,
			      operations_text(key->grants[i].operations));
	if (key->of_ca)
		fact_print(out, "allowed", "nobody: it signs what keystored built as this CA");
	else if (key->fingerprint && key->grant_count == 0 && !*key->service)
		fact_print(out, "allowed", "nobody");
	if (*key->service)
		fact_print(out, "used by", "the user of service %s", key->service);
	free(fingerprint);
}

enum exit_code key_show_result(const struct ctl *ctl, const struct ks_result *result)
{
	if (ctl->json)
		return ctl_print_json(ctl, key_json(&result->keys[0]));
	key_print(&result->keys[0], stdout);
	return EXIT_OK;
}
