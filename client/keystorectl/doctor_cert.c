/* doctor: the certificates that a program is given. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "x509_file.h"

#define SHOWN_MAX 32

/* What keystored knows of it. */
struct known {
	uint64_t id; /* 0: nothing */
	uint32_t version;
	uint32_t newest;
	enum ks_cert_state state;
	char key_name[REFERENCE_NAME_MAX + 1]; /* of the newest */
};

static bool is_it(const uint8_t *fingerprint, const struct x509_file *file)
{
	return fingerprint &&
	       memcmp(fingerprint, file->fingerprint, X509_FILE_FINGERPRINT_BYTES) == 0;
}

static void take_known(const struct ks_cert *cert, uint32_t version, enum ks_cert_state state,
		       struct known *known)
{
	*known = (struct known){
		.id = cert->id, .version = version, .newest = cert->version, .state = state};
	snprintf(known->key_name, sizeof(known->key_name), "%s",
		 cert->key_name ? cert->key_name : "");
}

/* Whether it is a former version of that certificate. */
static bool find_version(struct doctor *doctor, uint64_t id, const struct x509_file *file,
			 struct known *known)
{
	struct ks_result *result = NULL;

	if (ks_cert_show(doctor->client, id, &result) == KS_OK) {
		const struct ks_cert *cert = &result->certs[0];

		for (size_t i = 0; i < cert->history_count && !known->id; i++)
			if (is_it(cert->history[i].fingerprint, file))
				take_known(cert, cert->history[i].version, cert->history[i].state,
					   known);
	}
	ks_result_free(result);
	return known->id != 0;
}

/* The history of those that are called the same is looked through, of some at most. */
static void find(struct doctor *doctor, const struct x509_file *file, struct known *known)
{
	struct ks_result *result = NULL;
	unsigned shown = 0;
	uint64_t after = 0;
	bool has_more = true;

	while (has_more && !known->id) {
		if (ks_cert_list(doctor->client, KS_CERT_ALL, after, 0, &result) != KS_OK)
			break;
		has_more = result->more && result->cert_count;
		for (size_t i = 0; i < result->cert_count && !known->id; i++) {
			const struct ks_cert *cert = &result->certs[i];

			after = cert->id;
			if (is_it(cert->fingerprint, file))
				take_known(cert, cert->version, cert->state, known);
			else if (cert->version > 1 && shown < SHOWN_MAX &&
				 strcmp(cert->common_name, file->common_name) == 0 &&
				 !find_version(doctor, cert->id, file, known))
				shown++;
		}
		ks_result_free(result);
		result = NULL;
	}
	ks_result_free(result);
}

static void command_export(struct doctor *doctor, const struct known *known, const char *path)
{
	char word[DOCTOR_WORD_BYTES];

	doctor_command(doctor, "keystorectl cert export %llu --format chain --out %s",
		       (unsigned long long)known->id, doctor_word(path, word));
}

static void advise_renewal(struct doctor *doctor, const struct known *known, const char *path)
{
	if (!known->id) {
		doctor_to_do(doctor, "give the program a new certificate for its key");
	} else if (known->version < known->newest) {
		doctor_to_do(doctor, "give the program version %u, which is there",
			     (unsigned)known->newest);
		command_export(doctor, known, path);
	} else {
		doctor_to_do(doctor, "renew it, and export it again");
		doctor_command(doctor, "keystorectl cert renew %llu",
			       (unsigned long long)known->id);
	}
}

static bool check_time(struct doctor *doctor, const char *path, const struct x509_file *file,
		       const struct known *known)
{
	int64_t now = time(NULL);
	char when[TIME_BYTES];

	if (now > file->not_after) {
		time_text(file->not_after, when);
		doctor_say(doctor, "certificate", DOCTOR_FAILS, "%s has ended on %s", path, when);
		advise_renewal(doctor, known, path);
		return false;
	}
	if (now < file->not_before) {
		time_text(file->not_before, when);
		doctor_say(doctor, "certificate", DOCTOR_FAILS, "%s is valid from %s on only", path,
			   when);
		doctor_to_do(doctor, "look at the clock of this machine");
		doctor_command(doctor, "timedatectl");
		return false;
	}
	return true;
}

static bool has_key(const struct doctor *doctor, const struct x509_file *file)
{
	for (size_t i = 0; i < doctor->key_count; i++)
		if (doctor->keys[i].public_key_len == file->spki_len &&
		    memcmp(doctor->keys[i].public_key, file->spki, file->spki_len) == 0)
			return true;
	return doctor->key_count == 0;
}

static void tell_mismatch(struct doctor *doctor, const char *path, const struct known *known)
{
	char word[DOCTOR_WORD_BYTES];

	doctor_say(doctor, "certificate", DOCTOR_FAILS, "the key of %s is not %s's %s", path,
		   doctor->keys[0].name,
		   doctor->key_count > 1 ? "nor that of another file here"
					 : "(the reference file)");
	if (known->id && *known->key_name) {
		doctor_to_do(doctor,
			     "give the program the key of certificate %llu, or another "
			     "certificate",
			     (unsigned long long)known->id);
		doctor_command(doctor, "keystorectl key export %s --reference --out FILE",
			       doctor_word(known->key_name, word));
	} else {
		doctor_to_do(doctor,
			     "give the program the certificate of that key: cert list shows "
			     "them");
		doctor_command(doctor, "keystorectl cert list");
	}
}

static void tell_known(struct doctor *doctor, const char *path, const struct x509_file *file,
		       const struct known *known)
{
	char until[TIME_BYTES];

	time_text(file->not_after, until);
	if (!known->id) {
		doctor_say(doctor, "certificate", DOCTOR_OK,
			   "%s (%s) is valid until %s; keystored shows %s no such certificate",
			   path, file->common_name, until, doctor->user);
	} else if (known->state == KS_CERT_REVOKED) {
		doctor_say(doctor, "certificate", DOCTOR_FAILS,
			   "%s is certificate %llu, version %u, and was revoked", path,
			   (unsigned long long)known->id, (unsigned)known->version);
		advise_renewal(doctor, known, path);
	} else if (known->version < known->newest) {
		doctor_say(doctor, "certificate", DOCTOR_WARNING,
			   "%s is version %u of certificate %llu, and there is version %u", path,
			   (unsigned)known->version, (unsigned long long)known->id,
			   (unsigned)known->newest);
		doctor_to_do(doctor,
			     "export it again; if key %s is not the program's yet, its "
			     "reference too",
			     known->key_name);
		command_export(doctor, known, path);
	} else {
		doctor_say(doctor, "certificate", DOCTOR_OK,
			   "%s is certificate %llu (%s), valid until %s", path,
			   (unsigned long long)known->id, file->common_name, until);
	}
}

void doctor_check_certificate(struct doctor *doctor, const char *path, const uint8_t *bytes,
			      size_t len)
{
	struct known known = {0};
	struct x509_file file;

	if (!x509_file_parse(bytes, len, &file)) {
		doctor_say(doctor, "file", DOCTOR_FAILS,
			   "%s is neither a reference file nor a certificate", path);
		doctor_to_do(doctor, "name the files that the program is configured with");
		return;
	}
	if (doctor->client)
		find(doctor, &file, &known);
	if (!has_key(doctor, &file))
		tell_mismatch(doctor, path, &known);
	else if (check_time(doctor, path, &file, &known))
		tell_known(doctor, path, &file, &known);
}
