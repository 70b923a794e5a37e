#include "layout.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "json_pem.h"

#define FOLDERS_MAX 16

struct layout {
	const char *program;
	const char *parts[LAYOUT_PART_COUNT]; /* a folder and a file's name; %s: the part's own */
	bool wants_pem;			      /* of its own certificate */
	const char *folders[FOLDERS_MAX];     /* parents first */
};

static const struct layout layouts[] = {
	{
		.program = "standard",
		.parts = {[LAYOUT_KEY] = "own/private/%s.pem",
			  [LAYOUT_CERTIFICATE] = "own/certs/%s.der",
			  [LAYOUT_TRUSTED] = "trusted/certs/%s.der",
			  [LAYOUT_TRUSTED_CRL] = "trusted/crl/%s.crl",
			  [LAYOUT_ISSUER] = "issuer/certs/%s.der",
			  [LAYOUT_ISSUER_CRL] = "issuer/crl/%s.crl"},
		.folders = {"own", "own/certs", "own/private", "trusted", "trusted/certs",
			    "trusted/crl", "issuer", "issuer/certs", "issuer/crl", "rejected",
			    "rejected/certs"},
	},
	{
		/* The folder that it is given for its "PKI store"; its own files have one name. */
		.program = "uaexpert",
		.parts = {[LAYOUT_KEY] = "own/private/uaexpert_key.pem",
			  [LAYOUT_CERTIFICATE] = "own/certs/uaexpert.der",
			  [LAYOUT_TRUSTED] = "trusted/certs/%s.der",
			  [LAYOUT_TRUSTED_CRL] = "trusted/crl/%s.crl",
			  [LAYOUT_ISSUER] = "issuers/certs/%s.der",
			  [LAYOUT_ISSUER_CRL] = "issuers/crl/%s.crl"},
		.folders = {"own", "own/certs", "own/private", "trusted", "trusted/certs",
			    "trusted/crl", "issuers", "issuers/certs", "issuers/crl"},
	},
	{
		/* UA_CertificateGroup_Filestore() of the default application group. */
		.program = "open62541",
		.parts = {[LAYOUT_KEY] = "ApplCerts/own/private/%s.pem",
			  [LAYOUT_CERTIFICATE] = "ApplCerts/own/certs/%s.der",
			  [LAYOUT_TRUSTED] = "ApplCerts/trusted/certs/%s.der",
			  [LAYOUT_TRUSTED_CRL] = "ApplCerts/trusted/crl/%s.crl",
			  [LAYOUT_ISSUER] = "ApplCerts/issuer/certs/%s.der",
			  [LAYOUT_ISSUER_CRL] = "ApplCerts/issuer/crl/%s.crl"},
		.folders = {"ApplCerts", "ApplCerts/own", "ApplCerts/own/certs",
			    "ApplCerts/own/private", "ApplCerts/trusted", "ApplCerts/trusted/certs",
			    "ApplCerts/trusted/crl", "ApplCerts/issuer", "ApplCerts/issuer/certs",
			    "ApplCerts/issuer/crl", "ApplCerts/rejected",
			    "ApplCerts/rejected/certs"},
	},
	{
		/* The root folder of an OPCUACertificateManager. */
		.program = "node-opcua",
		.parts = {[LAYOUT_KEY] = "own/private/private_key.pem",
			  [LAYOUT_CERTIFICATE] = "own/certs/%s.pem",
			  [LAYOUT_TRUSTED] = "trusted/certs/%s.der",
			  [LAYOUT_TRUSTED_CRL] = "trusted/crl/%s.crl",
			  [LAYOUT_ISSUER] = "issuers/certs/%s.der",
			  [LAYOUT_ISSUER_CRL] = "issuers/crl/%s.crl"},
		.wants_pem = true,
		.folders = {"own", "own/certs", "own/private", "trusted", "trusted/certs",
			    "trusted/crl", "issuers", "issuers/certs", "issuers/crl", "rejected"},
	},
};

const struct layout *layout_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (strcmp(layouts[i].program, name) == 0)
			return &layouts[i];
	}
	return NULL;
}

bool layout_path(const struct layout *layout, const char *root, enum layout_part part,
		 const char *name, char ret_path[LAYOUT_PATH_MAX])
{
	const char *pattern = layout->parts[part];
	const char *hole = strstr(pattern, "%s");
	int folder = hole ? (int)(hole - pattern) : (int)strlen(pattern);

	return snprintf(ret_path, LAYOUT_PATH_MAX, "%s/%.*s%s%s", root, folder, pattern,
			hole ? name : "", hole ? hole + 2 : "") < LAYOUT_PATH_MAX;
}

static enum exit_code make_folder(const struct ctl *ctl, const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return EXIT_OK;
	return ctl_fail(ctl, EXIT_FAILED, "the folder %s cannot be made: %s", path,
			strerror(errno));
}

enum exit_code layout_make(const struct ctl *ctl, const struct layout *layout, const char *root)
{
	enum exit_code code = make_folder(ctl, root, 0755);
	char path[LAYOUT_PATH_MAX];

	for (size_t i = 0; i < FOLDERS_MAX && layout->folders[i] && code == EXIT_OK; i++) {
		const char *folder = layout->folders[i];

		if (snprintf(path, sizeof(path), "%s/%s", root, folder) >= (int)sizeof(path))
			return ctl_fail(ctl, EXIT_USAGE, "%s is too long for a folder's name",
					root);
		code = make_folder(ctl, path, strstr(folder, "private") ? 0700 : 0755);
	}
	return code;
}

static enum exit_code write_pem(const struct ctl *ctl, const char *path, const uint8_t *der,
				size_t len)
{
	char *pem = pem_text(PEM_STRING_X509, der, len);
	enum exit_code code =
		pem ? file_write(ctl, path, OUTPUT_TEXT, (const uint8_t *)pem, strlen(pem))
		    : ctl_fail(ctl, EXIT_FAILED, "out of memory");

	free(pem);
	return code;
}

enum exit_code layout_write(const struct ctl *ctl, const struct layout *layout, const char *root,
			    enum layout_part part, const char *name, const uint8_t *data,
			    size_t len)
{
	char path[LAYOUT_PATH_MAX];

	if (!layout_path(layout, root, part, name, path))
		return ctl_fail(ctl, EXIT_USAGE, "%s is too long for a folder's name", root);
	if (part == LAYOUT_KEY)
		return file_write(ctl, path, OUTPUT_SECRET_TEXT, data, len);
	if (part == LAYOUT_CERTIFICATE && layout->wants_pem)
		return write_pem(ctl, path, data, len);
	return file_write(ctl, path, OUTPUT_BINARY, data, len);
}
