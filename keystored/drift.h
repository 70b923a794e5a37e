/*
 * Whether the names in a certificate are still this device's. Hides what counts as the device's
 * own: what it had while the certificate was here. Names of other hosts, or of an address
 * translation in between, may be in a certificate on purpose, and say nothing. Pure.
 */
#ifndef DRIFT_H
#define DRIFT_H

#include "own.h"
#include "x509_san.h"

#define DRIFT_GONE_MAX 16u
#define DRIFT_NAME_MAX 256
#define DRIFT_TEXT_MAX 320

struct drift_name {
	size_t at; /* in the certificate's names */
	const struct own_name *was;
	const struct own_name *successor; /* NULL: none, or it is not clear which */
};

struct drift {
	size_t count; /* names that are gone, DRIFT_GONE_MAX at most: others come next time */
	struct drift_name gone[DRIFT_GONE_MAX];
	size_t addresses, hosts, successors; /* of these */
	char text[DRIFT_TEXT_MAX];	     /* a clause for a person, without an end */
};

/*
 * @names are those of a certificate that was made here at @created (Unix time). An address is
 * gone that the device had since then and has not any more; its successor has come to the same
 * interface since then, is of the same family, and is no name of the certificate; of several, the
 * one that came when the other went. A DNS name is gone that is a former host name, or one with
 * a domain behind it; its successor is today's host name. *ret_drift points into @own.
 */
void drift_judge(const struct csr_name *names, size_t count, int64_t created, const struct own *own,
		 struct drift *ret_drift);

/*
 * Puts successors into the places of what is gone, and leaves out what is there twice then. The
 * number of names left. They point into @text, which the caller keeps as long.
 */
size_t drift_follow(const struct drift *drift, struct csr_name *names, size_t count,
		    char text[DRIFT_GONE_MAX][DRIFT_NAME_MAX]);

#endif
