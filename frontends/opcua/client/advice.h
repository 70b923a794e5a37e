/* What a status of OPC UA means for who sees it, and what to do: one table. Without open62541. */
#ifndef CLIENT_ADVICE_H
#define CLIENT_ADVICE_H

#include "program.h"

struct advice {
	const char *name; /* "BadCertificateUntrusted" */
	enum exit_code code;
	const char *text; /* what to do, a sentence without its dot */
};

/* Never NULL: others have code EXIT_FAILED and no text (""). */
const struct advice *advice_find(const char *name);

#endif
