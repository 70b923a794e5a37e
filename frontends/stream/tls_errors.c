#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "provider_reason.h"
#include "tls_private.h"

/* Alerts of the peer, as OpenSSL counts them (RFC 8446 6), in words. */
static const struct {
	int reason;
	enum stream_fault fault;
	const char *text;
} known[] = {
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, STREAM_NO_CERT,
	 "the peer shows no certificate, though this connection demands one"},
	{SSL_R_WRONG_VERSION_NUMBER, STREAM_PROTOCOL, "what the peer sends is no TLS"},
	{SSL_R_HTTP_REQUEST, STREAM_PROTOCOL, "the peer speaks HTTP, not TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, STREAM_PROTOCOL, "the peer speaks HTTP, not TLS"},
	{SSL_R_UNSUPPORTED_PROTOCOL, STREAM_PROTOCOL,
	 "the peer offers only versions of TLS that are not allowed here"},
	{SSL_R_VERSION_TOO_LOW, STREAM_PROTOCOL,
	 "the peer offers only versions of TLS that are not allowed here"},
	{SSL_R_NO_SHARED_CIPHER, STREAM_PROTOCOL, "no cipher suite is common with the peer"},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, STREAM_PROTOCOL,
	 "the peer refuses the versions of TLS that are allowed here"},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, STREAM_PROTOCOL,
	 "the peer refuses the handshake: no common algorithm, or it wants a certificate"},
	{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, STREAM_PROTOCOL,
	 "the peer demands a certificate: TLSClientCertRef says which one is shown"},
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA, STREAM_PROTOCOL,
	 "the peer does not know the CA of the certificate that is shown"},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, STREAM_PROTOCOL,
	 "the peer does not accept the certificate that is shown"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, STREAM_PROTOCOL,
	 "the peer does not accept the certificate that is shown"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, STREAM_PROTOCOL,
	 "for the peer the certificate that is shown has ended: is its clock right?"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, STREAM_PROTOCOL,
	 "the peer says that the certificate that is shown was revoked"},
	{SSL_R_TLSV1_ALERT_ACCESS_DENIED, STREAM_PROTOCOL, "the peer denies access"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, STREAM_RESET,
	 "the peer ended the connection without TLS's close_notify"},
};

static void tell(struct stream_failure *failure, enum stream_fault fault, const char *text)
{
	failure->fault = fault;
	snprintf(failure->message, sizeof(failure->message), "%s", text);
}

static bool tell_known(unsigned long error, struct stream_failure *failure)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == known[i].reason) {
			tell(failure, known[i].fault, known[i].text);
			return true;
		}
	}
	return false;
}

/* keystore.so's errors are of a library that OpenSSL numbers when it is loaded. */
static bool tell_provider(unsigned long error, const char *data, struct stream_failure *failure)
{
	const char *library = ERR_lib_error_string(error);
	int reason = ERR_GET_REASON(error);
	bool is_away = reason == PROVIDER_UNREACHABLE || reason == PROVIDER_UNAVAILABLE;

	if (!library || !strstr(library, "eystore"))
		return false;
	failure->fault = is_away ? STREAM_SERVICE : STREAM_KEY;
	snprintf(failure->message, sizeof(failure->message), "the own key cannot be used%s: %s",
		 is_away ? " now" : "", data && *data ? data : ERR_reason_error_string(error));
	return true;
}

static void tell_system(bool is_handshake, struct stream_failure *failure)
{
	if (errno)
		snprintf(failure->message, sizeof(failure->message), "the connection broke: %s",
			 strerror(errno));
	else
		snprintf(failure->message, sizeof(failure->message), "the peer ended the %s",
			 is_handshake ? "TLS handshake" : "connection without a word");
	failure->fault = STREAM_RESET;
}

void tls_errors_tell(int ssl_error, bool is_handshake, struct stream_failure *ret_failure)
{
	struct stream_failure failure = {.fault = STREAM_PROTOCOL};
	int system_error = errno;
	unsigned long first = 0, error;
	bool is_told = false;
	const char *data;
	int flags;

	while ((error = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		if (!(flags & ERR_TXT_STRING))
			data = NULL;
		if (!first)
			first = error;
		if (!is_told)
			is_told =
				tell_provider(error, data, &failure) || tell_known(error, &failure);
	}
	errno = system_error;
	if (!is_told && (!first || ssl_error == SSL_ERROR_SYSCALL))
		tell_system(is_handshake, &failure);
	else if (!is_told)
		snprintf(failure.message, sizeof(failure.message), "TLS failed: %s",
			 ERR_reason_error_string(first) ? ERR_reason_error_string(first)
							: "for a reason without a name");
	if (is_handshake && failure.fault == STREAM_RESET && first)
		tell(&failure, STREAM_RESET, "the peer ended the TLS handshake");
	*ret_failure = failure;
}
