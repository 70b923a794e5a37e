/*
 * keystorectl doctor: what is between a program of OpenSSL's and its key, looked at link by link
 * as the user of the program. Each check adds lines, and leaves here what later ones build on.
 * Hides how it is told.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <limits.h>
#include <openssl/types.h>

#include "ctl.h"
#include "openssl_conf.h"
#include "reference.h"

#define DOCTOR_LINES_MAX 64
#define DOCTOR_KEYS_MAX	 8

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_FAILS,
	DOCTOR_NOT_CHECKED, /* what it builds on fails */
	DOCTOR_RESULT_COUNT,
};

struct doctor_line {
	const char *check;
	enum doctor_result result;
	char *found;
	char *to_do;   /* NULL: nothing */
	char *command; /* to be run; NULL: none */
};

struct doctor {
	struct ctl *ctl;
	char user[64]; /* name, or number where there is none */
	struct doctor_line lines[DOCTOR_LINES_MAX];
	size_t line_count;

	char config[PATH_MAX];
	bool config_is_systems;
	bool has_facts;
	struct openssl_facts facts;
	OSSL_LIB_CTX *context; /* as programs have it; NULL: they have no provider */

	struct ks_client *client; /* NULL: no service */
	bool tpm_is_ready;

	struct reference keys[DOCTOR_KEYS_MAX]; /* of the files, for their certificates */
	size_t key_count;
};

/* Adds a line. @check: static. */
void doctor_say(struct doctor *doctor, const char *check, enum doctor_result result,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What to do about the last line, and the command that does it. */
void doctor_to_do(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_command(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* @text as one word of a shell. */
#define DOCTOR_WORD_BYTES (4 * PATH_MAX)
const char *doctor_word(const char *text, char word[DOCTOR_WORD_BYTES]);

/* EXIT_FAILED: some line fails. */
enum exit_code doctor_tell(const struct doctor *doctor);
void doctor_clear(struct doctor *doctor);

void doctor_check_openssl(struct doctor *doctor);
void doctor_check_service(struct doctor *doctor);
void doctor_check_rights(struct doctor *doctor);
/* Certificates are compared with the keys of all files, in whatever order they are named. */
void doctor_take_key(struct doctor *doctor, const char *path);
void doctor_check_file(struct doctor *doctor, const char *path);

/* A certificate in @path: whether its key is one of the keys, and what keystored says of it. */
void doctor_check_certificate(struct doctor *doctor, const char *path, const uint8_t *bytes,
			      size_t len);

#endif
