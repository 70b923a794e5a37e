#include "fault.h"

#include <stddef.h>

#define COUNT(Table) (sizeof(Table) / sizeof(*(Table)))

/* Those of a later keystored that are not in here: unfit, as those that are not named. */
static const enum ouc_status verdicts[] = {
	[KS_VERDICT_ACCEPTED] = OUC_CERT_UNFIT,
	[KS_VERDICT_INCOMPLETE] = OUC_CERT_UNTRUSTED,
	[KS_VERDICT_UNTRUSTED] = OUC_CERT_UNTRUSTED,
	[KS_VERDICT_ANCHOR] = OUC_CERT_UNTRUSTED,
	[KS_VERDICT_NOT_YET_VALID] = OUC_CERT_EXPIRED,
	[KS_VERDICT_EXPIRED] = OUC_CERT_EXPIRED,
	[KS_VERDICT_REVOKED] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_MISSING] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_NOT_YET_VALID] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_EXPIRED] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_WRONG_ISSUER] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_SIGNATURE] = OUC_CERT_REVOKED,
	[KS_VERDICT_CRL_SCOPE] = OUC_CERT_REVOKED,
};

static const enum ouc_status streams[] = {
	[STREAM_RESET] = OUC_BROKEN,	    [STREAM_TIMEOUT] = OUC_TIMEOUT,
	[STREAM_PROTOCOL] = OUC_TLS,	    [STREAM_NO_CERT] = OUC_CERT_UNFIT,
	[STREAM_REFUSED] = OUC_CERT_UNFIT, /* unless the verdict says more */
	[STREAM_KEY] = OUC_OWN_CERT,	    [STREAM_SERVICE] = OUC_TEMPORARY,
	[STREAM_RESOURCES] = OUC_RESOURCES,
};

static const enum ouc_status dials[] = {
	[DIAL_REFUSED] = OUC_REFUSED,	      [DIAL_UNREACHABLE] = OUC_UNREACHABLE,
	[DIAL_UNKNOWN] = OUC_NAME_UNKNOWN,    [DIAL_LOCAL_PORT] = OUC_PORT_IN_USE,
	[DIAL_INTERFACE] = OUC_BAD_INTERFACE, [DIAL_RESOURCES] = OUC_RESOURCES,
};

static const enum ouc_status listeners[] = {
	[LISTENER_LISTENS] = OUC_OK,
	[LISTENER_PORT_IN_USE] = OUC_PORT_IN_USE,
	[LISTENER_NO_INTERFACE] = OUC_BAD_INTERFACE,
	[LISTENER_FAILS] = OUC_RESOURCES,
};

static enum ouc_status fault_of_verdict(enum ks_verdict_reason reason)
{
	if ((size_t)reason >= COUNT(verdicts) || !verdicts[reason])
		return OUC_CERT_UNFIT;
	return verdicts[reason];
}

enum ouc_status fault_of_stream(const struct stream_failure *failure)
{
	if (failure->fault == STREAM_REFUSED)
		return fault_of_verdict(failure->verdict);
	return streams[failure->fault];
}

enum ouc_status fault_of_dial(enum dial_fault fault)
{
	return dials[fault];
}

enum ouc_status fault_of_listener(enum listener_state state)
{
	return listeners[state];
}
