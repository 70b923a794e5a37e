/* The reasons of errors that the provider puts into OpenSSL's queue: ERR_GET_REASON() has them. */
#ifndef PROVIDER_REASON_H
#define PROVIDER_REASON_H

/* What went wrong, by kind; the sentence says the rest. */
enum provider_reason {
	PROVIDER_REFUSED = 1,	/* keystored or the TPM said no */
	PROVIDER_UNREACHABLE,	/* keystored is not there */
	PROVIDER_NOT_SUPPORTED, /* no such padding, hash, parameter … */
	PROVIDER_BAD_REFERENCE, /* a reference file, or a URI, that is none */
	PROVIDER_NO_MEMORY,
	PROVIDER_OPENSSL,     /* another provider failed; its errors come before */
	PROVIDER_UNAVAILABLE, /* keystored is there, its TPM not, or it has too much to do */
};

#endif
