/* doctor: the files that a program is given as its keys. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "openssl_load.h"

#define FILE_BYTES_MAX 262144
#define DIGEST_BYTES   32

struct given {
	const char *path;
	uint8_t *bytes; /* with a NUL behind them */
	size_t len;
	struct stat facts;
};

static void tell_unreadable(struct doctor *doctor, const char *path, int error)
{
	char word[DOCTOR_WORD_BYTES];

	doctor_say(doctor, "file", DOCTOR_FAILS, "%s cannot be read by %s: %s", path, doctor->user,
		   strerror(error));
	if (error == EACCES) {
		doctor_to_do(doctor,
			     "let %s read it, and enter each folder on the way: a "
			     "reference and a certificate hold no secret",
			     doctor->user);
		doctor_command(doctor, "chmod a+r %s", doctor_word(path, word));
	} else {
		doctor_to_do(doctor, "name the file that the program is configured with");
	}
}

static bool read_bytes(int fd, struct given *given)
{
	ssize_t n = 1;

	given->bytes = calloc(1, FILE_BYTES_MAX + 1);
	while (given->bytes && n > 0 && given->len < FILE_BYTES_MAX) {
		n = read(fd, given->bytes + given->len, FILE_BYTES_MAX - given->len);
		given->len += n > 0 ? (size_t)n : 0;
	}
	return given->bytes && n >= 0;
}

/* Zero, or why it is not read. */
static int read_file(struct given *given)
{
	int fd = open(given->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = 0;

	if (fd < 0 || fstat(fd, &given->facts) < 0)
		error = errno;
	else if (!S_ISREG(given->facts.st_mode))
		error = S_ISDIR(given->facts.st_mode) ? EISDIR : EINVAL;
	else if (!read_bytes(fd, given))
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* There may have been a key in it. */
static void free_file(struct given *given)
{
	if (given->bytes)
		OPENSSL_cleanse(given->bytes, given->len);
	free(given->bytes);
}

/* Who may put another file's content there decides which key the program uses. */
static void check_owner(struct doctor *doctor, const struct given *given, const char *what)
{
	char word[DOCTOR_WORD_BYTES];

	if (given->facts.st_mode & (S_IWGRP | S_IWOTH)) {
		doctor_say(doctor, "file", DOCTOR_WARNING, "%s is %s, and %s may write it",
			   given->path, what,
			   given->facts.st_mode & S_IWOTH ? "everybody" : "its group");
		doctor_to_do(doctor, "let only its owner write it");
		doctor_command(doctor, "chmod go-w %s", doctor_word(given->path, word));
	} else if (given->facts.st_uid != 0 && given->facts.st_uid != geteuid()) {
		doctor_say(doctor, "file", DOCTOR_WARNING,
			   "%s is %s, and belongs to uid %u, who is neither root nor %s",
			   given->path, what, (unsigned)given->facts.st_uid, doctor->user);
		doctor_to_do(doctor, "let it belong to root");
		doctor_command(doctor, "chown root %s", doctor_word(given->path, word));
	} else {
		doctor_say(doctor, "file", DOCTOR_OK, "%s is %s", given->path, what);
	}
}

static void command_new_reference(struct doctor *doctor, const char *name, const char *path)
{
	char word[DOCTOR_WORD_BYTES];

	doctor_command(doctor, "keystorectl key export %s --reference --out %s", name,
		       doctor_word(path, word));
}

static void command_allow(struct doctor *doctor, const char *name)
{
	char word[DOCTOR_WORD_BYTES];

	doctor_to_do(doctor,
		     "let it sign; where the program is a service of keystored, service set "
		     "with its user does so");
	doctor_command(doctor, "keystorectl key allow %s --uid %s --operations sign", name,
		       doctor_word(doctor->user, word));
}

/* The key of that ID is gone: perhaps there is another one of its name. */
static void tell_missing(struct doctor *doctor, const struct reference *reference, const char *path)
{
	struct ks_result *result = NULL;
	enum ks_status status = ks_key_show(doctor->client, reference->name, &result);

	if (status == KS_OK) {
		doctor_say(doctor, "key", DOCTOR_FAILS,
			   "key %s (#%llu) was deleted, and made anew as #%llu", reference->name,
			   (unsigned long long)reference->key_id,
			   (unsigned long long)result->keys[0].id);
		doctor_to_do(doctor, "write the file again, and give the program a certificate for "
				     "the new key");
		command_new_reference(doctor, reference->name, path);
	} else {
		doctor_say(doctor, "key", DOCTOR_FAILS,
			   "keystored has no key %s (#%llu): it was deleted, or is another "
			   "gateway's",
			   reference->name, (unsigned long long)reference->key_id);
		doctor_to_do(doctor,
			     "choose another key, and write the file again with key export");
		doctor_command(doctor, "keystorectl key list");
	}
	ks_result_free(result);
}

static bool is_same_key(const struct ks_key *key, const struct reference *reference)
{
	return key->public_key_len == reference->public_key_len &&
	       memcmp(key->public_key, reference->public_key, reference->public_key_len) == 0;
}

/* True: it is the key that the file means, and made for signing. */
static bool check_key(struct doctor *doctor, const struct reference *reference, const char *path)
{
	struct ks_result *result = NULL;
	enum ks_status status;
	bool is_good = false;
	char name[32];

	snprintf(name, sizeof(name), "#%llu", (unsigned long long)reference->key_id);
	status = ks_key_show(doctor->client, name, &result);
	if (status == KS_NOT_FOUND) {
		tell_missing(doctor, reference, path);
	} else if (status == KS_DENIED) {
		doctor_say(doctor, "key", DOCTOR_FAILS, "%s may not use key %s (#%llu)",
			   doctor->user, reference->name, (unsigned long long)reference->key_id);
		command_allow(doctor, reference->name);
	} else if (status != KS_OK) {
		doctor_say(doctor, "key", DOCTOR_FAILS, "%s", result->message);
	} else if (!is_same_key(&result->keys[0], reference)) {
		doctor_say(doctor, "key", DOCTOR_FAILS,
			   "the public key in the file is not that of key %s (#%llu): the file was "
			   "changed, or is another gateway's",
			   result->keys[0].name, (unsigned long long)reference->key_id);
		doctor_to_do(doctor, "write it again, for the right key");
		command_new_reference(doctor, result->keys[0].name, path);
	} else if (result->keys[0].of_ca) {
		doctor_say(doctor, "key", DOCTOR_FAILS,
			   "%s (#%llu) is a CA's key, with which no program signs",
			   result->keys[0].name, (unsigned long long)reference->key_id);
		doctor_to_do(doctor, "give the program a key of its own");
	} else {
		is_good = result->keys[0].operations & KS_OPERATION_SIGN;
		doctor_say(doctor, "key", DOCTOR_OK, "%s (#%llu), %s, as the file has it%s",
			   result->keys[0].name, (unsigned long long)reference->key_id,
			   ks_algorithm_name(result->keys[0].algorithm),
			   is_good ? "" : "; made for decryption only");
	}
	ks_result_free(result);
	return is_good;
}

/* Asks the service alone, without OpenSSL in between. True: it signs. */
static bool check_use(struct doctor *doctor, const struct reference *reference)
{
	uint8_t digest[DIGEST_BYTES] = {0};
	struct ks_result *result = NULL;
	enum ks_status status;
	char name[32];

	if (!doctor->tpm_is_ready) {
		doctor_say(doctor, "use", DOCTOR_NOT_CHECKED, "the TPM is not ready");
		return false;
	}
	snprintf(name, sizeof(name), "#%llu", (unsigned long long)reference->key_id);
	status = ks_sign(doctor->client, name, KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
			 sizeof(digest), &result);
	if (status == KS_OK) {
		doctor_say(doctor, "use", DOCTOR_OK, "%s may sign with %s", doctor->user,
			   reference->name);
	} else if (status == KS_DENIED) {
		doctor_say(doctor, "use", DOCTOR_FAILS, "%s may not sign with %s", doctor->user,
			   reference->name);
		command_allow(doctor, reference->name);
	} else {
		doctor_say(doctor, "use", DOCTOR_FAILS, "%s", result->message);
	}
	ks_result_free(result);
	return status == KS_OK;
}

/* The proof: what the program does. */
static void check_openssl(struct doctor *doctor, const struct given *given,
			  const struct reference *reference, bool may_sign)
{
	char problem[OPENSSL_PROBLEM_BYTES];
	EVP_PKEY *key;

	if (!doctor->context) {
		doctor_say(doctor, "OpenSSL", DOCTOR_NOT_CHECKED,
			   "it has no provider \"keystore\"");
		return;
	}
	key = openssl_load_key(doctor->context, (const char *)given->bytes, given->len, problem);
	if (!key) {
		doctor_say(doctor, "OpenSSL", DOCTOR_FAILS, "it cannot load %s: %s", given->path,
			   problem);
		doctor_to_do(doctor, "install keystored's provider again: file and provider may be "
				     "of different versions");
	} else if (!may_sign) {
		doctor_say(doctor, "OpenSSL", DOCTOR_OK, "loads %s; no signature was tried",
			   given->path);
	} else if (!openssl_sign(doctor->context, key, reference->public_key,
				 reference->public_key_len, problem)) {
		doctor_say(doctor, "OpenSSL", DOCTOR_FAILS, "loads %s, and cannot sign: %s",
			   given->path, problem);
		doctor_to_do(doctor,
			     "see whether programs use another socket than this one: KEYSTORE_"
			     "SOCKET, or \"socket\" in openssl.cnf");
	} else {
		doctor_say(doctor, "OpenSSL", DOCTOR_OK,
			   "loads %s, signs with it, and the signature is good", given->path);
	}
	EVP_PKEY_free(key);
}

static void check_reference(struct doctor *doctor, const struct given *given)
{
	enum reference_status status;
	struct reference reference;
	bool may_sign = false;

	status = reference_from_pem((const char *)given->bytes, given->len, &reference);
	if (status != REFERENCE_OK) {
		doctor_say(doctor, "file", DOCTOR_FAILS, "%s: %s", given->path,
			   reference_status_text(status));
		return;
	}
	check_owner(doctor, given, "a reference file");
	if (!doctor->client) {
		doctor_say(doctor, "key", DOCTOR_NOT_CHECKED, "the service does not answer");
	} else if (check_key(doctor, &reference, given->path)) {
		may_sign = check_use(doctor, &reference);
	}
	check_openssl(doctor, given, &reference, may_sign);
}

static bool has(const struct given *given, const char *text)
{
	return memmem(given->bytes, given->len, text, strlen(text)) != NULL;
}

void doctor_take_key(struct doctor *doctor, const char *path)
{
	struct given given = {.path = path};

	if (doctor->key_count < DOCTOR_KEYS_MAX && read_file(&given) == 0 &&
	    reference_from_pem((const char *)given.bytes, given.len,
			       &doctor->keys[doctor->key_count]) == REFERENCE_OK)
		doctor->key_count++;
	free_file(&given);
}

static void tell_private(struct doctor *doctor, const char *path)
{
	doctor_say(doctor, "file", DOCTOR_WARNING,
		   "%s holds a private key: a program that uses it does not use keystored", path);
	doctor_to_do(doctor, "give the program a reference file instead; a key that was in a file "
			     "is best replaced by one that is made in the TPM");
	doctor_command(doctor, "keystorectl key export KEY --reference --out FILE");
}

void doctor_check_file(struct doctor *doctor, const char *path)
{
	struct given given = {.path = path};
	int error = read_file(&given);
	bool is_reference = !error && has(&given, "-----BEGIN " REFERENCE_LABEL "-----");
	bool is_private = !error && has(&given, "PRIVATE KEY-----");

	if (error)
		tell_unreadable(doctor, path, error);
	if (is_reference)
		check_reference(doctor, &given);
	if (is_private)
		tell_private(doctor, path);
	if (error || ((is_reference || is_private) && !has(&given, "-----BEGIN CERTIFICATE-----")))
		goto out;
	if (!is_reference && given.facts.st_mode & (S_IWGRP | S_IWOTH))
		check_owner(doctor, &given, "a certificate");
	doctor_check_certificate(doctor, path, given.bytes, given.len);
out:
	free_file(&given);
}
