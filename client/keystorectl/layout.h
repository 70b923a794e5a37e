/*
 * Where an OPC UA program keeps its key, its certificate and those it trusts, as one table, and
 * the making of such a folder. Hides names of files and the order of writing.
 */
#ifndef CTL_LAYOUT_H
#define CTL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl.h"

struct layout;

/* "uaexpert", "open62541", "node-opcua", "standard" (OPC 10000-12 F.1); NULL: no such. */
const struct layout *layout_by_name(const char *name);

enum layout_part {
	LAYOUT_KEY,	    /* PEM; its owner's only */
	LAYOUT_CERTIFICATE, /* DER, or PEM where the program wants that */
	LAYOUT_TRUSTED,	    /* a CA's certificate */
	LAYOUT_TRUSTED_CRL,
	LAYOUT_ISSUER, /* a CA's that is only needed to complete chains */
	LAYOUT_ISSUER_CRL,
	LAYOUT_PART_COUNT,
};

#define LAYOUT_PATH_MAX 4096

/* Where the part called @name is, below @root. False: that is too long. */
bool layout_path(const struct layout *layout, const char *root, enum layout_part part,
		 const char *name, char ret_path[LAYOUT_PATH_MAX]);

/* Makes @root with all its folders, those of keys for the owner only. EXIT_OK, or it was told. */
enum exit_code layout_make(const struct ctl *ctl, const struct layout *layout, const char *root);

/* Writes a part. @data: PEM of a key, else DER. EXIT_OK, or it was told. */
enum exit_code layout_write(const struct ctl *ctl, const struct layout *layout, const char *root,
			    enum layout_part part, const char *name, const uint8_t *data,
			    size_t len);

#endif
