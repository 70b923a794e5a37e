/*
 * A deployment: which certificate goes into which files of which program, and what is done when
 * they have changed. Hides how it is written down:
 *
 *   [deployment]
 *   certificate = 3
 *   cert = /etc/nginx/tls/web.pem
 *   key = /etc/nginx/tls/web.key
 *   reload = nginx.service
 */
#ifndef DEPLOY_DEPLOYMENT_H
#define DEPLOY_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "folder.h"

/* inih takes lines of 198 characters. */
#define DEPLOYMENT_PATH_MAX    180
#define DEPLOYMENT_COMMAND_MAX 180
#define DEPLOYMENT_OWNER_MAX   80
#define DEPLOYMENT_UNIT_MAX    128
#define DEPLOYMENT_NAME_MAX    64
#define DEPLOYMENT_TEXT_MAX    4096
#define DEPLOYMENT_MODE	       0644

/* In the order in which they are written. */
enum deployment_file {
	DEPLOYMENT_CHAIN, /* the issuers' certificates */
	DEPLOYMENT_KEY,	  /* the reference file */
	DEPLOYMENT_CERT,  /* the certificate; with its issuers where they have no file */
	DEPLOYMENT_FILES,
};

struct deployment {
	char name[DEPLOYMENT_NAME_MAX + 1]; /* of its file, without ".conf"; not in its text */
	uint64_t cert_id;
	char paths[DEPLOYMENT_FILES][DEPLOYMENT_PATH_MAX + 1]; /* the chain's may be "" */
	char owner[DEPLOYMENT_OWNER_MAX + 1];		       /* "USER:GROUP"; "": as it comes */
	mode_t mode;
	char unit[DEPLOYMENT_UNIT_MAX + 1];	  /* that is reloaded; "": none */
	char command[DEPLOYMENT_COMMAND_MAX + 1]; /* that is run; "": none */
};

/* Of a file, in sentences: "certificate", "key", "chain". */
const char *deployment_file_name(enum deployment_file file);

/* Whether it makes sense, by itself. False: @problem says what does not. */
bool deployment_check(const struct deployment *deployment, char problem[DEPLOY_PROBLEM_MAX]);

/* Reads and checks; the name is left empty. False: @problem. */
bool deployment_read(const char *text, size_t len, struct deployment *ret_deployment,
		     char problem[DEPLOY_PROBLEM_MAX]);

/* Checks, and writes what is read as the same again. False: @problem. */
bool deployment_write(const struct deployment *deployment, char ret_text[DEPLOYMENT_TEXT_MAX],
		      char problem[DEPLOY_PROBLEM_MAX]);

/* "0640". False: it is none. */
bool deployment_mode_read(const char *text, mode_t *ret_mode);

/* Whom the files are to belong to, as chown() has it: -1 stays. False: @problem. */
bool deployment_owner(const struct deployment *deployment, uid_t *ret_uid, gid_t *ret_gid,
		      char problem[DEPLOY_PROBLEM_MAX]);

/* A file that both write, by name or because their folders are the same; NULL: none. */
const char *deployment_shared_file(const struct deployment *one, const struct deployment *other);

#endif
