#include "status.h"

#include <criterion/criterion.h>
#include <string.h>

static const enum ouc_status all[] = {
	OUC_OK,		  OUC_IDLE,	      OUC_CONNECTING,	OUC_HANDSHAKE,	   OUC_CLOSING,
	OUC_CONNECTED,	  OUC_SENDING,	      OUC_RECEIVING,	OUC_BAD_INTERFACE, OUC_PORT_IN_USE,
	OUC_BROKEN,	  OUC_RESOURCES,      OUC_TEMPORARY,	OUC_REFUSED,	   OUC_UNREACHABLE,
	OUC_TIMEOUT,	  OUC_NAME_UNKNOWN,   OUC_BAD_DATA,	OUC_TLS,	   OUC_CERT_UNFIT,
	OUC_CERT_REVOKED, OUC_CERT_UNTRUSTED, OUC_CERT_EXPIRED, OUC_OWN_CERT,
};

#define ALL (sizeof(all) / sizeof(all[0]))

Test(status, has_a_text_of_its_own_for_each)
{
	for (size_t i = 0; i < ALL; i++) {
		cr_expect_null(strstr(ouc_status_text(all[i]), "not known"), "%04x", all[i]);
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(ouc_status_text(all[i]), ouc_status_text(all[j]));
	}
	cr_assert_str_eq(ouc_status_text(OUC_PORT_IN_USE), "the local port is taken");
}

Test(status, of_8000_and_above_is_an_error)
{
	for (size_t i = 0; i < ALL; i++)
		cr_expect_eq(ouc_status_is_error(all[i]), all[i] >= OUC_BAD_INTERFACE);
}

Test(status, that_nobody_gave_has_a_text_too)
{
	cr_assert_not_null(ouc_status_text((enum ouc_status)0x8FFF));
}
