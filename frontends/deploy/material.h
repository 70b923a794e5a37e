/*
 * What a deployment's files are to hold, asked from keystored. Hides which requests that takes,
 * and that certificate and key belong together when they are handed out.
 */
#ifndef DEPLOY_MATERIAL_H
#define DEPLOY_MATERIAL_H

#include "deploy_status.h"
#include "deployment.h"
#include "keystore.h"

struct material {
	char *bytes[DEPLOYMENT_FILES]; /* NULL: the deployment has no such file */
	size_t len[DEPLOYMENT_FILES];
	char common_name[DEPLOY_COMMON_MAX];
	uint32_t version;
	int64_t not_after;
};

enum material_status {
	MATERIAL_OK = 0,
	MATERIAL_AWAY,	  /* keystored is not there, or busy */
	MATERIAL_REFUSED, /* there is nothing that may be written now */
};

/* Blocks for as long as the client's deadline says, three times. Not OK: @problem. */
enum material_status material_fetch(struct ks_client *client, const struct deployment *deployment,
				    struct material *ret_material,
				    char problem[DEPLOY_PROBLEM_MAX]);
void material_wipe(struct material *material);

/* Whether a certificate's file and a reference file are of one key. */
bool material_is_pair(const char *cert, size_t cert_len, const char *reference,
		      size_t reference_len);

#endif
