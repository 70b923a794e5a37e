#include "status.h"

#include <stddef.h>

static const struct {
	enum ouc_status status;
	const char *text;
} texts[] = {
	{OUC_OK, "done"},
	{OUC_IDLE, "not connected, and nothing to do"},
	{OUC_CONNECTING, "a connection is being made, or waited for"},
	{OUC_HANDSHAKE, "the TLS handshake is under way"},
	{OUC_CLOSING, "the connection is being ended"},
	{OUC_CONNECTED, "connected"},
	{OUC_SENDING, "data are being sent"},
	{OUC_RECEIVING, "data are being received"},
	{OUC_BAD_INTERFACE, "there is no such network interface"},
	{OUC_PORT_IN_USE, "the local port is taken"},
	{OUC_BROKEN, "the connection broke"},
	{OUC_RESOURCES, "there are not enough resources"},
	{OUC_TEMPORARY, "keystored or its TPM is not available at present"},
	{OUC_REFUSED, "the peer refused or ended the connection"},
	{OUC_UNREACHABLE, "the peer cannot be reached"},
	{OUC_TIMEOUT, "the peer did not answer in time"},
	{OUC_NAME_UNKNOWN, "the peer's name cannot be looked up"},
	{OUC_BAD_DATA, "what came is no such data block"},
	{OUC_TLS, "TLS could not be agreed upon"},
	{OUC_CERT_UNFIT, "the peer's certificate is missing, malformed or of a wrong use or name"},
	{OUC_CERT_REVOKED, "the peer's certificate is revoked, or that cannot be told"},
	{OUC_CERT_UNTRUSTED, "the peer's certificate has no trusted issuer"},
	{OUC_CERT_EXPIRED, "the peer's certificate is not valid at this time"},
	{OUC_OWN_CERT, "the own certificate or its key cannot be used"},
};

bool ouc_status_is_error(enum ouc_status status)
{
	return status & 0x8000;
}

const char *ouc_status_text(enum ouc_status status)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "a status that is not known";
}
