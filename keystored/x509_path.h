/*
 * May a peer's certificate be relied upon (RFC 5280 6, OPC 10000-4 6.1.3)? Hides how the paths
 * to a trusted certificate are found among cross-certificates, same names and hostile chains,
 * and how OpenSSL checks one.
 */
#ifndef X509_PATH_H
#define X509_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509_pool.h"

#define PATH_CERTS_MAX 10  /* certificates of a path, the candidate and the trusted one included */
#define PATH_SENT_MAX  64  /* certificates that come along with the candidate */
#define PATH_TEXT_MAX  512 /* bytes of a verdict's sentence, with its NUL */

enum path_reason {
	PATH_OK = 0,
	PATH_MALFORMED,		/* what the peer sent is no certificate, or is too large */
	PATH_INCOMPLETE,	/* an issuer is missing; the sentence names it */
	PATH_UNTRUSTED,		/* it ends at a self-signed certificate that is not trusted */
	PATH_LOOP,		/* the issuers issued one another */
	PATH_TOO_DEEP,		/* over PATH_CERTS_MAX or PATH_SENT_MAX */
	PATH_TOO_COMPLEX,	/* too many ways to look at */
	PATH_SIGNATURE,		/* not signed with its issuer's key */
	PATH_NOT_YET_VALID,	/* a certificate's time */
	PATH_EXPIRED,		/* a certificate's time */
	PATH_REVOKED,		/* the verdict has when and why */
	PATH_CRL_MISSING,	/* none of the issuer */
	PATH_CRL_NOT_YET_VALID, /* its thisUpdate is to come */
	PATH_CRL_EXPIRED,	/* its nextUpdate has passed, or it has none */
	PATH_CRL_WRONG_ISSUER,	/* of the issuer's name, but of another's key or one that may not */
	PATH_CRL_SIGNATURE,	/* not signed with its issuer's key, or with an outdated digest */
	PATH_CRL_SCOPE,		/* does not cover this certificate, or says what we don't know */
	PATH_NO_CA,		/* an issuer may not issue */
	PATH_LENGTH,		/* more CAs below one than it allows */
	PATH_NAME_CONSTRAINTS,	/* a name outside what a CA may issue for */
	PATH_CRITICAL_EXTENSION, /* unknown, and critical */
	PATH_EXTENSION,		 /* malformed */
	PATH_POLICY,		 /* certificate policies are demanded by a CA, and not met */
	PATH_USAGE,		 /* not made for this purpose */
	PATH_URI,		 /* not the application it says it is */
	PATH_WEAK,		 /* a key or a signature's digest */
	PATH_OTHER,		 /* OpenSSL refused it: the sentence has its words */
	PATH_HOST,		 /* all is well, but it is not for the host that was asked for */
	PATH_ANCHOR,		 /* all is well, but not by way of the certificate asked for */
	PATH_NOMEM,		 /* could not be decided */
	PATH_REASON_COUNT
};

enum path_purpose {
	PATH_ANY,
	PATH_TLS_CLIENT, /* the candidate is one */
	PATH_TLS_SERVER, /* the candidate is one */
	PATH_OPCUA,	 /* an application instance, OPC 10000-6 6.2.2 */
	PATH_PURPOSE_COUNT,
};

/*
 * Of each issuer on the path, for what it issued there. The trusted certificate at the end is
 * looked up too, where an issuer of it is in the pool and it is not self-signed.
 */
enum path_crls {
	PATH_CRLS_REQUIRED,    /* a current CRL at every level */
	PATH_CRLS_WHERE_KNOWN, /* where the pool has any of the issuer it must be good and current */
	PATH_CRLS_NONE,	       /* revocation is not looked at */
};

struct path_der {
	const uint8_t *bytes;
	size_t len;
};

/*
 * Everything is borrowed for the call. @anchor must be on the path, or issue the trusted
 * certificate where the path ends, itself or through others; another certificate with its name
 * and key is as good (RFC 5280 6.1.1 d). It is searched through as if it had been sent along:
 * naming it does not make it trusted. What it is above of is checked up to it.
 */
struct path_request {
	struct path_der candidate;
	const struct path_der *sent; /* what the peer sent along, in any order; hostile */
	size_t sent_count;
	int64_t at; /* Unix time, seconds */
	enum path_purpose purpose;
	const char *application_uri; /* PATH_OPCUA: must be the first URI among its names */
	bool any_uri;		     /* PATH_OPCUA: which application it is, is asked later */
	const char *host;	     /* as x509_host_wrong() takes it; NULL: for whichever */
	struct path_der anchor;	     /* no bytes: none is demanded */
	uint64_t anchor_id;	     /* what the sentence calls it */
	enum path_crls crls;
};

struct path_verdict {
	enum path_reason reason;
	unsigned depth;		 /* of the certificate concerned; 0: the candidate */
	uint8_t fingerprint[32]; /* SHA-256 of the certificate concerned; zeros: none */
	int64_t revoked_at;	 /* REVOKED: Unix time, seconds */
	int revocation_reason;	 /* REVOKED: RFC 5280 5.3.1, 0 where the CRL gives none */
	char missing[256];	 /* INCOMPLETE: the issuer's name, cut where too long */
	char text[PATH_TEXT_MAX];
};

/*
 * OK: the certificate concerned is the trusted one that the path ends at. Else the reason of
 * the path that came farthest. The work is bounded, whatever was sent. @pool only gathers what
 * was verified.
 */
[[nodiscard]] enum path_reason x509_path_validate(struct x509_pool *pool,
						  const struct path_request *request,
						  struct path_verdict *ret_verdict);

#endif
