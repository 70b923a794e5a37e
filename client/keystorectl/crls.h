/* A CA's CRL as a whole; the service gives it in parts. */
#ifndef CTL_CRLS_H
#define CTL_CRLS_H

#include "ctl.h"

struct download {
	uint8_t *der; /* free() it */
	size_t len;
	char number[64];
};

/* Zero-initialise @download. EXIT_OK, or it was told. */
enum exit_code crl_download(struct ctl *ctl, uint64_t ca_id, struct download *download);

#endif
