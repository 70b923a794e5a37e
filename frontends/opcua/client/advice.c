#include "advice.h"

#include <string.h>

#define THEIR_TRUST                                                                                \
	"the server does not take this client's certificate: it now has it among its rejected "    \
	"ones; trust it there, or the CA that issued it, and see its log"
#define OWN_FAULT "make one anew: keystorectl cert check says what is wrong with it"

static const struct advice table[] = {
	/* the way there */
	{"BadConnectionRejected", EXIT_UNAVAILABLE,
	 "nothing answers there: see that the server runs, and that address and port are right"},
	{"BadConnectionClosed", EXIT_UNAVAILABLE,
	 "the server ended the connection: its log says why; often it does not take this client's "
	 "certificate"},
	{"BadNotConnected", EXIT_UNAVAILABLE, "the connection is gone: try again"},
	{"BadSecureChannelClosed", EXIT_UNAVAILABLE,
	 "the server closed the channel: its log says why; often it does not take this client's "
	 "certificate"},
	{"BadTimeout", EXIT_UNAVAILABLE, "no answer came in time: --timeout SECONDS waits longer"},
	{"BadShutdown", EXIT_UNAVAILABLE, "the server shuts down: try again later"},
	{"BadServerHalted", EXIT_UNAVAILABLE, "the server stands still: try again later"},
	{"BadTcpEndpointUrlInvalid", EXIT_USAGE,
	 "the server is not called that: keystore-opcua-client endpoints URL lists its addresses"},
	{"BadTcpServerTooBusy", EXIT_BUSY, "too many are connected: try again later"},
	{"BadTcpMessageTypeInvalid", EXIT_FAILED, "what answers there does not speak OPC UA"},
	{"BadServerUriInvalid", EXIT_USAGE, "another server answers there: look at the URL"},
	{"BadTooManySessions", EXIT_BUSY,
	 "the server has no session left: end other clients, or wait until theirs expire"},
	{"BadTooManyOperations", EXIT_USAGE, "ask for fewer nodes at once"},
	{"BadTooManySubscriptions", EXIT_BUSY, "the server has no subscription left"},
	{"BadTooManyMonitoredItems", EXIT_BUSY, "the server watches no more nodes for one client"},
	/* certificates and security */
	{"BadSecurityChecksFailed", EXIT_REFUSED, THEIR_TRUST},
	{"BadCertificateUntrusted", EXIT_REFUSED, THEIR_TRUST},
	{"BadCertificateChainIncomplete", EXIT_REFUSED,
	 "the server lacks an issuer of this client's certificate: give it the CAs up to the root"},
	{"BadCertificateTimeInvalid", EXIT_REFUSED,
	 "a certificate is not valid at this time: renew it, and compare the clocks of both sides"},
	{"BadCertificateIssuerTimeInvalid", EXIT_REFUSED,
	 "an issuer's certificate is not valid at this time: compare the clocks of both sides"},
	{"BadCertificateRevoked", EXIT_REFUSED,
	 "this client's certificate was revoked: assign another one to its service"},
	{"BadCertificateIssuerRevoked", EXIT_REFUSED,
	 "the CA of this client's certificate was revoked: take a certificate of another one"},
	{"BadCertificateRevocationUnknown", EXIT_REFUSED,
	 "the server lacks the CA's list of revoked certificates: keystorectl crl export has it"},
	{"BadCertificateIssuerRevocationUnknown", EXIT_REFUSED,
	 "the server lacks a CRL of an issuing CA: keystorectl crl export has it"},
	{"BadCertificateUriInvalid", EXIT_REFUSED,
	 "application URI and certificate differ: the certificate names the URI as "
	 "subjectAltName"},
	{"BadCertificateHostNameInvalid", EXIT_REFUSED,
	 "the certificate is not for that host: use a name that it has"},
	{"BadCertificateUseNotAllowed", EXIT_REFUSED,
	 "the certificate is not for that use: " OWN_FAULT},
	{"BadCertificateIssuerUseNotAllowed", EXIT_REFUSED,
	 "the certificate's issuer is no CA, or may not issue it"},
	{"BadCertificatePolicyCheckFailed", EXIT_REFUSED,
	 "the certificate's key or signature is too weak for the policy: " OWN_FAULT},
	{"BadCertificateInvalid", EXIT_REFUSED,
	 "the certificate is refused as it is: keystorectl cert check says what is wrong with one"},
	{"BadNoValidCertificates", EXIT_REFUSED, "the service has no certificate that fits"},
	{"BadSecurityModeInsufficient", EXIT_REFUSED,
	 "that needs a channel that is encrypted: --mode SignAndEncrypt"},
	{"BadSecurityModeRejected", EXIT_UNSUPPORTED,
	 "the server does not offer that mode: keystore-opcua-client endpoints URL lists them"},
	{"BadSecurityPolicyRejected", EXIT_UNSUPPORTED,
	 "the server does not offer that policy: keystore-opcua-client endpoints URL lists them"},
	{"BadApplicationSignatureInvalid", EXIT_REFUSED,
	 "the server did not take the signature: it may have the certificate before the last "
	 "renewal; try again"},
	{"BadUserSignatureInvalid", EXIT_REFUSED,
	 "the server did not take the signature of the user's certificate"},
	/* users and rights */
	{"BadIdentityTokenInvalid", EXIT_DENIED,
	 "the server does not take this login: --user, or --user-cert"},
	{"BadIdentityTokenRejected", EXIT_DENIED,
	 "the server does not know this login: look at the name and the password"},
	{"BadUserAccessDenied", EXIT_DENIED,
	 "this user may not: log in as one who may, by --user, or give the right there"},
	{"BadNotReadable", EXIT_DENIED, "nobody can read that"},
	{"BadNotWritable", EXIT_DENIED, "nobody can write that"},
	{"BadWriteNotSupported", EXIT_UNSUPPORTED,
	 "the server takes neither status nor time with a value of that node"},
	{"BadNotExecutable", EXIT_DENIED, "the method cannot be called now"},
	/* nodes and values */
	{"BadNodeIdUnknown", EXIT_NOT_FOUND,
	 "there is no such node: keystore-opcua-client browse shows those that there are"},
	{"BadNodeIdInvalid", EXIT_USAGE, "the NodeId is none that the server could have"},
	{"BadAttributeIdInvalid", EXIT_NOT_FOUND, "the node has no such attribute"},
	{"BadMethodInvalid", EXIT_NOT_FOUND, "the object has no such method"},
	{"BadTypeMismatch", EXIT_USAGE, "the value is not of the node's type: --type names it"},
	{"BadOutOfRange", EXIT_USAGE, "the value is out of the node's range"},
	{"BadArgumentsMissing", EXIT_USAGE, "the method takes more arguments"},
	{"BadTooManyArguments", EXIT_USAGE, "the method takes fewer arguments"},
	{"BadInvalidArgument", EXIT_USAGE, "the server does not take one of the arguments"},
	{"BadServiceUnsupported", EXIT_UNSUPPORTED, "the server cannot do that"},
	{"BadNotSupported", EXIT_UNSUPPORTED, "the server cannot do that with this object"},
	{"BadNotImplemented", EXIT_UNSUPPORTED, "the server cannot do that"},
	/* push management (OPC 10000-12 7.10) */
	{"BadTransactionPending", EXIT_BUSY,
	 "somebody else is changing certificates or trust there: try again when he has applied or "
	 "cancelled it"},
	{"BadNothingToDo", EXIT_CONFLICT, "nothing waits for being applied or cancelled"},
	{"BadInvalidState", EXIT_CONFLICT,
	 "the server is in no state for that: another step is not finished; push cancel takes it "
	 "back"},
	{"BadRequestTooLarge", EXIT_USAGE, "that is more than the server takes"},
	{"BadOutOfMemory", EXIT_FAILED, "there is no memory for that"},
	{"BadTooManyPublishRequests", EXIT_BUSY, "the server takes no more requests to publish"},
};

const struct advice *advice_find(const char *name)
{
	static const struct advice none = {"", EXIT_FAILED, ""};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return &none;
}
